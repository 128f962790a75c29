"""The run folder (docs/architecture.md section 7): where a run's artifacts are, private to its owner."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grundton.runner.errors import InputError
from grundton.runner.run_id import PATTERN, new_run_id

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_KEY_BYTES = 32


class RunFolder:
    """Paths, reading and writing of one run. Files are written whole or not at all, mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    # -- finding and making ------------------------------------------------------------------

    @classmethod
    def create(cls, runs_dir: Path) -> RunFolder:
        """Make a fresh run folder below `runs_dir`."""
        return cls.prepare(runs_dir / new_run_id())

    @classmethod
    def prepare(cls, path: Path) -> RunFolder:
        """Make the folder at `path` (or take it as it is): the workers of one run may all call this."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (path, path / "snapshots", path / "policy"):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as problem:
            raise InputError(
                f"cannot create the run folder {path}: {problem.strerror}",
                "Choose a directory you may write to with --runs-dir.",
            ) from problem
        return cls(path)

    @classmethod
    def find(cls, run: str, runs_dir: Path) -> RunFolder:
        """Find a run by its path, its id, the beginning of its id, or `last`."""
        direct = Path(run)
        if direct.is_dir() and (direct / "snapshots").is_dir():
            return cls(direct)
        known = sorted(p for p in runs_dir.glob("*") if PATTERN.fullmatch(p.name)) if runs_dir.is_dir() else []
        if run in ("last", "latest") and known:
            return cls(known[-1])
        matches = [path for path in known if path.name.startswith(run)]
        if len(matches) == 1:
            return cls(matches[0])
        if matches:
            names = ", ".join(path.name for path in matches[:5])
            raise InputError(f"{run!r} means more than one run in {runs_dir}: {names}", "Give more of the id.")
        newest = f"The newest run there is {known[-1].name}." if known else f"There are no runs in {runs_dir}."
        raise InputError(f"no run {run!r}: neither a run folder nor an id in {runs_dir}", newest)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.resolve().name

    # -- what is in it -----------------------------------------------------------------------

    @property
    def assessment(self) -> Path:
        """The assessment, as data."""
        return self.path / "assessment.json"

    @property
    def html(self) -> Path:
        """The report for a browser."""
        return self.path / "report.html"

    @property
    def log(self) -> Path:
        """What happened, in order."""
        return self.path / "log.txt"

    def _member(self, folder: str, host: str) -> Path:
        # Inventory names may hold anything; a name that is not plain is stored percent-encoded.
        plain = _PLAIN_NAME.fullmatch(host) and not host.startswith(".")
        name = host if plain else "".join(c if c.isalnum() else "".join(f"%{b:02X}" for b in c.encode()) for c in host)
        return self.path / folder / f"{name}.json"

    def write_snapshot(self, host: str, document: Mapping[str, Any]) -> None:
        """Store a host's snapshot."""
        self._write_json(self._member("snapshots", host), document)

    def write_policy(self, host: str, variables: Mapping[str, Any]) -> None:
        """Store the `voip_*` variables a host is judged by."""
        self._write_json(self._member("policy", host), variables)

    def read_snapshot(self, host: str) -> dict[str, Any]:
        """Return a host's stored snapshot document."""
        return self._read_json(self._member("snapshots", host))

    def read_policy(self, host: str) -> dict[str, Any]:
        """Return the `voip_*` variables a host is judged by; empty when none were stored."""
        path = self._member("policy", host)
        return self._read_json(path) if path.exists() else {}

    def write_hosts(self, hosts: Mapping[str, Mapping[str, str]]) -> None:
        """Store who was reached, and who was not and why."""
        ordered = {name: dict(hosts[name]) for name in sorted(hosts)}
        self._write_json(self.path / "hosts.json", {"schema": "grundton.hosts/1", "hosts": ordered}, indent=1)

    def read_hosts(self) -> dict[str, dict[str, str]]:
        """Return who was reached; empty when the run did not get that far."""
        path = self.path / "hosts.json"
        return self._read_json(path).get("hosts", {}) if path.exists() else {}

    def update_run(self, **facts: Any) -> None:
        """Add facts about the run itself (id, times, versions, command) to run.json."""
        path = self.path / "run.json"
        known = self._read_json(path) if path.exists() else {"schema": "grundton.run/1", "id": self.id}
        self._write_json(path, known | facts, indent=1)

    def read_run(self) -> dict[str, Any]:
        """Return the facts about the run itself."""
        path = self.path / "run.json"
        return self._read_json(path) if path.exists() else {}

    # -- the key of the run's fingerprints -----------------------------------------------------

    @property
    def _key_file(self) -> Path:
        return self.path / ".key"

    def key(self) -> str:
        """Return the key of this run's fingerprints; made by whoever asks first, forgotten with `forget_key`."""
        candidate = self.path / f".key-{secrets.token_hex(4)}"
        with _private_file(candidate) as handle:
            handle.write(secrets.token_hex(_KEY_BYTES))
        try:
            # A hard link either makes the complete key visible or fails: several workers agree on one.
            os.link(candidate, self._key_file)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
        return self._key_file.read_text(encoding="ascii")

    def forget_key(self) -> None:
        """Remove the key: from here on nobody can compare fingerprints with a guess."""
        self._key_file.unlink(missing_ok=True)

    # -- plumbing ------------------------------------------------------------------------------

    def write_text(self, path: Path, text: str) -> None:
        """Write a file of this run, whole or not at all."""
        temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        try:
            with _private_file(temporary) as handle:
                handle.write(text)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _write_json(self, path: Path, data: Any, indent: int | None = None) -> None:
        self.write_text(path, json.dumps(data, indent=indent, sort_keys=True) + "\n")

    def _read_json(self, path: Path) -> dict[str, Any]:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{path} is missing: the run folder is incomplete", "Run the audit again.") from None
        except (OSError, ValueError) as problem:
            raise InputError(f"cannot read {path}: {problem}", "Run the audit again.") from problem
        if not isinstance(data, dict):
            raise InputError(f"{path}: expected a JSON object", "Run the audit again.")
        return data


@contextlib.contextmanager
def _private_file(path: Path) -> Iterator[Any]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as handle:
        yield handle
