"""A plan document arranged for people: by host and measure, equal changes of many objects as one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grundton.plan.model import HeldReason

Raw = Mapping[str, Any]

#: In this order, with these words, the reasons for holding something back are shown.
REASONS: dict[str, str] = {
    HeldReason.BREAKS: "Held back: somebody would notice (--accept-breaks)",
    HeldReason.UNSEEN: "Held back: who would notice cannot be seen from here (--accept-breaks)",
    HeldReason.RESTART: "Held back: needs a restart (--window)",
    HeldReason.DECISION: "Held back: needs a decision (--controls)",
    HeldReason.CONFLICT: "Held back: two controls want different values",
    HeldReason.REALTIME: "Held back: kept in a database",
    HeldReason.NOT_LOADED: "Held back: in the files already, but not loaded",
    HeldReason.BY_HAND: "Only by hand",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one or many objects: what it is, and what it becomes."""

    kind: str
    key: str
    value: str
    before: str
    objects: tuple[str, ...]
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControlChanges:
    """What one control changes on a host."""

    control: str
    measures: tuple[str, ...]
    rows: tuple[Row, ...]
    activations: tuple[str, ...]


def by_measure(host: Raw, selected: Iterable[str] = ()) -> dict[str, list[ControlChanges]]:
    """Return a host's changes by measure; each control stands under its first (selected) measure only."""
    chosen = set(selected)
    grouped: dict[str, list[ControlChanges]] = {}
    for control in sorted({control for change in host["changes"] for control in change["controls"]}):
        changes = [change for change in host["changes"] if control in change["controls"]]
        measures = tuple(dict.fromkeys(measure for change in changes for measure in change["measures"]))
        first = next((measure for measure in measures if measure in chosen), measures[0] if measures else "")
        activations = tuple(dict.fromkeys(change["activation"] for change in changes))
        entry = ControlChanges(control, measures, tuple(_rows(changes)), activations)
        grouped.setdefault(first, []).append(entry)
    return dict(sorted(grouped.items(), key=lambda item: _number(item[0])))


def _rows(changes: Iterable[Raw]) -> list[Row]:
    found: dict[tuple[str, str, str, str], tuple[list[str], list[str]]] = {}
    for change in changes:
        place = (change["kind"], change["key"], change["value"], change["before"])
        objects, locations = found.setdefault(place, ([], []))
        objects.append(change["object"])
        if change["location"]:
            locations.append(change["location"])
    return [
        Row(kind, key, value, before, tuple(objects), tuple(dict.fromkeys(locations)))
        for (kind, key, value, before), (objects, locations) in found.items()
    ]


def held_by_reason(host: Raw) -> dict[str, list[Raw]]:
    """Return what is held back, by reason in the order of `REASONS`."""
    found: dict[str, list[Raw]] = {reason: [] for reason in REASONS}
    for held in host["held"]:
        found[held["reason"]].append(held)
    return {reason: entries for reason, entries in found.items() if entries}


def in_one_line(host: Raw) -> str:
    """Say in a few words what is planned for a host."""
    if host["reason"]:
        return str(host["reason"])
    if not host["changes"]:
        return "nothing to change"
    controls = {control for change in host["changes"] for control in change["controls"]}
    return f"{counted(len(host['changes']), 'value')} of {counted(len(controls), 'control')}"


def counted(number: int, word: str) -> str:
    """`1 value`, `2 values`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _number(measure: str) -> list[int]:
    return [int(part) for part in measure.removeprefix("M ").split(".") if part.isdigit()]
