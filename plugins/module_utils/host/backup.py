"""Backups: kinds ``backup`` (one per job) and ``backup.drill`` (restore records).

Everything comes from unit files, crontabs, scripts, tool settings and time stamps that lie readable on the
host. Repositories are never opened, no password is asked for or passed on.
"""

from __future__ import annotations

import calendar
import json
import re
import stat
import time
from typing import Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from . import unitfile
from .backuptools import NAMED, NOT_BACKUPS, Facts, job
from .cron import jobs, script_of, without_comments
from .sheet import Sheet, yes
from .tree import Tree
from .units import Units, parse_time

PREFIXES = ("backup",)

#: Where restore drills are recorded: JSON with ``at`` (ISO 8601), ``result``, ``by``.
DRILLS = "/var/lib/grundton/drills"

#: Where the backup role notes its last run: JSON with ``at``.
LAST = "/var/lib/grundton/backup/last.json"


def parse_iso(text: object) -> Optional[float]:
    """An ISO 8601 time in UTC or with an offset as seconds since 1970."""
    match = re.match(
        r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?$",
        str(text).strip(),
        re.ASCII,
    )
    if not match:
        return None
    year, month, day, hour, minute = (int(part) for part in match.groups()[:5])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and year >= 1):
        return None
    seconds = float(calendar.timegm((year, month, day, hour, minute, int(match.group(6) or 0))))
    zone = match.group(7)
    if zone and zone != "Z":
        sign = 1 if zone[0] == "+" else -1
        seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return seconds


