"""The units of a guard on this host: put them there, take them away without a trace."""

from __future__ import annotations

import contextlib
import os
from typing import Sequence

from ..journal import disk, runs
from ..journal.errors import JournalError
from ..journal.place import Place
from ..journal.units import Systemd
from .unitfiles import Names


def disarm(run: str, place: Place, systemd: Systemd, boot: bool = False) -> bool:
    """Remove every trace of a guard. Returns whether there was one. Never raises: called again, it continues.

    :param boot: the host is just starting, so nothing may be waited for.
    """
    names = Names(run)
    made = folders_made(run, place)
    there = False
    if systemd.here() and any(os.path.lexists(os.path.join(systemd.etc, unit)) for unit in _units(names)):
        there = True
        with contextlib.suppress(JournalError):
            systemd.order("stop", names.timer, wait=not boot)
    for folder, unit in names.links:
        path = os.path.join(systemd.etc, folder)
        there = _remove(path, unit) or there
        if folder in made:
            with contextlib.suppress(OSError):
                os.rmdir(path)  # only when nothing is left in it
    for unit in _units(names):
        there = _remove(systemd.etc, unit) or there
    if there and systemd.here():
        with contextlib.suppress(JournalError):
            systemd.order("daemon-reload")
        with contextlib.suppress(JournalError):
            systemd.order("reset-failed", names.service)
    _remove(os.path.dirname(names.mark), os.path.basename(names.mark))
    return there


def missing_folders(run: str, systemd: Systemd) -> list[str]:
    """Folders of the links that are not there yet."""
    return [folder for folder, _ in Names(run).links if not os.path.lexists(os.path.join(systemd.etc, folder))]


def folders_made(run: str, place: Place) -> Sequence[str]:
    """Folders of the links that came with the guard, as its run remembers."""
    with contextlib.suppress(JournalError):
        return list(runs.load(run, place).guard.get("made", ()))
    return ()


def hold_boot_unit(run: str) -> None:
    """Keep the boot unit from running before the next boot."""
    path = Names(run).mark
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.close(descriptor)


def _units(names: Names) -> tuple[str, str, str]:
    return (names.timer, names.service, names.boot)


def write_unit(systemd: Systemd, name: str, text: str) -> None:
    """Put one unit file there, in one step.

    :raises OSError: it cannot be written.
    """
    with disk.folder(os.path.realpath(systemd.etc)) as at:
        spare = f".{name}.tmp"
        disk.discard(at, spare)
        descriptor = disk.create(at, spare, 0o644)
        try:
            os.fchmod(descriptor, 0o644)
            disk.write(descriptor, text.encode("utf-8"))
            disk.sync(descriptor)
        finally:
            os.close(descriptor)
        disk.rename(at, spare, name)


def _remove(folder: str, name: str) -> bool:
    try:
        with disk.folder(os.path.realpath(folder)) as at:
            return disk.remove(at, name)
    except OSError:
        return False
