"""Topologies: what comes with the package is sound, mistakes are named."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from grundton.lab import LabError, image, network, topology
from grundton.lab.state import tag

GOOD = """
title: One host
management_index: 12
zones:
  management:
  servers: {v4: 10.1.0.0/24}
hosts:
  one: {zones: {servers: 10, management: 10}}
"""


@pytest.mark.parametrize("name", topology.available())
def test_what_we_ship_loads(name: str) -> None:
    found = topology.load(name)
    assert found.title
    assert {host.suite for host in found.hosts} <= set(image.suites())
    for host in found.hosts:
        for zone_name in [leg.zone for leg in host.legs]:
            assert len(zone_name) <= 14


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "lab.yml"
    path.write_text(text)
    return str(path)


def test_a_minimal_file(tmp_path: Path) -> None:
    found = topology.load(write(tmp_path, GOOD))
    assert found.host("one").legs[0].number == 10
    assert found.host("one").audited


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("servers: 10,", "cellar: 10,", "unknown zone cellar"),
        (", management: 10", "", "needs a leg in management"),
        ("servers: 10,", "servers: 1,", "host numbers are 2 to 250"),
        ("management_index: 12", "management_index: 900", "between 1 and 250"),
        ("  management:\n", "", "a zone named management is needed"),
        ("  one:", "  One:", "host name 'One'"),
        ("title: One host\n", "", "title"),
        ("hosts:", "hosts: [", "cannot read the topology"),
        ("{servers: 10, management: 10}}", "{servers: 10, management: 10}, tree: nowhere}", "tree 'nowhere'"),
        ("\n  one:", "\n  two: {zones: {servers: 10, management: 9}}\n  one:", "servers 10 is taken"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(LabError, match=message):
        topology.load(write(tmp_path, GOOD.replace(old, new)))


def test_unknown_names_say_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"there are: .*office"):
        topology.load("palace")
    with pytest.raises(LabError, match="it has: one"):
        topology.load(write(tmp_path, GOOD)).host("two")


def test_management_networks_do_not_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_routes", lambda: [IPv4Network("198.18.10.0/25")])
    assert network.pick_index(10, []) == 20
    assert network.pick_index(11, []) == 11
    assert network.pick_index(11, [11, 20]) == 21
    assert network.management_network(10) == IPv4Network("198.18.10.0/24")


def test_interface_names_are_short_and_differ() -> None:
    assert len(f"gt{tag('a' * 31)}") <= 15
    assert tag("office") != tag("office2")
