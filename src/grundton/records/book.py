"""The records of an estate and what they say on a given day. Nothing here reads a clock or a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from grundton.policy.entries import Attestation, Decision, Waiver

WaiverState = Literal["applied", "expired", "not_yet"]
DemandState = Literal["attested", "attestation_expired", "attestation_missing"]
DecisionState = Literal["decided", "decision_review_due", "decision_missing"]

TWO_YEARS_DAYS = 731


@dataclass(frozen=True, slots=True)
class WaiverMatch:
    """A waiver that covers an object. Only state ``applied`` changes a verdict; the others explain why it does not."""

    waiver: Waiver
    state: WaiverState

    @property
    def applied(self) -> bool:
        """True when the finding counts as waived."""
        return self.state == "applied"

    @property
    def note(self) -> str:
        """A sentence for the finding."""
        waiver = self.waiver
        if self.state == "expired":
            return f"waiver {waiver.id} expired on {waiver.until}: renew it or mend the finding"
        if self.state == "not_yet":
            return f"waiver {waiver.id} holds from {waiver.date} only"
        return f"waived until {waiver.until} by {waiver.approved_by} ({waiver.id}): {waiver.reason}"


@dataclass(frozen=True, slots=True)
class DemandStatus:
    """What people have recorded about a demand."""

    attestation: DemandState
    decision: DecisionState
    attested_by: Attestation | None = None
    decided_by: Decision | None = None
    variable: str = ""

    @property
    def note(self) -> str:
        """A sentence for the report, empty when there is nothing to say."""
        said = []
        if self.attested_by is not None:
            word = "until" if self.attestation == "attested" else "expired on"
            record = self.attested_by
            said.append(f"attested by {record.person} ({record.role}), {word} {record.until} ({record.id})")
        if self.decided_by is not None:
            decision = self.decided_by
            due = ", review is due" if self.decision == "decision_review_due" else ""
            said.append(f"decided: {decision.choice}, by {decision.approved_by} ({decision.id}{due})")
        elif self.variable:
            said.append(f"decided by voip_{self.variable}")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Records:
    """Waivers, attestations and decisions, each id once."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def match_waiver(
        self, control: str, host: str, obj: str, today: date, demands: Iterable[str] = ()
    ) -> WaiverMatch | None:
        """Return the waiver that covers an object of a control, or None.

        ``demands`` are those of the control; a waiver may name one of them, or its measure. A waiver in force wins
        over an expired one, then the one that ends last, then the smallest id.
        """
        names = tuple(demands)
        found = [
            WaiverMatch(waiver, waiver_state(waiver, today))
            for waiver in self.waivers
            if covers(waiver, control, names) and fits(waiver.host, host) and fits(waiver.object, obj)
        ]
        return min(found, key=_preference, default=None)

    def measure_waiver(self, measure: str, today: date, host: str = "*") -> WaiverMatch | None:
        """Return the waiver that makes a whole measure dispensable on all objects of a host (``*``: everywhere)."""
        found = [
            WaiverMatch(waiver, waiver_state(waiver, today))
            for waiver in self.waivers
            if waiver.measure == measure and waiver.object == "*" and _everywhere(waiver.host, host)
        ]
        return min(found, key=_preference, default=None)

    def status(
        self, demand: str, today: date, host: str | None = None, stated: Mapping[str, str] | None = None
    ) -> DemandStatus:
        """Return what is recorded about a demand.

        Args:
            demand: such as ``4.289-b``.
            today: the day that decides about expiry.
            host: count only records that hold for this host; None: any record counts.
            stated: demands decided by policy variables (:meth:`grundton.policy.Policy.decided_demands`).
        """
        attestations = [record for record in self.attestations if _for(record.demand, demand, record.host, host)]
        decisions = [record for record in self.decisions if _for(record.demand, demand, record.host, host)]
        attestations = [record for record in attestations if record.date <= today]
        decisions = [record for record in decisions if record.date <= today]
        attested = max(attestations, key=lambda record: (record.until, record.id), default=None)
        decided = max(decisions, key=lambda record: (record.date, record.id), default=None)
        variable = (stated or {}).get(demand, "")
        return DemandStatus(
            attestation=_attestation_state(attested, today),
            decision=_decision_state(decided, variable, today),
            attested_by=attested,
            decided_by=decided,
            variable=variable,
        )

    def warnings(self, used: Iterable[str], today: date, controls: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return what should be tidied: expired, unused and over-long waivers, unknown controls, due reviews.

        ``used`` are ids of waivers that covered a failing object in this run; ``controls`` all known control ids.
        """
        seen = set(used)
        known = None if controls is None else frozenset(controls)
        said = [
            f"waiver {waiver.id} runs longer than two years: an exception that long is a decision"
            for waiver in self.waivers
            if (waiver.until - waiver.date).days > TWO_YEARS_DAYS
        ]
        for waiver in self.waivers:
            state = waiver_state(waiver, today)
            if state == "expired":
                said.append(f"waiver {waiver.id} expired on {waiver.until} and is not applied")
            elif waiver.control and known is not None and not any(fits(waiver.control, name) for name in known):
                said.append(f"waiver {waiver.id} names control {waiver.control}, which does not exist")
            elif state == "applied" and waiver.id not in seen:
                said.append(f"waiver {waiver.id} covers nothing that fails any more: remove it")
        said += [
            f"attestation {record.id} for {record.demand} expired on {record.until}"
            for record in self.attestations
            if record.until < today
        ]
        said += [
            f"decision {record.id} for {record.demand} was to be reviewed on {record.review}"
            for record in self.decisions
            if record.review < today
        ]
        return tuple(said)


def waiver_state(waiver: Waiver, today: date) -> WaiverState:
    """Return whether a waiver holds today; its last day counts."""
    if today > waiver.until:
        return "expired"
    return "not_yet" if today < waiver.date else "applied"


def covers(waiver: Waiver, control: str, demands: tuple[str, ...]) -> bool:
    """Return True when the waiver speaks of the control, of one of its demands or of their measure."""
    if waiver.control:
        return fits(waiver.control, control)
    if waiver.demand:
        return waiver.demand in demands
    return any(measure_of(demand) == waiver.measure for demand in demands)


def fits(pattern: str, name: str) -> bool:
    """Return True when the name matches; ``*`` and ``?`` are wild cards, case counts."""
    return pattern in ("*", name) or fnmatchcase(name, pattern)


def measure_of(demand: str) -> str:
    """Return the measure of a demand: ``5.135-a`` belongs to ``M 5.135``."""
    return "M " + demand.partition("-")[0]


def _everywhere(pattern: str, host: str) -> bool:
    return pattern == "*" if host == "*" else fits(pattern, host)


def _for(record_demand: str, demand: str, pattern: str, host: str | None) -> bool:
    return record_demand == demand and (host is None or fits(pattern, host))


def _preference(match: WaiverMatch) -> tuple[int, int, str]:
    order = {"applied": 0, "not_yet": 1, "expired": 2}
    return order[match.state], -match.waiver.until.toordinal(), match.waiver.id


def _attestation_state(record: Attestation | None, today: date) -> DemandState:
    if record is None:
        return "attestation_missing"
    return "attested" if today <= record.until else "attestation_expired"


def _decision_state(record: Decision | None, variable: str, today: date) -> DecisionState:
    if record is not None and today <= record.review:
        return "decided"
    if variable:
        return "decided"
    return "decision_missing" if record is None else "decision_review_due"
