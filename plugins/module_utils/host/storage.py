"""Core dumps, mounts and swap: kinds ``coredump``, ``mount``, ``swap``."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .network import SYSCTL_FOLDERS, parse_sysctl_conf
from .sheet import Sheet, offline
from .syslog import dropins, parse_ini_section
from .tree import Tree

PREFIXES = ("coredump", "mount", "swap")

# ruff: noqa: S108 - paths are looked at, nothing is written there

#: Paths whose mount is reported.
PATHS = (
    "/", "/boot", "/etc", "/home", "/tmp", "/var", "/var/tmp", "/var/log", "/var/log/asterisk", "/var/lib/asterisk",
    "/var/lib/mysql", "/var/lib/postgresql", "/var/spool/asterisk", "/var/spool/asterisk/monitor",
    "/var/spool/asterisk/voicemail", "/var/spool/rtpengine", "/var/backups", "/backup", "/srv", "/srv/backup",
    "/srv/tftp", "/dev/shm", "/root",
)  # fmt: skip

_REMOTE = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "9p",
        "virtiofs",
        "davfs",
    )
)


@dataclass(frozen=True)
class Mount:
    """One mounted file system. ``number`` is ``major:minor``, empty when it comes from ``fstab``."""

    target: str
    device: str
    fstype: str
    options: tuple[str, ...]
    number: str = ""


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def parse_mountinfo(text: str) -> list[Mount]:
    """``/proc/self/mountinfo`` (``proc(5)``); a later mount on the same place hides the earlier one."""
    found: dict[str, Mount] = {}
    for line in text.splitlines():
        left, dash, right = line.partition(" - ")
        head, tail = left.split(), right.split()
        if not dash or len(head) < 6 or len(tail) < 2:
            continue
        target = _unescape(head[4])
        options = tuple(dict.fromkeys(head[5].split(",")))
        found.pop(target, None)
        found[target] = Mount(target, _unescape(tail[1]), tail[0], options, head[2])
    return list(found.values())


def parse_fstab(text: str) -> list[Mount]:
    """``fstab(5)``; swap lines have the target ``none``."""
    found = []
    for line in text.splitlines():
        fields = line.split("#", 1)[0].split()
        if len(fields) >= 4:
            target = _unescape(fields[1])
            found.append(Mount(target.rstrip("/") or "/", _unescape(fields[0]), fields[2], tuple(fields[3].split(","))))
    return found


def carrier(path: str, mounts: list[Mount]) -> Optional[Mount]:
    """The mount that holds a path."""
    best: Optional[Mount] = None
    for mount in mounts:
        inside = path == mount.target or path.startswith(mount.target.rstrip("/") + "/")
        if inside and (best is None or len(mount.target) >= len(best.target)):
            best = mount
    return best


def encrypted(sysfs: str, number: str, device: str, depth: int = 0) -> str:
    """Whether dm-crypt lies below a block device: ``yes``, ``no`` or ``unknown``.

    ``sysfs`` is the root of ``/sys``, ``number`` the device's ``major:minor``.
    """
    folder = f"{sysfs}/dev/block/{number}"
    if not number or number.startswith("0:") or not os.path.isdir(folder):
        name = os.path.basename(os.path.realpath(device)) if device.startswith("/dev/") else ""
        folder = f"{sysfs}/class/block/{name}" if name else ""
        if not folder or not os.path.isdir(folder):
            return "unknown"
    return "yes" if _crypt_below(os.path.realpath(folder), depth) else "no"


def _crypt_below(folder: str, depth: int) -> bool:
    if depth > 10:
        return False
    try:
        with open(f"{folder}/dm/uuid", encoding="ascii", errors="replace") as handle:
            if handle.read().startswith("CRYPT-"):
                return True
    except OSError:
        pass
    try:
        slaves = os.listdir(f"{folder}/slaves")
    except OSError:
        slaves = []
    if not slaves and os.path.exists(f"{folder}/partition"):
        return _crypt_below(os.path.dirname(folder), depth + 1)
    return any(_crypt_below(os.path.realpath(f"{folder}/slaves/{slave}"), depth + 1) for slave in slaves)


def handler(pattern: str) -> str:
    """What ``kernel.core_pattern`` does with a dump: ``off``, ``file``, or the program it pipes to."""
    if not pattern or pattern in ("/dev/null", "|/bin/false", "|/bin/true"):
        return "off"
    if not pattern.startswith("|"):
        return "file"
    for name in ("systemd-coredump", "apport", "abrt"):
        if name in pattern:
            return name
    return "off" if re.match(r"\|\s*/(?:usr/)?bin/(?:false|true)\b", pattern) else "pipe"


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contributions ``system:coredump``, ``system:mount`` and ``system:swap``."""
    return [_coredump(root, live), _mounts(root, live), _swap(root) if live else offline("swap")]


