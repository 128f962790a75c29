"""Sockets and processes of a live host, from ``/proc`` alone (no ``ss``, no ``ps``).

Kinds: ``socket``, ``socket.unix``, ``socket.namespaced``, ``connection``, ``process``.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from typing import Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .cmdline import join
from .names import Names
from .proc import Scan, capability_names, parse_cgroup, parse_cmdline, parse_limits, parse_status, scan
from .procnet import ESTABLISHED, Endpoint, parse_table, parse_unix, scope
from .sheet import Sheet, offline
from .tree import Tree
from .watched import is_watched_process

#: Tables read, by protocol.
TABLES = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))

#: The IPv4 address that stands for all.
ANY = "0.0.0.0"  # noqa: S104 - compared with, not bound to

#: Most sockets, other network namespaces and remote addresses of one connection group listed.
MAX_SOCKETS = 5000
MAX_NAMESPACES = 16
MAX_REMOTES = 20

#: A busy registrar has tens of thousands of TCP connections, 150 bytes each.
TABLE_LIMIT = 64 * 1024 * 1024

PREFIXES = ("socket", "connection", "process")


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
    """Contributions ``system:socket``, ``system:connection`` and ``system:process``."""
    if not live:
        return [offline(prefix) for prefix in PREFIXES]
    tree = Tree(root)
    sockets, connections, processes = (Sheet(prefix) for prefix in PREFIXES)
    found = scan(tree)
    names = Names(tree)
    describe = Holders(tree, found)
    endpoints = read_endpoints(tree, "/proc/net")
    if endpoints is None:
        for sheet in (sockets, connections):
            sheet.not_checked("/proc/net cannot be read")
    else:
        add_sockets(sockets, "socket", endpoints, names, describe)
        add_unix(sockets, tree, names, describe)
        add_namespaced(sockets, tree, found, names, describe, deadline)
        add_connections(connections, endpoints, describe)
        if found.blind:
            text = f"the open files of {found.blind} processes of other users could not be seen"
            sockets.incomplete(f"{text}: holders of sockets may be missing")
            connections.incomplete(text)
    add_processes(processes, found, names)
    processes.cut(tree.problems)
    return [sheet.contribution() for sheet in (sockets, connections, processes)]


def read_endpoints(tree: Tree, folder: str) -> Optional[list[Endpoint]]:
    """The four tables below a ``net`` folder of ``/proc``; ``None`` when none can be read."""
    endpoints: list[Endpoint] = []
    seen = False
    for table, protocol in TABLES:
        text = tree.text(f"{folder}/{table}", TABLE_LIMIT)
        if text is not None:
            seen = True
            endpoints.extend(parse_table(text, protocol))
    return endpoints if seen else None


class Holders:
    """Says which process and unit holds a socket, each process asked once."""

    def __init__(self, tree: Tree, found: Scan) -> None:
        self._tree, self._scan = tree, found
        self._units: dict[int, Optional[str]] = {}

    def unit(self, pid: int) -> Optional[str]:
        """The systemd unit of a process."""
        if pid not in self._units:
            text = _quiet(f"/proc/{pid}/cgroup")
            self._units[pid] = parse_cgroup(text) if text else None
        return self._units[pid]

    def of(self, inode: int) -> tuple[Optional[str], Optional[int], Optional[str]]:
        """(process name, number, unit) for a socket, all ``None`` when nobody is seen holding it."""
        pid = self._scan.holder(inode)
        if pid is None:
            return None, None, None
        return self._scan.comms.get(pid), pid, self.unit(pid)


def _quiet(path: str) -> Optional[str]:
    """A ``/proc`` text, ``None`` when the process is gone or not ours."""
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "replace")
    except OSError:
        return None


def _order(endpoint: Endpoint) -> tuple[str, int, str, str]:
    return (endpoint.protocol, endpoint.port, endpoint.family, endpoint.address)


def add_sockets(
    sheet: Sheet,
    kind: str,
    endpoints: Iterable[Endpoint],
    names: Names,
    holders: Holders,
    suffix: str = "",
) -> None:
    """One object per bound address and port; several sockets on the same one become one object."""
    bound = sorted((endpoint for endpoint in endpoints if endpoint.bound), key=_order)
    wildcards = {(e.protocol, e.port) for e in bound if e.family == "inet" and e.address == ANY}
    done: set[tuple[str, Optional[str]]] = set()
    count = 0
    for endpoint in bound:
        process, pid, unit = holders.of(endpoint.inode)
        if (endpoint.name, process) in done:
            continue
        done.add((endpoint.name, process))
        count += 1
        if count > MAX_SOCKETS:
            sheet.incomplete(f"more than {MAX_SOCKETS} sockets, the rest is not listed")
            return
        v6only = None
        if endpoint.address == "::":
            v6only = (endpoint.protocol, endpoint.port) in wildcards
        sheet.add(
            kind,
            endpoint.name + suffix,
            {
                "protocol": endpoint.protocol,
                "family": endpoint.family,
                "address": endpoint.address,
                "port": endpoint.port,
                "scope": scope(endpoint.address),
                "process": process,
                "pid": pid,
                "uid": endpoint.uid,
                "user": names.user(endpoint.uid),
                "unit": unit,
                "v6only": v6only,
            },
        )


def add_unix(sheet: Sheet, tree: Tree, names: Names, holders: Holders) -> None:
    """Listening Unix sockets with mode and owner of the file."""
    done = set()
    for given, kind, inode in parse_unix(tree.text("/proc/net/unix", TABLE_LIMIT) or ""):
        path = os.path.join(os.path.realpath(os.path.dirname(given)), os.path.basename(given))
        if path in done:
            continue
        done.add(path)
        process, pid, unit = holders.of(inode)
        try:
            info = os.stat(path)
        except OSError:
            info = None
        sheet.add(
            "socket.unix",
            path,
            {
                "type": kind,
                "process": process,
                "pid": pid,
                "unit": unit,
                "mode": f"{stat.S_IMODE(info.st_mode):04o}" if info else None,
                "owner": names.user(info.st_uid) if info else None,
                "group": names.group(info.st_gid) if info else None,
            },
        )


def add_namespaced(sheet: Sheet, tree: Tree, found: Scan, names: Names, holders: Holders, deadline: Deadline) -> None:
    """Sockets in network namespaces other than our own, read through one process of each."""
    others = [net for net in sorted(found.networks) if net != found.own_network]
    if not found.own_network:
        return
    for count, network in enumerate(others):
        if count >= MAX_NAMESPACES or deadline.expired():
            sheet.incomplete(f"{len(others) - count} more network namespaces were not read")
            return
        number = re.sub(r"\D", "", network)
        endpoints = read_endpoints(Tree(tree.root), f"/proc/{found.networks[network][0]}/net")
        if endpoints is not None:
            add_sockets(sheet, "socket.namespaced", endpoints, names, holders, f" ns {number}")


def add_connections(sheet: Sheet, endpoints: Iterable[Endpoint], holders: Holders) -> None:
    """Established connections this host opened, grouped by process and remote port."""
    every = list(endpoints)
    listening = {(e.protocol, e.port) for e in every if e.bound}
    groups: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for endpoint in every:
        if endpoint.state != ESTABLISHED or (endpoint.protocol, endpoint.port) in listening:
            continue
        process = holders.of(endpoint.inode)[0] or "unknown"
        groups[endpoint.protocol, process, endpoint.remote_port].append(endpoint.remote)
    for (protocol, process, port), remotes in sorted(groups.items()):
        sheet.add(
            "connection",
            f"{protocol} {process} {port}",
            {
                "protocol": protocol,
                "process": process,
                "remote_port": port,
                "count": len(remotes),
                "remote": sorted(set(remotes))[:MAX_REMOTES],
            },
        )


def add_processes(sheet: Sheet, found: Scan, names: Names) -> None:
    """One object per watched daemon; workers with the same owner, arguments and rights are one."""
    groups: dict[tuple[object, ...], list[int]] = {}
    described: dict[tuple[object, ...], dict[str, object]] = {}
    for pid in sorted(found.comms):
        comm = found.comms[pid]
        if not is_watched_process(comm):
            continue
        text = _quiet(f"/proc/{pid}/status")
        if text is None:
            continue
        status = parse_status(text)
        if status.kernel:
            continue
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as handle:
                args = join(parse_cmdline(handle.read()))
        except OSError:
            args = ""
        unit = parse_cgroup(_quiet(f"/proc/{pid}/cgroup") or "")
        key = (comm, status.uid, args, unit, status.capabilities, status.nested)
        if key in groups:
            groups[key].append(pid)
            continue
        groups[key] = [pid]
        limits = parse_limits(_quiet(f"/proc/{pid}/limits") or "")
        try:
            exe: Optional[str] = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            exe = None
        profile = (_quiet(f"/proc/{pid}/attr/current") or "").strip("\x00\n ")
        described[key] = {
            "user": names.user(status.uid),
            "uid": str(status.uid),
            "groups": [names.group(gid) for gid in status.gids],
            "args": args,
            "exe": exe,
            "unit": unit,
            "capabilities": capability_names(status.capabilities) if status.capabilities is not None else None,
            "capabilities_bounding": capability_names(status.bounding) if status.bounding is not None else None,
            "no_new_privs": {"1": "yes", "0": "no"}.get(status.no_new_privs),
            "seccomp": status.seccomp or None,
            "limits_core": limits.get("Max core file size"),
            "limits_nofile": limits.get("Max open files"),
            "limits_rtprio": limits.get("Max realtime priority"),
            "umask": status.umask or None,
            "profile": profile or None,
            "container": "yes" if status.nested else "no",
        }
    numbers: dict[str, int] = defaultdict(int)
    for group, pids in groups.items():
        comm = str(group[0])
        numbers[comm] += 1
        name = comm if numbers[comm] == 1 else f"{comm}/{numbers[comm]}"
        values = described[group]
        sheet.add("process", name, {"pid": pids[0], "count": len(pids), **values})
