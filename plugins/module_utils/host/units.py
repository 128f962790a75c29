"""systemd units: state, sandbox, restart policy, timers. Kind ``unit``.

Live this is one ``systemctl show`` and one ``systemd-analyze security`` for all units; offline the unit files.
"""

from __future__ import annotations

import calendar
import fnmatch
import re
import threading
import time
from typing import Collection, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from . import unitfile
from .cmdline import redact
from .command import Ran, run
from .sheet import Sheet
from .tree import Tree
from .watched import OTHER_UNITS, UNIT_PATTERNS, UNITS
from .words import words

PREFIXES = ("unit",)

#: Properties asked. Counters and time stamps that differ from run to run are left out.
PROPERTIES = words(
    """
    Id Names Description LoadState ActiveState SubState UnitFileState UnitFilePreset FragmentPath SourcePath
    DropInPaths NeedDaemonReload Type User Group DynamicUser SupplementaryGroups ExecStart ExecStartPre
    ExecReload ExecStop EnvironmentFiles Environment WorkingDirectory PIDFile Result NRestarts Restart
    RestartUSec WatchdogUSec StartLimitIntervalUSec StartLimitBurst OOMPolicy UMask LimitCORE LimitCORESoft
    LimitNOFILE LimitNOFILESoft LimitRTPRIO LimitRTPRIOSoft LimitNPROC LimitMEMLOCK CPUSchedulingPolicy
    CPUSchedulingPriority Nice MemoryMax TasksMax CapabilityBoundingSet AmbientCapabilities SecureBits
    NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateNetwork PrivateUsers
    PrivateMounts PrivateIPC ProtectClock ProtectHostname ProtectKernelTunables ProtectKernelModules
    ProtectKernelLogs ProtectControlGroups ProtectProc ProcSubset MemoryDenyWriteExecute RestrictRealtime
    RestrictSUIDSGID RestrictNamespaces RestrictAddressFamilies RestrictFileSystems
    RestrictNetworkInterfaces LockPersonality KeyringMode RemoveIPC DevicePolicy SystemCallFilter
    SystemCallArchitectures SystemCallErrorNumber IPAddressAllow IPAddressDeny ReadWritePaths ReadOnlyPaths
    InaccessiblePaths RuntimeDirectory RuntimeDirectoryMode StateDirectory StateDirectoryMode LogsDirectory
    LogsDirectoryMode ConfigurationDirectory ConfigurationDirectoryMode AppArmorProfile StandardOutput After
    Requires Wants BindsTo PartOf Triggers TriggeredBy Unit Persistent TimersCalendar NextElapseUSecRealtime
    LastTriggerUSec ExecMainExitTimestamp Listen ConditionResult
    """
)

#: Properties given as lists of words.
LISTS = frozenset(
    words(
        """
    DropInPaths CapabilityBoundingSet AmbientCapabilities RestrictAddressFamilies SystemCallArchitectures
    ReadWritePaths ReadOnlyPaths InaccessiblePaths SupplementaryGroups After Requires Wants BindsTo PartOf
    Triggers TriggeredBy Names Before Conflicts
    """
    )
)

#: Services whose exposure is asked, when they run.
_RATED = frozenset(
    name for name in (*UNITS, *OTHER_UNITS) if name.endswith(".service") and not name.startswith("systemd-")
)

#: Properties that belong to our own keys or are used only to compute them.
_INTERNAL = frozenset({"Id", "Names", "NextElapseUSecRealtime", "LastTriggerUSec", "ExecMainExitTimestamp"})

_ARGV = re.compile(r"argv\[\]=(.*?) ; (?:ignore_errors|flags)=")
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? UTC")


def parse_show(text: str) -> list[dict[str, list[str]]]:
    """The units of a ``systemctl show`` answer: property → its lines (most have one)."""
    units: list[dict[str, list[str]]] = []
    current: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            if current:
                units.append(current)
                current = {}
            continue
        key, equals, value = line.partition("=")
        if equals and re.fullmatch(r"[A-Za-z0-9]+", key):
            current.setdefault(key, []).append(value)
    if current:
        units.append(current)
    return units


