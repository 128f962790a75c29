"""Extension patterns as Asterisk matches and orders them (main/pbx.c, the same from 16 to 23)."""

from __future__ import annotations

from functools import cache

from grundton.assess.dialplan.expand import CALLER, UNKNOWN

_CLASSES = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_DOT, _EARLY, _END = 0x18000, 0x28000, 0x30000

#: What stands for the open end of a pattern where a number is made up.
TAIL = "5555555"

#: Extensions Asterisk goes to by itself; nobody dials them.
SPECIAL = frozenset({"s", "h", "i", "t", "T", "e", "o", "a", "fax"})

#: What a pattern position may be: a set of characters, "." for one or more of anything, "!" for none or more.
Position = frozenset[str] | str


@cache
def positions(pattern: str) -> tuple[Position, ...]:
    """The positions of a pattern without its leading underscore; dashes mean nothing."""
    result: list[Position] = []
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "-":
            continue
        if char in ".!":
            result.append(char)
            break
        if char.upper() in _CLASSES:
            result.append(frozenset(_CLASSES[char.upper()]))
        elif char == "[":
            inner, closed, _rest = pattern[index:].partition("]")
            if not closed:
                return ()
            index += len(inner) + 1
            if members := _members(inner):
                result.append(members)
        else:
            result.append(frozenset(char))
    return tuple(result)


def _members(inner: str) -> frozenset[str]:
    found: set[str] = set()
    index = 0
    while index < len(inner):
        if index + 2 < len(inner) and inner[index + 1] == "-":
            found.update(chr(code) for code in range(ord(inner[index]), ord(inner[index + 2]) + 1))
            index += 3
        else:
            found.add(inner[index])
            index += 1
    return frozenset(found)


@cache
def sort_key(pattern: str) -> tuple[object, ...]:
    """Order in which patterns of one context are tried: names first, then the narrowest pattern."""
    if not pattern.startswith("_"):
        return (0, pattern.replace("-", ""))
    scores: list[tuple[int, tuple[int, ...]]] = []
    for position in positions(pattern[1:]):
        if position == ".":
            scores.append((_DOT, ()))
        elif position == "!":
            scores.append((_EARLY, ()))
        else:
            codes = sorted(ord(char) for char in position)
            scores.append((len(codes) << 8 | codes[0], tuple(codes)))
    scores.append((_END, ()))
    return (1, tuple(scores))


def is_open(pattern: str) -> bool:
    """Whether the pattern lets any character in (it ends with a dot or an exclamation mark)."""
    return pattern.startswith("_") and any(isinstance(position, str) for position in positions(pattern[1:]))


def matches(pattern: str, dialled: str) -> bool:
    """Whether a dialled string is matched completely; from the first unknown character on it may be anything."""
    if not pattern.startswith("_"):
        return pattern.replace("-", "") == dialled.replace("-", "")
    dialled = dialled.replace("-", "")
    index = 0
    for position in positions(pattern[1:]):
        if position == "!":
            return True
        if index >= len(dialled):
            return False
        if position == "." or dialled[index] in (UNKNOWN, CALLER):
            return True
        if dialled[index] not in position:
            return False
        index += 1
    return index == len(dialled) and bool(positions(pattern[1:]))


def sample(pattern: str, tail: str = "5") -> str:
    """A string the pattern matches; `tail` stands for the open end."""
    if not pattern.startswith("_"):
        return pattern.replace("-", "")
    text = ""
    for position in positions(pattern[1:]):
        if isinstance(position, str):
            return text + tail
        text += "5" if "5" in position else min(position)
    return text


def literal(pattern: str) -> str:
    """The fixed characters a pattern starts with."""
    if not pattern.startswith("_"):
        return pattern.replace("-", "")
    text = ""
    for position in positions(pattern[1:]):
        if isinstance(position, str) or len(position) != 1:
            break
        text += next(iter(position))
    return text
