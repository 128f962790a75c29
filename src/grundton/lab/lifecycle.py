"""Starting and stopping labs.

>>> lab = up("office")                                       # doctest: +SKIP
>>> lab.exec("pbx", ["asterisk", "-rx", "core show version"]).stdout   # doctest: +SKIP
>>> down("office")                                           # doctest: +SKIP
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from grundton.lab import access, disk, image, machine, network, nspawn, topology
from grundton.lab.errors import LabError
from grundton.lab.lab import Lab, address, build
from grundton.lab.lock import locked
from grundton.lab.paths import state_root
from grundton.lab.state import HostState, LabState, exists, names, read, tag
from grundton.lab.topology import HostSpec, Topology

LOCK_LIMIT = 120.0
"""Seconds to wait for another process that changes the same lab."""

BOOT_LIMIT = 90.0
"""Seconds from the start of a host until its sshd answers."""

READY_LIMIT = 45.0
"""Seconds until every ready check of the topology holds."""


def _quiet(_line: str) -> None:
    """Progress for callers that want none."""


def up(name: str = "office", *, topology_name: str = "", keep_failed: bool = False,
       progress: Callable[[str], None] = _quiet) -> Lab:  # fmt: skip
    """Start a lab and wait until it is ready. A lab that already runs is returned as it is; the
    remains of one that crashed are removed first.

    :param name: name of this lab; several labs with different names run side by side.
    :param topology_name: which topology, or the path of one (default: the one of that name).
    :param keep_failed: leave the hosts of a failed start running, to look into them.
    :param progress: called with one line of text per step.
    :raises LabError: the machine cannot run a lab, or a host does not come up (nothing is left).
    """
    if not topology.NAME.match(name):
        raise LabError(f"{name!r} is no name for a lab: lower case letters, digits and dashes")
    plan = topology.load(topology_name or name)
    machine.check_runnable()
    images = {suite: image.ensure(suite, progress) for suite in {h.suite for h in plan.hosts}}
    with _lab_lock(name):
        if exists(name):
            state = read(name)
            if state.status == "up" and build(state).all_up():
                progress(f"the lab {name} is already up")
                return build(state)
            progress(f"removing what an earlier lab {name} left behind")
            _clean(state)
        state = _reserve(name, plan, topology_name or name, progress)
        try:
            _start(state, plan, images, progress)
        except BaseException as error:
            if not keep_failed:
                _clean(state)
                if isinstance(error, LabError):
                    error.add_hint(f"To look into it: grundton lab up {name} --keep-failed")
            raise
        return build(state)


def down(name: str = "office") -> bool:
    """Stop a lab and remove everything it made. Returns False when there was none.

    :raises LabError: something could not be removed; calling it again continues.
    """
    machine.check_runnable()
    with _lab_lock(name):
        if not exists(name):
            _lock_path(name).unlink(missing_ok=True)
            return False
        _clean(read(name))
        _lock_path(name).unlink(missing_ok=True)
    return True


def get(name: str = "office") -> Lab:
    """The lab of that name, running or broken.

    :raises LabError: there is none.
    """
    return build(read(name))


def running() -> list[str]:
    """Names of all labs on this machine, broken ones included."""
    return names()


def _lock_path(name: str) -> Path:
    return state_root() / f"{name}.lock"


def _lab_lock(name: str) -> AbstractContextManager[None]:
    return locked(_lock_path(name), timeout=LOCK_LIMIT)


def _allocation() -> AbstractContextManager[None]:
    return locked(state_root() / ".lock", timeout=LOCK_LIMIT)


def _reserve(name: str, plan: Topology, source: str, progress: Callable[[str], None]) -> LabState:
    """Fix the lab's names and its management network, and write them down."""
    with _allocation():
        taken = {read(other).management_index for other in names()}
        own = name == plan.name
        preferred = plan.management_index if own else 20
        state = LabState(
            name=name,
            topology=source if not source.endswith((".yml", ".yaml")) else str(Path(source).resolve()),
            management_index=network.pick_index(preferred, taken),
            switch=f"grundton.{name}.switch",
            uplink=f"gt{tag(name)}",
            cgroups=nspawn.cgroups_for(name),
        )
        for host in plan.hosts:
            state.hosts[host.name] = HostState(
                name=host.name,
                netns=f"grundton.{name}.{host.name}",
                cgroups=nspawn.cgroups_for(name, host.name),
                directory=str(state.directory / "hosts" / host.name),
            )
        state.save()
    if own and state.management_index != preferred:
        progress(
            f"{network.management_network(preferred)} is in use on this machine; "
            "addresses differ from inventories/, use `grundton lab inventory`"
        )
    return state


