"""Contributions of all collectors become the one document of ``docs/architecture.md`` section 3."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Tuple, cast

from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    ABSENT,
    CONFIG,
    ERROR,
    NOT_CHECKED,
    OK,
    Component,
    ConfigValues,
    Contribution,
    FileTable,
    Item,
    Occurrence,
    Place,
    Source,
)

#: The schema of the document.
SCHEMA = "grundton.snapshot/1"

#: Largest document, in bytes of JSON.
MAX_BYTES = 64 * 1024 * 1024

#: Which objects are kept first when not all fit.
_RANK = {"system": 0, "config": 1, "runtime": 2}

_WORST = {ERROR: 3, NOT_CHECKED: 2, OK: 1, ABSENT: 0}


def assemble(contributions: Iterable[Contribution], header: Dict[str, Any], limit: int = MAX_BYTES) -> Dict[str, Any]:
    """The snapshot as plain data for JSON. ``header`` holds what is known about the run (see ``collect``)."""
    files = FileTable()
    sources: Dict[str, Source] = {}
    components: Dict[str, Component] = {}
    objects: List[Item] = []
    notes: List[Dict[str, Any]] = []
    for part in contributions:
        mapping = [files.index(path) for path in part.files]
        same = mapping == list(range(len(mapping)))
        for item in part.objects:
            if not same:
                _renumber(item, mapping)
            objects.append(item)
        for source in part.sources:
            _merge_source(sources, source)
        for component in part.components:
            _merge_component(components, component)
        for note in part.notes:
            entry: Dict[str, Any] = {"source": note.source, "level": note.level, "text": note.text}
            if note.at is not None:
                entry["at"] = _place(note.at, mapping)
            notes.append(entry)
    kept = _fit(objects, sources, limit)
    document: Dict[str, Any] = {"schema": SCHEMA}
    document.update(header)
    document["components"] = {name: _component(components[name]) for name in sorted(components)}
    document["files"] = files.paths
    document["sources"] = {key: _source(sources[key]) for key in sorted(sources)}
    lists = _Lists()
    document["objects"] = [_object(item, lists) for item in kept]
    document["notes"] = notes
    return document


def _place(place: Place, mapping: List[int]) -> List[int]:
    return [mapping[place[0]] if place[0] < len(mapping) else place[0], place[1]]


def _renumber(item: Item, mapping: List[int]) -> None:
    if item.at is not None:
        item.at = (mapping[item.at[0]], item.at[1])
    if item.origin == CONFIG:
        # Lists may be shared by many objects, so they are replaced, not changed.
        item.values = {
            key: [(text, mapping[file], line) for text, file, line in occurrences]
            for key, occurrences in cast("ConfigValues", item.values).items()
        }


def _merge_source(sources: Dict[str, Source], source: Source) -> None:
    known = sources.get(source.key)
    if known is None:
        sources[source.key] = source
        return
    if _WORST.get(source.status, 3) > _WORST.get(known.status, 3):
        known.status, known.reason = source.status, source.reason
    known.ms += source.ms
    known.incomplete.extend(text for text in source.incomplete if text not in known.incomplete)


def _merge_component(components: Dict[str, Component], component: Component) -> None:
    known = components.get(component.name)
    if known is None:
        components[component.name] = component
        return
    known.version = known.version or component.version
    known.branch = known.branch or component.branch
    known.package = known.package or component.package
    known.running = component.running if known.running is None else known.running
    known.evidence.extend(text for text in component.evidence if text not in known.evidence)
    known.extra.update(component.extra)


def _fit(objects: List[Item], sources: Dict[str, Source], limit: int) -> List[Item]:
    """As many objects as fit, system before config before runtime; what is cut weakens its source."""
    sizes = [_size(item) for item in objects]
    if sum(sizes) <= limit - 65536:
        return objects
    keep: List[bool] = [False] * len(objects)
    left = limit - 65536
    lost: Dict[str, int] = {}
    for position in sorted(range(len(objects)), key=lambda one: (_RANK.get(objects[one].origin, 3), one)):
        if sizes[position] <= left:
            left -= sizes[position]
            keep[position] = True
        else:
            key = "{0}:{1}".format(objects[position].origin, objects[position].kind.partition(".")[0])
            lost[key] = lost.get(key, 0) + 1
    for key, count in lost.items():
        source = sources.setdefault(key, Source(key))
        source.incomplete.append("{0} objects left out: the snapshot would be too large".format(count))
    return [item for item, kept in zip(objects, keep) if kept]


def _size(item: Item) -> int:
    """Roughly the bytes of an object in JSON, rather more than less."""
    total = 64 + len(item.kind) + 2 * len(item.name)
    for key, value in item.values.items():
        total += len(key) + 6
        for one in value if isinstance(value, list) else (value,):
            text = one[0] if isinstance(one, tuple) else one
            total += (len(text) + len(text) // 8 + 20) if isinstance(text, str) else 120
    return total


def _component(component: Component) -> Dict[str, Any]:
    entry: Dict[str, Any] = dict(component.extra)
    entry.update(
        version=component.version,
        branch=component.branch,
        package=component.package,
        running=component.running,
        evidence=component.evidence,
    )
    return entry


def _source(source: Source) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"status": source.status}
    if source.reason:
        entry["reason"] = source.reason
    entry["ms"] = source.ms
    entry["incomplete"] = source.incomplete
    return entry


class _Lists:
    """Occurrences as lists for JSON, each shared list made once."""

    def __init__(self) -> None:
        self._made: Dict[int, Tuple[List[Occurrence], List[List[Any]]]] = {}

    def of(self, occurrences: List[Occurrence]) -> List[List[Any]]:
        found = self._made.get(id(occurrences))
        if found is None:
            found = self._made[id(occurrences)] = (occurrences, [list(one) for one in occurrences])
        return found[1]


def _object(item: Item, lists: _Lists) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"from": item.origin, "kind": item.kind, "name": item.name}
    if item.at is not None:
        entry["at"] = list(item.at)
    if item.origin == CONFIG:
        values = cast("ConfigValues", item.values)
        entry["values"] = {key: lists.of(occurrences) for key, occurrences in values.items()}
    else:
        entry["values"] = item.values
    return entry
