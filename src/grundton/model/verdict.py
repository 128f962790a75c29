"""The words a result may use (docs/architecture.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """Verdict of a finding or a control."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"
    ERROR = "error"


class DemandVerdict(StrEnum):
    """Verdict of a demand: what findings know, and what only records can say."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"
    ERROR = "error"
    NOT_ASSESSED = "not_assessed"
    DECISION_MISSING = "decision_missing"
    DECIDED = "decided"
    ATTESTED = "attested"
    ATTESTATION_MISSING = "attestation_missing"
    ATTESTATION_EXPIRED = "attestation_expired"


class MeasureVerdict(StrEnum):
    """Verdict of a measure, the words of Grundschutz practice."""

    FULFILLED = "fulfilled"
    PARTLY = "partly"
    NOT_FULFILLED = "not_fulfilled"
    DISPENSABLE = "dispensable"
    NOT_ASSESSED = "not_assessed"


class Severity(StrEnum):
    """How bad a failing control is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low … 3 for critical."""
        return _SEVERITY_RANK[self]


class Level(StrEnum):
    """Protection level a control belongs to; basic is contained in standard, standard in elevated."""

    BASIC = "basic"
    STANDARD = "standard"
    ELEVATED = "elevated"

    @property
    def rank(self) -> int:
        """0 for basic … 2 for elevated."""
        return _LEVEL_RANK[self]


_SEVERITY_RANK = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 2, Severity.CRITICAL: 3}
_LEVEL_RANK = {Level.BASIC: 0, Level.STANDARD: 1, Level.ELEVATED: 2}

#: Worst first. "Could not check" stands before every kind of good news, so it can never read as a pass.
WORST_FIRST: tuple[Verdict, ...] = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.NOT_CHECKED,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
_RANK = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the verdicts; `not_applicable` when there are none."""
    return min(verdicts, key=_RANK.__getitem__, default=Verdict.NOT_APPLICABLE)
