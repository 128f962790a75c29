"""How long a whole audit takes beside an Ansible ping of the same hosts: `python benchmarks/audit.py [ROUNDS]`.

Both commands run in turn over the same connection, with the same number of forks; what counts is the ratio of each
pair. Needs root: it boots a lab of its own and takes it down again.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from grundton.lab import Lab, down, up
from grundton.lab.paths import data_dir

ROUNDS = 5
FORKS = 10
BIN = Path(sys.executable).parent


def topology(hosts: int, folder: Path) -> Path:
    """The PBX of the office, `hosts` times, without phones."""
    office = yaml.safe_load((data_dir() / "topologies" / "office.yml").read_text(encoding="utf-8"))
    pbx = office["hosts"]["pbx"]
    (folder / "hosts").symlink_to(data_dir() / "hosts")
    office["management_index"] = 60 + hosts
    office["zones"] = {name: office["zones"][name] for name in ("management", "servers")}
    office["hosts"] = {
        f"pbx{number:02d}": {**pbx, "zones": {"servers": 10 + number, "management": 10 + number}}
        for number in range(1, hosts + 1)
    }
    path = folder / "topologies" / f"pbx{hosts}.yml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(office, sort_keys=False), encoding="utf-8")
    return path


def seconds(command: list[str], good: tuple[int, ...] = (0,)) -> float:
    """Run a command and return its wall time; any other exit code than `good` is an error."""
    before = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "ANSIBLE_FORKS": str(FORKS)})
    if done.returncode not in good:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - before


def pairs(lab: Lab, rounds: int) -> list[tuple[float, float]]:
    """(ping, audit) in seconds, in turn; one round before is not counted."""
    inventory = str(lab.inventory)
    ping = [str(BIN / "ansible"), "-i", inventory, "all", "-m", "ansible.builtin.ping"]
    with tempfile.TemporaryDirectory() as runs:
        audit = [str(BIN / "grundton"), "audit", "-i", inventory, "--runs-dir", runs, "--fail-on", "none", "--quiet"]
        found = [(seconds(ping), seconds(audit)) for _ in range(rounds + 1)]
    return found[1:]


def measure(hosts: int, rounds: int) -> dict[str, Any]:
    """Boot `hosts` PBXs and measure."""
    name = f"bench{hosts}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            lab = up(
                name,
                topology_name=str(topology(hosts, Path(folder))),
                progress=lambda line: print(line, file=sys.stderr),
            )
            found = pairs(lab, rounds)
        finally:
            down(name)
    ratios = [audit / ping for ping, audit in found]
    return {
        "hosts": hosts,
        "forks": FORKS,
        "rounds": rounds,
        "ping_s": round(statistics.median(ping for ping, _ in found), 2),
        "audit_s": round(statistics.median(audit for _, audit in found), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_max": round(max(ratios), 2),
    }


def machine() -> str:
    """The machine in one line."""
    return f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(machine())
    for count in (1, 20):
        print(json.dumps(measure(count, rounds)))
