"""A dialplan nobody can look through is said to be one, within bounded work."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.assess.documents import config, snapshot
from tests.unit.assess.test_dialplan_graph import PEERS, plan_of

from grundton.assess import HostInput, assess
from grundton.assess.dialplan.expand import UNKNOWN, Scope, evaluate
from grundton.assess.dialplan.walk import _MAX_STATES, _MAX_TOTAL, Walker
from grundton.catalog import load
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.model.verdict import Verdict
from grundton.policy import load_policy
from grundton.records import Records

CONTEXTS, INBOUND = 1000, 1000
TOO_LARGE = "dialplan too large to explore"


def nasty() -> Snapshot:
    """Contexts that all include each other, menus in menus, recursion, loops that count, many inbound numbers."""
    names = [f"c{number:04d}" for number in range(CONTEXTS)]
    contexts: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        steps = [
            "s,1,Background(menu)",
            f"s,2,Goto({names[(number + 7) % CONTEXTS]},s,1)",
            f"{number % 10},1,Goto({names[(number * 3) % CONTEXTS]},s,1)",
            f"_X{number % 10}.,1,Set(n=$[${{n}} + 1])",
            f"_X{number % 10}.,2,Set(v${{n}}=${{EXTEN}}${{v${{n}}}})",
            f"_X{number % 10}.,3,Gosub({names[(number + 1) % CONTEXTS]},${{EXTEN}}1,1(${{ARG1}}x${{EXTEN}}))",
            f"_X{number % 10}.,4,GotoIf($[${{RAND(0,1)}} = 1]?1)",
            f"_X{number % 10}.,5,Dial(PJSIP/${{EXTEN:1}}@telko,,Tt)",
        ]
        included = [names[(number + step) % CONTEXTS] for step in range(1, CONTEXTS)]
        contexts.append(config("dialplan.context", name, number * 2000, exten=steps, include=included))
    inbound = [f"0{number:05d},1,Goto({names[number % CONTEXTS]},s,1)" for number in range(INBOUND)]
    contexts.append(config("dialplan.context", "from-telko", 9_000_000, exten=inbound))
    return snapshot(
        *contexts,
        config("pjsip.endpoint", "telko", context="from-telko", outbound_auth="telko"),
        config("pjsip.endpoint", "anonymous", context="c0500"),
        *(config("pjsip.endpoint", f"6{n:03d}", context=names[n], auth=f"6{n:03d}") for n in range(50)),
    )


def rules_about_the_dialplan(shot: Snapshot) -> list[Finding]:
    catalog = load()
    chosen = {
        name: control
        for name, control in catalog.controls.items()
        if name.startswith(("asterisk.dialplan.", "asterisk.emergency.", "asterisk.voicemail."))
    }
    policy = load_policy({}, host="pbx1")
    now = datetime(2026, 11, 23, tzinfo=UTC)
    hosts = [HostInput("pbx1", shot, policy)]
    return assess(hosts, replace(catalog, controls=chosen), Records(), now).findings


def test_a_nasty_dialplan_costs_bounded_work_and_never_passes() -> None:
    shot = nasty()
    before = time.process_time()
    findings = rules_about_the_dialplan(shot)
    seconds = time.process_time() - before
    assert seconds < 60, seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000
    assert not [finding for finding in findings if finding.verdict is Verdict.ERROR]
    by_control = {finding.control: finding for finding in findings}
    guests = by_control["asterisk.dialplan.guests"]
    assert guests.verdict in (Verdict.FAIL, Verdict.NOT_CHECKED)
    assert any(TOO_LARGE in finding.reason for finding in findings if finding.verdict is Verdict.NOT_CHECKED)


def test_all_walks_together_have_a_limit() -> None:
    walker = Walker(plan_of("a: _X.,1,Goto(${EXTEN}1,1)"), PEERS)
    for number in range(40):
        assert walker.walk("a", f"5{number:02d}").truncated
    assert walker.spent <= _MAX_TOTAL
    assert walker.cuts == 40


def test_a_loop_that_counts_keeps_few_variables_and_short_values() -> None:
    plan = plan_of(
        "a: 1,1,Set(n=1)\na: 1,2,Set(v${n}=${v${n}}xxxx)\na: 1,3,Set(all=${all}${all}x)\n"
        "a: 1,4,Set(n=$[${n} + 1])\na: 1,5,Goto(2)"
    )
    trace = Walker(plan, PEERS).walk("a", "1")
    assert trace.truncated
    assert len(trace.events) <= _MAX_STATES


def test_recursion_without_end_is_not_taken_for_a_complete_walk() -> None:
    trace = Walker(plan_of("a: 1,1,Gosub(a,1,1)\na: 1,2,Dial(PJSIP/1@telko)"), PEERS).walk("a", "1")
    assert trace.truncated


@pytest.mark.parametrize("text", ["${A}", "${A}${A}${A}${A}", "x" * 100 + "${A}"])
def test_variables_that_mean_themselves_end(text: str) -> None:
    scope = Scope({}, {"A": "${A}${A}${A}${A}"})
    assert UNKNOWN in scope.expand(text)


def test_expressions_that_never_end_are_not_tried() -> None:
    assert evaluate(f'"{"a" * 40}b" =~ "(a+)+$"') == UNKNOWN
    assert evaluate('"abc" =~ "(b+)"') == "b"


def test_a_search_looks_into_every_context_once() -> None:
    lines = [f"c{number}: include c{other}" for number in range(40) for other in range(40)]
    plan = plan_of("\n".join([*lines, "c39: 1,1,Answer()"]))
    assert plan.find("c0", "1")[0][0].extension.context == "c39"
    assert plan.find("c0", "2") == ([], "")


def test_too_many_includes_are_a_place_that_cannot_be_followed() -> None:
    chain = "\n".join(f"c{number}: include c{number + 1}" for number in range(300))
    plan = plan_of(f"{chain}\nc300: 1,1,Answer()")
    found, opaque = plan.find("c0", "1")
    assert not found
    assert "included contexts" in opaque