def parse_security(text: str) -> dict[str, tuple[str, str]]:
    """Exposure and rating by unit of a ``systemd-analyze security`` answer (table, or details of one unit)."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(?:.*exposure level for )?\s*(\S+\.service):?\s+(\d+\.\d)\s+([A-Z]+)", line, re.ASCII)
        if match:
            found[match.group(1)] = (match.group(2), match.group(3))
    return found


def parse_time(text: str) -> Optional[int]:
    """``Mon 2026-11-23 18:12:51 UTC`` as seconds since 1970; ``None`` for ``n/a`` and empty."""
    match = _STAMP.search(text)
    if not match:
        return None
    try:
        return calendar.timegm(tuple(int(part) for part in match.groups()))
    except (ValueError, OverflowError):
        return None


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def command_lines(lines: list[str]) -> list[str]:
    """The redacted command lines of ``ExecStart`` and its like, from either form of spelling."""
    found = []
    for line in lines:
        match = _ARGV.search(line)
        text = match.group(1) if match else line.lstrip("@-:+!|")
        if text.strip():
            found.append(redact(text.strip()))
    return found


def filter_word(words: list[str]) -> str:
    """What a system call filter is: ``none``, ``allow-list`` or ``deny-list``."""
    joined = " ".join(words).split()
    if not joined:
        return "none"
    return "deny-list" if joined[0].startswith("~") else "allow-list"


def shape(properties: dict[str, list[str]]) -> dict[str, object]:
    """Properties in the shape of the document: lists split, commands redacted, environment by name only."""
    values: dict[str, object] = {}
    for key, lines in properties.items():
        if key in _INTERNAL:
            continue
        text = " ".join(line for line in lines if line).strip()
        if key == "SystemCallFilter":
            values[key] = filter_word(lines)
        elif key.startswith("Exec"):
            commands = command_lines(lines)
            if commands:
                values[key] = commands if len(commands) > 1 else commands[0]
        elif key == "Environment":
            values[key] = [match.group(1) for match in re.finditer(r"(?:^|[\s\"'])([A-Za-z_]\w*)=", text)]
        elif key in LISTS:
            values[key] = [word.lower() if key.endswith(("ingSet", "Capabilities")) else word for word in text.split()]
        elif key in unitfile.LINE_LISTS and len(lines) > 1:
            values[key] = list(lines)
        elif key == "TimersCalendar":
            values[key] = [found.strip() for found in re.findall(r"OnCalendar=(.*?) ;", text)]
        elif text and text not in ("[not set]", "n/a"):
            values[key] = text
    return values


class Units:
    """The units of one host, asked once and shared by the collectors that need them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Optional[list[dict[str, list[str]]]] = None
        self._failure = ""
        self._security = Ran()

    def live(self, deadline: Deadline) -> tuple[list[dict[str, list[str]]], str]:
        """(units, why there are none). The first caller asks, the others wait for its answer."""
        with self._lock:
            if self._known is None:
                # Patterns match loaded units only. A plain name would make the manager load the unit from
                # disk, 10 ms each; what is not loaded does not run and is read from its files instead.
                patterns = [f"{name[:-1]}[{name[-1]}]" for name in (*UNITS, *OTHER_UNITS)]
                answer = run(
                    [
                        "systemctl",
                        "show",
                        "--no-pager",
                        f"--property={','.join(PROPERTIES)}",
                        "--",
                        *patterns,
                        *UNIT_PATTERNS,
                    ],
                    deadline,
                )
                self._known = parse_show(answer.out) if answer.out else []
                self._failure = "" if self._known else answer.why()
                self._security = self._rate(deadline)
            return self._known, self._failure

    def _rate(self, deadline: Deadline) -> Ran:
        names = [
            name
            for unit in self._known or ()
            for name in unit.get("Id", ())
            if name in _RATED and unit.get("ActiveState") == ["active"]
        ]
        # Asked for all units it takes five times as long.
        return run(["systemd-analyze", "security", "--no-pager", *names], deadline, 2.0) if names else Ran(0)

    def security(self) -> Ran:
        """The answer of ``systemd-analyze security``, asked for the named services that run."""
        return self._security


