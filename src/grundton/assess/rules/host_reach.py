"""What of the host can be reached: sockets outside the plan, firewall, SSH, databases; and core dumps."""

from __future__ import annotations

from collections.abc import Iterator

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, number, single, unread, weakened
from grundton.assess.values import is_loopback
from grundton.model.snapshot import Object

SOCKET = "socket"

#: Daemons whose sockets other controls judge, or that every server needs.
_EXPECTED = frozenset(
    {
        *("asterisk", "kamailio", "opensips", "rtpengine", "rtpproxy", "turnserver"),
        *("sshd", "chronyd", "ntpd", "openntpd"),
        *("systemd-network", "systemd-networkd", "dhclient", "dhcpcd", "NetworkManager"),
    }
)
_WEB = frozenset({"apache2", "httpd", "nginx", "lighttpd", "caddy"})


def outward(context: Context) -> Iterator[Object]:
    """Sockets that answer to others than this host itself."""
    for item in context.objects(SYSTEM, SOCKET):
        if item.text("scope") == "loopback" or is_loopback(item.text("address").split("%", 1)[0]):
            continue
        yield item


@rule("planned_sockets")
def planned_sockets(context: Context) -> list[Judgement]:
    """No service but telephony, time and administration answers on the network."""
    if missing := unread(context, SOCKET):
        return missing
    admin = {key: bool(context.policy.lookup(f"admin.{key}")) for key in ("web_gui_allowed", "snmp_allowed")}
    answers = Answers(SOCKET)
    for item in outward(context):
        process = item.text("process")
        if not process:
            answers.say(item.name, "process", "a planned service", "unknown", None, "the process could not be seen")
            continue
        planned = (
            process in _EXPECTED
            or (process in _WEB and admin["web_gui_allowed"])
            or (process == "snmpd" and admin["snmp_allowed"])
        )
        answers.say(item.name, "process", "a planned service", process, planned)
    found = answers.judgements()
    why = weakened(context, SOCKET)
    if why and all(judgement.verdict.value == "pass" for judgement in found):
        found.append(unchecked(SOCKET, why))
    return found


@rule("firewall_both_families")
def firewall_both_families(context: Context) -> list[Judgement]:
    """IPv6 is filtered like IPv4: a default drop at input for every family the host speaks."""
    if missing := unread(context, "nft"):
        return missing
    dropping = {
        item.text("family")
        for item in context.objects(SYSTEM, "nft.chain")
        if item.text("hook") == "input" and item.text("type", "filter") == "filter" and item.text("policy") == "drop"
    }
    if "inet" in dropping or {"ip", "ip6"} <= dropping:
        return single("nft", "families", "default drop for IPv4 and IPv6", "both", True)
    if not dropping:
        if why := weakened(context, "nft"):
            return [unchecked("nft", why)]
        return []  # no default drop at all is what another control says
    spoken = _families(context)
    if spoken is None:
        return [unchecked("nft", "whether the host has IPv6 addresses is not known")]
    lacking = spoken - {"ip" if family == "ip" else "ip6" for family in dropping}
    actual = (
        f"default drop for {', '.join(sorted(dropping))} only; the host has addresses of {', '.join(sorted(spoken))}"
    )
    return single("nft", "families", "default drop for IPv4 and IPv6", actual, not lacking)


def _families(context: Context) -> set[str] | None:
    if context.source(SYSTEM, "interface").status != "ok":
        return None
    found = set()
    for item in context.objects(SYSTEM, "interface"):
        for address in item.texts("addresses"):
            if not is_loopback(address.split("/", 1)[0]):
                found.add("ip6" if ":" in address else "ip")
    return found


@rule("ssh_passwords")
def ssh_passwords(context: Context) -> list[Judgement]:
    """No way to log in with a password alone, keyboard-interactive included."""
    if missing := unread(context, "sshd"):
        return missing
    answers = Answers("sshd")
    for item in context.objects(SYSTEM, "sshd"):
        ways = item.texts("authenticationmethods")
        if ways and ways != ["any"] and all("publickey" in way.split(",") for way in ways):
            answers.say(item.name, "authenticationmethods", "a key in every way in", " ".join(ways), True)
            continue
        for key in ("passwordauthentication", "kbdinteractiveauthentication"):
            value = item.text(key)
            why = weakened(context, "sshd")
            ok = value == "no" if value else (None if why else False)
            answers.say(item.name, key, "no", value or "not set", ok, why if ok is None else "")
    for item in context.objects(SYSTEM, "sshd.match"):
        for key in ("passwordauthentication", "kbdinteractiveauthentication"):
            if item.text(key) == "yes":
                answers.say(f"Match {item.name}", key, "no", "yes", False)
    return answers.judgements()


