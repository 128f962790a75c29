"""A host's snapshot as the assessor sees it: objects by kind, sources, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

SCHEMA = "grundton.snapshot/1"

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

    __slots__ = ("_raw", "facets", "kind", "name", "place", "snapshot")

    def __init__(self, snapshot: Snapshot, raw: Mapping[str, Any]) -> None:
        self.snapshot = snapshot
        self._raw = raw
        self.kind: str = raw["kind"]
        self.name: str = raw["name"]
        self.place: str = raw["from"]
        self.facets: dict[str, Any] = {}

    @property
    def raw_values(self) -> Mapping[str, Any]:
        """The values as the document holds them."""
        return self._raw.get("values", {})  # type: ignore[no-any-return]

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
        values = self.values(key)
        return values[-1] if values else None

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
            return Location(self.snapshot.files[file], line)
        at = self._raw.get("at")
        return Location(self.snapshot.files[at[0]], at[1]) if at else None

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
                    name: SourceState(
                        raw["status"], raw.get("reason", "") or "", tuple(raw.get("incomplete", ()))
                    )
                    for name, raw in document["sources"].items()
                },
                files=document["files"],
                notes=document.get("notes", []),
            )
            index = snapshot._index
            for raw in document["objects"]:
                index.setdefault((raw["from"], raw["kind"]), []).append(Object(snapshot, raw))
        except (KeyError, TypeError, AttributeError) as problem:
            raise SnapshotError(f"snapshot of {host}: malformed document ({problem!r})") from problem
        return snapshot

    def objects(self, place: str, kind: str) -> list[Object]:
        """Objects of a kind at a place (`config`, `runtime`, `system`)."""
        return self._index.get((place, kind), [])

    def find(self, place: str, kind: str, name: str) -> Object | None:
        """The object of that name, or None."""
        return next((item for item in self.objects(place, kind) if item.name == name), None)

    def kinds(self, place: str) -> list[str]:
        """Every kind seen at a place."""
        return sorted({kind for where, kind in self._index if where == place})

    def source(self, place: str, kind: str) -> SourceState:
        """State of the source a kind comes from; a source nobody reported is `not_checked`."""
        known = self.sources.get(source_of(place, kind))
        return known or SourceState("not_checked", f"the snapshot has no source {source_of(place, kind)}")
