"""Roll findings up: control → demand → measure, per host and over the estate (architecture, section 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from grundton.model.assessment import DemandResult, MeasureResult
from grundton.model.control import Control
from grundton.model.measure import Demand, Measure
from grundton.model.verdict import DemandVerdict, MeasureVerdict, Verdict, worst

#: Worst first.
DEMAND_ORDER: tuple[DemandVerdict, ...] = (
    DemandVerdict.FAIL,
    DemandVerdict.ERROR,
    DemandVerdict.NOT_CHECKED,
    DemandVerdict.DECISION_MISSING,
    DemandVerdict.ATTESTATION_EXPIRED,
    DemandVerdict.ATTESTATION_MISSING,
    DemandVerdict.NOT_ASSESSED,
    DemandVerdict.WAIVED,
    DemandVerdict.PASS,
    DemandVerdict.ATTESTED,
    DemandVerdict.DECIDED,
    DemandVerdict.NOT_APPLICABLE,
)
_RANK = {verdict: rank for rank, verdict in enumerate(DEMAND_ORDER)}
_GOOD = frozenset({DemandVerdict.PASS, DemandVerdict.ATTESTED, DemandVerdict.DECIDED, DemandVerdict.WAIVED})
_BAD = frozenset({DemandVerdict.FAIL, DemandVerdict.ERROR})


class DemandRecords(Protocol):
    """What the roll-up asks of decisions and attestations."""

    def demand_status(self, demand: str) -> DemandVerdict | None:
        """`decided`, `attested`, `attestation_expired`, or None when there is no record."""

    def measure_dispensed(self, measure: str) -> str | None:
        """The reason a measure was declared dispensable, or None."""


def worst_demand(verdicts: Iterable[DemandVerdict]) -> DemandVerdict:
    """The worst of the verdicts; `not_assessed` when there are none."""
    return min(verdicts, key=_RANK.__getitem__, default=DemandVerdict.NOT_ASSESSED)


def demand_on_host(controls: Iterable[Control], verdicts: Mapping[str, Verdict]) -> DemandVerdict | None:
    """Verdict of a demand on one host, or None when no control for it ran there."""
    ran = [verdicts[control.id] for control in controls if control.id in verdicts]
    return DemandVerdict(worst(ran).value) if ran else None


def roll_up_demand(
    demand: Demand, controls: list[Control], hosts: Mapping[str, DemandVerdict], records: DemandRecords
) -> DemandResult:
    """Verdict of a demand over the estate: its controls, and the decision or attestation it needs."""
    names = tuple(control.id for control in controls)
    seen = worst_demand(hosts.values())
    status = records.demand_status(demand.id)
    note = ""
    if status is DemandVerdict.ATTESTATION_EXPIRED:
        verdict = seen if seen in _BAD else status
    elif status is not None:
        verdict = seen if hosts and seen not in (DemandVerdict.NOT_ASSESSED, DemandVerdict.NOT_APPLICABLE) else status
    elif demand.needs is not None and seen not in _BAD:
        verdict = DemandVerdict.DECISION_MISSING if demand.needs == "decision" else DemandVerdict.ATTESTATION_MISSING
        if hosts:
            note = f"the controls say {seen.value.replace('_', ' ')}, but nobody recorded the {demand.needs}"
    else:
        verdict = seen
    if not names and verdict is DemandVerdict.NOT_ASSESSED:
        note = "no control answers this demand yet"
    return DemandResult(demand.id, verdict, names, dict(hosts), note)


def measure_verdict(demands: Iterable[tuple[str, DemandVerdict]]) -> MeasureVerdict:
    """Verdict of a measure from `(force, verdict)` of its demands; never better than its worst MUST."""
    pairs = list(demands)
    relevant = [verdict for _, verdict in pairs if verdict is not DemandVerdict.NOT_APPLICABLE]
    good = [verdict for verdict in relevant if verdict in _GOOD]
    bad = [verdict for verdict in relevant if verdict in _BAD]
    if any(force == "must" and verdict in _BAD for force, verdict in pairs):
        return MeasureVerdict.NOT_FULFILLED
    if bad:
        return MeasureVerdict.PARTLY if good else MeasureVerdict.NOT_FULFILLED
    if not good:
        return MeasureVerdict.NOT_ASSESSED
    return MeasureVerdict.FULFILLED if len(good) == len(relevant) else MeasureVerdict.PARTLY


def measures_on_host(measures: Iterable[Measure], demands: Mapping[str, DemandVerdict]) -> dict[str, MeasureVerdict]:
    """Verdict of every measure on one host, from the demands whose controls ran there."""
    result = {}
    for measure in measures:
        ran = [(demand.force, demands[demand.id]) for demand in measure.demands if demand.id in demands]
        if ran:
            result[measure.id] = measure_verdict(ran)
    return result


def roll_up_measure(
    measure: Measure,
    demands: Mapping[str, DemandResult],
    hosts: Mapping[str, MeasureVerdict],
    records: DemandRecords,
) -> MeasureResult:
    """Verdict of a measure over the estate, from all of its demands."""
    counts = Counter(demands[demand.id].verdict.value for demand in measure.demands)
    names = tuple(demand.id for demand in measure.demands)
    reason = records.measure_dispensed(measure.id)
    if reason is not None:
        return MeasureResult(measure.id, MeasureVerdict.DISPENSABLE, dict(hosts), names, dict(counts), reason)
    verdict = measure_verdict((demand.force, demands[demand.id].verdict) for demand in measure.demands)
    return MeasureResult(measure.id, verdict, dict(hosts), names, dict(counts))
