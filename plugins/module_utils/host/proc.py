"""Processes from ``/proc``: names, owners, limits, capabilities, the unit they belong to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Optional

from .tree import Tree
from .words import words

#: Capability names by number (``linux/capability.h``).
CAPABILITIES = words(
    """
    cap_chown cap_dac_override cap_dac_read_search cap_fowner cap_fsetid cap_kill cap_setgid cap_setuid
    cap_setpcap cap_linux_immutable cap_net_bind_service cap_net_broadcast cap_net_admin cap_net_raw
    cap_ipc_lock cap_ipc_owner cap_sys_module cap_sys_rawio cap_sys_chroot cap_sys_ptrace cap_sys_pacct
    cap_sys_admin cap_sys_boot cap_sys_nice cap_sys_resource cap_sys_time cap_sys_tty_config cap_mknod
    cap_lease cap_audit_write cap_audit_control cap_setfcap cap_mac_override cap_mac_admin cap_syslog
    cap_wake_alarm cap_block_suspend cap_audit_read cap_perfmon cap_bpf cap_checkpoint_restore
    """
)

_UNIT = re.compile(r"[^/]+\.(?:service|scope|socket)$")


@dataclass(frozen=True)
class Status:
    """What ``/proc/PID/status`` says. ``capabilities`` and ``bounding`` are bit masks."""

    name: str = ""
    parent: int = 0
    uid: int = -1
    gids: tuple[int, ...] = ()
    umask: str = ""
    capabilities: Optional[int] = None
    bounding: Optional[int] = None
    no_new_privs: str = ""
    seccomp: str = ""
    nested: bool = False
    kernel: bool = False


def parse_status(text: str) -> Status:
    """``/proc/PID/status``; what is missing keeps its default."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key, value.strip())

    def numbers(key: str, base: int = 10) -> list[int]:
        try:
            return [int(word, base) for word in fields.get(key, "").split()]
        except ValueError:
            return []

    uids, gids, groups = numbers("Uid"), numbers("Gid"), numbers("Groups")
    every = tuple(dict.fromkeys([*gids[1:2], *groups]))
    effective, bounding = numbers("CapEff", 16), numbers("CapBnd", 16)
    return Status(
        name=fields.get("Name", ""),
        parent=(numbers("PPid") or [0])[0],
        uid=uids[1] if len(uids) > 1 else -1,
        gids=every,
        umask=fields.get("Umask", ""),
        capabilities=effective[0] if effective else None,
        bounding=bounding[0] if bounding else None,
        no_new_privs=fields.get("NoNewPrivs", ""),
        seccomp=fields.get("Seccomp", ""),
        nested=len(numbers("NSpid")) > 1,
        kernel="VmSize" not in fields,
    )


def capability_names(mask: int) -> list[str]:
    """The names of the set bits; bits newer than this list by number (``cap_41``)."""
    return [CAPABILITIES[bit] if bit < len(CAPABILITIES) else f"cap_{bit}" for bit in range(64) if mask & (1 << bit)]


def parse_limits(text: str) -> dict[str, str]:
    """Soft limits of ``/proc/PID/limits`` by their title: ``{"Max core file size": "0"}``."""
    limits = {}
    for line in text.splitlines():
        match = re.match(r"(Max [a-z -]+?)\s{2,}(\S+)\s+\S+", line)
        if match:
            limits[match.group(1)] = match.group(2)
    return limits


def parse_cgroup(text: str) -> Optional[str]:
    """The systemd unit of a ``/proc/PID/cgroup`` text, unified or legacy."""
    for line in text.splitlines():
        fields = line.split(":", 2)
        if len(fields) == 3 and fields[1] in ("", "name=systemd"):
            for part in reversed(fields[2].split("/")):
                if _UNIT.match(part):
                    return part
    return None


def parse_cmdline(data: bytes) -> list[str]:
    """The arguments of ``/proc/PID/cmdline``. A title set by the program comes as one argument."""
    parts = data.decode("utf-8", "replace").rstrip("\x00").split("\x00")
    return [part for part in parts if part] if parts != [""] else []


def deleted_libraries(maps: str) -> list[str]:
    """Program files and libraries of a ``/proc/PID/maps`` text that have been replaced on disk."""
    found = set()
    for line in maps.splitlines():
        if not line.endswith(" (deleted)"):
            continue
        fields = line.split(None, 5)
        if len(fields) == 6 and "x" in fields[1] and fields[5].startswith(("/usr", "/lib", "/opt", "/bin", "/sbin")):
            found.add(fields[5][: -len(" (deleted)")])
    return sorted(found)


@dataclass
class Scan:
    """All processes at one moment: names, and who holds which socket.

    ``holders`` maps a socket inode to process numbers, ``blind`` counts processes whose files could not
    be seen, ``networks`` maps a network namespace to its processes.
    """

    comms: dict[int, str] = field(default_factory=dict)
    holders: dict[int, list[int]] = field(default_factory=dict)
    blind: int = 0
    networks: dict[str, list[int]] = field(default_factory=dict)
    own_network: str = ""

    def holder(self, inode: int) -> Optional[int]:
        """The process to name for a socket: the oldest one that is not the service manager."""
        pids = self.holders.get(inode)
        if not pids:
            return None
        return min(pids, key=lambda pid: (pid == 1, pid))


def running(tree: Tree) -> set[str]:
    """The names of all processes (cut to 15 characters by the kernel)."""
    found = set()
    for entry in tree.names("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as handle:
                    found.add(handle.read().rstrip("\n"))
            except OSError:
                continue
    return found


def _namespace(base: str) -> str:
    try:
        return os.readlink(f"{base}/ns/net")
    except OSError:
        return ""


def scan(tree: Tree) -> Scan:
    """Walk ``/proc`` once: names of all processes and the sockets they hold."""
    result = Scan(own_network=_namespace("/proc/self"))
    for entry in tree.names("/proc"):
        if not entry.isdigit():
            continue
        pid, base = int(entry), f"/proc/{entry}"
        try:
            with open(f"{base}/comm", "rb") as handle:
                comm = handle.read().decode("utf-8", "replace").rstrip("\n")
        except OSError:
            continue
        result.comms[pid] = comm
        try:
            descriptors = os.listdir(f"{base}/fd")
        except OSError:
            result.blind += 1
            continue
        for descriptor in descriptors:
            try:
                target = os.readlink(f"{base}/fd/{descriptor}")
            except OSError:
                continue
            if target.startswith("socket:["):
                result.holders.setdefault(int(target[8:-1]), []).append(pid)
        network = _namespace(base)
        if network:
            result.networks.setdefault(network, []).append(pid)
    return result
