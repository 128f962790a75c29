"""A running lab: its hosts and addresses, and how to run something on them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from grundton.lab import network, nspawn, topology
from grundton.lab.command import run
from grundton.lab.errors import LabError
from grundton.lab.state import LabState
from grundton.lab.topology import MANAGEMENT, HostSpec, Topology


@dataclass(frozen=True)
class Interface:
    """One leg of a running host; the interface inside the host has the zone's name."""

    zone: str
    v4: IPv4Address
    v6: IPv6Address | None


@dataclass(frozen=True)
class Host:
    """One running host: ``netns`` and ``pid`` are its network namespace and process 1."""

    name: str
    address: IPv4Address
    netns: str
    pid: int
    directory: Path
    interfaces: dict[str, Interface]

    @property
    def alive(self) -> bool:
        """Whether the host's process 1 runs."""
        return nspawn.alive(self.pid)

    @property
    def root(self) -> Path:
        """The host's root directory as the machine sees it."""
        return self.directory / "root"


@dataclass(frozen=True)
class Lab:
    """A running lab."""

    name: str
    topology: Topology
    directory: Path
    hosts: dict[str, Host]

    @property
    def ssh_config(self) -> Path:
        """Settings for ``ssh -F``, with every host under its own name."""
        return self.directory / "ssh" / "config"

    @property
    def identity(self) -> Path:
        """The private key that logs in as root on every host."""
        return self.directory / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """Host keys of this lab's hosts."""
        return self.directory / "ssh" / "known_hosts"

    @property
    def inventory(self) -> Path:
        """Ansible inventory of the audited hosts: addresses and connection, no policy."""
        return self.directory / "inventory" / "hosts.yml"

    @property
    def full_inventory(self) -> Path:
        """The same with every host: phones and the world outside, too."""
        return self.directory / "inventory" / "everything.yml"

    def host(self, name: str) -> Host:
        """:raises LabError: no host has that name."""
        try:
            return self.hosts[name]
        except KeyError:
            known = ", ".join(self.hosts)
            raise LabError(f"the lab {self.name} has no host {name}; it has: {known}") from None

    def exec(
        self, host: str, argv: Sequence[str], *, check: bool = True, timeout: float = 60.0,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run a command in a host as root, not over ssh.

        :param timeout: seconds.
        :raises LabError: the host does not run, the command took too long or (with ``check``)
            failed.
        """
        return run(self.exec_argv(host, argv), check=check, timeout=timeout, stdin=stdin)

    def exec_argv(self, host: str, argv: Sequence[str]) -> list[str]:
        """The command line for :meth:`exec`, for callers that start the process themselves.

        :raises LabError: the host does not run.
        """
        found = self.host(host)
        if not found.alive:
            raise LabError(
                f"host {host} of the lab {self.name} does not run",
                f"Start the lab again: grundton lab up {self.name}",
            )
        return nspawn.enter(found.pid, argv)

    def wait(self, host: str, command: str, *, timeout: float = 30.0) -> None:
        """Repeat a shell command in a host until it succeeds.

        :param timeout: seconds.
        :raises LabError: it did not succeed in time; quotes its last output.
        """
        deadline = time.monotonic() + timeout
        while True:
            done = self.exec(host, ["sh", "-c", command], check=False, timeout=timeout)
            if done.returncode == 0:
                return
            if time.monotonic() > deadline:
                said = (done.stdout + done.stderr).strip()[-1500:]
                raise LabError(f"host {host} is not ready: {command}", said)
            time.sleep(0.1)

    def ssh_argv(self, host: str, argv: Sequence[str] = ()) -> list[str]:
        """The command line that reaches a host over ssh."""
        return ["ssh", "-F", str(self.ssh_config), self.host(host).name, *argv]

    def ssh(
        self, host: str, argv: Sequence[str], *, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a host over ssh, the way Ansible reaches it."""
        return run(self.ssh_argv(host, argv), check=check, timeout=timeout)

    def netns_argv(self, host: str, argv: Sequence[str]) -> list[str]:
        """The command line that runs a program *of the controller* in a host's network.

        This is how a probe is sent from a zone: the program sees the host's interfaces, and the
        controller's files.
        """
        return ["ip", "netns", "exec", self.host(host).netns, *argv]

    def all_up(self) -> bool:
        """Whether every host runs."""
        return bool(self.hosts) and all(host.alive for host in self.hosts.values())


def build(state: LabState) -> Lab:
    """The lab that a state describes, with what runs of it at this moment.

    :raises LabError: its topology cannot be read any more.
    """
    plan = topology.load(state.topology)
    index = state.management_index
    hosts = {}
    for spec in plan.hosts:
        own = state.hosts[spec.name]
        interfaces = {}
        for leg in spec.legs:
            zone = plan.zone(leg.zone)
            interfaces[zone.name] = Interface(
                zone.name,
                network.zone_v4(zone, index)[leg.number],
                zone.v6[leg.number] if zone.v6 is not None else None,
            )
        current = own.leader if nspawn.alive(own.leader, own.leader_started) else 0
        hosts[spec.name] = Host(spec.name, address(spec, index), own.netns, current, Path(own.directory), interfaces)
    return Lab(state.name, plan, state.directory, hosts)


def address(host: HostSpec, index: int) -> IPv4Address:
    """The management address of a host in the lab with that management index."""
    leg = next(leg for leg in host.legs if leg.zone == MANAGEMENT)
    return network.management_network(index)[leg.number]
