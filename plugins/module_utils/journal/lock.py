"""One process at a time: whoever touches something by a journal holds the host's lock while it does."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from typing import Iterator

from .errors import JournalError
from .place import Place, make_private

_STEP = 0.02


@contextlib.contextmanager
def locked(place: Place, seconds: float = 60.0, insist: bool = False) -> Iterator[None]:
    """Hold the lock. It goes with the process, whatever ends it.

    :param seconds: how long to wait for another holder.
    :param insist: end a holder that does not let go in that time. It held the lock for longer than any change of a
        file takes, so it hangs. Only the guard does that.
    :raises JournalError: somebody else holds it.
    """
    make_private(place.home)
    try:
        descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise JournalError(f"{place.lock} cannot be opened: {(error.strerror or str(error)).lower()}") from None
    try:
        if not _take(descriptor, seconds):
            holder = _holder(descriptor)
            if not insist:
                raise JournalError(f"another process ({holder or 'unknown'}) is busy with the journal of this host")
            if holder:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(holder, signal.SIGKILL)
            _take(descriptor, 5.0)
        with contextlib.suppress(OSError):  # a full disk must not keep the guard from its work
            os.pwrite(descriptor, f"{os.getpid()} {_started(os.getpid())}".ljust(40).encode("ascii") + b"\n", 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try(descriptor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_STEP)
    return True


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int:
    """The process that wrote itself into the lock, if it still is the same one; 0 otherwise."""
    try:
        pid, started = os.pread(descriptor, 64, 0).split()
        return int(pid) if int(pid) > 1 and _started(int(pid)) == started.decode("ascii") else 0
    except (OSError, ValueError):
        return 0


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot: tells a reused id from the old one."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[19].decode("ascii")
