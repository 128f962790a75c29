"""Is Asterisk here, which one, does it run, and where does it keep its files and its control socket."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import parse
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree, UnreadableError
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import Component, FileTable

_BINARIES = ("/usr/sbin/asterisk", "/usr/local/sbin/asterisk", "/opt/asterisk/sbin/asterisk")
_STARTERS = (
    "/etc/default/asterisk",
    "/etc/sysconfig/asterisk",
    "/etc/systemd/system/asterisk.service",
    "/lib/systemd/system/asterisk.service",
    "/usr/lib/systemd/system/asterisk.service",
)
_CONFIG = "/etc/asterisk/asterisk.conf"
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(-cert\d+)?")

#: Options of the ``asterisk`` program that take a value, and the ones that stand alone and change something.
_WITH_VALUE = {
    "C": "config",
    "U": "user",
    "G": "group",
    "L": "maxload",
    "M": "maxcalls",
    "e": "minmemfree",
    "x": "execute",
    "s": "socket",
}
_SWITCHES = {
    "g": "dumpcore",
    "p": "highpriority",
    "i": "initcrypto",
    "n": "nocolor",
    "t": "record_cache_dir",
    "T": "timestamp",
    "I": "internal_timing",
    "q": "quiet",
    "m": "mute",
    "f": "nofork",
    "F": "alwaysfork",
    "v": "verbose",
    "d": "debug",
    "c": "console",
}


@dataclass
class Installation:
    """What was found. ``directory`` holds the configuration, ``socket`` is the control socket."""

    present: bool = False
    version: Optional[str] = None
    branch: Optional[str] = None
    package: Optional[str] = None
    running: Optional[bool] = None
    pids: List[int] = field(default_factory=list)
    evidence: List[str] = field(default_factory=list)
    config: str = _CONFIG
    directory: str = "/etc/asterisk"
    socket: str = "/var/run/asterisk/asterisk.ctl"
    directories: Dict[str, str] = field(default_factory=dict)
    command_line: Dict[str, str] = field(default_factory=dict)
    command_line_from: str = ""

    def component(self) -> Component:
        """The entry of the snapshot's ``components``."""
        return Component(
            "asterisk", self.version, self.branch, self.package, self.running, evidence=list(self.evidence)
        )


def detect(root: str, live: bool, timeout: float = 5.0) -> Installation:
    """Look for Asterisk below ``root``; ``live`` allows asking processes and the program itself. Never raises."""
    tree = Tree(root)
    found = Installation()
    package = dpkg_version(tree, "asterisk")
    if package:
        found.package = package
        found.version, found.branch = normalise(package)
        found.evidence.append("dpkg")
    binary = next((path for path in _BINARIES if tree.exists(path)), None)
    if binary:
        found.evidence.append(binary)
    arguments: List[str] = []
    if live:
        found.running = False
        for pid, argv in processes():
            found.running = True
            found.pids.append(pid)
            found.evidence.append("process {0}".format(pid))
            arguments = arguments or argv[1:]
            found.command_line_from = "process {0}".format(pid)
        if binary and not found.version:
            found.version, found.branch = normalise(ask_version(binary, timeout))
    if not arguments:
        arguments, found.command_line_from = _starter_arguments(tree)
    found.command_line = options(arguments)
    found.config = found.command_line.get("config", _CONFIG)
    if tree.exists(found.config):
        found.evidence.append(found.config)
    elif not live and tree.listdir(os.path.dirname(found.config)):
        found.evidence.append(os.path.dirname(found.config))
    # Configuration left behind by a removed package is no Asterisk; in a copy of files it is all there may be.
    found.present = bool(found.evidence) if not live else bool(package or binary or found.pids)
    _places(tree, found)
    return found


def normalise(text: Optional[str]) -> Tuple[Optional[str], Optional[str]]:
    """``1:22.10.1~dfsg-1`` or ``Asterisk certified/18.9-cert4`` to ("22.10.1", "22"); (None, None) if unknown."""
    if not text:
        return None, None
    if re.match(r"^\d+:", text):
        text = text.partition(":")[2]
    found = _RELEASE.search(text)
    if not found:
        return None, None
    return found.group(0), found.group(1)


