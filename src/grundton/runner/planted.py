"""Compares an assessment with a list of planted mistakes: which were found, which settings were wrongly accused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from grundton.model.verdict import Level

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One planted mistake, or one setting that is right."""

    id: str
    what: str
    host: str
    kind: str
    names: frozenset[str]
    keys: frozenset[str]
    refs: frozenset[str]
    controls: frozenset[str]
    level: Level

    @classmethod
    def from_data(cls, raw: Raw) -> Entry:
        """Read an entry of the list."""
        return cls(
            id=raw["id"],
            what=raw["what"],
            host=raw.get("host", "pbx"),
            kind=raw.get("kind", ""),
            names=frozenset(map(str, raw.get("names", ()))),
            keys=frozenset(map(str, raw.get("keys") or ())),
            refs=frozenset(raw.get("controls_md", ())),
            controls=frozenset(raw.get("controls", ())),
            level=Level(raw.get("level", "standard")),
        )


@dataclass(slots=True)
class Comparison:
    """Mistakes by whether a failing finding names them, and complaints about settings that are right."""

    found: dict[str, tuple[Entry, list[str]]] = field(default_factory=dict)
    missed: dict[str, Entry] = field(default_factory=dict)
    false_alarms: dict[str, tuple[Entry, list[str]]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """True when every mistake was found and nothing right was accused."""
        return not self.missed and not self.false_alarms


def read_planted(path: Path, level: Level = Level.STANDARD) -> tuple[list[Entry], list[Entry]]:
    """Return what is a mistake at this protection level, and the settings that are right."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    mistakes = [Entry.from_data(raw) for raw in data["mistakes"]]
    return [entry for entry in mistakes if entry.level.rank <= level.rank], [
        Entry.from_data(raw) for raw in data["good"]
    ]


def compare(document: Raw, mistakes: Iterable[Entry], good: Iterable[Entry]) -> Comparison:
    """Hold the failing findings of an assessment document against the two lists."""
    controls = document["catalog"]["controls"]
    failing = [finding for finding in document["findings"] if finding["verdict"] == "fail"]
    comparison = Comparison()
    for entry in mistakes:
        hits = [finding for finding in failing if _about(entry, finding, controls) and _names(entry, finding)]
        if hits:
            comparison.found[entry.id] = (entry, sorted({finding["control"] for finding in hits}))
        else:
            comparison.missed[entry.id] = entry
    for entry in good:
        alarms = [finding for finding in failing if _about(entry, finding, controls) and _accuses(entry, finding)]
        if alarms:
            comparison.false_alarms[entry.id] = (entry, sorted({finding["control"] for finding in alarms}))
    return comparison


def _about(entry: Entry, finding: Raw, controls: Raw) -> bool:
    if finding["host"] != entry.host:
        return False
    if entry.controls:
        return finding["control"] in entry.controls
    return bool(entry.refs & set(controls[finding["control"]]["refs"]))


def _names(entry: Entry, finding: Raw) -> bool:
    if entry.controls and finding["kind"] != entry.kind:
        # The entry says which control reports it; that one may speak of another kind of object.
        return True
    return not entry.names or not finding["objects"] or any(_same(entry.names, name) for name in finding["objects"])


def _same(names: frozenset[str], found: str) -> bool:
    # A finding may name a part of the object (`intern,_X.` of the context `intern`) or several (`13, 15, 16`).
    return found in names or bool(names & set(re.split(r"[,;\s@/]+", found)))


def _accuses(entry: Entry, finding: Raw) -> bool:
    if finding["kind"] != entry.kind or not set(finding["objects"]) & entry.names:
        return False
    return any(detail["key"] in entry.keys for detail in _failed(finding))


def _failed(finding: Raw) -> Sequence[Raw]:
    return [detail for detail in finding["details"] if detail["ok"] is False]
