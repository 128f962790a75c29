"""What an evaluator says before it becomes a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from grundton.model.finding import Detail
from grundton.model.verdict import Verdict


@dataclass(slots=True)
class Judgement:
    """One verdict on some objects of one kind, with the compared values."""

    verdict: Verdict
    kind: str
    objects: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    reason: str = ""


def unchecked(kind: str, reason: str, objects: tuple[str, ...] = ()) -> Judgement:
    """A judgement that says the control could not be checked, and why."""
    return Judgement(Verdict.NOT_CHECKED, kind, objects, (), reason)


@dataclass(slots=True)
class Grouping:
    """Collects judgements on single objects and merges those that say the same."""

    kind: str
    _groups: dict[tuple[Verdict, tuple[Detail, ...], str], list[str]] = field(default_factory=dict)

    def add(self, name: str, verdict: Verdict, details: tuple[Detail, ...], reason: str = "") -> None:
        """Add one object's result."""
        self.add_all((name,), verdict, details, reason)

    def add_all(self, names: Iterable[str], verdict: Verdict, details: tuple[Detail, ...], reason: str = "") -> None:
        """Add the same result of several objects."""
        self._groups.setdefault((verdict, details, reason), []).extend(names)

    def judgements(self) -> list[Judgement]:
        """One judgement per group of objects with the same verdict, details and reason."""
        return [
            Judgement(verdict, self.kind, tuple(dict.fromkeys(names)), details, reason)
            for (verdict, details, reason), names in self._groups.items()
        ]
