"""Labs come and go without a trace, also when they crash, also side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grundton.lab import Lab, LabError, down, get, up
from grundton.lab.state import read

from .traces import network_of_machine, traces

pytestmark = pytest.mark.timeout(300)
SMALL = str(Path(__file__).parent / "small.yml")


def wait_until_dead(lab: Lab) -> None:
    deadline = time.monotonic() + 10
    while any(host.alive for host in lab.hosts.values()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _capable(lab_capable: None) -> None:
    """Every test here needs a machine that can run labs."""


def test_down_leaves_nothing() -> None:
    name = f"gtest-{os.getpid()}-gone"
    network_before = network_of_machine(name)
    assert not any(traces(name).values())
    up(name, topology_name=SMALL)
    during = traces(name)
    assert len(during["namespaces"]) == 3
    assert during["processes"]
    assert during["mounts"]
    assert network_of_machine(name) != network_before
    assert down(name) is True
    assert not any(traces(name).values()), traces(name)
    assert network_of_machine(name) == network_before
    assert down(name) is False


def test_up_again_returns_the_running_lab(make_lab: Callable[..., Lab]) -> None:
    first = make_lab("again", SMALL)
    second = make_lab("again", SMALL)
    assert {name: host.pid for name, host in first.hosts.items()} == {
        name: host.pid for name, host in second.hosts.items()
    }


@pytest.mark.parametrize("victim", ["supervisor", "leader", "both"])
def test_recovers_from_a_crash(make_lab: Callable[..., Lab], victim: str) -> None:
    lab = make_lab(f"crash-{victim}", SMALL)
    state = read(lab.name)
    for host in state.hosts.values():
        if victim in {"supervisor", "both"}:
            os.kill(host.supervisor, signal.SIGKILL)
        if victim in {"leader", "both"}:
            os.kill(host.leader, signal.SIGKILL)
    if victim != "supervisor":
        wait_until_dead(lab)
    if victim == "supervisor":
        # the host itself outlives systemd-nspawn, and is still ours to stop
        assert get(lab.name).all_up()
        down(lab.name)
        assert not any(traces(lab.name).values())
    again = make_lab(f"crash-{victim}", SMALL)
    assert again.ssh("one", ["hostname"]).stdout.strip() == "one"
    assert {host.pid for host in again.hosts.values()}.isdisjoint({host.pid for host in lab.hosts.values()})


def test_recovers_when_everything_but_the_state_is_gone(make_lab: Callable[..., Lab]) -> None:
    """As after a restart of the machine."""
    lab = make_lab("reboot", SMALL)
    state = read(lab.name)
    for host in state.hosts.values():
        os.kill(host.leader, signal.SIGKILL)
        subprocess.run(["umount", "--lazy", f"{host.directory}/root"], check=True)
        subprocess.run(["ip", "netns", "delete", host.netns], check=True)
    subprocess.run(["ip", "netns", "delete", state.switch], check=True)
    assert make_lab("reboot", SMALL).all_up()


def test_killed_in_the_middle_of_up(make_lab: Callable[..., Lab]) -> None:
    name = f"gtest-{os.getpid()}-middle"
    code = f"from grundton.lab import up; up({name!r}, topology_name={SMALL!r})"
    network_before = network_of_machine(name)
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.55)
        process.kill()
    assert down(name) is True
    assert not any(traces(name).values()), traces(name)
    assert network_of_machine(name) == network_before


def test_failed_start_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    text = Path(SMALL).read_text().replace("    audited: false", "    setup: ['echo no such luck >&2; exit 3']")
    path = tmp_path / "failing.yml"
    path.write_text(text)
    name = f"gtest-{os.getpid()}-fail"
    network_before = network_of_machine(name)
    with pytest.raises(LabError, match="host two: set-up command failed") as caught:
        up(name, topology_name=str(path))
    assert "no such luck" in str(caught.value)
    down(name)
    assert not any(traces(f"{name}.").values())
    assert network_of_machine(name) == network_before


def test_two_labs_side_by_side(make_lab: Callable[..., Lab]) -> None:
    left, right = make_lab("left", SMALL), make_lab("right", SMALL)
    assert left.host("one").address != right.host("one").address
    assert left.host("one").interfaces["servers"].v4 == right.host("one").interfaces["servers"].v4
    left.exec("one", ["sh", "-c", "echo left > /root/mark"])
    assert right.exec("one", ["cat", "/root/mark"], check=False).returncode != 0
    assert left.ssh("one", ["cat", "/root/mark"]).stdout == "left\n"
    # the same address in both labs, and each host reaches its own neighbour only
    left.exec("two", ["hostname", "neighbour-left"])
    peer = str(left.host("two").interfaces["servers"].v4)
    left.exec("one", ["ping", "-c", "1", "-W", "2", peer])
    down(left.name)
    assert right.exec("one", ["ping", "-c", "1", "-W", "2", peer]).returncode == 0


def test_hosts_reach_nothing_outside(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab("closed", SMALL)
    for address in ("8.8.8.8", "192.0.2.1"):
        ping = lab.exec("one", ["ping", "-c", "1", "-W", "1", address], check=False)
        assert ping.returncode != 0
    assert not lab.exec("one", ["ip", "route", "show", "default"]).stdout
    # and with a route through the controller: it does not forward
    gateway = str(lab.host("one").address).rpartition(".")[0] + ".1"
    lab.exec("one", ["ip", "route", "add", "default", "via", gateway])
    ping = lab.exec("one", ["ping", "-c", "1", "-W", "1", "198.51.100.1"], check=False)
    assert ping.returncode != 0
    uplink = read(lab.name).uplink
    assert Path(f"/proc/sys/net/ipv4/conf/{uplink}/forwarding").read_text().strip() == "0"


def test_ssh_keys_are_the_labs_own(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab("keys", SMALL)
    assert lab.identity.stat().st_mode & 0o777 == 0o600
    assert lab.identity.parent.stat().st_mode & 0o777 == 0o700
    keys = [line.split()[2] for line in lab.known_hosts.read_text().splitlines()]
    assert len(set(keys)) == len(lab.hosts)
    assert lab.ssh("two", ["cat", "/etc/hostname"]).stdout == "two\n"
