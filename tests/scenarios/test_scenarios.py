"""Every control is seen to pass and to fail on configuration an operator could have written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.scenarios.harness import OUTCOMES, control_of, promised, run, scenarios

from grundton.catalog import load

pytestmark = pytest.mark.scenario


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_scenario(path: Path, tmp_path: Path) -> None:
    outcome = run(path, tmp_path)
    assert outcome.verdict is promised(path), outcome.text
    expect = yaml.safe_load(path.read_text(encoding="utf-8")).get("expect", {})
    if "objects" in expect:
        assert outcome.failing == set(expect["objects"]), outcome.text
    if "text" in expect:
        assert expect["text"] in outcome.text, outcome.text


def test_names_promise_an_outcome() -> None:
    assert [path for path in scenarios() if path.name.split(".")[-2] not in OUTCOMES] == []


@pytest.mark.parametrize("control", sorted(load().controls))
def test_control_is_seen_to_pass_and_to_fail(control: str) -> None:
    outcomes = {promised(path).value for path in scenarios() if control_of(path) == control}
    assert {"pass", "fail"} <= outcomes, f"{control} has scenarios for {sorted(outcomes) or 'nothing'}"


def test_every_scenario_belongs_to_a_control() -> None:
    assert sorted({control_of(path) for path in scenarios()} - set(load().controls)) == []
