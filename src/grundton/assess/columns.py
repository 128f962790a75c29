"""Objects of one kind side by side, key by key: which of them are equal, without comparing each with each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grundton.assess.context import Context
from grundton.model.finding import Detail
from grundton.model.snapshot import Object

_SEPARATORS = " ,\t"


@dataclass(slots=True)
class Columns:
    """Objects and, for every key somebody asked for, one comparable cell per object; None where there is no object."""

    objects: Sequence[Object | None]
    _values: dict[str, list[Hashable]] = field(default_factory=dict)
    _filled: dict[str, list[Hashable]] = field(default_factory=dict)
    _origin: list[Hashable] = field(default_factory=list)
    _keys: set[str] | None = None

    def values(self, key: str) -> list[Hashable]:
        """The values of a key; of a secret what is known of it, but for its fingerprint. None where it is absent."""
        if key not in self.keys():
            return [None] * len(self.objects)
        if key not in self._values:
            cells = self._values[key] = []
            for item in self.objects:
                raw = None if item is None else item.raw_values.get(key)
                # Most are one text, as the daemon says it or on one line of a file.
                if raw is None or type(raw) is str:
                    cells.append(raw)
                elif len(raw) == 1 and type(entry := raw[0]) is list and type(entry[0]) is str:
                    cells.append(entry[0])
                else:
                    cells.append(_cell(item, raw))
        return self._values[key]

    def filled(self, key: str) -> list[Hashable]:
        """Only whether a key is absent (None), empty, nothing but separators, or says something."""
        if key not in self.keys():
            return [None] * len(self.objects)
        if key not in self._filled:
            cells = self._filled[key] = []
            for item in self.objects:
                raw = None if item is None else item.raw_values.get(key)
                if type(raw) is list and len(raw) == 1 and type(entry := raw[0]) is list:
                    cells.append(_fill(entry[0]))
                else:
                    cells.append(None if raw is None else _filled(item, raw))
        return self._filled[key]

    def origin(self) -> list[Hashable]:
        """Place, role and zone."""
        if not self._origin:
            self._origin = [
                None if item is None else (item.place, item.facets.get("role"), item.facets.get("zone"))
                for item in self.objects
            ]
        return self._origin

    def keys(self) -> set[str]:
        """Every key that any of the objects has."""
        if self._keys is None:
            self._keys = set().union(*[item.raw_values for item in self.objects if item is not None])
        return self._keys


def columns(context: Context, place: str, kind: str) -> Columns:
    """The objects of a kind at a place, side by side. Worked out once per host."""
    return context.host.once(f"columns:{place}:{kind}", lambda: Columns(context.objects(place, kind)))


def alike(rows: Iterable[Object], *columns: Sequence[Hashable]) -> list[list[Object]]:
    """The objects in groups that are equal in every column, in order of their first member."""
    groups: dict[Hashable, list[Object]] = {}
    for item, cells in zip(rows, zip(*columns, strict=True), strict=True):
        found = groups.get(cells)
        if found is None:
            groups[cells] = [item]
        else:
            found.append(item)
    return list(groups.values())


def _cell(item: Object | None, raw: Any) -> Hashable:
    if item is None or item.place != "config":
        return _hashable(raw)
    if len(raw) > 1:
        return tuple(_hashable(entry[0]) for entry in raw)
    value = raw[0][0] if raw else ()
    return value if type(value) is str else _hashable(value)


def _hashable(value: Any) -> Hashable:
    if type(value) is str:
        return value
    if isinstance(value, list):
        return tuple(_hashable(entry) for entry in value)
    if isinstance(value, Mapping):
        secret = value.get("secret", {})
        return (secret.get("length"), secret.get("classes"), tuple(secret.get("flags", ())))
    return str(value)


def _filled(item: Object | None, raw: Any) -> Hashable:
    if type(raw) is str:
        return _fill(raw)
    if item is not None and item.place == "config":
        raw = [entry[0] for entry in raw]
    return max(map(_fill, raw if isinstance(raw, list) else [raw]), default=0)


def _fill(value: Any) -> int:
    if not isinstance(value, str):
        return 2
    if not value:
        return 0
    return 2 if value[0] not in _SEPARATORS or value.strip(_SEPARATORS) else 1


def at_location(detail: Detail, location: str) -> Detail:
    """The same value at another place (`dataclasses.replace`, several times faster)."""
    return Detail(detail.key, detail.place, detail.expected, detail.actual, detail.ok, location, detail.is_default)


def by_place(details: tuple[Detail, ...], members: Iterable[Object]) -> Iterator[tuple[tuple[Detail, ...], list[str]]]:
    """What is wrong with objects that are alike, said once per place in the files the values come from.

    A value that is not written, or not in a file, has no place of its own.
    """
    keys = [detail.key if detail.place == "config" and not detail.is_default else "" for detail in details]
    if not any(keys):
        yield details, [item.name for item in members]
        return
    groups: dict[tuple[Hashable, ...], tuple[Object, list[str]]] = {}
    for item in members:
        written = item.raw_values if item.place == "config" else {}
        spots: tuple[Hashable, ...] = tuple(
            [(raw[-1][1], raw[-1][2]) if (raw := written.get(key)) else None for key in keys]
        )
        found = groups.get(spots)
        if found is None:
            groups[spots] = (item, [item.name])
        else:
            found[1].append(item.name)
    for spots, (item, names) in groups.items():
        yield (
            tuple(
                detail if spot is None else at_location(detail, str(item.location(detail.key)))
                for detail, spot in zip(details, spots, strict=True)
            ),
            names,
        )
