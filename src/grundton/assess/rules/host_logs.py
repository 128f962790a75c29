"""Logs leave the host, live long enough, and fail2ban reads the right one."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, number, single, unread, weakened
from grundton.model.snapshot import Object

_DAYS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}

#: Logs that tell about attacks: file names below any folder of logs.
_SECURITY_LOG = re.compile(r"(?:^|/)(?:auth\.log|syslog|messages(?:\.log)?|security(?:\.log)?|full(?:\.log)?)$")


@rule("central_log")
def central_log(context: Context) -> list[Judgement]:
    """Logs are sent to the planned server."""
    if missing := unread(context, "log"):
        return missing
    server = str(context.policy.lookup("logging.central_server") or "")
    port = str(context.policy.lookup("logging.central_port"))
    targets = context.objects(SYSTEM, "log.target")
    expected = f"{server}:{port}" if server else "a log server"
    if not targets:
        if why := weakened(context, "log"):
            return [unchecked("log", f"no forwarding seen, but: {why}")]
        return single("log", "targets", expected, "logs stay on this host", False)
    shown = ", ".join(item.name for item in targets)
    if not server:
        return single("log", "targets", expected, shown, True)
    ok = any(item.text("host") == server and item.text("port") == port for item in targets)
    return single("log", "targets", expected, shown, ok)


@rule("log_kept")
def log_kept(context: Context) -> list[Judgement]:
    """System messages survive a restart: on disk by rsyslog or by the journal."""
    if missing := unread(context, "log"):
        return missing
    ways = []
    for item in context.objects(SYSTEM, "log"):
        if item.name == "journald" and item.text("persistent") == "yes":
            ways.append("journal on disk")
        elif item.name == "rsyslog" and item.text("installed") == "yes" and item.text("running", "yes") == "yes":
            ways.append("rsyslog")
        elif item.name == "syslog-ng" and item.text("installed") == "yes":
            ways.append("syslog-ng")
    return single("log", "storage", "on disk", ", ".join(ways) or "in memory only", bool(ways))


@rule("log_retention")
def log_retention(context: Context) -> list[Judgement]:
    """Security logs are kept as long as the policy says."""
    if missing := unread(context, "logrotate"):
        return missing
    wanted = int(context.policy.lookup("retention.security_log_days"))
    central = bool(context.objects(SYSTEM, "log.target"))
    answers = Answers("logrotate")
    for item in context.objects(SYSTEM, "logrotate"):
        files = [path for path in [*item.texts("matches"), item.name] if _SECURITY_LOG.search(path)]
        if not files:
            continue
        days, shown = _kept_days(item)
        if days is None:
            reason = "it is turned by size, so its age cannot be told"
            answers.say(item.name, "rotate", f"at least {wanted} days", shown, None, reason)
        elif days < wanted and central:
            reason = "logs also go to a server; how long it keeps them is not visible here"
            answers.say(item.name, "rotate", f"at least {wanted} days", shown, None, reason)
        else:
            answers.say(item.name, "rotate", f"at least {wanted} days", shown, days >= wanted)
    return answers.judgements()


@rule("log_deleted")
def log_deleted(context: Context) -> list[Judgement]:
    """Logs of the telephony are not kept beyond the longest time of the policy, by more than one rotation."""
    if missing := unread(context, "logrotate"):
        return missing
    limit = max(int(context.policy.lookup(f"retention.{key}")) for key in ("security_log_days", "cdr_days"))
    answers = Answers("logrotate")
    for item in context.objects(SYSTEM, "logrotate"):
        if not re.match(r"/var/log/(?:asterisk|kamailio|rtpengine)", item.name):
            continue
        days, shown = _kept_days(item)
        slack = _DAYS.get(item.text("frequency", "weekly"), 0)
        ok = None if days is None else days <= limit + slack
        reason = "it is turned by size, so its age cannot be told" if ok is None else ""
        answers.say(item.name, "rotate", f"at most {limit} days", shown, ok, reason)
    return answers.judgements()


def _kept_days(item: Object) -> tuple[float | None, str]:
    frequency, rotate = item.text("frequency", "weekly"), number(item, "rotate")
    shown = f"{frequency} x {item.text('rotate', '0')}"
    if frequency not in _DAYS:
        return None, shown
    days = (rotate or 0) * _DAYS[frequency]
    if rotate == -1:
        days = 36500.0
    limit = number(item, "maxage")
    if limit is not None:
        return min(days, limit), f"{shown}, removed after {limit:g} days"
    return days, shown


@rule("fail2ban_jail")
def fail2ban_jail(context: Context) -> list[Judgement]:
    """A jail for Asterisk is on, its log exists, and Asterisk writes security events into it."""
    if missing := unread(context, "fail2ban"):
        return missing
    if context.host.component("asterisk") is None:
        return []
    answers = Answers("fail2ban.jail")
    for jail in context.objects(SYSTEM, "fail2ban.jail"):
        if "asterisk" not in jail.text("filter", jail.name) or jail.text("enabled") == "no":
            continue
        if jail.text("running") == "no":
            answers.say(jail.name, "running", "yes", "no", False)
            continue
        absent = jail.texts("logpath_missing")
        if absent:
            answers.say(jail.name, "logpath", "a file that exists", f"{', '.join(absent)} does not exist", False)
            continue
        paths = jail.texts("effective_logpath") or jail.texts("logpath")
        written = _security_files(context)
        if written is None:
            reason = "which file Asterisk writes security events to is not known"
            answers.say(jail.name, "logpath", "the log with security events", ", ".join(paths), None, reason)
            continue
        ok = any(fnmatchcase(file, path) for file in written for path in paths)
        actual = f"{', '.join(paths)}; security events go to {', '.join(sorted(written)) or 'no file'}"
        answers.say(jail.name, "logpath", "the log with security events", actual, ok)
    found = answers.judgements()
    if found:
        return found
    if why := weakened(context, "fail2ban"):
        return [unchecked("fail2ban.jail", why)]
    return single("fail2ban.jail", "enabled", "a jail for Asterisk", "there is none", False)


def _security_files(context: Context) -> set[str] | None:
    """Log files with the level `security`, by the files or the daemon."""
    for place in ("runtime", "config"):
        channels = context.objects(place, "logger.channel")
        if context.source(place, "logger.channel").status == "ok" and channels:
            break
    else:
        return None
    found = set()
    for channel in channels:
        levels = {word.strip().lower() for text in channel.texts("levels") for word in text.split(",")}
        if {"security", "*"} & levels:
            name = channel.name.split(" ", 1)[0]
            found.add(name if name.startswith("/") else f"/var/log/asterisk/{name}")
    return found


_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2629746, "y": 31556952}


def seconds(text: str) -> float | None:
    """`600`, `10m`, `1h`, `1d 12h`, `-1` (for ever) as seconds; None when it is not a time."""
    if text.strip() == "-1":
        return float("inf")
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not parts or re.sub(r"[\d.a-z\s]", "", text.strip().lower()):
        return None
    if any(unit not in _UNITS for _, unit in parts):
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in parts)


@rule("fail2ban_thresholds")
def fail2ban_thresholds(context: Context) -> list[Judgement]:
    """Guessers are banned as early and as long as the policy says."""
    if missing := unread(context, "fail2ban"):
        return missing
    tries = int(context.policy.lookup("limits.ban_after"))
    ban = int(context.policy.lookup("limits.ban_minutes")) * 60
    answers = Answers("fail2ban.jail")
    for jail in context.objects(SYSTEM, "fail2ban.jail"):
        if jail.text("enabled") != "yes" or not jail.text("filter", jail.name).startswith(("asterisk", "sshd")):
            continue
        count = jail.text("effective_maxretry") or jail.text("maxretry")
        answers.say(
            jail.name,
            "maxretry",
            f"at most {tries}",
            count or "not set",
            int(count) <= tries if count.isdigit() else None,
            "" if count.isdigit() else "its number of tries is not known",
        )
        text = jail.text("effective_bantime") or jail.text("bantime")
        length = seconds(text)
        why = "" if length is not None else "the length of its bans is not known"
        answers.say(
            jail.name, "bantime", f"at least {ban} s", text or "not set", None if length is None else length >= ban, why
        )
    return answers.judgements()
