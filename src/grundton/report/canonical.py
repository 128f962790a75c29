"""The one text form of an assessment document, and how it is read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grundton.report.document import Document, DocumentError, require_schema

#: Characters a JSON text may hold raw, but that cannot be encoded or that end lines in some readers.
_AWKWARD = re.compile("[\ud800-\udfff\u2028\u2029]")


def to_json(document: Mapping[str, Any]) -> str:
    """Return the canonical text: sorted keys, one line per host, finding …, so that runs diff well."""
    return "".join(_json_lines(document))


def _json_lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield "{"
    for number, key in enumerate(sorted(document)):
        yield f"{',' if number else ''}\n{_dump(key)}:"
        value = document[key]
        if key == "catalog":
            yield "{"
            for inner, part in enumerate(sorted(value)):
                yield f"{',' if inner else ''}\n {_dump(part)}:"
                yield from _one_per_line(value[part], "\n  ")
            yield "\n}"
        else:
            yield from _one_per_line(value, "\n ")
    yield "\n}\n"


def _one_per_line(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        opening, closing = "{", "}"
        lines: Iterator[str] = (f"{_dump(key)}:{_dump(value[key])}" for key in sorted(value))
    elif isinstance(value, list):
        opening, closing = "[", "]"
        lines = (_dump(item) for item in value)
    else:
        yield _dump(value)
        return
    yield opening
    separator = ""
    for line in lines:
        yield f"{separator}{indent}{line}"
        separator = ","
    yield f"{indent[:-1]}{closing}" if separator else closing


def _dump(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return _AWKWARD.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def from_json(text: str | bytes) -> Document:
    """Parse the text of an assessment; raises DocumentError when it is not one."""
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise DocumentError(f"not an assessment: not valid JSON ({problem})") from None
    require_schema(document)
    return document  # type: ignore[no-any-return]
