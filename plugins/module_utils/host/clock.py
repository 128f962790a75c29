"""Time synchronisation: kind ``time``."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .command import find, run
from .proc import running
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("time",)

_STA_UNSYNC, _STA_NANO, _TIME_ERROR = 0x0040, 0x2000, 5


@dataclass
class Settings:
    """What a time service is set up to do. ``sources`` are ``(host, uses NTS)``."""

    sources: list[tuple[str, bool]] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    cmdport: Optional[str] = None
    makestep: Optional[str] = None


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("micro", ctypes.c_long))


class _Timex(ctypes.Structure):
    """``struct timex`` of ``adjtimex(2)``; room behind it for what newer C libraries add."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("rest", ctypes.c_char * 512),
    )


def kernel_clock() -> Optional[tuple[bool, float]]:
    """(synchronised, offset in milliseconds) as the kernel knows it; ``None`` where it cannot be asked."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        state = _Timex()  # modes 0: read only
        result = library.adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return None
    if result < 0:
        return None
    scale = 1e6 if state.status & _STA_NANO else 1e3
    return result != _TIME_ERROR and not state.status & _STA_UNSYNC, state.offset / scale


def parse_chrony(path: str, read: Callable[[str], Optional[str]], names: Callable[[str], list[str]]) -> Settings:
    """``chrony.conf(5)`` with ``include``, ``confdir`` and ``sourcedir``; ``names`` lists a folder."""
    settings = Settings()
    _chrony(settings, path, read, names, 0)
    return settings


def _chrony(
    settings: Settings, path: str, read: Callable[[str], Optional[str]], names: Callable[[str], list[str]], depth: int
) -> None:
    if depth > 5:
        return
    for line in (read(path) or "").splitlines():
        words = line.strip().split()
        if not words or words[0][0] in "!;#%":
            continue
        word, rest = words[0].lower(), words[1:]
        if word in ("server", "pool", "peer") and rest:
            settings.sources.append((rest[0], "nts" in [option.lower() for option in rest[1:]]))
        elif word == "refclock" and rest:
            settings.sources.append((f"refclock {rest[0]}", True))
        elif word == "allow":
            settings.allow.append(rest[-1] if rest and rest[-1] != "all" else "all")
        elif word == "cmdport" and rest:
            settings.cmdport = rest[0]
        elif word == "makestep":
            settings.makestep = " ".join(rest)
        elif word == "include" and rest:
            _chrony(settings, rest[0], read, names, depth + 1)
        elif word in ("confdir", "sourcedir"):
            ending = ".conf" if word == "confdir" else ".sources"
            for folder in rest:
                for name in names(folder):
                    if name.endswith(ending):
                        _chrony(settings, f"{folder.rstrip('/')}/{name}", read, names, depth + 1)


def parse_ntp(text: str) -> Settings:
    """``ntp.conf``: servers and pools (``nts`` is ntpsec's), and whether ``restrict default`` lets everybody ask."""
    settings = Settings()
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) > 1 and words[0] in ("server", "pool", "peer", "servers"):
            settings.sources.append((words[1], "nts" in words[2:]))
        elif words[:1] == ["restrict"] and "default" in words and "ignore" not in words and "noserve" not in words:
            settings.allow.append("all")
        elif len(words) > 2 and words[:2] == ["listen", "on"]:
            settings.allow.append(words[2])
    settings.allow = sorted(set(settings.allow))
    return settings


def parse_timesyncd(texts: list[str]) -> Settings:
    """``timesyncd.conf`` and drop-ins in order: ``NTP=`` adds up, empty resets; fallback only without any."""
    found: dict[str, list[str]] = {"NTP": [], "FallbackNTP": []}
    for text in texts:
        for match in re.finditer(r"^[ \t]*(NTP|FallbackNTP)[ \t]*=(.*)$", text, re.MULTILINE):
            hosts = match.group(2).split()
            found[match.group(1)] = found[match.group(1)] + hosts if hosts else []
    return Settings([(host, False) for host in found["NTP"] or found["FallbackNTP"]])


#: Reference ids of chrony that are no time source: none, and its own clock.
_NO_SOURCE = ("00000000", "7F7F0101")