@rule("ssh_accounts")
def ssh_accounts(context: Context) -> list[Judgement]:
    """SSH lets in listed groups or users only."""
    if missing := unread(context, "sshd"):
        return missing
    wanted = {str(name) for name in context.policy.lookup("admin.groups") or ()}
    answers = Answers("sshd")
    for item in context.objects(SYSTEM, "sshd"):
        groups, users = item.texts("allowgroups"), item.texts("allowusers")
        shown = ", ".join([*(f"group {name}" for name in groups), *(f"user {name}" for name in users)])
        if not groups and not users:
            answers.say(item.name, "allowgroups", "a list of groups or users", "everybody with an account", False)
            continue
        beyond = set(groups) - wanted if wanted else set()
        expected = f"only {', '.join(sorted(wanted))}" if wanted else "a list of groups or users"
        answers.say(item.name, "allowgroups", expected, shown, not beyond)
    return answers.judgements()


@rule("database_reach")
def database_reach(context: Context) -> list[Judgement]:
    """Databases answer on the host itself only, or demand TLS."""
    if missing := unread(context, "database"):
        return missing
    answers = Answers("database")
    for item in context.objects(SYSTEM, "database"):
        if item.text("networking") == "no":
            answers.say(item.name, "bind", "loopback, or TLS demanded", "no network", True)
            continue
        bind = item.texts("bind")
        if not bind:
            answers.say(item.name, "bind", "loopback, or TLS demanded", "not set", None, "its addresses are not known")
            continue
        far = [address for address in bind if not is_loopback(address.lstrip("-"))]
        ok = not far or item.text("require_tls") == "yes"
        answers.say(item.name, "bind", "loopback, or TLS demanded", ", ".join(bind), ok)
    return answers.judgements()


@rule("core_dumps_contained")
def core_dumps_contained(context: Context) -> list[Judgement]:
    """A crash of the telephony does not leave its memory, with all secrets, where others find it."""
    if missing := unread(context, "coredump"):
        return missing
    kernel = next(iter(context.objects(SYSTEM, "coredump")), None)
    handler = kernel.text("handler") if kernel else ""
    if handler in ("off", "systemd-coredump"):
        return single("coredump", "handler", "off, or kept by systemd-coredump", handler, True)
    if context.source(SYSTEM, "process").status != "ok":
        reason = weakened(context, "coredump") or context.source(SYSTEM, "process").reason
        return [unchecked("coredump", reason)]
    answers = Answers("process")
    for item in context.objects(SYSTEM, "process"):
        if item.name.split("/", 1)[0] not in ("asterisk", "kamailio", "opensips", "rtpengine", "turnserver"):
            continue
        limit = item.text("limits_core")
        ok = limit == "0" if limit else None
        shown = f"limit {limit or 'unknown'}, kernel: {handler or 'unknown'} {kernel.text('pattern') if kernel else ''}"
        reason = "its limits could not be read" if ok is None else ""
        answers.say(item.name, "limits_core", "0, or dumps kept by systemd-coredump", shown.strip(), ok, reason)
    return answers.judgements()


@rule("clock_offset")
def clock_offset(context: Context) -> list[Judgement]:
    """The clock is right to within what the policy allows."""
    if missing := unread(context, "time"):
        return missing
    limit = float(context.policy.lookup("time.max_offset_ms"))
    answers = Answers("time")
    for item in context.objects(SYSTEM, "time"):
        offset = number(item, "offset_ms")
        shown = item.text("offset_ms", "unknown")
        if item.text("synchronised") == "no":
            answers.say(item.name, "offset_ms", f"at most {limit:g}", f"{shown}, not synchronised", False)
            continue
        ok = None if offset is None else abs(offset) <= limit
        reason = "the offset was not reported" if ok is None else ""
        answers.say(item.name, "offset_ms", f"at most {limit:g}", shown, ok, reason)
    return answers.judgements()
