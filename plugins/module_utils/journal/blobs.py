"""Contents of files, kept under their SHA-256, readable by root only."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass

from . import disk
from .condition import CHUNK
from .errors import JournalError

_PARTIAL = "partial"


@dataclass(frozen=True)
class Blobs:
    """A folder of contents. The caller holds the lock of the journal."""

    path: str

    def keep(self, descriptor: int) -> str:
        """Keep what can be read from an open file; on disk and synced when this returns its SHA-256.

        :raises OSError: no space, or the file cannot be read.
        """
        digest = hashlib.sha256()
        with disk.folder(self.path) as at:
            disk.remove(at, _PARTIAL)
            copy = disk.create(at, _PARTIAL)
            try:
                while chunk := os.read(descriptor, CHUNK):
                    digest.update(chunk)
                    disk.write(copy, chunk)
                disk.sync(copy)
            finally:
                os.close(copy)
            name = digest.hexdigest()
            if disk.look(at, name) is None:
                disk.rename(at, _PARTIAL, name)
            else:
                disk.remove(at, _PARTIAL)
        return name

    def copy_to(self, name: str, descriptor: int) -> None:
        """Write a kept content into an open file.

        :raises JournalError: the copy is missing or damaged.
        :raises OSError: it cannot be written.
        """
        digest = hashlib.sha256()
        with disk.folder(self.path) as at:
            try:
                source = disk.open_file(at, name)
            except FileNotFoundError:
                raise JournalError("the copy kept in the journal is missing") from None
            try:
                while chunk := os.read(source, CHUNK):
                    digest.update(chunk)
                    disk.write(descriptor, chunk)
            finally:
                os.close(source)
        if digest.hexdigest() != name:
            raise JournalError("the copy kept in the journal is damaged")

    def length(self, name: str) -> int:
        """Bytes of one kept content."""
        return os.stat(os.path.join(self.path, name)).st_size

    def size(self) -> int:
        """Bytes kept."""
        total = 0
        with contextlib.suppress(OSError), os.scandir(self.path) as found:
            total = sum(one.stat(follow_symlinks=False).st_size for one in found)
        return total
