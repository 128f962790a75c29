"""What a lab leaves on a machine, for before and after comparisons."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from grundton.lab.machine import named_cgroup, unified_cgroup
from grundton.lab.paths import state_root
from grundton.lab.state import tag


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


OTHER_LAB = re.compile(r"gt[0-9a-f]{6}\Z")


def network_of_machine(lab: str) -> tuple[list[str], list[str]]:
    """Names of the machine's interfaces, and its routes; those of labs other than ``lab`` apart."""

    def counts(interface: str) -> bool:
        return interface == f"gt{tag(lab)}" or not OTHER_LAB.match(interface)

    links = [link["ifname"] for link in _ip("link")]
    routes = [(route["dst"], route.get("dev", "")) for route in _ip("route")]
    return (
        sorted(link for link in links if counts(link)),
        sorted(f"{target} {interface}" for target, interface in routes if counts(interface)),
    )


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
