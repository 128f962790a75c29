"""What a lab leaves on a machine, for before and after comparisons."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from grundton.lab.machine import named_cgroup, unified_cgroup
from grundton.lab.paths import state_root


def traces(marker: str) -> dict[str, list[str]]:
    """Everything on this machine that carries ``marker``, plus all of its links and routes."""
    return {
        "namespaces": [path.name for path in Path("/run/netns").glob("*") if marker in path.name]
        if Path("/run/netns").is_dir()
        else [],
        "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if marker in line],
        "processes": _processes(marker),
        "cgroups": [
            str(path)
            for mount in (unified_cgroup(), named_cgroup())
            if mount is not None
            for path in mount.glob(f"grundton-lab/*{marker}*")
        ],
        "state": [path.name for path in state_root().glob(f"*{marker}*")],
    }


def network_of_machine() -> tuple[list[str], list[str]]:
    """Names of the machine's interfaces, and its routes."""
    links = [link["ifname"] for link in _ip("link")]
    routes = [f"{route['dst']} {route.get('dev')}" for route in _ip("route")]
    return sorted(links), sorted(routes)


def _ip(what: str) -> list[dict[str, str]]:
    said = subprocess.run(["ip", "-json", what, "show"], capture_output=True, check=True, text=True).stdout
    found: list[dict[str, str]] = json.loads(said or "[]")
    return found


def _processes(marker: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in command and "nspawn" in command:
            found.append(command)
    return found
