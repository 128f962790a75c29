"""A reader for DER (ITU-T X.690), as much as certificates and keys need.

Every function raises `DerError` for bytes that are not what was asked for, and nothing else.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from typing import Iterator, Optional

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
BOOLEAN, UTC_TIME, GENERALIZED_TIME = 0x01, 0x17, 0x18

#: Text encodings by tag: UTF8, Numeric, Printable, Teletex, IA5, Visible, Universal, BMP.
_TEXT = {
    0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii",
    0x1C: "utf-32-be", 0x1E: "utf-16-be",
}  # fmt: skip


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


@dataclass(frozen=True)
class Node:
    """One element: its tag byte, its content, and all its bytes."""

    tag: int
    content: bytes
    raw: bytes

    def expect(self, *tags: int) -> Node:
        """The element itself when it has one of the tags."""
        if self.tag not in tags:
            raise DerError(f"unexpected tag 0x{self.tag:02x}")
        return self

    def children(self) -> list[Node]:
        """The elements inside."""
        return list(elements(self.content))


def read(data: bytes, at: int = 0) -> tuple[Node, int]:
    """The element at a position, and the position behind it."""
    if at + 2 > len(data):
        raise DerError("truncated")
    tag, length = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise DerError("long tags are not used in certificates")
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if count == 0 or count > 4 or start + count > len(data):
            raise DerError("bad length")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    end = start + length
    if end > len(data):
        raise DerError("truncated")
    return Node(tag, data[start:end], data[at:end]), end


def elements(data: bytes) -> Iterator[Node]:
    """The elements that follow each other in ``data``."""
    at = 0
    while at < len(data):
        node, at = read(data, at)
        yield node


def only(data: bytes, tag: int = SEQUENCE) -> Node:
    """The first element, which must have the tag; bytes behind it are ignored."""
    return read(data)[0].expect(tag)


def integer(node: Node) -> int:
    """An INTEGER."""
    node.expect(INTEGER)
    if not node.content:
        raise DerError("empty integer")
    return int.from_bytes(node.content, "big", signed=True)


def bits(node: Node) -> bytes:
    """The bytes of a BIT STRING, unused bits left in."""
    node.expect(BIT_STRING)
    if not node.content:
        raise DerError("empty bit string")
    return node.content[1:]


def oid(node: Node) -> str:
    """An OBJECT IDENTIFIER in dotted form."""
    node.expect(OID)
    numbers: list[int] = []
    value, open_ = 0, False
    if len(node.content) > 64:
        raise DerError("identifier too long")
    for byte in node.content:
        value = (value << 7) | (byte & 0x7F)
        open_ = bool(byte & 0x80)
        if not open_:
            numbers.append(value)
            value = 0
    if open_ or not numbers:
        raise DerError("bad identifier")
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in (first, numbers[0] - 40 * first, *numbers[1:]))


def text(node: Node) -> str:
    """A character string; bytes that are wrong in its encoding become U+FFFD."""
    return node.content.decode(_TEXT.get(node.tag, "latin-1"), "replace")


def moment(node: Node) -> int:
    """A UTCTime or GeneralizedTime as seconds since 1970."""
    node.expect(UTC_TIME, GENERALIZED_TIME)
    written = node.content.decode("ascii", "replace")
    match = re.fullmatch(r"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(Z|[+-]\d{4})?", written, re.ASCII)
    if not match or (len(match.group(1)) == 2) != (node.tag == UTC_TIME):
        raise DerError("bad time")
    year = int(match.group(1))
    if node.tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    month, day, hour, minute, second = (int(part or 0) for part in match.groups()[1:6])
    if year < 1 or not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        raise DerError("bad time")
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    zone = match.group(7)
    if zone and zone != "Z":
        sign = 1 if zone[0] == "+" else -1
        seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[3:]) * 60)
    return seconds


def context(nodes: list[Node], number: int) -> Optional[Node]:
    """The element with the context tag ``[number]``, simple or constructed."""
    return next((node for node in nodes if node.tag in (0x80 | number, 0xA0 | number)), None)
