"""The file behind a journal: one JSON document per line, each on disk before anything is done about it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Optional

from . import disk
from .errors import JournalError, NoSuchRunError

#: First line of every journal.
SCHEMA = "grundton.journal/1"


@dataclass
class Lines:
    """What a journal file holds.

    :ivar records: the lines that can be read.
    :ivar damaged: numbers of lines, from 1, that cannot, the torn end apart.
    :ivar whole: bytes up to the end of the last whole line; what follows was cut off by a crash before anything was
        touched on its behalf.
    """

    records: list[dict[str, Any]]
    damaged: list[int]
    whole: int


def parse(data: bytes) -> Lines:
    """Take a journal file apart. A last line without its end is no line."""
    whole = data.rfind(b"\n") + 1
    records: list[dict[str, Any]] = []
    damaged: list[int] = []
    for number, line in enumerate(data[:whole].split(b"\n")[:-1], start=1):
        record = _record(line)
        if record is None:
            damaged.append(number)
        else:
            records.append(record)
    return Lines(records, damaged, whole)


def _record(line: bytes) -> Optional[dict[str, Any]]:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("do"), str) else None


def read(path: str, run: str) -> Lines:
    """Read a journal file.

    :raises NoSuchRunError: there is none, or not even its first line was finished: nothing was touched then.
    """
    try:
        with open(path, "rb") as file:
            lines = parse(file.read())
    except (FileNotFoundError, NotADirectoryError):
        lines = parse(b"")
    except OSError as error:
        raise JournalError(f"the journal of the run {run} cannot be read: {error.strerror}") from None
    if not lines.whole:
        raise NoSuchRunError(f"this host has no journal of a run {run}")
    return lines


def append(path: str, record: dict[str, Any], whole: int) -> int:
    """Add one line and wait until it is on disk.

    :param whole: where the last whole line ends; what a crash left behind it is cut off.
    :returns: where the new line ends.
    :raises OSError: it could not be written; the file is as before.
    """
    line = json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
    folder, name = os.path.split(path)
    with disk.folder(os.path.realpath(folder)) as at:
        created = disk.look(at, name) is None
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at)
        try:
            if os.fstat(descriptor).st_size != whole:
                os.ftruncate(descriptor, whole)
            os.lseek(descriptor, whole, os.SEEK_SET)
            try:
                disk.write(descriptor, line)
                disk.sync(descriptor)
            except OSError:
                os.ftruncate(descriptor, whole)
                raise
        finally:
            os.close(descriptor)
        if created:
            disk.sync(at)
    return whole + len(line)
