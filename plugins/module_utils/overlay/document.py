"""The overlay file: our settings as Asterisk reads them, and as we read them back.

::

    ; Grundton overlay 1
    ; ...
    ;
    ; pjsip.endpoint 6001
    [6001](!)
    type = endpoint
    [6001](+type=endpoint&TEMPLATES=include)
    ; asterisk.endpoint.srtp | M 5.135
    media_encryption = sdes

Sorted, so that the same settings always give the same bytes. What cannot be read back to exactly the same bytes was
edited by hand and is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import OverlayError, Setting

_TITLE = "; Grundton overlay 1"
_HEAD = (
    _TITLE,
    "; Written and rewritten by Grundton: put nothing of your own here. Your own files stay as you wrote them; what is",
    "; set here wins over them. Each value names the controls and measures it is for.",
    "; The template under some names keeps this file valid when the object itself is removed one day.",
)
_OBJECT = re.compile(r"; (?P<kind>[a-z_0-9-]+\.[A-Za-z_0-9-]+) (?P<object>\S(?:.*\S)?)")
_WHY = re.compile(r"; (?P<controls>[^|]*) \| (?P<measures>[^|]*)")


@dataclass(frozen=True)
class Block:
    """One object: the lines that open its section, and its settings. ``prefix`` stands before every key (wizards)."""

    kind: str
    object: str
    opening: Tuple[str, ...]
    settings: Tuple[Setting, ...]
    prefix: str = ""


def render(blocks: Sequence[Block]) -> bytes:
    """The bytes of an overlay."""
    lines: List[str] = list(_HEAD)
    for block in sorted(blocks, key=lambda one: (one.kind, one.object)):
        lines.extend(("", "; {0} {1}".format(block.kind, block.object), *block.opening))
        for setting in sorted(block.settings, key=lambda one: (one.key, one.value)):
            lines.append("; {0} | {1}".format(", ".join(setting.controls), ", ".join(setting.measures)))
            lines.append("{0}{1} = {2}".format(block.prefix, setting.key, escape(setting.value)))
    return ("\n".join(lines) + "\n").encode("utf-8")


def read(data: bytes, path: str) -> List[Block]:
    """The blocks of an overlay. Raises `OverlayError` when somebody edited it."""
    blocks: List[Block] = []
    try:
        lines = data.decode("utf-8").split("\n")
        if lines[0] == _TITLE:
            parts = [part.strip("\n") for part in "\n".join(lines[len(_HEAD) :]).split("\n\n")]
            blocks.extend(_block(part.split("\n")) for part in parts if part)
    except (UnicodeDecodeError, ValueError):
        blocks = []
    if render(blocks) != data:
        raise OverlayError(
            "{0} was edited by hand: move your lines to a file of your own, or roll back, then try again".format(path)
        )
    return blocks


def _block(lines: List[str]) -> Block:
    about = _OBJECT.fullmatch(lines[0])
    if about is None:
        raise ValueError
    opening: List[str] = []
    settings: List[Setting] = []
    why: Optional[Dict[str, str]] = None
    prefix = ""
    for line in lines[1:]:
        found = _WHY.fullmatch(line)
        if found is not None:
            why = found.groupdict()
        elif why is None:
            opening.append(line)
        else:
            key, _equals, value = line.partition(" = ")
            head, slash, bare = key.rpartition("/")
            prefix = head + slash
            settings.append(
                Setting(
                    about.group("kind"), about.group("object"), bare, unescape(value),
                    _names(why["controls"]), _names(why["measures"]),
                )
            )  # fmt: skip
    return Block(about.group("kind"), about.group("object"), tuple(opening), tuple(settings), prefix)


def _names(text: str) -> Tuple[str, ...]:
    return tuple(part for part in text.split(", ") if part)


def escape(value: str) -> str:
    r"""A value as it has to be written: ``;`` would begin a comment."""
    return value.replace(";", "\\;")


def unescape(value: str) -> str:
    """The value that was written."""
    return value.replace("\\;", ";")
