"""Roll findings up: control → demand → measure, per host and over the estate (architecture, section 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from grundton.model.assessment import DemandResult, MeasureResult
from grundton.model.control import Control
from grundton.model.measure import Demand, Measure
from grundton.model.verdict import DemandVerdict, MeasureVerdict, Verdict, worst
from grundton.records import DemandStatus, RecordsOfDay

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
_MISSING = frozenset(
    {
        DemandVerdict.DECISION_MISSING,
        DemandVerdict.ATTESTATION_MISSING,
        DemandVerdict.ATTESTATION_EXPIRED,
    }
)


def worst_demand(verdicts: Iterable[DemandVerdict]) -> DemandVerdict:
    """The worst of the verdicts; `not_assessed` when there are none."""
    return min(verdicts, key=_RANK.__getitem__, default=DemandVerdict.NOT_ASSESSED)


def demand_on_host(controls: Iterable[Control], verdicts: Mapping[str, Verdict]) -> DemandVerdict | None:
    """Verdict of a demand on one host, or None when no control for it ran there."""
    ran = [verdicts[control.id] for control in controls if control.id in verdicts]
    return DemandVerdict(worst(ran).value) if ran else None


def roll_up_demand(
    demand: Demand, controls: list[Control], hosts: Mapping[str, DemandVerdict], records: RecordsOfDay
) -> DemandResult:
    """Verdict of a demand over the estate: its controls, and the decision or attestation it needs."""
    names = tuple(control.id for control in controls)
    seen = worst_demand(hosts.values())
    status = records.status(demand.id)
    notes = [status.note] if status.note else []
    verdict = seen
    if seen not in _BAD:
        said = _said(demand, status)
        looked = seen not in (DemandVerdict.NOT_ASSESSED, DemandVerdict.NOT_APPLICABLE)
        if said in _MISSING:
            verdict = said
            if looked:
                notes.append(f"the controls say {seen.value.replace('_', ' ')}, but the record is not there")
        elif said is not None and not looked:
            verdict = said
    if not names and verdict is DemandVerdict.NOT_ASSESSED:
        notes.append("no control answers this demand yet")
    return DemandResult(demand.id, verdict, names, dict(hosts), "; ".join(notes))


def _said(demand: Demand, status: DemandStatus) -> DemandVerdict | None:
    """What the records make of a demand; None when it needs none and there is none."""
    if demand.needs == "decision":
        return DemandVerdict.DECIDED if status.decision == "decided" else DemandVerdict.DECISION_MISSING
    if demand.needs == "attestation" or status.attested_by is not None:
        return DemandVerdict(status.attestation)
    return DemandVerdict.DECIDED if status.decision == "decided" and status.decided_by is not None else None


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one host comes to: verdicts of its controls, of the demands they answer, of the measures of those."""

    controls: Mapping[str, Verdict]
    demands: Mapping[str, DemandVerdict]
    measures: Mapping[str, MeasureVerdict]


@dataclass(slots=True)
class Outcomes:
    """Outcomes of a run; hosts whose controls say the same share one."""

    controls_of: Mapping[str, list[Control]]
    measures: Collection[Measure]
    _known: dict[Hashable, Outcome] = field(default_factory=dict)

    def of(self, controls: Mapping[str, Verdict]) -> Outcome:
        """The outcome of a host, from the verdicts of its controls."""
        key = tuple(controls.items())
        if key not in self._known:
            demands = {
                demand: verdict
                for demand, answering in self.controls_of.items()
                if (verdict := demand_on_host(answering, controls)) is not None
            }
            self._known[key] = Outcome(controls, demands, measures_on_host(self.measures, demands))
        return self._known[key]


def roll_up_measure(
    measure: Measure,
    demands: Mapping[str, DemandResult],
    hosts: Mapping[str, MeasureVerdict],
    records: RecordsOfDay,
) -> MeasureResult:
    """Verdict of a measure over the estate, from all of its demands."""
    counts = Counter(demands[demand.id].verdict.value for demand in measure.demands)
    names = tuple(demand.id for demand in measure.demands)
    match = records.measure_waiver(measure.id)
    if match is not None:
        return MeasureResult(measure.id, MeasureVerdict.DISPENSABLE, dict(hosts), names, dict(counts), match.note)
    verdict = measure_verdict((demand.force, demands[demand.id].verdict) for demand in measure.demands)
    return MeasureResult(measure.id, verdict, dict(hosts), names, dict(counts))
