"""Reading files below a root: the live system (``/``) or a copy of one (a support archive).

Inside a copy, absolute symbolic links mean the copy, not the machine we run on, and nothing outside
the copy is ever read. Everything here takes and returns paths as the host itself would name them
(``/etc/asterisk/pjsip.conf``).
"""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from typing import List

_MAX_LINKS = 40
_MAX_BRACES = 256


class UnreadableError(Exception):
    """A file could not be read; the text is a reason for people and holds no content."""


class Tree:
    """Read-only access to the files below ``root``."""

    def __init__(self, root: str = "/") -> None:
        self.root = os.path.abspath(root)

    def real(self, path: str) -> str:
        """The path on this machine for the host's ``path``, links followed inside the root.

        Raises `OSError` (``ELOOP``) for a chain of links without end.
        """
        if self.root == "/":
            return path
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        done: List[str] = []
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                if done:
                    done.pop()
                continue
            here = os.path.join(self.root, *done, part)
            if os.path.islink(here):
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                target = os.readlink(here)
                if target.startswith("/"):
                    done = []
                todo.extend(p for p in reversed(target.split("/")) if p not in ("", "."))
                continue
            done.append(part)
        return os.path.join(self.root, *done)

    def exists(self, path: str) -> bool:
        """Whether something is there (after links)."""
        try:
            return os.path.exists(self.real(path))
        except (OSError, ValueError):
            return False

    def is_regular(self, path: str) -> bool:
        """Whether ``path`` is a plain file (after links)."""
        try:
            return stat.S_ISREG(os.stat(self.real(path)).st_mode)
        except (OSError, ValueError):
            return False

    def read(self, path: str, limit: int = 256 * 1024 * 1024) -> bytes:
        """The bytes of a plain file, at most ``limit``.

        Raises `FileNotFoundError` when nothing is there, `UnreadableError` for everything else.
        """
        try:
            real = self.real(path)
            fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise UnreadableError(_reason(path, error)) from None
        try:
            with os.fdopen(fd, "rb") as handle:
                if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
                    raise UnreadableError("{0} is not a regular file".format(path))
                data = handle.read(limit + 1)
        except OSError as error:
            raise UnreadableError(_reason(path, error)) from None
        if len(data) > limit:
            raise UnreadableError("{0} is larger than {1} MiB".format(path, limit // (1024 * 1024)))
        return data

    def listdir(self, path: str) -> List[str]:
        """Names in a directory, sorted; empty when it cannot be listed."""
        try:
            return sorted(os.listdir(self.real(path)))
        except (OSError, ValueError):
            return []

    def glob(self, pattern: str) -> List[str]:
        """The paths a shell pattern stands for, in the order of the C library (NOMAGIC, BRACE).

        A pattern without wildcards is returned as it is, present or not. Raises `UnreadableError` when a
        directory the pattern needs cannot be listed for lack of permission.
        """
        found: List[str] = []
        for one in expand_braces(pattern):
            if has_magic(one):
                found.extend(sorted(self._expand(one)))
            else:
                found.append(one)
        return found

    def _expand(self, pattern: str) -> List[str]:
        parts = [part for part in pattern.split("/") if part]
        paths = [""]
        for position, part in enumerate(parts):
            last = position == len(parts) - 1
            if not has_magic(part):
                paths = ["{0}/{1}".format(path, part) for path in paths]
                continue
            step: List[str] = []
            for path in paths:
                step.extend("{0}/{1}".format(path, name) for name in self._names(path or "/") if _matches(name, part))
            paths = step
            if not last:
                paths = [path for path in paths if os.path.isdir(self.real(path))]
        return [path for path in paths if os.path.lexists(self.real(path))]

    def _names(self, path: str) -> List[str]:
        try:
            return os.listdir(self.real(path))
        except PermissionError:
            raise UnreadableError("{0}: permission denied".format(path)) from None
        except (OSError, ValueError):
            return []


def has_magic(pattern: str) -> bool:
    """Whether a path holds a shell wildcard."""
    return "*" in pattern or "?" in pattern or "[" in pattern


def expand_braces(pattern: str) -> List[str]:
    """``a{b,c}`` becomes ``ab`` and ``ac``; nested braces too, at most 256 results."""
    start = pattern.find("{")
    if start < 0:
        return [pattern]
    depth = 0
    commas = [start]
    for position in range(start, len(pattern)):
        char = pattern[position]
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                commas.append(position)
                head, tail = pattern[:start], pattern[position + 1 :]
                found: List[str] = []
                for left, right in zip(commas, commas[1:]):
                    found.extend(expand_braces(head + pattern[left + 1 : right] + tail))
                    if len(found) >= _MAX_BRACES:
                        return found[:_MAX_BRACES]
                return found
        elif char == "," and depth == 1:
            commas.append(position)
    return [pattern]


def _matches(name: str, pattern: str) -> bool:
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return fnmatch.fnmatchcase(name, pattern)


def _reason(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    return "{0}: {1}".format(path, os.strerror(number).lower() if number else "not a usable path")