def collect(
    root: str, live: bool, deadline: Deadline, units: Optional[Units] = None, now: Optional[float] = None
) -> list[Contribution]:
    """The contribution ``system:backup``."""
    tree, sheet = Tree(root), Sheet("backup")
    now = time.time() if now is None else now
    known = {}
    if live:
        listed, _ = (units or Units()).live(deadline)
        known = {(entry.get("Id") or [""])[0]: entry for entry in listed}
    _add_units(sheet, tree, known, now)
    _add_cron(sheet, tree, now)
    _add_drills(sheet, tree, now)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _age_h(now: float, moment: Optional[float]) -> Optional[str]:
    return None if moment is None else str(max(0, int((now - moment) // 3600)))


def _first(known: dict[str, dict[str, list[str]]], unit: str, key: str) -> str:
    return (known.get(unit, {}).get(key) or [""])[0]


def _add_units(sheet: Sheet, tree: Tree, known: dict[str, dict[str, list[str]]], now: float) -> None:
    links = unitfile.wanted(tree)
    own = {name for name in tree.names("/etc/systemd/system") if name.endswith(".service")}
    named = {name for name in unitfile.unit_names(tree) if name.endswith(".service") and NAMED.search(name)}
    for name in sorted(own | named):
        if NOT_BACKUPS.search(name):
            continue
        unit = unitfile.load(tree, name)
        if unit is None or unit.masked or unit.settings.get("Type", [""])[-1] in ("notify", "forking", "dbus"):
            continue
        commands = [line for key in ("ExecStart", "ExecStartPre") for line in unit.settings.get(key, [])]
        texts = ["\n".join(unit.settings.get("ExecStart", [])), "\n".join(unit.settings.get("Environment", []))]
        texts += [without_comments(script_of(tree, line.lstrip("@-:+!"))) for line in commands]
        texts += [tree.text(line.lstrip("-"), 65536) or "" for line in unit.settings.get("EnvironmentFile", [])]
        if unit.settings.get("ExecStartPre"):
            texts.append("ExecStartPre=")
        texts += _settings_of("\n".join(texts), tree)
        told = job(name, "\n".join(texts))
        if told is None:
            continue
        timer = name[: -len(".service")] + ".timer"
        timed = unitfile.load(tree, timer)
        last = parse_time(_first(known, timer, "LastTriggerUSec")) or parse_time(
            _first(known, name, "ExecMainExitTimestamp")
        )
        if last is None:
            stamp = tree.stat(f"/var/lib/systemd/timers/stamp-{timer}")
            last = int(stamp.st_mtime) if stamp else None
        schedule = (timed.settings.get("OnCalendar") or timed.settings.get("OnUnitActiveSec") or []) if timed else []
        _add_job(
            sheet,
            tree,
            name,
            told,
            now,
            {
                "trigger": "timer" if timed else "none",
                "schedule": "; ".join(schedule),
                "enabled": yes(timer in links) if timed else yes(name in links),
                "last_run_age_h": _age_h(now, last),
                "last_result": _first(known, name, "Result") or None,
                "config": unit.path,
            },
        )


def _add_cron(sheet: Sheet, tree: Tree, now: float) -> None:
    for entry in jobs(tree)[0]:
        script = without_comments(script_of(tree, entry.command))
        text = f"{entry.command}\n{script}"
        told = job(entry.where, "\n".join([text, *_settings_of(text, tree)]))
        if told is None:
            continue
        _add_job(
            sheet,
            tree,
            entry.where,
            told,
            now,
            {"trigger": "cron", "schedule": entry.schedule, "enabled": "yes", "config": entry.where.split(":")[0]},
        )


def _settings_of(text: str, tree: Tree) -> list[str]:
    """The settings files a tool reads by itself, and environment files a script sources."""
    paths: list[str] = re.findall(r"(?:^|\s)(?:\.|source)\s+[\"']?(/[\w./@+-]+)", text, re.M)
    if re.search(r"\bborgmatic\b", text):
        paths += ["/etc/borgmatic/config.yaml", *tree.glob("/etc/borgmatic.d/*.y*ml")]
    if re.search(r"\brsnapshot\b", text):
        paths.append("/etc/rsnapshot.conf")
    return [without_comments(tree.text(path, 65536) or "") for path in paths[:10]]


def _add_job(sheet: Sheet, tree: Tree, name: str, told: Facts, now: float, values: dict[str, object]) -> None:
    newest = newest_snapshot(tree, told)
    note = _json(tree, LAST) if told.tool in ("restic", "borg", "borgmatic") else {}
    recorded = parse_iso(note.get("at"))
    if recorded is not None:
        newest = max(newest or 0.0, recorded)
    sheet.add(
        "backup",
        name,
        {
            "tool": told.tool,
            "repository_kind": told.kind,
            "remote": "unknown" if told.kind == "unknown" else yes(told.kind != "local"),
            "encryption": told.encryption,
            "check": yes(told.check),
            "pre_hook": yes(told.dumps),
            "last_snapshot_age_h": _age_h(now, newest),
            **values,
        },
    )


def newest_snapshot(tree: Tree, told: Facts) -> Optional[float]:
    """When the newest snapshot was made, by what lies readable: a local repository, or the tool's cache."""
    if told.tool == "restic":
        folders = tree.glob("/root/.cache/restic/*/snapshots")
        if told.kind == "local" and told.repository.startswith("/"):
            folders = [f"{told.repository.rstrip('/')}/snapshots"]
        return _newest(tree, folders, 2)
    if told.tool in ("borg", "borgmatic"):
        moments = [parse_iso(tree.line(path)) for path in tree.glob("/root/.config/borg/security/*/manifest-timestamp")]
        return max((moment for moment in moments if moment is not None), default=None)
    if told.kind == "local" and told.repository.startswith("/"):
        info = tree.stat(told.repository)
        if info is not None and stat.S_ISREG(info.st_mode):
            return info.st_mtime
        return _newest(tree, [told.repository], 1)
    return None


def _newest(tree: Tree, folders: list[str], depth: int) -> Optional[float]:
    newest: Optional[float] = None
    for folder in folders:
        for name in tree.names(folder)[:5000]:
            info = tree.stat(f"{folder}/{name}", follow=False)
            if info is None:
                continue
            if stat.S_ISDIR(info.st_mode) and depth > 1:
                inner = _newest(tree, [f"{folder}/{name}"], depth - 1)
                newest = max(newest or 0.0, inner) if inner is not None else newest
            else:
                newest = max(newest or 0.0, info.st_mtime)
    return newest


def _json(tree: Tree, path: str) -> dict[str, object]:
    text = tree.text(path, 65536)
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        tree.problem(path, "not valid JSON")
        return {}
    return found if isinstance(found, dict) else {}


def _add_drills(sheet: Sheet, tree: Tree, now: float) -> None:
    for path in tree.glob(f"{DRILLS}/*.json")[-20:]:
        record = _json(tree, path)
        moment = parse_iso(record.get("at"))
        sheet.add(
            "backup.drill",
            path,
            {
                "at": str(record.get("at", "")),
                "age_d": None if moment is None else str(max(0, int((now - moment) // 86400))),
                "result": str(record.get("result", "")),
                "by": str(record.get("by", "")),
            },
        )
