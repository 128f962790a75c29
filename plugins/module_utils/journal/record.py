"""What the lines of a journal come to: the run, its state, the things it touched. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Optional, Union

from .condition import ABSENT, Condition

#: States in which a run may take changes.
TAKES_CHANGES = ("open",)
#: States that end a run.
FINISHED = ("confirmed", "rolled_back")


@dataclass
class Touched:
    """One path the run touched, however often.

    :ivar original: what was there before the first touch.
    :ivar before: what was there before the last touch.
    :ivar after: what the last touch left.
    :ivar numbers: of the entries, for the names of their temporary files.
    """

    path: str
    original: Condition
    before: Condition
    after: Condition
    numbers: list[int] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)
    measures: set[str] = field(default_factory=set)


@dataclass
class TouchedUnit:
    """One systemd unit the run touched.

    :ivar original: ``enabled`` and ``active`` as systemd said, ``links``: path → target of every link that enables it.
    :ivar before: the same before the last touch.
    :ivar after: ``enabled`` and ``active`` as wanted; absent where left alone.
    """

    name: str
    original: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    numbers: list[int] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)
    measures: set[str] = field(default_factory=set)


@dataclass
class Run:
    """One run. ``paths`` and ``units`` are in the order of their first touch."""

    run: str
    state: str = "open"
    began: str = ""
    ended: str = ""
    by: str = ""
    paths: dict[str, Touched] = field(default_factory=dict)
    units: dict[str, TouchedUnit] = field(default_factory=dict)
    activations: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    ballast: list[str] = field(default_factory=list)
    guard: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    displaced: dict[str, str] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    entries: int = 0
    damaged: list[int] = field(default_factory=list)

    @property
    def touched(self) -> list[Union[Touched, TouchedUnit]]:
        """Everything that was touched: paths, then units."""
        return [*self.paths.values(), *self.units.values()]

    @property
    def changes(self) -> int:
        """How many paths and units were touched."""
        return len(self.paths) + len(self.units)


def replay(run: str, records: Iterable[dict[str, Any]], damaged: Iterable[int] = (), into: Optional[Run] = None) -> Run:
    """What the lines come to. Lines of a kind that is not known are left out; those without their parts are damaged.

    :param into: what earlier lines came to.
    """
    found = into or Run(run, damaged=list(damaged))
    for record in records:
        found.entries = max(found.entries, int(record.get("n", 0)))
        reader = _READERS.get(record["do"])
        if reader is None:
            continue
        try:
            reader(found, record)
        except (KeyError, TypeError, ValueError):
            found.damaged.append(int(record.get("n", 0)))
    return found


def _begin(run: Run, record: dict[str, Any]) -> None:
    run.began = record["at"]
    run.ballast.append(record["ballast"])


def _touch(run: Run, record: dict[str, Any]) -> None:
    before, after = Condition.from_json(record["before"]), Condition.from_json(record["after"])
    path = record["path"]
    touched = run.paths.setdefault(path, Touched(path, before, ABSENT, ABSENT))
    touched.before, touched.after = before, after
    run.undone.discard(path)
    touched.numbers.append(int(record["n"]))
    touched.verbs.append(record["verb"])
    touched.controls.update(record.get("controls", ()))
    touched.measures.update(record.get("measures", ()))


def _unit(run: Run, record: dict[str, Any]) -> None:
    name = record["unit"]
    touched = run.units.setdefault(name, TouchedUnit(name, record["before"], {}, {}))
    touched.before = record["before"]
    run.undone.discard(name)
    touched.after = {**touched.after, **record["after"]}
    touched.numbers.append(int(record["n"]))
    touched.controls.update(record.get("controls", ()))
    touched.measures.update(record.get("measures", ()))


def _after_undo(run: Run, record: dict[str, Any]) -> None:
    argv = tuple(record["argv"])
    if argv not in {known for known, _ in run.activations}:
        run.activations.append((argv, float(record["seconds"])))


def _ballast(run: Run, record: dict[str, Any]) -> None:
    run.ballast.append(record["path"])


def _guard(run: Run, record: dict[str, Any]) -> None:
    made = sorted({*run.guard.get("made", ()), *record["made"]})
    run.guard = {**{key: record[key] for key in ("at", "seconds", "code", "python")}, "made": made}


def _displaced(run: Run, record: dict[str, Any]) -> None:
    run.displaced[record["path"]] = record["sha256"]


def _undone(run: Run, record: dict[str, Any]) -> None:
    run.undone.update(record["what"])


def _state(run: Run, record: dict[str, Any]) -> None:
    run.state = record["state"]
    run.by = record.get("by", "")
    run.ended = record["at"]
    run.result = record.get("result", {})


_READERS = {
    "begin": _begin,
    "touch": _touch,
    "unit": _unit,
    "after_undo": _after_undo,
    "ballast": _ballast,
    "guard": _guard,
    "displaced": _displaced,
    "undone": _undone,
    "state": _state,
}
