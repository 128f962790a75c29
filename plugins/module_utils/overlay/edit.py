"""Changing single lines of the user's files, byte for byte otherwise: our include line, lines put out of force."""

from __future__ import annotations

import re
from typing import List, Tuple

_SILENCED = re.compile(rb"; grundton\((?P<controls>[^)\n]*)\) (?P<line>[^\n]*)")


def include_line(target: str) -> bytes:
    """The line that brings an overlay in.

    ``#tryinclude``, because a missing file behind ``#include`` makes Asterisk reject the whole configuration file.
    """
    return '#tryinclude "{0}"'.format(target).encode("utf-8")


def with_include(data: bytes, target: str) -> bytes:
    """The file with the include as its last line; an earlier one goes."""
    wanted = include_line(target)
    lines = _lines(data)
    ours = [line.rstrip(b"\r") == wanted for line in lines]
    if sum(ours) == 1 and lines[-1] == b"" and ours[-2]:
        return data
    data = without_include(data, target)
    end = _ending(data)
    if data and not data.endswith(b"\n"):
        data += end
    return data + wanted + end


def without_include(data: bytes, target: str) -> bytes:
    """The file without the include."""
    wanted = include_line(target)
    return b"\n".join(line for line in _lines(data) if line.rstrip(b"\r") != wanted)


def silence(data: bytes, number: int, controls: Tuple[str, ...]) -> bytes:
    """The file with one line (from 1) put out of force, behind a marker that names the controls."""
    lines = _lines(data)
    lines[number - 1] = "; grundton({0}) ".format(", ".join(controls)).encode("utf-8") + lines[number - 1]
    return b"\n".join(lines)


def silenced(data: bytes) -> List[Tuple[int, Tuple[str, ...], bytes]]:
    """Lines put out of force: (number, controls, the line as it was)."""
    found = []
    for number, line in enumerate(_lines(data), 1):
        match = _SILENCED.fullmatch(line)
        if match is not None:
            names = match.group("controls").decode("utf-8", "replace")
            found.append((number, tuple(part for part in names.split(", ") if part), match.group("line")))
    return found


def restore(data: bytes, number: int) -> bytes:
    """The file with one line in force again."""
    lines = _lines(data)
    match = _SILENCED.fullmatch(lines[number - 1])
    if match is not None:
        lines[number - 1] = match.group("line")
    return b"\n".join(lines)


def _lines(data: bytes) -> List[bytes]:
    return data.split(b"\n")


def _ending(data: bytes) -> bytes:
    windows = data.count(b"\r\n")
    return b"\r\n" if windows and windows * 2 > data.count(b"\n") else b"\n"
