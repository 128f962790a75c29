"""What plan, apply and rollback keep in a run folder beside the audit's files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grundton.runner.errors import InputError
from grundton.runner.folder import RunFolder

_PARTS = ("plans", "applied", "rolled_back", "journals")


class ApplyFolder(RunFolder):
    """A run folder with a plan, and with what became of it: one file per host, so that hosts never wait for another."""

    @classmethod
    def prepare(cls, path: Path) -> ApplyFolder:
        """Make the folder at `path` (or take it as it is): the workers of one run may all call this."""
        folder = super().prepare(path)
        for part in _PARTS:
            (path / part).mkdir(mode=0o700, exist_ok=True)
        return cls(folder.path)

    @classmethod
    def create(cls, runs_dir: Path) -> ApplyFolder:
        """Make a fresh run folder below `runs_dir`."""
        return cls.prepare(super().create(runs_dir).path)

    @property
    def plan(self) -> Path:
        """The plan of all hosts, as data."""
        return self.path / "plan.json"

    def after(self) -> RunFolder:
        """The folder of the second look, after the changes."""
        return RunFolder.prepare(self.path / "after")

    def write_plan(self, document: Mapping[str, Any]) -> None:
        """Store the plan of all hosts."""
        self._write_json(self.plan, document, indent=1)

    def read_plan(self) -> dict[str, Any]:
        """Return the plan of all hosts."""
        return self._read_json(self.plan)

    def write_part(self, part: str, host: str, document: Mapping[str, Any]) -> None:
        """Store one host's file of `plans`, `applied`, `rolled_back` or `journals`."""
        self._write_json(self._member(part, host), document, indent=1)

    def read_part(self, part: str, host: str) -> dict[str, Any] | None:
        """Return one host's file, or None when there is none."""
        path = self._member(part, host)
        return self._read_json(path) if path.exists() else None

    def read_parts(self, part: str) -> dict[str, dict[str, Any]]:
        """Return the files of all hosts, by the name they carry."""
        found = (self._read_json(path) for path in sorted((self.path / part).glob("*.json")))
        return {str(document["host"]): document for document in found}

    def age_of_snapshot(self, host: str) -> float:
        """Return how many seconds ago a host's snapshot arrived."""
        try:
            return max(0.0, time.time() - self._member("snapshots", host).stat().st_mtime)
        except OSError:
            raise InputError(f"there is no snapshot of {host} in {self.path}", "Plan again.") from None
