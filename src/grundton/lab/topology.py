"""The description of one lab: zones, hosts, addresses, what runs on them.

A topology is one YAML file in ``topologies/``; README.md in this folder explains its keys.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grundton.lab.errors import LabError
from grundton.lab.paths import data_dir

MANAGEMENT = "management"
"""Name of the zone the controller is in; every host has a leg in it."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}\Z")
ZONE_NAME = re.compile(r"[a-z][a-z0-9]{0,13}\Z")


@dataclass(frozen=True)
class Zone:
    """One network segment (a bridge). ``v4``/``v6`` are None only for the management zone."""

    name: str
    v4: ipaddress.IPv4Network | None
    v6: ipaddress.IPv6Network | None


@dataclass(frozen=True)
class Leg:
    """One interface of a host: its zone and its host number inside the zone's networks."""

    zone: str
    number: int


@dataclass(frozen=True)
class Account:
    """A user account made before the first boot (``password`` is a hash, as in /etc/shadow)."""

    name: str
    shell: str
    groups: tuple[str, ...]
    password: str
    comment: str


@dataclass(frozen=True)
class FileMode:
    """Owner and mode for every path below the host's root that the glob ``path`` matches."""

    path: str
    owner: str
    mode: int | None
    directory_mode: int | None


@dataclass(frozen=True)
class HostSpec:
    """One host as the topology file describes it."""

    name: str
    suite: str
    legs: tuple[Leg, ...]
    names: tuple[tuple[str, str], ...]
    trees: tuple[Path, ...]
    enable: tuple[str, ...]
    accounts: tuple[Account, ...]
    modes: tuple[FileMode, ...]
    setup: tuple[str, ...]
    ready: tuple[str, ...]
    groups: tuple[str, ...]
    audited: bool


@dataclass(frozen=True)
class Topology:
    """One lab, before it has a name and runs."""

    name: str
    title: str
    management_index: int
    zones: tuple[Zone, ...]
    hosts: tuple[HostSpec, ...]

    def host(self, name: str) -> HostSpec:
        """:raises LabError: no host has that name."""
        for host in self.hosts:
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts)
        raise LabError(f"the lab {self.name} has no host {name}; it has: {known}")

    def zone(self, name: str) -> Zone:
        """:raises LabError: no zone has that name."""
        for zone in self.zones:
            if zone.name == name:
                return zone
        known = ", ".join(zone.name for zone in self.zones)
        raise LabError(f"the lab {self.name} has no zone {name}; it has: {known}")


def available() -> list[str]:
    """Names of the topologies that come with the package."""
    return sorted(path.stem for path in (data_dir() / "topologies").glob("*.yml"))


def load(name_or_path: str) -> Topology:
    """Read a topology by its name, or by the path of a file that ends in ``.yml``.

    :raises LabError: unknown name, unreadable file, or a mistake in it (says where).
    """
    if name_or_path.endswith((".yml", ".yaml")):
        path = Path(name_or_path)
    else:
        path = data_dir() / "topologies" / f"{name_or_path}.yml"
        if not path.is_file():
            raise LabError(f"there is no lab {name_or_path}; there are: {', '.join(available())}")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise LabError(f"cannot read the topology {path}: {error}") from error
    try:
        return _topology(path, data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LabError(f"mistake in the topology {path}: {error!r}") from error


def _topology(path: Path, data: Mapping[str, Any]) -> Topology:
    zones = tuple(_zone(name, entry or {}) for name, entry in data["zones"].items())
    if MANAGEMENT not in {zone.name for zone in zones}:
        raise ValueError(f"a zone named {MANAGEMENT} is needed")
    hosts = tuple(_host(path, name, entry) for name, entry in data["hosts"].items())
    zone_names = {zone.name for zone in zones}
    taken: set[tuple[str, int]] = set()
    for host in hosts:
        for leg in host.legs:
            if leg.zone not in zone_names:
                raise ValueError(f"host {host.name}: unknown zone {leg.zone}")
            if (leg.zone, leg.number) in taken:
                raise ValueError(f"host {host.name}: {leg.zone} {leg.number} is taken")
            taken.add((leg.zone, leg.number))
    index = int(data["management_index"])
    if not 1 <= index <= 250:
        raise ValueError("management_index must be between 1 and 250")
    return Topology(path.stem, str(data["title"]), index, zones, hosts)


def _zone(name: str, entry: Mapping[str, Any]) -> Zone:
    if not ZONE_NAME.match(name):
        raise ValueError(f"zone name {name!r}: lower case letters and digits, at most 14")
    v4 = ipaddress.IPv4Network(entry["v4"]) if "v4" in entry else None
    v6 = ipaddress.IPv6Network(entry["v6"]) if "v6" in entry else None
    if name != MANAGEMENT and v4 is None:
        raise ValueError(f"zone {name} needs v4")
    return Zone(name, v4, v6)


def _host(path: Path, name: str, entry: Mapping[str, Any]) -> HostSpec:
    if not NAME.match(name):
        raise ValueError(f"host name {name!r}: lower case letters, digits and dashes")
    legs = tuple(Leg(zone, int(number)) for zone, number in entry["zones"].items())
    if MANAGEMENT not in {leg.zone for leg in legs}:
        raise ValueError(f"host {name} needs a leg in {MANAGEMENT}")
    if any(not 2 <= leg.number <= 250 for leg in legs):
        raise ValueError(f"host {name}: host numbers are 2 to 250 (1 is the controller)")
    trees = entry.get("tree") or []
    names = entry.get("names") or {}
    return HostSpec(
        name=name,
        suite=str(entry.get("suite", "forky")),
        legs=legs,
        names=tuple((zone, alias) for zone, found in names.items() for alias in found),
        trees=tuple(_tree(path, each) for each in ([trees] if isinstance(trees, str) else trees)),
        enable=tuple(entry.get("enable") or ()),
        accounts=tuple(_account(each) for each in entry.get("accounts") or ()),
        modes=tuple(_mode(each) for each in entry.get("modes") or ()),
        setup=tuple(entry.get("setup") or ()),
        ready=tuple(entry.get("ready") or ()),
        groups=tuple(entry.get("groups") or ()),
        audited=bool(entry.get("audited", True)),
    )


def _tree(path: Path, value: str) -> Path:
    tree = (path.parent.parent / "hosts" / value).resolve()
    if not tree.is_dir():
        tree = (path.parent / value).resolve()
    if not tree.is_dir():
        raise ValueError(f"tree {value!r} is no directory below hosts/ or beside the topology")
    return tree


def _account(entry: Mapping[str, Any]) -> Account:
    return Account(
        name=str(entry["name"]),
        shell=str(entry.get("shell", "/bin/bash")),
        groups=tuple(entry.get("groups") or ()),
        password=str(entry.get("password", "!")),
        comment=str(entry.get("comment", "")),
    )


def _mode(entry: Mapping[str, Any]) -> FileMode:
    def octal(key: str) -> int | None:
        return int(str(entry[key]), 8) if key in entry else None

    return FileMode(
        path=str(entry["path"]).lstrip("/"),
        owner=str(entry.get("owner", "root:root")),
        mode=octal("mode"),
        directory_mode=octal("directory_mode"),
    )
