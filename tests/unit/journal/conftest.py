"""A small tree to change, a place for journals, and a process that can be killed at any step."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host.command import Ran
from ansible_collections.grundton.voip.plugins.module_utils.journal import disk, log
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place
from ansible_collections.grundton.voip.plugins.module_utils.journal.units import Systemd

WHY = Why(controls=("asterisk.endpoint.srtp",), measures=("M 5.135",))
RUN = "20261123T180000Z-3fa9c1"
SMALL = 4096

Tree = dict[str, tuple[Any, ...]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "state"))


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    return folder


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    """Of a host without systemd; records what is run."""
    return Systemd(run=lambda argv, seconds: Ran(code=0), etc=str(tmp_path / "units"), sign=str(tmp_path / "none"))


def tree(folder: Path) -> Tree:
    """Everything below a folder: kind, mode, owner, and of files and links content and time as well."""
    found: Tree = {}
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(top, name)
            about = path.lstat()
            entry: tuple[Any, ...] = (stat.filemode(about.st_mode), about.st_uid, about.st_gid)
            if path.is_symlink():
                entry += (about.st_mtime_ns, str(path.readlink()))
            elif path.is_file():
                attributes = {one: os.getxattr(path, one) for one in os.listxattr(path)}
                entry += (about.st_mtime_ns, path.read_bytes(), attributes)
            found[str(path.relative_to(folder))] = entry
    return found


class Killed(BaseException):
    """The process is gone: nothing it would have cleaned up is cleaned up."""


class KillableOs:
    """The ``os`` module for one process that dies before its step ``at`` (halfway through it, if that is a write)."""

    STEPS = frozenset(
        {
            "write", "fsync", "rename", "unlink", "mkdir", "rmdir", "symlink", "chown", "fchown", "fchmod", "utime",
            "setxattr", "removexattr", "ftruncate", "posix_fallocate",
        }
    )  # fmt: skip

    def __init__(self, at: int) -> None:
        self.at = at
        self.done = 0
        self.trace: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name == "open":
            return self._open
        return self._step(name, real) if name in self.STEPS else real

    def _open(self, path: str, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & os.O_CREAT:
            return self._step("create", os.open)(path, flags, *args, **kwargs)
        return os.open(path, flags, *args, **kwargs)

    def _step(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            self.done += 1
            if self.done > self.at:
                if self.done == self.at + 1 and name == "write":
                    os.write(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise Killed
            self.trace.append((name, args))
            return None if name == "fsync" else real(*args, **kwargs)

        return step


@contextmanager
def killed_at(step: int) -> Iterator[KillableOs]:
    """Run the block in a process that dies at that step, or not if it ends before."""
    fake = KillableOs(step)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "os", fake)
        patch.setattr(log, "os", fake)
        with suppress(Killed):
            yield fake
