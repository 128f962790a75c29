from __future__ import annotations

from pathlib import Path

import pytest

from grundton.catalog import load
from grundton.cli.output import View
from grundton.plan.selection import measure_id


@pytest.mark.parametrize("text", ["M 5.135", "M5.135", "m5.135", " 5.135 ", "m 5.135"])
def test_measure_however_typed(text):
    assert measure_id(text) == "M 5.135"


def test_measures_lists_all_23(grundton):
    shown = grundton("measures")
    assert shown.code == 0
    assert sum(line.startswith("M ") for line in shown.out.splitlines()) == 23


@pytest.mark.parametrize("words", [["M5.135"], ["M", "5.135"], ["M 5.135"], ["5.135"]])
def test_show_a_measure(grundton, words):
    shown = grundton("measures", "show", *words)
    assert shown.code == 0
    assert shown.out.startswith("M 5.135")
    for demand in load().measures["M 5.135"].demands:
        assert demand.id in shown.out


def test_languages(grundton):
    measure = load().measures["M 5.135"]
    assert measure.title.de in grundton("measures", "show", "5.135", "--lang", "de").out
    assert measure.title.en in grundton("measures", "show", "5.135").out


def test_every_control_can_be_explained(grundton):
    for control in load().controls.values():
        shown = grundton("explain", control.id)
        assert shown.code == 0, shown.err
        assert control.title.en in shown.out


def test_controls_of_a_measure(grundton):
    shown = grundton("controls", "--measure", "M5.135")
    wanted = {control.id for control in load().controls.values() if "M 5.135" in control.measures}
    assert wanted
    assert {line.split()[0] for line in shown.out.splitlines()[1:]} == wanted


def test_format_follows_the_file_name():
    assert View().format == "terminal"
    assert View(output=Path("x.HTML")).format == "html"
    assert View(output=Path("x.json")).format == "json"
    assert View(output=Path("x.txt")).format == "terminal"
    assert View(output=Path("x.json"), fmt="html").format == "html"
