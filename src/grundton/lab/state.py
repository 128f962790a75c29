"""What a running lab has made on this machine, written down before it is made.

The state file lets another process talk to the lab, take it down, or clean up after a crash.
Nothing is found by pattern: everything to remove is named in the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grundton.lab.errors import LabError
from grundton.lab.paths import state_root

VERSION = 1


@dataclass
class HostState:
    """One host: names are fixed before the start, numbers follow from the start."""

    name: str
    netns: str
    cgroups: list[str]
    directory: str
    supervisor: int = 0
    leader: int = 0
    leader_started: int = 0


@dataclass
class LabState:
    """One lab: everything that exists outside its state directory."""

    name: str
    topology: str
    management_index: int
    switch: str
    uplink: str
    status: str = "starting"
    hosts: dict[str, HostState] = field(default_factory=dict)
    cgroups: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        """Where the lab keeps its files."""
        return state_root() / self.name

    def save(self) -> None:
        """Write the state file in one step (a reader sees the old or the new one)."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o755)
        path = self.directory / "state.json"
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"version": VERSION, **asdict(self)}, indent=1) + "\n")
        draft.replace(path)


def tag(name: str) -> str:
    """Six characters that stand for a lab's name where space is short (interface names)."""
    return hashlib.sha256(name.encode()).hexdigest()[:6]


def exists(name: str) -> bool:
    """Whether a lab of that name runs, or has left something behind."""
    return (state_root() / name / "state.json").is_file()


def names() -> list[str]:
    """Every lab there is a state file of."""
    return sorted(path.parent.name for path in state_root().glob("*/state.json"))


def read(name: str) -> LabState:
    """:raises LabError: no such lab, or its state file is damaged."""
    path = state_root() / name / "state.json"
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        running = ", ".join(names()) or "none"
        raise LabError(
            f"no lab named {name} is running (running: {running})",
            f"Start it: grundton lab up {name}",
        ) from None
    except ValueError as error:
        raise LabError(f"the state file {path} is damaged: {error}") from error
    if data.pop("version", None) != VERSION:
        raise LabError(f"the state file {path} was written by another version of grundton")
    hosts = {key: HostState(**value) for key, value in data.pop("hosts").items()}
    return LabState(**data, hosts=hosts)
