"""Trying a candidate where it would take effect, without anybody else seeing it.

A private mount namespace puts a copy of the settings folder, with the candidate in it, over the real one. The programs
that check their settings then read exactly what they would read, and the real folder is never touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Optional, Sequence

from ansible_collections.grundton.voip.plugins.module_utils.host import command
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

#: A check may take this long.
SECONDS = 60.0


class Scene:
    """A settings folder with candidates in it; use as a context manager.

    :param top: the folder of settings, for example ``/etc/ssh/sshd_config.d``.
    :param base: where the copy is put; in memory, and for root only.
    """

    def __init__(self, top: str, base: str = "/run") -> None:
        self._top = top
        self._base = base
        self._folder = ""
        self._copy = ""

    def __enter__(self) -> Scene:
        if not os.path.isdir(self._top):
            raise JournalError(f"{self._top} does not exist: the program that reads it is not installed")
        self._folder = tempfile.mkdtemp(prefix="grundton-try-", dir=self._base)
        self._copy = os.path.join(self._folder, "copy")
        ran = _run(["cp", "-a", "--", self._top, self._copy])
        if not ran.ok:
            self.__exit__()
            raise JournalError(f"{self._top} cannot be copied to try the change: {ran.why()}")
        return self

    def __exit__(self, *about: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, path: str, data: Optional[bytes]) -> None:
        """Put a candidate into the scene (``None``: the file is gone)."""
        if os.path.commonpath([self._top, path]) != self._top or path == self._top:
            raise JournalError(f"{path} is not below {self._top}")
        place = os.path.join(self._copy, os.path.relpath(path, self._top))
        os.makedirs(os.path.dirname(place), mode=0o755, exist_ok=True)
        if os.path.lexists(place):
            os.unlink(place)
        if data is not None:
            with open(place, "wb") as stream:
                os.fchmod(stream.fileno(), 0o644)
                stream.write(data)

    def run(self, argv: Sequence[str]) -> command.Ran:
        """Run a check that sees the scene instead of the real folder.

        :raises JournalError: this host does not allow a private view of its files.
        """
        script = 'mount --bind -- "$1" "$2" || exit 125; shift 2; exec "$@"'
        words = ["unshare", "--mount", "--", "sh", "-c", script, "sh", self._copy, self._top, *argv]
        ran = _run(words)
        if ran.failure or ran.code == 125 or ran.err.startswith("unshare:"):
            raise JournalError(f"the change cannot be tried on this host, so it is not made: {ran.why()}")
        if ran.code == 127:
            raise JournalError(f"{argv[0]} is not installed, so the change cannot be tried and is not made")
        return ran


def _run(argv: Sequence[str]) -> command.Ran:
    return command.run(argv, Deadline.after(SECONDS), SECONDS)