def collect(
    root: str, live: bool, deadline: Deadline, units: Optional[Units] = None, now: Optional[float] = None
) -> list[Contribution]:
    """The contribution ``system:unit``."""
    tree, sheet = Tree(root), Sheet("unit")
    now = time.time() if now is None else now
    if live:
        units = units or Units()
        known, failure = units.live(deadline)
        if known:
            loaded = _add_live(sheet, known, units.security(), now)
            _add_static(sheet, tree, loaded, {"ActiveState": "inactive", "SubState": "dead"})
            sheet.cut(tree.problems)
            return [sheet.contribution()]
        sheet.incomplete(f"the service manager was not asked, unit files only: {failure}")
    _add_static(sheet, tree)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _add_live(sheet: Sheet, known: list[dict[str, list[str]]], answer: Ran, now: float) -> set[str]:
    """Add the loaded units; returns all their names."""
    exposures = parse_security(answer.out)
    if not answer.ok and not exposures:
        sheet.incomplete(f"no exposure of units: {answer.why()}")
    done: set[str] = set()
    names: set[str] = set()
    for properties in known:
        names.update(" ".join(properties.get("Names", [])).split())
        name = (properties.get("Id") or [""])[0]
        load = (properties.get("LoadState") or [""])[0]
        if not name or name in done or load == "not-found":
            continue
        done.add(name)
        values = shape(properties)
        exposure = exposures.get(name)
        if exposure:
            values["exposure"], values["exposure_rating"] = exposure
        following = parse_time((properties.get("NextElapseUSecRealtime") or [""])[0])
        last = parse_time((properties.get("LastTriggerUSec") or [""])[0])
        ended = parse_time((properties.get("ExecMainExitTimestamp") or [""])[0])
        if following is not None:
            values["next_run"] = iso(following)
        if last is not None or (ended is not None and not name.endswith(".timer")):
            values["last_run_age_h"] = max(0, int((now - (last if last is not None else ended or now)) // 3600))
        sheet.add("unit", name, values)
    return names


def watched_static(tree: Tree) -> list[str]:
    """The names of the unit files to look at, sorted; aliases and templates are left out."""
    existing = unitfile.unit_names(tree)
    links = unitfile.wanted(tree)
    names = {name for name in (*UNITS, *OTHER_UNITS) if name in existing}
    for name in (*existing, *links):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in UNIT_PATTERNS):
            names.add(name)
    return sorted(name for name in names if "@." not in name and not unitfile.is_alias(tree, name))


def _add_static(
    sheet: Sheet, tree: Tree, known: Collection[str] = (), more: Optional[dict[str, object]] = None
) -> None:
    """Add the watched units from their files, but the ``known`` ones; ``more`` is said of each."""
    links = unitfile.wanted(tree)
    names = watched_static(tree)
    for name in names:
        unit = unitfile.load(tree, name) if name not in known else None
        if unit is None:
            continue
        values = shape(unit.settings)
        values.update(
            LoadState="masked" if unit.masked else "loaded",
            UnitFileState=unitfile.state(unit, links),
            FragmentPath=unit.path,
            DropInPaths=unit.dropins,
            read_from="files",
            **(more or {}),
        )
        sheet.add("unit", name, values)
    for name in (*UNITS, *OTHER_UNITS):
        stem = name.rpartition(".")[0]
        script = f"/etc/init.d/{stem}"
        if name in names or name in known or not name.endswith(".service") or not tree.exists(script):
            continue
        enabled = bool(tree.glob(f"/etc/rc[2-5].d/S[0-9][0-9]{stem}"))
        sheet.add(
            "unit",
            name,
            {
                "LoadState": "loaded",
                "FragmentPath": script,
                "SourcePath": script,
                "UnitFileState": "enabled" if enabled else "disabled",
                "read_from": "files",
                **(more or {}),
            },
        )
