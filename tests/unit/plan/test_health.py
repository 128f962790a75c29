"""What counts as worse, and what an apply came to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.assess.documents import runtime, snapshot

from grundton.model.assessment import HostResult
from grundton.model.verdict import MeasureVerdict, Verdict
from grundton.plan.health import got_worse
from grundton.plan.result import compare


def contact(aor: str, **values: str) -> dict[str, Any]:
    given = {"aor": aor, "endpoint": aor, "address": "10.0.0.7:5060", "registered": "yes", "status": "Avail"}
    return runtime("pjsip.contact", f"{aor};@1", **{**given, **values})


PHONE = runtime("pjsip.endpoint", "6001")
TRUNK = runtime("pjsip.registration", "telko", _state="Registered")


def test_nothing_is_worse():
    assert got_worse(snapshot(PHONE, TRUNK, contact("6001")), snapshot(PHONE, TRUNK, contact("6001"))) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([PHONE], [TRUNK], "endpoint 6001 is gone"),
        ([PHONE, contact("6001")], [PHONE], r"6001 \(device at 10.0.0.7:5060\) is not registered any more"),
        ([contact("6001")], [contact("6001", status="Unavail")], "does not answer any more"),
        ([TRUNK], [runtime("pjsip.registration", "telko", _state="Rejected")], r"trunk telko \(Rejected\)"),
        ([TRUNK], [PHONE], r"trunk telko \(gone\)"),
    ],
)
def test_what_is_worse(before, after, said):
    (found,) = got_worse(snapshot(*before), snapshot(*after))
    assert re.search(said, found)


def test_what_the_plan_announced_is_not_worse():
    assert got_worse(snapshot(PHONE, contact("6001")), snapshot(PHONE), ["6001"]) == []


def test_a_registration_that_ended_by_itself_is_not_worse():
    assert got_worse(snapshot(PHONE, contact("6001", expires_at="1795000000")), snapshot(PHONE)) == []


def test_a_daemon_that_stopped():
    after = snapshot(PHONE)
    after.components["asterisk"].running = False
    assert got_worse(snapshot(PHONE), after) == ["asterisk does not run any more"]


def test_a_daemon_that_does_not_answer():
    silent = snapshot(runtime__pjsip={"status": "not_checked", "reason": "no answer"})
    assert "the daemon no longer answers for pjsip: no answer" in got_worse(snapshot(PHONE), silent)


def result(**controls: Verdict) -> HostResult:
    named = {name.replace("__", "."): verdict for name, verdict in controls.items()}
    return HostResult("pbx1", "pbx", True, "", True, {}, {}, "", named, {"M 5.135": MeasureVerdict.PARTLY}, {})


def test_measures_and_controls_before_and_after():
    before = result(asterisk__a=Verdict.FAIL, asterisk__b=Verdict.FAIL, asterisk__c=Verdict.PASS, host__d=Verdict.PASS)
    after = result(asterisk__a=Verdict.PASS, asterisk__b=Verdict.FAIL, asterisk__c=Verdict.FAIL, host__d=Verdict.FAIL)
    part = {"changes": [{"controls": ["asterisk.a", "asterisk.b"]}], "held": []}
    measures = dict.fromkeys(before.controls, ("M 5.135",))
    found = compare(before, after, part, "asterisk", measures)
    assert found.fixed == ("asterisk.a",)
    assert found.still_failing == ("asterisk.b",)
    assert found.worse == ("asterisk.c",)
    change = found.measures["M 5.135"]
    assert (change.before, change.failing_before, change.failing_after) == ("partly", 2, 3)
