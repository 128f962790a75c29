"""A host's snapshot as the assessor sees it: objects by kind, sources, provenance."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

SCHEMA = "grundton.snapshot/1"

#: One question to a snapshot: place and kind, place and "" (which kinds), or "source" and the source's name.
Read: TypeAlias = tuple[str, str]
#: Version of `marshal` that writes equal values equally, whoever else refers to them.
_PLAIN = 2

#: A value as the snapshot holds it: text, or a secret that was redacted on the host.
Datum: TypeAlias = "str | Mapping[str, Mapping[str, Any]]"


class Location(NamedTuple):
    """A place in a configuration file; line 0 means the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class SnapshotError(ValueError):
    """A document that is not a snapshot of a schema we know."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """What one source said: `ok`, `absent`, `not_checked` or `error`, why, and what weakens an `ok`."""

    status: str
    reason: str = ""
    incomplete: tuple[str, ...] = ()


@dataclass(slots=True)
class Component:
    """A VoIP component, or `host`, as detected."""

    name: str
    version: str | None
    branch: str | None
    package: str | None
    running: bool
    distribution: str | None = None


class Object:
    """One object of a snapshot, e.g. the pjsip endpoint 6001 as configured."""

    __slots__ = ("document", "facets", "files", "kind", "name", "place", "raw_values")

    def __init__(self, files: Sequence[str], raw: Mapping[str, Any]) -> None:
        #: Paths of the snapshot's files; not the snapshot itself, which is let go with the last that needs it.
        self.files = files
        self.document = raw
        self.kind: str = raw["kind"]
        self.name: str = raw["name"]
        self.place: str = raw["from"]
        #: The values as the document holds them.
        self.raw_values: Mapping[str, Any] = raw.get("values", {})
        self.facets: dict[str, Any] = {}

    def keys(self) -> Sequence[str]:
        """Names of the keys that are present."""
        return list(self.raw_values)

    def values(self, key: str) -> list[Datum]:
        """Every effective value of `key`, in order; empty when absent."""
        raw = self.raw_values.get(key)
        if raw is None:
            return []
        if self.place == "config":
            return [occurrence[0] for occurrence in raw]
        return list(raw) if isinstance(raw, list) else [raw]

    def value(self, key: str) -> Datum | None:
        """The last effective value of `key`, or None."""
        raw = self.raw_values.get(key)
        if not raw:
            return raw if isinstance(raw, str) else None
        if self.place == "config":
            return raw[-1][0]  # type: ignore[no-any-return]
        return raw[-1] if isinstance(raw, list) else raw  # type: ignore[no-any-return]

    def text(self, key: str, default: str = "") -> str:
        """The value as text; a redacted secret reads as `default`."""
        value = self.value(key)
        return value if isinstance(value, str) else default

    def texts(self, key: str) -> list[str]:
        """Every value of `key` that is text."""
        return [value for value in self.values(key) if isinstance(value, str)]

    def location(self, key: str | None = None) -> Location | None:
        """Where `key` (its last value) or the object itself stands; None for runtime and system objects."""
        if self.place == "config" and key is not None and self.raw_values.get(key):
            _, file, line = self.raw_values[key][-1][:3]
            return Location(self.files[file], line)
        at = self.document.get("at")
        return Location(self.files[at[0]], at[1]) if at else None

    @property
    def source(self) -> str:
        """Id of the source it came from, e.g. `config:pjsip`."""
        return source_of(self.place, self.kind)


def source_of(place: str, kind: str) -> str:
    """Return the source id of a kind at a place (docs/architecture.md section 3)."""
    return f"{place}:{kind.split('.', 1)[0]}"


@dataclass(slots=True)
class Snapshot:
    """One host at one moment."""

    host: str
    hostname: str
    taken_at: str
    live: bool
    root: str
    privilege: Mapping[str, Any]
    components: dict[str, Component]
    sources: dict[str, SourceState]
    files: list[str]
    notes: list[Mapping[str, Any]]
    _index: dict[tuple[str, str], list[Object]] = field(default_factory=dict)
    _named: dict[tuple[str, str], dict[str, Object]] = field(default_factory=dict)
    #: What was asked for since somebody put a set here; see `grundton.assess.recall`.
    reads: set[Read] | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any], host: str) -> Snapshot:
        """Read a document; raises SnapshotError when it is not of schema `grundton.snapshot/1`."""
        if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
            found = document.get("schema") if isinstance(document, Mapping) else type(document).__name__
            raise SnapshotError(f"snapshot of {host}: expected schema {SCHEMA}, found {found!r}")
        try:
            snapshot = cls(
                host=host,
                hostname=document["hostname"],
                taken_at=document["taken_at"],
                live=document["live"],
                root=document["root"],
                privilege=document.get("privilege", {}),
                components={
                    name: Component(
                        name=name,
                        version=raw.get("version"),
                        branch=raw.get("branch"),
                        package=raw.get("package"),
                        running=bool(raw.get("running")),
                        distribution=raw.get("distribution"),
                    )
                    for name, raw in document["components"].items()
                },
                sources={
                    name: SourceState(raw["status"], raw.get("reason", "") or "", tuple(raw.get("incomplete", ())))
                    for name, raw in document["sources"].items()
                },
                files=document["files"],
                notes=document.get("notes", []),
            )
            index = snapshot._index
            for raw in document["objects"]:
                index.setdefault((raw["from"], raw["kind"]), []).append(Object(snapshot.files, raw))
        except (KeyError, TypeError, AttributeError) as problem:
            raise SnapshotError(f"snapshot of {host}: malformed document ({problem!r})") from problem
        return snapshot

    def objects(self, place: str, kind: str) -> list[Object]:
        """Objects of a kind at a place (`config`, `runtime`, `system`)."""
        if self.reads is not None:
            self.reads.add((place, kind))
        return self._index.get((place, kind), [])

    def find(self, place: str, kind: str, name: str) -> Object | None:
        """The object of that name (the first, when there are several), or None."""
        objects = self.objects(place, kind)
        named = self._named.get((place, kind))
        if named is None:
            named = self._named[(place, kind)] = {item.name: item for item in reversed(objects)}
        return named.get(name)

    def kinds(self, place: str) -> list[str]:
        """Every kind seen at a place."""
        if self.reads is not None:
            self.reads.add((place, ""))
        return sorted({kind for where, kind in self._index if where == place})

    def source(self, place: str, kind: str) -> SourceState:
        """State of the source a kind comes from; a source nobody reported is `not_checked`."""
        name = source_of(place, kind)
        if self.reads is not None:
            self.reads.add(("source", name))
        return self.sources.get(name) or SourceState("not_checked", f"the snapshot has no source {name}")

    def reports(self, name: str) -> bool:
        """Whether the snapshot says anything about a source (`config:pjsip`)."""
        if self.reads is not None:
            self.reads.add(("source", name))
        return name in self.sources

    def fingerprint(self, read: Read) -> Hashable:
        """What stands for everything one read returned: equal fingerprints, equal answers."""
        place, what = read
        if place == "source":
            state = self.sources.get(what)
            return None if state is None else (state.status, state.reason, state.incomplete)
        if not what:
            return tuple(sorted(kind for where, kind in self._index if where == place))
        objects = self._index.get((place, what))
        if not objects:
            return None
        told = [(item.document, item.facets) for item in objects]
        try:
            text = marshal.dumps((told, self.files if place == "config" else None), _PLAIN)
        except ValueError:
            return object()  # not plain data: equal to nothing
        return hashlib.blake2b(text, digest_size=16).digest()