def parse_chronyc(text: str) -> dict[str, str]:
    """``chronyc -c tracking``: stratum, offset in milliseconds, leap state; empty for anything else."""
    fields = text.strip().split(",")
    if len(fields) < 14:
        return {}
    try:
        return {
            "stratum": str(int(fields[2])),
            "offset_ms": f"{float(fields[4]) * 1000:.3f}",
            "synchronised": yes(fields[13] != "Not synchronised" and fields[0] not in _NO_SOURCE),
        }
    except ValueError:
        return {}


def reachable(text: str) -> int:
    """How many sources of ``chronyc -c sources`` answered at least once lately (reach register not 0)."""
    rows = [line.split(",") for line in text.splitlines()]
    return sum(1 for row in rows if len(row) > 5 and row[5].strip("0").isdigit())


def nts_word(sources: list[tuple[str, bool]]) -> Optional[str]:
    """``all``, ``some`` or ``none`` of the sources; ``None`` without any."""
    if not sources:
        return None
    count = sum(secure for _, secure in sources)
    return "all" if count == len(sources) else "some" if count else "none"


#: Service, its configuration file, a program that shows it is installed, its process.
_SERVICES = (
    ("chrony", ("/etc/chrony/chrony.conf", "/etc/chrony.conf"), "/usr/sbin/chronyd", "chronyd"),
    ("ntpsec", ("/etc/ntpsec/ntp.conf",), "/usr/sbin/ntpd", "ntpd"),
    ("ntpd", ("/etc/ntp.conf",), "/usr/sbin/ntpd", "ntpd"),
    ("openntpd", ("/etc/openntpd/ntpd.conf",), "/usr/sbin/ntpd", "ntpd"),
    ("timesyncd", ("/etc/systemd/timesyncd.conf",), "/lib/systemd/systemd-timesyncd", "systemd-timesyn"),
)


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
    """The contribution ``system:time``."""
    tree, sheet = Tree(root), Sheet("time")
    alive = running(tree) if live else set()
    service, settings, evidence = "none", Settings(), ""
    for name, configs, program, process in _SERVICES:
        config = next((path for path in configs if tree.exists(path)), "")
        if not tree.exists(program) or not (config or name == "timesyncd"):
            continue
        if service != "none" and process not in alive:
            continue
        service, evidence = name, config
        settings = _settings(tree, name, config)
        if not live or process in alive:
            break
    values: dict[str, object] = {
        "service": service,
        "config": evidence,
        "sources": [host for host, _ in settings.sources],
        "source_count": str(len(settings.sources)),
        "nts": nts_word(settings.sources),
        "allow": settings.allow,
        "cmdport": settings.cmdport,
        "makestep": settings.makestep,
        "timezone": _timezone(tree),
    }
    if live:
        process = next((p for n, _, _, p in _SERVICES if n == service), "")
        values["running"] = yes(process in alive)
        clock = kernel_clock()
        if clock is None:
            sheet.incomplete("the kernel could not be asked whether its clock is synchronised")
        else:
            values["synchronised"], values["offset_ms"] = yes(clock[0]), f"{clock[1]:.3f}"
        if service == "chrony" and process in alive and find("chronyc"):
            answer = run(["chronyc", "-n", "-c", "tracking"], deadline, 1.0)
            told = parse_chronyc(answer.out)
            if told:
                values.update(told)
            else:
                sheet.incomplete(f"chronyc tracking: {answer.why() if not answer.ok else 'not understood'}")
            answer = run(["chronyc", "-n", "-c", "sources"], deadline, 1.0)
            if answer.ok:
                values["sources_reachable"] = str(reachable(answer.out))
    sheet.add("time", "time", values)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _settings(tree: Tree, name: str, config: str) -> Settings:
    if name == "chrony":
        return parse_chrony(config, tree.text, tree.names)
    if name == "timesyncd":
        paths = ["/etc/systemd/timesyncd.conf"]
        for folder in ("/usr/lib/systemd", "/run/systemd", "/etc/systemd"):
            paths += tree.glob(f"{folder}/timesyncd.conf.d/*.conf")
        return parse_timesyncd([tree.text(path) or "" for path in paths])
    return parse_ntp(tree.text(config) or "")


def _timezone(tree: Tree) -> Optional[str]:
    target = tree.link("/etc/localtime") or ""
    if "zoneinfo/" in target:
        return target.split("zoneinfo/", 1)[1]
    return tree.line("/etc/timezone")
