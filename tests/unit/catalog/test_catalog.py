"""The catalogue: complete, and a bad record fails with file and line."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from grundton.assess.expressions import compile_expression
from grundton.assess.rules import rule_names
from grundton.catalog import CatalogError, load
from grundton.policy import load_policy

pytestmark = pytest.mark.unit

MEASURES = [
    *("2.372", "2.373", "2.374", "2.375", "2.376", "2.377", "3.12", "3.13", "3.56", "3.57"),
    *("4.287", "4.288", "4.289", "4.290", "4.291", "4.292", "5.133", "5.134", "5.135", "5.136", "5.137"),
    *("6.100", "6.101"),
]


def test_all_measures_are_there() -> None:
    assert list(load().measures) == [f"M {number}" for number in MEASURES]


def test_every_expression_compiles() -> None:
    for control in load().controls.values():
        if control.when is not None:
            compile_expression(control.when)


def test_every_rule_exists() -> None:
    wanted = {control.spec["rule"] for control in load().controls.values() if control.evaluator == "python"}
    assert wanted - rule_names() == set()


def _policy_paths(raw: object) -> set[str]:
    if isinstance(raw, dict):
        own = {raw["policy"]} if set(raw) == {"policy"} else set()
        return own.union(*(_policy_paths(value) for value in raw.values()))
    if isinstance(raw, list):
        return set().union(*(_policy_paths(value) for value in raw))
    return set()


def test_every_policy_path_exists() -> None:
    policy = load_policy({}, host="pbx")
    for control in load().controls.values():
        for path in _policy_paths(control.spec):
            policy.lookup(path)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    root = tmp_path / "catalog"
    shutil.copytree(Path(str(resources.files("grundton.catalog"))), root)
    shutil.rmtree(root / "controls")
    (root / "controls").mkdir()
    return root


RECORD = """---
- id: asterisk.broken.record
  title: {en: A broken record, de: Ein kaputter Satz}
  demands: ["5.135-a"]
  component: asterisk
  severity: high
  level: basic
  impact: R1
  setting: {kind: pjsip.endpoint, want: {media_encryption: sdes}}
  why: Because this is a test and the text has to have some length.
  remedy: Change the setting.
  sources: [RFC 3711]
"""


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (RECORD.replace("severity: high", "severity: huge"), 2, "severity"),
        (RECORD.replace("5.135-a", "5.135-q"), 2, "there is no demand 5.135-q"),
        (RECORD.replace("  component: asterisk\n", ""), 2, "component"),
        (RECORD + RECORD.removeprefix("---\n"), 13, "already used"),
        (RECORD.replace("  level: basic\n", "  level: basic\n  level: basic\n"), 8, "stands twice"),
        (RECORD.replace("sdes}}", "sdes}"), 10, "YAML"),
        (RECORD.replace("media_encryption: sdes", "media_encryption: {wants: sdes}"), 9, "media_encryption"),
    ],
)
def test_a_bad_record_fails_with_file_and_line(broken: Path, text: str, line: int, words: str) -> None:
    path = broken / "controls" / "broken.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load(broken)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}:"), message
    assert words in message


def test_everything_apply_may_write_can_take_effect() -> None:
    known = load()
    names = {f"{component}.{name}" for component, table in known.activations.items() for name in table}
    wanted = {
        control.activate
        for control in known.controls.values()
        if control.fix and control.component == "asterisk" and control.activate != "none"
    }
    assert wanted <= names


def test_a_bad_activation_fails_with_file_and_line(tmp_path: Path) -> None:
    root = tmp_path / "catalog"
    shutil.copytree(Path(str(resources.files("grundton.catalog"))), root)
    path = root / "activations" / "asterisk.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("  order: 12\n", "  order: early\n"), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"asterisk\.yml:\d+: cli_permissions_reload\.order: 'early' is not of type"):
        load(root)
