"""The gate: what is below it, and that not knowing is."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import pytest

from grundton.report import gate


@pytest.fixture
def build(synthetic: ModuleType) -> Any:
    """A document of one host in which every control has the verdict asked for."""

    def make(default: str = "pass", **verdicts: str) -> dict[str, Any]:
        document = copy.deepcopy(synthetic.document(1))
        severities: dict[str, str] = {}
        for control, about in document["catalog"]["controls"].items():
            severities.setdefault(about["severity"], control)
        host = document["hosts"]["pbx"]
        host["controls"] = dict.fromkeys(document["catalog"]["controls"], default)
        for severity, verdict in verdicts.items():
            host["controls"][severities[severity]] = verdict
        return document

    return make


@pytest.mark.parametrize("fail_on", ["never", "low", "medium", "high", "critical"])
def test_all_passing_meets_every_gate(build: Any, fail_on: str) -> None:
    assert gate(build(), fail_on).passed


@pytest.mark.parametrize(
    ("fail_on", "passed"), [("never", True), ("critical", True), ("high", False), ("medium", False), ("low", False)]
)
def test_a_failing_control_counts_from_its_severity_on(build: Any, fail_on: str, passed: bool) -> None:
    outcome = gate(build(high="fail"), fail_on)
    assert outcome.passed is passed
    assert outcome.failing == (fail_on != "critical")


@pytest.mark.parametrize("verdict", ["not_checked", "error"])
def test_could_not_check_is_not_a_pass(build: Any, verdict: str) -> None:
    document = build(critical=verdict)
    assert not gate(document, "high").passed
    assert gate(document, "high", allow_not_checked=True).passed
    assert "1 could not be checked" in gate(document, "high", allow_not_checked=True).explain()
    assert gate(build(low=verdict), "high").passed


def test_a_host_that_was_not_reached_is_not_a_pass(build: Any) -> None:
    document = build()
    document["hosts"]["pbx2"] = {**document["hosts"]["pbx"], "reached": False, "reason": "no route", "controls": {}}
    assert not gate(document, "critical").passed
    assert "1 host not reached" in gate(document, "critical").explain()
    assert gate(document, "critical", allow_not_checked=True).passed


@pytest.mark.parametrize("verdict", ["not_applicable", "not_checked"])
def test_nothing_checked_is_below_every_gate(build: Any, verdict: str) -> None:
    outcome = gate(build(default=verdict), "critical", allow_not_checked=True)
    assert not outcome.passed
    assert "nothing was checked" in outcome.explain()


def test_a_waiver_lets_pass_and_is_named(build: Any) -> None:
    outcome = gate(build(critical="waived"), "low")
    assert outcome.passed
    assert "1 waived" in outcome.explain()
    assert "1 mit Ausnahme" in outcome.explain("de")


def test_the_run_may_carry_the_threshold(build: Any) -> None:
    document = build(medium="fail")
    assert gate(document).passed
    document["run"] = {"fail_on": "medium"}
    assert not gate(document).passed
    assert gate(document, "critical").passed


def test_an_unknown_threshold_is_refused(build: Any) -> None:
    with pytest.raises(ValueError, match="'severe' is none of never, critical, high, medium, low"):
        gate(build(), "severe")
