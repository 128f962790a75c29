"""Making names and values from audited hosts fit to be shown: harmless, one line, and short.

What a host says is hostile until proven otherwise: a caller ID may hold terminal escapes, a file name
bidirectional overrides. Data keeps such characters; whatever is *shown* goes through `visible` first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NUMBERED = re.compile(r"(?P<head>.*?)(?P<number>[0-9]{1,12})(?P<tail>[^0-9]*)", re.DOTALL)
_DIGITS = re.compile(r"([0-9]+)")

#: A row of consecutive names is only shortened from this length on; `6001, 6002` is clearer than a range.
SHORTEST_RUN = 3


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as Python smuggles it through
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def visible(text: str) -> str:
    """Return the text with control, invisible, direction-changing and undecodable characters spelt out."""
    return _UNSEEN.sub(_escape, text)


class Run(NamedTuple):
    """Consecutive names: `head` + number + `tail` for every number from `first` to `last` (as written)."""

    head: str
    first: str
    last: str
    tail: str

    def __str__(self) -> str:
        if not self.head and not self.tail:
            return f"{self.first}-{self.last}"
        return f"{self.head}[{self.first}-{self.last}]{self.tail}"


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts `pbx2` before `pbx10`; total, so that equal-looking names keep one order."""
    parts = tuple(
        (0, int(part), part) if part.isdigit() and part.isascii() and len(part) < 300 else (1, 0, part)
        for part in _DIGITS.split(name)
        if part
    )
    return (*parts, (2, 0, name))


def runs(names: Iterable[str]) -> list[Run | str]:
    """Fold consecutive names: `6001 … 6014, 6020` become a `Run` and a single name, in natural order."""
    folded: list[Run | str] = []
    pending: list[tuple[str, re.Match[str]]] = []

    def flush() -> None:
        if len(pending) >= SHORTEST_RUN:
            first, last = pending[0][1], pending[-1][1]
            folded.append(Run(first["head"], first["number"], last["number"], first["tail"]))
        else:
            folded.extend(name for name, _ in pending)
        pending.clear()

    for name in sorted(set(names), key=natural_key):
        match = _NUMBERED.fullmatch(name)
        if match is None:
            flush()
            folded.append(name)
            continue
        if pending and not _follows(pending[-1][1], match):
            flush()
        pending.append((name, match))
    flush()
    return folded


def _follows(before: re.Match[str], after: re.Match[str]) -> bool:
    """Tell whether `after` is the very next name; leading zeros must go on as they began."""
    if (before["head"], before["tail"]) != (after["head"], after["tail"]):
        return False
    return str(int(before["number"]) + 1).zfill(len(before["number"])) == after["number"]


@lru_cache(maxsize=65536)
def _listed(names: tuple[str, ...], limit: int) -> str:
    folded = [visible(str(item)) for item in runs(names)]
    if limit and len(folded) > limit:
        return ", ".join(folded[:limit]) + f" … (+{len(folded) - limit})"
    return ", ".join(folded)


def listed(names: Iterable[str], limit: int = 0) -> str:
    """Return the names as one short text, `6001-6014, 6020`; with a limit, at most so many parts."""
    return _listed(tuple(names), limit)
