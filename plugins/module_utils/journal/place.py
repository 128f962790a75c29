"""Where things lie on the host."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .errors import JournalError

#: The folder everything is kept in.
HOME = "/var/lib/grundton"

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True)
class Place:
    """Paths below the folder that everything is kept in; only root can look into it."""

    home: str = HOME

    @property
    def journals(self) -> str:
        """Folder with one folder per run."""
        return os.path.join(self.home, "journal")

    @property
    def code(self) -> str:
        """Folder with the code the guards run."""
        return os.path.join(self.home, "code")

    @property
    def lock(self) -> str:
        """Whoever changes a journal, or something by a journal, holds the lock on this file."""
        return os.path.join(self.home, "lock")

    def run(self, run: str) -> str:
        """Folder of one run.

        :raises JournalError: that cannot be the id of a run.
        """
        if not self.is_run(run):
            raise JournalError(f"{run!r} is no id of a run: letters, digits, dots, dashes and underscores")
        return os.path.join(self.journals, run)

    @staticmethod
    def is_run(name: str) -> bool:
        """Whether that may be the id of a run."""
        return bool(_RUN.match(name)) and ".." not in name

    def entries(self, run: str) -> str:
        """The journal itself, one JSON document per line."""
        return os.path.join(self.run(run), "entries.jsonl")

    def blobs(self, run: str) -> str:
        """Folder with the contents of files, named by their SHA-256."""
        return os.path.join(self.run(run), "blobs")


def make_private(path: str) -> None:
    """Create a folder that only its owner can look into, and the folders above it.

    :raises JournalError: it cannot be created.
    """
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        os.chmod(path, 0o700)
        parent = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as error:
        raise JournalError(f"{path} cannot be created: {error.strerror}") from None
