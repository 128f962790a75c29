"""A few MiB kept back on every file system a run touches, so that it can be taken back when the disk is full."""

from __future__ import annotations

import contextlib
import errno
import os

from . import disk
from .errors import JournalError

#: Bytes kept back per file system.
SIZE = 4 << 20


def top_of(folder: str) -> str:
    """The topmost folder of the file system that ``folder`` lies on."""
    device = os.stat(folder).st_dev
    while folder != "/" and os.stat(os.path.dirname(folder)).st_dev == device:
        folder = os.path.dirname(folder)
    return folder


def reserve(path: str, size: int = SIZE) -> None:
    """Keep ``size`` bytes back in a file of that name; one that is there will do.

    A file system that takes no such file (read only, for one) gets none: nothing can be written there anyway.

    :raises JournalError: the disk is full.
    """
    folder, name = os.path.split(path)
    try:
        with disk.folder(os.path.realpath(folder)) as at:
            if disk.look(at, name) is None:
                disk.reserve(at, name, size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise JournalError(
                f"less than {size >> 20} MiB are free on the file system of {folder}: nothing was changed there, "
                "because it could not be taken back"
            ) from None


def release(path: str) -> None:
    """Give the space free again."""
    folder, name = os.path.split(path)
    with contextlib.suppress(OSError), disk.folder(os.path.realpath(folder)) as at:
        disk.remove(at, name)
