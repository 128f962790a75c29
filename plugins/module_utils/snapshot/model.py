"""What a collector hands over: sources, objects, notes and components.

A collector is a function ``collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]``.
It never raises for what it finds on the host: a thing that cannot be read becomes a `Source` with
status ``not_checked`` or ``error``, or an entry in ``incomplete``.

Values keep the shapes of ``docs/architecture.md`` section 3:

* objects from ``config``: ``{key: [(text, file, line), ...]}`` where ``file`` is an index into the
  ``files`` of the same contribution (assembly renumbers them into the document's table),
* objects from ``runtime`` and ``system``: ``{key: text}`` or ``{key: [text, ...]}``.

Wherever a text may stand, a redacted secret ``{"secret": {...}}`` may stand instead (`redaction`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple, Union

#: A redacted secret, see ``redaction.Redactor.secret``.
Secret = Dict[str, Any]

#: A text as written (trimmed), or a redacted secret in its place.
Text = Union[str, Secret]

#: One effective occurrence of a config key: text, index into ``Contribution.files``, line from 1.
Occurrence = Tuple[Text, int, int]

#: Values of an object from ``config``.
ConfigValues = Dict[str, List[Occurrence]]

#: Values of an object from ``runtime`` or ``system``.
PlainValues = Dict[str, Union[Text, List[Text]]]

#: A place in a file: index into ``Contribution.files``, line from 1.
Place = Tuple[int, int]

#: Where an object comes from.
CONFIG, RUNTIME, SYSTEM = "config", "runtime", "system"

#: The states of a source.
OK, ABSENT, NOT_CHECKED, ERROR = "ok", "absent", "not_checked", "error"


@dataclass
class Source:
    """One place a collector read, and how far it got.

    ``key`` is ``from:prefix`` (``config:pjsip``, ``system:socket``), where the prefix is the part of an
    object's kind before the first dot. ``reason`` is a plain sentence, required for every status but
    ``ok``. ``incomplete`` names what weakens an ``ok`` (unreadable include, cut listing, ...).
    """

    key: str
    status: str = OK
    reason: str = ""
    ms: int = 0
    incomplete: List[str] = field(default_factory=list)


@dataclass
class Item:
    """One object of the document; ``origin`` becomes its ``from``."""

    origin: str
    kind: str
    name: str
    values: Union[ConfigValues, PlainValues]
    at: Optional[Place] = None


@dataclass
class Note:
    """Something a person should read. ``source`` is a source key, ``level`` is info|warning|error."""

    source: str
    text: str
    level: str = "warning"
    at: Optional[Place] = None


@dataclass
class Component:
    """One product found on the host.

    ``version`` is upstream's (``22.10.1``), ``package`` the distribution's.
    """

    name: str
    version: Optional[str] = None
    branch: Optional[str] = None
    package: Optional[str] = None
    running: Optional[bool] = None
    evidence: List[str] = field(default_factory=list)
    extra: Dict[str, str] = field(default_factory=dict)


@dataclass
class Contribution:
    """Everything one collector found. ``files`` is the table its places and occurrences point into."""

    sources: List[Source] = field(default_factory=list)
    objects: List[Item] = field(default_factory=list)
    notes: List[Note] = field(default_factory=list)
    components: List[Component] = field(default_factory=list)
    files: List[str] = field(default_factory=list)


class FileTable:
    """Gives every path a small number, in order of first use."""

    def __init__(self) -> None:
        self.paths: List[str] = []
        self._index: Dict[str, int] = {}

    def index(self, path: str) -> int:
        """The number of ``path``, a new one at its first use."""
        found = self._index.get(path)
        if found is None:
            found = self._index[path] = len(self.paths)
            self.paths.append(path)
        return found
