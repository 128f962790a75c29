"""From bytes to the lines Asterisk would look at: encoding, comments, line limits.

Follows Asterisk's own reader (``config_text_file_load`` in its main/config.c, the same from 16 to 23), also
where it is odd: a line of 8191 bytes or more is skipped, ``;--`` opens a comment that nests and ``--;``
closes it even when none is open (then everything up to the next ``;--`` line is lost), a byte-order mark
counts only at the top of the first file of an include, and bytes after a NUL are not seen.
"""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

#: What Asterisk trims at both ends: every character up to the blank.
BLANKS = "".join(chr(number) for number in range(33))

#: Longest line Asterisk reads, in bytes, without its newline.
MAX_LINE = 8190

_MAX_NESTING = 128
_BOM = b"\xef\xbb\xbf"

#: Marks the place where a comment was taken out of a line (no line holds a NUL of its own any more).
_CUT = "\x00"


class CommentState:
    """The nesting of ``;-- --;``, which lives on across the files of one wildcard include.

    ``depth`` 0 is outside; it can be negative (see the module's text). ``opened`` is the line of the
    outermost open comment, for a note.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.opened = 0


def split(data: bytes, first: bool = True) -> List[str]:
    """All lines of a file as text, in order, without newlines.

    ``first`` says that this is the first file of its include (only there a byte-order mark is dropped).
    Text is UTF-8; a line that is not is taken as latin-1, so no byte sequence fails.
    """
    if first and data.startswith(_BOM):
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [_decode(line) for line in data.split(b"\n")]
    return text.split("\n")


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def significant(lines: List[str], state: CommentState, too_long: List[int]) -> Iterator[Tuple[int, str]]:
    """The lines that mean something: (number from 1, trimmed text without comments).

    ``state`` is carried from file to file; the numbers of lines that Asterisk skips for their
    length are appended to ``too_long``.
    """
    for number, raw in enumerate(lines, 1):
        if len(raw) > 2000 and len(raw.encode("utf-8", "surrogatepass")) > MAX_LINE:
            too_long.append(number)
            continue
        if "\x00" in raw:
            raw = raw[: raw.index("\x00")]
        if state.depth == 0:
            if ";" not in raw:
                text = raw.strip(BLANKS)
                if text:
                    yield number, text
                continue
            start = raw.lstrip(BLANKS)
            if start[0] == ";" and start[1:3] != "--":
                continue
        elif ";" not in raw:
            continue
        text = strip_comments(raw, number, state).strip(BLANKS)
        if text:
            yield number, text


def strip_comments(raw: str, number: int, state: CommentState) -> str:
    """One line without its comments; updates ``state``. Empty when the whole line is comment."""
    line = raw
    seen = 0  # everything before has been decided
    start: Optional[int] = 0 if state.depth == 0 else None  # where the text that counts begins
    while True:
        at = line.find(";", seen)
        if at < 0:
            break
        if at > seen and line[at - 1] == "\\":
            line = line[: at - 1] + line[at:]
            seen = at
        elif line[at + 1 : at + 3] == "--" and line[at + 3 : at + 4] != "-":
            if state.depth < _MAX_NESTING:
                line = line[:at] + _CUT + line[at + 1 :]
                state.depth += 1
                state.opened = state.opened if state.depth > 1 else number
            seen = at + 3
        elif at >= seen + 2 and line[at - 2 : at] == "--":
            state.depth -= 1
            seen = at + 1
            if state.depth == 0 and start is None:
                start = seen
            elif state.depth == 0:
                end = line.find(_CUT, start)
                end = len(line) if end < 0 else end
                line = line[:end] + line[seen:]
                seen = end
            elif state.depth < 0:
                state.opened = number
        elif state.depth == 0:
            line = line[:at]
            break
        else:
            seen = at + 1
    return "" if start is None else line[start:].partition(_CUT)[0]
