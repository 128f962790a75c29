"""What every control record must keep, whoever wrote it."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from grundton.assess.expressions import compile_expression
from grundton.assess.matchers import NotCheckableError, compile_matchers
from grundton.assess.rules import rule_names
from grundton.catalog import load
from grundton.model.control import Control
from grundton.plan.planning import value_of
from grundton.policy import load_policy

CONTROLS = sorted(load().controls.values(), key=lambda control: control.id)
POLICY = load_policy({}, host="test")


def _ids(control: Control) -> str:
    return control.id


@pytest.mark.parametrize("control", [c for c in CONTROLS if c.fix and c.evaluator == "setting"], ids=_ids)
def test_what_apply_writes_is_what_audit_wants(control: Control) -> None:
    try:
        want = compile_matchers(control.spec["want"], POLICY)
    except NotCheckableError:
        pytest.skip("the expected value needs a zone")
    for key, value in (control.fix or {}).items():
        if key in want:
            assert want[key]([value_of(value, POLICY)]), f"{key}={value} does not satisfy {want[key].text}"


def _is_sip(control: Control) -> bool:
    return control.evaluator == "setting" and control.spec["kind"].split(".")[0] in ("pjsip", "rtp", "sip", "iax")


@pytest.mark.parametrize("control", [c for c in CONTROLS if _is_sip(c)], ids=_ids)
def test_an_absent_key_of_a_sip_file_has_a_known_default(control: Control) -> None:
    kind = control.spec["kind"]
    defaults = load().defaults["asterisk"].get(kind, {})
    keys = {key for part in ("want", "match", "unless") for key in control.spec.get(part, {})}
    assert keys - {"name", "role", "zone"} <= set(defaults)


@pytest.mark.parametrize("control", [c for c in CONTROLS if c.when], ids=_ids)
def test_when_compiles(control: Control) -> None:
    compile_expression(control.when or "")


@pytest.mark.parametrize("control", [c for c in CONTROLS if c.evaluator == "python"], ids=_ids)
def test_rule_exists_and_when_does_not_ask_for_an_object(control: Control) -> None:
    assert control.spec["rule"] in rule_names()
    if control.when:
        _, per_object = compile_expression(control.when)
        assert not per_object, "a rule judges the host: it has to look at role and zone itself"


@pytest.mark.parametrize("control", [c for c in CONTROLS if c.fix and c.component == "asterisk"], ids=_ids)
def test_a_fix_can_be_activated(control: Control) -> None:
    assert control.activate, "a change nobody activates protects nobody"
    text = (resources.files("grundton.catalog") / "activations" / f"{control.component}.yml").read_text("utf-8")
    names = set(re.findall(r"^([a-z_]+):", text, re.MULTILINE)) | {"none"}
    assert control.activate.removeprefix(f"{control.component}.") in names
