"""The cables of a lab: namespaces, bridges, and the one cable to the controller.

All zones are bridges in a namespace of their own (the switch), so that the machine's own
interfaces, routes and firewall never see the lab's traffic. The only thing added to the machine is
one interface in the lab's management zone. It does not forward and has no IPv6, so nothing of the
lab gets any further.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from pathlib import Path

from grundton.lab.command import run
from grundton.lab.errors import LabError
from grundton.lab.topology import MANAGEMENT, HostSpec, Topology, Zone

MANAGEMENT_POOL = ipaddress.IPv4Network("198.18.0.0/16")
"""Benchmark addresses of RFC 2544: never in real use, so a lab rarely meets a real network."""


def management_network(index: int) -> ipaddress.IPv4Network:
    """The management network of the lab with that index: one /24 of the pool."""
    return ipaddress.IPv4Network(f"{MANAGEMENT_POOL[index * 256]}/24")


def zone_v4(zone: Zone, index: int) -> ipaddress.IPv4Network:
    """The zone's IPv4 network in the lab with that management index."""
    return zone.v4 if zone.v4 is not None else management_network(index)


def pick_index(preferred: int, taken: Iterable[int]) -> int:
    """Choose a management network that neither this machine nor another lab uses.

    :raises LabError: all are in use.
    """
    used = set(taken)
    routes = _routes()
    candidates: list[int] = [preferred, *range(20, 251)]
    for index in candidates:
        network = management_network(index)
        if index not in used and not any(network.overlaps(route) for route in routes):
            return index
    raise LabError(f"no free management network left in {MANAGEMENT_POOL}")


def _routes() -> list[ipaddress.IPv4Network]:
    """Every IPv4 destination this machine has a route to, the default route apart."""
    said = run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout
    found = []
    for route in json.loads(said or "[]"):
        destination = str(route.get("dst", "default"))
        if destination == "default":
            continue
        network = ipaddress.IPv4Network(destination, strict=False)
        if network.prefixlen > 0:
            found.append(network)
    return found


def create(topology: Topology, index: int, switch: str, uplink: str, hosts: dict[str, str]) -> None:
    """Make namespaces, bridges and cables.

    :param hosts: host name → name of its namespace.
    :raises LabError: the kernel refused (missing bridge or veth support, name in use).
    """
    for namespace in [switch, *hosts.values()]:
        run(["ip", "netns", "add", namespace])
        _forwarding_off(namespace)
    lines = ["link set lo up"]
    for zone in topology.zones:
        lines += [f"link add {zone.name} type bridge mcast_snooping 0",
                  f"link set {zone.name} addrgenmode none up"]  # fmt: skip
    _batch(lines, namespace=switch)
    for number, host in enumerate(topology.hosts):
        _wire_host(topology, index, host, number, switch, hosts[host.name])
    _wire_controller(index, switch, uplink)


def _wire_host(topology: Topology, index: int, host: HostSpec, number: int, switch: str, namespace: str) -> None:
    plug = []
    inside = ["link set lo up"]
    for place, leg in enumerate(host.legs):
        zone = topology.zone(leg.zone)
        port = f"h{number}p{place}"
        plug += [
            f"link add {port} type veth peer name {zone.name} netns {namespace}",
            f"link set {port} master {zone.name} addrgenmode none up",
        ]
        v4 = zone_v4(zone, index)
        inside += [
            f"link set {zone.name} up",
            f"addr add {v4[leg.number]}/{v4.prefixlen} dev {zone.name}",
        ]
        if zone.v6 is not None:
            inside.append(f"addr add {zone.v6[leg.number]}/{zone.v6.prefixlen}"
                          f" dev {zone.name} nodad")  # fmt: skip
    _batch(plug, namespace=switch)
    _batch(inside, namespace=namespace)


def _wire_controller(index: int, switch: str, uplink: str) -> None:
    network = management_network(index)
    _batch([
        f"link add {uplink} type veth peer name controller netns {switch}",
        f"link set {uplink} addrgenmode none",
    ])  # fmt: skip
    for setting, value in (
        (f"ipv6/conf/{uplink}/disable_ipv6", "1"),
        (f"ipv4/conf/{uplink}/forwarding", "0"),
    ):
        path = Path("/proc/sys/net") / setting
        if path.exists():
            path.write_text(value, encoding="ascii")
    _batch([f"link set controller master {MANAGEMENT} addrgenmode none up"], namespace=switch)
    _batch([f"addr add {network[1]}/{network.prefixlen} dev {uplink}", f"link set {uplink} up"])


def _forwarding_off(namespace: str) -> None:
    run(["ip", "netns", "exec", namespace, "sh", "-c",
         "for f in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding;"
         " do [ ! -e $f ] || echo 0 > $f; done"])  # fmt: skip


def _batch(lines: list[str], namespace: str = "") -> None:
    prefix = ["ip", "-n", namespace] if namespace else ["ip"]
    run([*prefix, "-batch", "-"], stdin="\n".join(lines) + "\n")


def processes(namespace: str) -> list[int]:
    """Ids of the processes that live in a namespace; empty when there is no such namespace."""
    if not _exists(namespace):
        return []
    said = run(["ip", "netns", "pids", namespace], check=False).stdout
    return [int(word) for word in said.split()]


def destroy(switch: str, uplink: str, hosts: Iterable[str]) -> None:
    """Remove what :func:`create` made, whatever part of it there is."""
    run(["ip", "link", "delete", uplink], check=False)  # fails when it is gone already
    for namespace in [*hosts, switch]:
        if _exists(namespace):
            run(["ip", "netns", "delete", namespace])


def _exists(namespace: str) -> bool:
    return (Path("/run/netns") / namespace).exists()
