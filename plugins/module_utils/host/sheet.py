"""One source being filled: collects objects and shortcomings and becomes a `Contribution`."""

from __future__ import annotations

import time
from typing import Iterable, Mapping, Optional

from ..snapshot.model import (
    ABSENT,
    ERROR,
    NOT_CHECKED,
    OK,
    SYSTEM,
    Component,
    Contribution,
    Item,
    Note,
    PlainValues,
    Source,
)

#: Reason given for everything that needs a running host.
OFFLINE = "offline tree"


def yes(flag: bool) -> str:
    """``yes`` or ``no``."""
    return "yes" if flag else "no"


def clean(text: str) -> str:
    """Text that can be written as UTF-8 JSON: undecodable bytes of file names become ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def values(pairs: Mapping[str, object]) -> PlainValues:
    """Bring values into the shape of the document: text or lists of text.

    Yes/no, numbers and text become text, anything that can be gone through becomes a list. ``None`` and
    empty text mean "no such key".
    """
    out: PlainValues = {}
    for key, value in pairs.items():
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            out[key] = yes(value)
        elif isinstance(value, (str, int, float)):
            out[key] = clean(str(value))
        elif isinstance(value, Iterable):
            out[key] = [clean(str(entry)) for entry in value]
    return out


class Sheet:
    """The source ``system:<prefix>`` and the objects found for it."""

    def __init__(self, prefix: str) -> None:
        self.source = Source(f"system:{prefix}")
        self._began = time.monotonic()
        self._objects: list[Item] = []
        self._notes: list[Note] = []
        self._components: list[Component] = []

    def add(self, kind: str, name: str, pairs: Mapping[str, object]) -> None:
        """Add one object; yes/no, numbers and ``None`` are brought into document shape."""
        self._objects.append(Item(SYSTEM, kind, clean(name), values(pairs)))

    def component(self, component: Component) -> None:
        """Add a component found on the host."""
        self._components.append(component)

    def note(self, text: str, level: str = "warning") -> None:
        """Add a remark for the reader of the report."""
        self._notes.append(Note(self.source.key, clean(text), level))

    def incomplete(self, *texts: str) -> None:
        """Name what weakens this source."""
        for text in texts:
            if text not in self.source.incomplete:
                self.source.incomplete.append(clean(text))

    def cut(self, problems: Iterable[str]) -> None:
        """Take over the reading problems of a `Tree`, at most 20 by name."""
        entries = list(problems)
        self.incomplete(*entries[:20])
        if len(entries) > 20:
            self.incomplete(f"{len(entries) - 20} more paths could not be read")

    def absent(self, why: str) -> None:
        """The thing this source is about is not on the host."""
        self.source.status, self.source.reason = ABSENT, clean(why)

    def not_checked(self, why: str) -> None:
        """The source could not be read."""
        self.source.status, self.source.reason = NOT_CHECKED, clean(why)

    def error(self, why: str) -> None:
        """The reader failed."""
        self.source.status, self.source.reason = ERROR, clean(why)

    @property
    def ok(self) -> bool:
        """Whether nothing has taken the source out so far."""
        return self.source.status == OK

    @property
    def empty(self) -> bool:
        """Whether no object was added so far."""
        return not self._objects

    def contribution(self) -> Contribution:
        """Close the sheet."""
        self.source.ms = round((time.monotonic() - self._began) * 1000)
        return Contribution([self.source], self._objects, self._notes, self._components)


def offline(prefix: str, why: Optional[str] = None) -> Contribution:
    """The contribution of a source that needs a running host, in an offline tree."""
    sheet = Sheet(prefix)
    sheet.not_checked(why or OFFLINE)
    return sheet.contribution()