def dpkg_version(tree: Tree, package: str) -> Optional[str]:
    """The installed version of a Debian package, None when it is not installed or there is no dpkg."""
    try:
        data = tree.read("/var/lib/dpkg/status", limit=64 * 1024 * 1024)
    except (FileNotFoundError, UnreadableError):
        return None
    marker = "Package: {0}\n".format(package).encode("ascii")
    at = 0 if data.startswith(marker) else data.find(b"\n" + marker)
    if at < 0:
        return None
    end = data.find(b"\n\n", at)
    stanza = data[at : end if end >= 0 else len(data)].decode("utf-8", "replace")
    fields = dict(line.split(": ", 1) for line in stanza.strip().split("\n") if ": " in line and line[0] != " ")
    if fields.get("Status", "").split()[-1:] != ["installed"]:
        return None
    return fields.get("Version")


def processes() -> List[Tuple[int, List[str]]]:
    """(pid, argv) of every running asterisk daemon, without the remote consoles (``-r``, ``-x``)."""
    found = []
    for name in _names("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/{0}/comm".format(name), "rb") as handle:
                if handle.read(64).strip() != b"asterisk":
                    continue
            with open("/proc/{0}/cmdline".format(name), "rb") as handle:
                argv = handle.read(65536).decode("utf-8", "replace").split("\x00")[:-1]
        except OSError:
            continue
        console = any(re.match(r"^-[a-zA-Z]*[rRx]", argument) for argument in argv[1:])
        if not console and _same_root(name):
            found.append((int(name), argv))
    return sorted(found)


def _same_root(pid: str) -> bool:
    """Whether a process lives in our file system and not in a container's; yes when we may not know."""
    try:
        theirs, ours = os.stat("/proc/{0}/root".format(pid)), os.stat("/")
    except OSError:
        return True
    return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)


def _names(path: str) -> List[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def ask_version(binary: str, timeout: float) -> Optional[str]:
    """What ``asterisk -V`` prints, None when it does not answer in time."""
    try:
        done = subprocess.run(
            [binary, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None


def options(arguments: List[str]) -> Dict[str, str]:
    """The options of an asterisk command line: ``{"user": "asterisk", "dumpcore": "yes", "verbose": "3"}``."""
    result: Dict[str, str] = {}
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if len(argument) < 2 or argument[0] != "-" or argument[1] == "-":
            continue
        for index, letter in enumerate(argument[1:], 1):
            if letter in _WITH_VALUE:
                value = argument[index + 1 :]
                if not value and position < len(arguments):
                    value = arguments[position]
                    position += 1
                if letter != "x":
                    result[_WITH_VALUE[letter]] = value
                break
            if letter in "vd":
                name = _SWITCHES[letter]
                result[name] = str(int(result.get(name, "0")) + 1)
            elif letter in _SWITCHES:
                result[_SWITCHES[letter]] = "yes"
    return result


def _starter_arguments(tree: Tree) -> Tuple[List[str], str]:
    """Command line options written in the unit or the defaults file, for a daemon that does not run."""
    for path in _STARTERS:
        try:
            text = tree.read(path, limit=1024 * 1024).decode("utf-8", "replace")
        except (FileNotFoundError, UnreadableError):
            continue
        for line in text.split("\n"):
            line = line.strip()
            key, equals, value = line.partition("=")
            if equals and key in ("ExecStart", "AST_ARGS", "PARAMS", "ASTARGS") and "-" in value:
                found = [word for word in value.strip("\"'").split() if "$" not in word]
                if key == "ExecStart":
                    found = found[1:]
                if any(word.startswith("-") for word in found):
                    return found, path
    return [], ""


def _places(tree: Tree, found: Installation) -> None:
    """Directories as asterisk.conf sets them; a template ``[directories](!)`` sets nothing."""
    config = parse(tree, os.path.dirname(found.config) or "/etc/asterisk", found.config, FileTable())
    for section in config.named("directories"):
        for name, written in section.variables:
            found.directories[name.lower()] = written[0].rstrip("/") or "/"
        break
    found.directory = found.directories.get("astetcdir", os.path.dirname(found.config) or "/etc/asterisk")
    name = "asterisk.ctl"
    for section in config.named("files"):
        name = section.last("astctl") or name
        break
    if "socket" in found.command_line:
        found.socket = found.command_line["socket"]
    else:
        run = found.directories.get("astrundir", "/var/run/asterisk")
        found.socket = "{0}/{1}".format(run, name)
