"""The journal on a real host: killed in the middle, tampered with, by measure."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grundton.lab import Lab

from .test_guard import CHANGES, HOST, PLANT, SMALL, Bench

pytestmark = pytest.mark.timeout(300)

MANY = """
import os
open("/run/started", "w").write(str(os.getpid()))
for number in range(10_000):
    journal.write_file(f"/etc/demo/many{number % 50}.conf", str(number).encode() * 1000, why=why)
    journal.write_file("/etc/demo/a.conf", str(number).encode(), why=why)
"""


@pytest.fixture
def bench(make_lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    found = Bench(make_lab("journal", str(SMALL)), tmp_path)
    found.sh(PLANT)
    return found


def test_kill_9_in_the_middle(bench: Bench) -> None:
    before = bench.look()
    dice = random.Random(47)
    for number in range(8):
        run = f"run{number}"
        bench.ansible("guard", run=run, seconds=300)
        bench.sh("rm -f /run/started")
        process = subprocess.Popen(bench.lab.exec_argv(HOST, bench.writer(run, MANY)))
        bench.wait_for(lambda: bench.sh("ls /run/started", check=False) != "", 10)
        time.sleep(dice.uniform(0.0, 0.7))
        assert process.poll() is None
        bench.sh("kill -9 $(cat /run/started)")
        process.wait(10)
        assert bench.look() != before
        bench.ansible("journal", state="rolled_back", run=run)
        assert bench.look() == before, f"round {number}"
        assert bench.traces() == []


def test_changed_by_hand_since(bench: Bench) -> None:
    before = bench.look()
    bench.ansible("guard", run="r1", seconds=300)
    bench.change("r1")
    bench.ansible("guard", run="r1", state="confirmed")
    bench.sh("echo hand >> /etc/demo/a.conf; echo hand > /etc/demo/new/in/other")
    after = bench.look()
    for options in ((), ("--check",)):
        refused = bench.ansible("journal", *options, state="rolled_back", run="r1", failed=True)
        assert {one["path"] for one in refused["refused"]} == {"/etc/demo/a.conf", "/etc/demo/new/in"}
        assert bench.look() == after
    forced = bench.ansible("journal", state="rolled_back", run="r1", force=True)["rollback"]
    assert forced["displaced"] == ["/etc/demo/a.conf"]
    assert [one["path"] for one in forced["kept"]] == ["/etc/demo/new/in", "/etc/demo/new"]
    left = set(bench.look()) ^ set(before)
    assert all(line.startswith("/etc/demo/new") for line in left)


def test_show_says_why_and_nothing_secret(bench: Bench) -> None:
    bench.ansible("journal", state="begun", run="r1")
    bench.change("r1", CHANGES)
    shown = bench.ansible("journal", state="shown", run="r1")["run"]
    assert shown["measures"] == ["M 5.135"]
    assert {one["path"] for one in shown["touched"]} >= {"/etc/demo/a.conf", "/etc/demo/new/in/c.conf"}
    assert shown["touched"][0]["before"]["mode"] == "0640"
    assert shown["guarded"] is False
    assert bench.ansible("journal", "--check", state="rolled_back", run="r1")["changed"] is True
    assert bench.ansible("journal", state="confirmed", run="r1")["changed"] is True
    assert bench.ansible("journal", state="confirmed", run="r1")["changed"] is False
    assert bench.ansible("journal", state="forgotten", keep=0)["forgotten"] == ["r1"]
    assert bench.ansible("journal", state="shown", run="r1", failed=True)["msg"].endswith("no journal of a run r1")