def _coredump(root: str, live: bool) -> Contribution:
    tree, sheet = Tree(root), Sheet("coredump")
    if live:
        pattern = tree.line("/proc/sys/kernel/core_pattern")
        dumpable = tree.line("/proc/sys/fs/suid_dumpable")
    else:
        set_: dict[str, str] = {}
        for folder in reversed(SYSCTL_FOLDERS):
            for path in tree.glob(f"{folder}/*.conf"):
                set_.update(parse_sysctl_conf(tree.text(path) or ""))
        set_.update(parse_sysctl_conf(tree.text("/etc/sysctl.conf") or ""))
        pattern, dumpable = set_.get("kernel.core_pattern"), set_.get("fs.suid_dumpable")
        sheet.incomplete("settings are from the files, the kernel may have others (offline tree)")
    values: dict[str, object] = {"pattern": pattern, "suid_dumpable": dumpable}
    if pattern is not None:
        values["handler"] = handler(pattern)
        if values["handler"] == "file" and pattern.startswith("/"):
            folder = os.path.dirname(pattern)
            info = tree.stat(folder)
            values["directory"] = folder
            values["directory_mode"] = f"{stat.S_IMODE(info.st_mode):04o}" if info else None
    conf = parse_ini_section(dropins(tree, "coredump.conf"), "Coredump")
    if tree.exists("/usr/lib/systemd/systemd-coredump"):
        values["storage"] = conf.get("Storage", "external")
        values["external_size_max"] = conf.get("ExternalSizeMax")
        values["process_size_max"] = conf.get("ProcessSizeMax")
    sheet.add("coredump", "kernel", values)
    sheet.cut(tree.problems)
    return sheet.contribution()


def _mounts(root: str, live: bool) -> Contribution:
    tree, sheet = Tree(root), Sheet("mount")
    mounts = (
        parse_mountinfo(tree.text("/proc/self/mountinfo") or "") if live else parse_fstab(tree.text("/etc/fstab") or "")
    )
    if not live:
        sheet.incomplete("mounts are from fstab, encryption below them is unknown (offline tree)")
    elif not mounts:
        sheet.not_checked("/proc/self/mountinfo cannot be read")
        return sheet.contribution()
    users: dict[str, list[str]] = {}
    for path in PATHS:
        if path != "/" and not tree.exists(path):
            continue
        mount = carrier(path, mounts)
        if mount is not None:
            users.setdefault(mount.target, []).append(path)
    for mount in mounts:
        if mount.target not in users:
            continue
        sheet.add(
            "mount",
            mount.target,
            {
                "device": mount.device,
                "fstype": mount.fstype,
                "options": mount.options,
                "encrypted": "memory"
                if mount.fstype in ("tmpfs", "ramfs")
                else encrypted("/sys", mount.number, mount.device)
                if live
                else "unknown",
                "remote": mount.fstype in _REMOTE,
                "used_by": users[mount.target],
            },
        )
    sheet.cut(tree.problems)
    return sheet.contribution()


def _swap(root: str) -> Contribution:
    tree, sheet = Tree(root), Sheet("swap")
    for line in (tree.text("/proc/swaps") or "").splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 2:
            device = _unescape(fields[0])
            state = "yes" if "/zram" in device else "unknown"
            if fields[1] == "partition" and state == "unknown":
                state = encrypted("/sys", "", device)
            sheet.add("swap", device, {"type": fields[1], "encrypted": state})
    sheet.cut(tree.problems)
    return sheet.contribution()