def _start(
    state: LabState, plan: Topology, images: dict[str, image.Image],
    progress: Callable[[str], None],
) -> None:  # fmt: skip
    began = time.monotonic()
    namespaces = {name: host.netns for name, host in state.hosts.items()}
    network.create(plan, state.management_index, state.switch, state.uplink, namespaces)
    addresses = {host.name: str(address(host, state.management_index)) for host in plan.hosts}
    public = _write_access(state, plan, addresses)
    hosts_file = _hosts_file(plan, state.management_index)
    network_of = network.management_network(state.management_index)
    progress(f"zones and cables ready, management network {network_of}")

    def boot(host: HostSpec) -> None:
        own = state.hosts[host.name]
        directory = Path(own.directory)
        root = disk.mount(images[host.suite].root, directory)
        host_key = (directory / "ssh_host_ed25519_key").read_text(encoding="ascii")
        disk.fill(root, host, hosts_file, public, host_key)
        nspawn.start(own, f"{tag(state.name)}-{host.name}")
        _wait_for_ssh(host.name, addresses[host.name], own)
        progress(f"{host.name} is up at {addresses[host.name]} ({time.monotonic() - began:.1f} s)")

    with ThreadPoolExecutor(max_workers=max(4, len(plan.hosts))) as pool:
        jobs = [pool.submit(boot, host) for host in plan.hosts]
        errors = [job.exception() for job in jobs]
    state.save()
    for error in errors:
        if error is not None:
            raise error
    _wait_until_ready(build(state), plan, progress)
    state.status = "up"
    state.save()
    progress(f"the lab {state.name} is ready after {time.monotonic() - began:.1f} s")


def _write_access(state: LabState, plan: Topology, addresses: dict[str, str]) -> str:
    folder = state.directory / "ssh"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = access.make_key(folder / "id_ed25519", f"grundton lab {state.name}")

    def host_key(name: str) -> str:
        path = Path(state.hosts[name].directory) / "ssh_host_ed25519_key"
        return access.make_key(path, name)

    keys = {name: (address, host_key(name)) for name, address in addresses.items()}
    access.write_known_hosts(folder / "known_hosts", keys)
    access.write_ssh_config(folder / "config", addresses, folder / "id_ed25519", folder / "known_hosts")
    groups: dict[str, list[str]] = {}
    for host in plan.hosts:
        for group in host.groups:
            groups.setdefault(group, []).append(host.name)
    audited = {host.name: addresses[host.name] for host in plan.hosts if host.audited}
    folder_ansible = state.directory / "inventory"
    for path, chosen in (("hosts.yml", audited), ("everything.yml", addresses)):
        access.write_inventory(folder_ansible / path, chosen, groups, folder / "id_ed25519", folder / "config")
    return public


def _hosts_file(plan: Topology, index: int) -> str:
    """/etc/hosts of every host: each host under its name, and once more per zone."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    for host in plan.hosts:
        aliases: dict[str, list[str]] = {}
        for zone_name, alias in host.names:
            aliases.setdefault(zone_name, []).append(alias)
        plain = [host.name]
        for leg in host.legs:
            zone = plan.zone(leg.zone)
            words = [f"{host.name}.{zone.name}", *plain,
                     *aliases.get(zone.name, [])]  # fmt: skip
            lines.append(f"{network.zone_v4(zone, index)[leg.number]} {' '.join(words)}")
            if zone.v6 is not None:
                lines.append(f"{zone.v6[leg.number]} {' '.join(words)}")
            plain = []
    return "\n".join(lines) + "\n"


def _wait_for_ssh(name: str, address: str, own: HostState) -> None:
    deadline = time.monotonic() + BOOT_LIMIT
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((address, 22), timeout=1.0) as connection:
                connection.settimeout(2.0)
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if not nspawn.alive(own.leader, own.leader_started):
            break
        time.sleep(0.02)
    console = Path(own.directory) / "console.log"
    said = console.read_text(encoding="utf-8", errors="replace").strip()[-1500:]
    raise LabError(f"the ssh service of host {name} does not answer at {address}", said)


def _wait_until_ready(lab: Lab, plan: Topology, progress: Callable[[str], None]) -> None:
    """Run every host's ready checks until all hold; they run side by side."""
    checks = [(host, command) for host in plan.hosts for command in host.ready]
    if not checks:
        return
    progress(f"waiting for {len(checks)} services")
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        jobs = [pool.submit(lab.wait, host.name, command, timeout=READY_LIMIT) for host, command in checks]
        for job in jobs:
            job.result()


def _clean(state: LabState) -> None:
    """Remove everything the state names, whatever part of it exists, and the state last."""
    for host in state.hosts.values():
        nspawn.kill(host, network.processes(host.netns))
    network.destroy(state.switch, state.uplink, [h.netns for h in state.hosts.values()])
    for host in state.hosts.values():
        disk.unmount(Path(host.directory))
    for cgroup in state.cgroups:
        nspawn.remove_cgroup(Path(cgroup))
    marker = state.directory / "state.json"
    for entry in state.directory.iterdir() if state.directory.is_dir() else []:
        if entry != marker:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    marker.unlink(missing_ok=True)
    if state.directory.is_dir():
        state.directory.rmdir()
