"""The roll-up: never better than the worst MUST, never a pass for what was not seen."""

from __future__ import annotations

from datetime import date

import pytest

from grundton.assess.rollup import measure_verdict, roll_up_demand
from grundton.catalog import load
from grundton.model.verdict import DemandVerdict as D
from grundton.model.verdict import MeasureVerdict as M
from grundton.model.verdict import Verdict, worst
from grundton.records import Decision, Records, RecordsOfDay

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("demands", "wanted"),
    [
        ([("must", D.PASS), ("plain", D.PASS)], M.FULFILLED),
        ([("must", D.PASS), ("plain", D.NOT_ASSESSED)], M.PARTLY),
        ([("must", D.PASS), ("plain", D.NOT_CHECKED)], M.PARTLY),
        ([("must", D.FAIL), ("plain", D.PASS), ("should", D.PASS)], M.NOT_FULFILLED),
        ([("plain", D.FAIL), ("should", D.PASS)], M.PARTLY),
        ([("plain", D.FAIL)], M.NOT_FULFILLED),
        ([("plain", D.ERROR), ("plain", D.NOT_ASSESSED)], M.NOT_FULFILLED),
        ([("plain", D.NOT_ASSESSED), ("must", D.DECISION_MISSING)], M.NOT_ASSESSED),
        ([("plain", D.NOT_CHECKED)], M.NOT_ASSESSED),
        ([("plain", D.WAIVED), ("plain", D.ATTESTED), ("must", D.DECIDED)], M.FULFILLED),
        ([("plain", D.NOT_APPLICABLE), ("plain", D.PASS)], M.FULFILLED),
        ([("plain", D.NOT_APPLICABLE)], M.NOT_ASSESSED),
        ([], M.NOT_ASSESSED),
    ],
)
def test_measure(demands: list[tuple[str, D]], wanted: M) -> None:
    assert measure_verdict(demands) is wanted


def test_not_checked_is_worse_than_pass() -> None:
    assert worst([Verdict.PASS, Verdict.NOT_CHECKED, Verdict.WAIVED]) is Verdict.NOT_CHECKED
    assert worst([Verdict.NOT_CHECKED, Verdict.FAIL]) is Verdict.FAIL
    assert worst([]) is Verdict.NOT_APPLICABLE


TODAY = date(2026, 11, 23)


def book(*decisions: Decision) -> RecordsOfDay:
    return RecordsOfDay(Records(decisions=decisions), TODAY)


def decision(demand: str) -> Decision:
    return Decision(
        id="d1", demand=demand, question="Which?", choice="this", reason="because", approved_by="head of IT",
        date=date(2026, 1, 1), review=date(2027, 1, 1),
    )  # fmt: skip


def test_a_demand_that_needs_a_decision_says_so() -> None:
    demand = next(d for d in load().demands.values() if d.needs == "decision")
    assert roll_up_demand(demand, [], {}, book()).verdict is D.DECISION_MISSING
    assert roll_up_demand(demand, [], {"pbx": D.PASS}, book()).verdict is D.DECISION_MISSING
    assert roll_up_demand(demand, [], {"pbx": D.FAIL}, book()).verdict is D.FAIL
    decided = book(decision(demand.id))
    assert roll_up_demand(demand, [], {}, decided).verdict is D.DECIDED
    assert roll_up_demand(demand, [], {"pbx": D.PASS}, decided).verdict is D.PASS
    assert roll_up_demand(demand, [], {"pbx": D.FAIL}, decided).verdict is D.FAIL


def test_a_demand_without_control_is_visible() -> None:
    demand = next(d for d in load().demands.values() if d.needs is None)
    result = roll_up_demand(demand, [], {}, book())
    assert result.verdict is D.NOT_ASSESSED
    assert "no control" in result.note


def test_a_demand_only_a_person_can_confirm() -> None:
    demand = next(d for d in load().demands.values() if d.needs == "attestation")
    assert roll_up_demand(demand, [], {}, book()).verdict is D.ATTESTATION_MISSING
