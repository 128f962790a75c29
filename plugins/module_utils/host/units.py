"""systemd units: state, sandbox, restart policy, timers. Kind ``unit``.

Live this is one ``systemctl show`` and one ``systemd-analyze security`` for all units; offline the unit files.
"""

from __future__ import annotations

import calendar
import fnmatch
import re
import threading
import time
from typing import Callable, Optional

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

#: Where generators leave units made from init scripts and ``fstab``.
GENERATED = (
    "/run/systemd/generator",
    "/run/systemd/generator.early",
    "/run/systemd/generator.late",
    "/run/systemd/transient",
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
    """Exposure and rating by unit of a ``systemd-analyze security`` table."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*(\S+\.service)\s+(\d+\.\d)\s+([A-Z]+)", line)
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
                # A name without a file makes the manager search its whole path again: 5 ms each.
                existing = unitfile.unit_names(Tree("/"), GENERATED)
                names = [*(name for name in (*UNITS, *OTHER_UNITS) if name in existing), *UNIT_PATTERNS]
                rating = threading.Thread(target=self._rate, args=(deadline,), daemon=True)
                rating.start()
                answer = run(
                    ["systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "--", *names],
                    deadline,
                )
                rating.join(deadline.within(3.0))
                self._known = parse_show(answer.out) if answer.out else []
                self._failure = "" if self._known else answer.why()
            return self._known, self._failure

    def _rate(self, deadline: Deadline) -> None:
        self._security = run(["systemd-analyze", "security", "--no-pager"], deadline, 2.0)

    def security(self) -> Ran:
        """The answer of ``systemd-analyze security``, asked together with the units."""
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
            _add_live(sheet, known, units.security(), now)
            return [sheet.contribution()]
        sheet.incomplete(f"the service manager was not asked, unit files only: {failure}")
    _add_static(sheet, tree)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _add_live(sheet: Sheet, known: list[dict[str, list[str]]], answer: Ran, now: float) -> None:
    exposures = parse_security(answer.out)
    if not exposures:
        sheet.incomplete(f"no exposure of units: {answer.why()}")
    done = set()
    for properties in known:
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


def watched_static(tree: Tree) -> list[str]:
    """The names of the unit files an offline tree is asked for, sorted."""
    existing = unitfile.unit_names(tree)
    links = unitfile.wanted(tree)
    names = {name for name in (*UNITS, *OTHER_UNITS) if name in existing}
    matches: Callable[[str], bool] = lambda name: any(fnmatch.fnmatchcase(name, p) for p in UNIT_PATTERNS)  # noqa: E731
    names.update(name for name in (*existing, *links) if matches(name) and "@." not in name)
    return sorted(names)


def _add_static(sheet: Sheet, tree: Tree) -> None:
    links = unitfile.wanted(tree)
    names = watched_static(tree)
    for name in names:
        unit = unitfile.load(tree, name)
        if unit is None:
            continue
        values = shape(unit.settings)
        values.update(
            LoadState="masked" if unit.masked else "loaded",
            UnitFileState=unitfile.state(unit, links),
            FragmentPath=unit.path,
            DropInPaths=unit.dropins,
        )
        sheet.add("unit", name, values)
    for name in (*UNITS, *OTHER_UNITS):
        script = f"/etc/init.d/{name.rpartition('.')[0]}"
        if name not in names and tree.exists(script):
            enabled = bool(tree.glob(f"/etc/rc[2-5].d/S[0-9][0-9]{name.rpartition('.')[0]}"))
            sheet.add(
                "unit",
                name,
                {
                    "LoadState": "loaded",
                    "FragmentPath": script,
                    "SourcePath": script,
                    "UnitFileState": "enabled" if enabled else "disabled",
                },
            )
