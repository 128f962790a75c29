"""File locks: one process at a time builds an image, changes a lab, or picks a subnet."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grundton.lab.errors import LabError


@contextmanager
def locked(path: Path, *, timeout: float, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (created if missing) for the length of the block.

    The kernel drops the lock when the process dies, so a crash never leaves one behind. The holder
    may delete the file.

    :param timeout: seconds to wait for another holder.
    :param waiting: called once when the lock is taken by somebody else.
    :raises LabError: the lock was not free in time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    told = False
    handle = _open(path)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same_file(handle, path):
                    break
                os.close(handle)  # the last holder deleted the file: take the new one
                handle = _open(path)
                continue
            except BlockingIOError:
                pass
            if waiting is not None and not told:
                waiting()
                told = True
            if time.monotonic() > deadline:
                raise LabError(f"another process has held {path} for more than {timeout:g} seconds")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
