"""Booting and killing one host with systemd-nspawn."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from grundton.lab.command import run
from grundton.lab.errors import LabError
from grundton.lab.machine import has_systemd, named_cgroup, unified_cgroup
from grundton.lab.state import HostState

START_LIMIT = 20.0
"""Seconds until systemd-nspawn must have started the host's process 1."""

KILL_LIMIT = 15.0
"""Seconds until a killed host must be gone."""


def cgroups_for(lab: str, host: str = "") -> list[str]:
    """Control groups the lab has to make itself; none where systemd hands out scopes."""
    if has_systemd():
        return []
    parts = ["grundton-lab", lab, *([host] if host else [])]
    mounts = [mount for mount in (unified_cgroup(), named_cgroup()) if mount is not None]
    return [str(mount.joinpath(*parts)) for mount in mounts]


def start(state: HostState, machine: str) -> None:
    """Boot a host in the background; returns when its process 1 exists.

    The ids of the two processes to kill later are put into ``state``.

    :raises LabError: systemd-nspawn ended or did not start the host in time; quotes its output.
    """
    directory = Path(state.directory)
    console = directory / "console.log"
    pid_file = directory / "supervisor.pid"
    for cgroup in state.cgroups:
        Path(cgroup).mkdir(parents=True, exist_ok=True)
    joins = "".join(f'echo $$ > "{cgroup}/cgroup.procs"; ' for cgroup in state.cgroups)
    script = f'set -e; {joins}echo $$ > "$1"; shift; exec "$@"'
    environment = {
        **os.environ,
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    }
    with console.open("wb") as output:
        process = os.posix_spawnp(
            "setsid",
            ["setsid", "--fork", "sh", "-c", script, "sh", str(pid_file), *_argv(state, machine)],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
            ],
        )
    os.waitpid(process, 0)
    _wait_for_leader(state, pid_file, console)


def _argv(state: HostState, machine: str) -> list[str]:
    scope = [] if has_systemd() else ["--keep-unit"]
    return [
        "systemd-nspawn", "--quiet", f"--directory={state.directory}/root",
        f"--machine={machine}", f"--hostname={state.name}", "--register=no", *scope,
        f"--network-namespace-path=/run/netns/{state.netns}", "--capability=CAP_NET_ADMIN",
        "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe", "--boot",
    ]  # fmt: skip


def _wait_for_leader(state: HostState, pid_file: Path, console: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if not state.supervisor and pid_file.is_file():
            state.supervisor = int(pid_file.read_text(encoding="ascii").strip() or 0)
        if state.supervisor:
            if not alive(state.supervisor):
                break
            leader = _booted_child(state.supervisor, state.netns)
            if leader:
                state.leader = leader
                state.leader_started = started_at(leader)
                return
        time.sleep(0.01)
    said = console.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
    raise LabError(f"host {state.name} did not start", f"systemd-nspawn said: {said or 'nothing'}")


def _booted_child(supervisor: int, netns: str) -> int:
    """The host's process 1 as the machine sees it, once it is in its network namespace."""
    try:
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
        wanted = Path(f"/run/netns/{netns}").stat().st_ino
        for word in children.split():
            inside = Path(f"/proc/{word}/ns/net").stat().st_ino == wanted
            status = Path(f"/proc/{word}/status").read_text(encoding="utf-8")
            depth = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            name = Path(f"/proc/{word}/comm").read_text(encoding="utf-8").strip()
            if inside and depth.split()[-1] == "1" and name == "systemd":
                return int(word)
    except (OSError, StopIteration):
        return 0
    return 0


def started_at(pid: int) -> int:
    """Start time of a process in clock ticks since boot: tells a reused id from the old one."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(text.rpartition(")")[2].split()[19])


def alive(pid: int, started: int = 0) -> bool:
    """Whether the process exists (and, with ``started``, is still the same one)."""
    if pid <= 0:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        if state.rpartition(")")[2].split()[0] == "Z":
            return False
        return started in (0, started_at(pid))
    except OSError:
        return False


def kill(state: HostState, inside: Iterable[int]) -> None:
    """Kill a host and wait until nothing of it is left. Its disk is thrown away, so no shutdown.

    :param inside: ids of the processes in the host's network namespace.
    :raises LabError: something survived.
    """
    for cgroup in state.cgroups:
        switch = Path(cgroup) / "cgroup.kill"
        if switch.exists():
            switch.write_text("1", encoding="ascii")
    if alive(state.leader, state.leader_started):
        _kill(state.leader)
    for pid in inside:
        _kill(pid)
    supervisor = _supervisor(state)
    if supervisor:
        _kill(supervisor)
    deadline = time.monotonic() + KILL_LIMIT
    while _left(state):
        if time.monotonic() > deadline:
            raise LabError(f"processes of host {state.name} do not end: {_left(state)}")
        time.sleep(0.01)
    for cgroup in state.cgroups:
        remove_cgroup(Path(cgroup))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _left(state: HostState) -> list[int]:
    left = [pid for pid in _members(state.cgroups) if alive(pid)]
    if alive(state.leader, state.leader_started):
        left.append(state.leader)
    supervisor = _supervisor(state)
    return [*left, supervisor] if supervisor else left


def _supervisor(state: HostState) -> int:
    """The running systemd-nspawn of a host; 0 if there is none (an id in use elsewhere is none)."""
    pid = state.supervisor
    with contextlib.suppress(OSError, ValueError):
        pid = pid or int((Path(state.directory) / "supervisor.pid").read_text(encoding="ascii"))
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if pid > 0 and f"{state.directory}/root".encode() in command:
            return pid
    return 0


def _members(cgroups: Iterable[str]) -> list[int]:
    found = []
    for cgroup in cgroups:
        for listed in Path(cgroup).rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in listed.read_text(encoding="ascii").split()]
        with contextlib.suppress(OSError):
            own = (Path(cgroup) / "cgroup.procs").read_text(encoding="ascii")
            found += [int(word) for word in own.split()]
    return found


def remove_cgroup(path: Path) -> None:
    """Remove a control group and its children; empty parents of the lab's own go as well."""
    if path.is_dir():
        below = sorted((each for each in path.rglob("*") if each.is_dir()), reverse=True)
        for each in [*below, path]:
            with contextlib.suppress(OSError):
                each.rmdir()
    for parent in path.parents:
        if "grundton-lab" not in parent.parts:
            break
        with contextlib.suppress(OSError):
            parent.rmdir()


def enter(leader: int, argv: Iterable[str]) -> list[str]:
    """The command line that runs ``argv`` inside a host, as root, without ssh."""
    return [
        "nsenter", f"--target={leader}", "--all", "--wdns=/root", "env", "-i",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
        "LANG=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}", *argv,
    ]  # fmt: skip


def booted(leader: int) -> bool:
    """Whether systemd in the host has finished starting (whatever the outcome)."""
    said = run(enter(leader, ["systemctl", "is-system-running"]), check=False, timeout=10.0)
    return said.stdout.strip() in {"running", "degraded"}
