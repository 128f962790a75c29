"""Asterisk's log since a moment, and what in it means that a reload failed.

``module reload`` says "reloaded successfully" even when an object kept its old values because its new ones are bad,
and that object is gone at the next start. Only the log tells.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import AbstractSet, Iterable, List, Mapping, Optional, Tuple

#: Lines that mean that something was not taken over.
PATTERNS = (
    r"Could not create an object of type",
    r"Retaining existing configuration for object",
    r"invalid and cannot be parsed",
    r"parse error",
    r"Category addition requested, but",
    r"Inheritance requested, but",
    r"was listed as a #include but",
    r"Config file '.*' could not be loaded",
    r"Unable to load config",
    r"Could not find option suitable for category",
    r"Could not find config type for category",
    r"Error parsing .* at line",
    r"Processing options for .* failed",
    r"Transport '.*' could not be started",
    r"Unable to restart TLS transport",
    r"Failed to restart TLS transport",
    r"Unable to (bind|listen)",
)
_OBJECT = re.compile(r"object of type '(?P<kind>[^']*)' with id '(?P<name>[^']*)'")
_LINE = re.compile(r"^\[[^\]]*\]\s*(?P<text>(?P<level>[A-Z]+)\[.*)$")
_HEAD = re.compile(r"^([A-Z]+)\[\d+\](\[[^\]]*\])?")
_MOST = 16 * 1024 * 1024
_NEEDED = frozenset(("notice", "warning", "error"))


@dataclass
class Mark:
    """A place in a log file: its descriptor, which survives a rotation, and the position."""

    path: str
    descriptor: int
    position: int

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)


def choose(channels: Iterable[Tuple[str, AbstractSet[str]]]) -> Optional[str]:
    """The log file that has notices, warnings and errors, the one with the fewest other levels first."""
    fit = [(len(levels), path) for path, levels in channels if path.startswith("/") and levels >= _NEEDED]
    return min(fit)[1] if fit else None


def mark(path: str) -> Mark:
    """Remember where a log ends now. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    return Mark(path, descriptor, os.fstat(descriptor).st_size)


def since(found: Mark) -> List[str]:
    """The lines written since the mark, also when the file was renamed and begun anew meanwhile."""
    data = _read(found.descriptor, found.position)
    try:
        now = os.stat(found.path)
        old = os.fstat(found.descriptor)
        if (now.st_dev, now.st_ino) != (old.st_dev, old.st_ino):
            descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                data += _read(descriptor, 0)
            finally:
                os.close(descriptor)
        elif old.st_size < found.position:
            data = _read(found.descriptor, 0)
    except OSError:
        pass
    return data.decode("utf-8", "replace").split("\n")


def _read(descriptor: int, position: int) -> bytes:
    parts: List[bytes] = []
    size = 0
    while size < _MOST:
        part = os.pread(descriptor, 1 << 20, position + size)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def failures(
    lines: Iterable[str],
    patterns: Iterable[str],
    before: Mapping[str, Iterable[str]],
    ignore: Iterable[str],
) -> Tuple[List[str], List[str]]:
    """(what failed, what had failed before already), each line once, without its time.

    ``before`` are the names of the objects the daemon had, by type. One it did not have was broken before we came. A
    line that names no object (an unknown value, an address in use) belongs to the next one that does.
    """
    wanted = [re.compile(pattern, re.IGNORECASE) for pattern in (*PATTERNS, *patterns)]
    skipped = [re.compile(pattern, re.IGNORECASE) for pattern in ignore]
    known = {kind: set(names) for kind, names in before.items()}
    failed: List[str] = []
    old: List[str] = []
    open_: List[str] = []
    for line in lines:
        found = _LINE.match(line)
        text = found.group("text") if found else line.strip()
        if found and found.group("level") not in ("NOTICE", "WARNING", "ERROR"):
            continue
        if not any(pattern.search(text) for pattern in wanted) or any(pattern.search(text) for pattern in skipped):
            continue
        open_.append(_HEAD.sub(r"\1", text))
        about = _OBJECT.search(text)
        if about is not None:
            names = known.get(about.group("kind"))
            (failed if names is None or about.group("name") in names else old).extend(open_)
            open_ = []
    return list(dict.fromkeys([*failed, *open_])), list(dict.fromkeys(old))
