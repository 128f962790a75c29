"""The terminal view: what stands first, filters, width, no colour, nothing hidden."""

from __future__ import annotations

import copy
import io
import re
from types import ModuleType
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from grundton.report.terminal import FilterError, TerminalOptions, render_terminal, render_text


def shown(document: dict[str, Any], width: int = 80, **options: Any) -> str:
    stream = io.StringIO()
    render_terminal(document, Console(file=stream, width=width), TerminalOptions(**options))
    return stream.getvalue()


def test_the_verdict_stands_first(three: dict[str, Any]) -> None:
    head = shown(three).split("Measure  Title")[0]
    assert "3 hosts: pbx, pbx-berlin, sbc" in head
    assert "asterisk 22.10.1 (3)" in head
    assert re.search(r"Measures +6 not fulfilled · 11 partly · 5 not assessed · 1 dispensable", head)
    assert re.search(r"Gate +NOT MET", head)
    assert "Not checked  2 controls" in head
    assert len(head.splitlines()) < 12


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("verbose", [False, True])
def test_it_fits_eighty_columns(hostile: dict[str, Any], many: dict[str, Any], language: str, verbose: bool) -> None:
    for document in (hostile, many):
        for line in shown(document, language=language, verbose=verbose).splitlines():
            assert cell_len(line) <= 80, line


def test_every_measure_is_listed(one: dict[str, Any]) -> None:
    text = shown(one)
    for measure in one["measures"]:
        assert re.search(rf"^{re.escape(measure)} ", text, re.MULTILINE)


def test_worst_comes_first(three: dict[str, Any]) -> None:
    found = re.findall(r"^ *\d+   (CRITICAL|HIGH|MEDIUM|LOW) ", shown(three, verbose=True), re.MULTILINE)
    assert found == sorted(found, key=["CRITICAL", "HIGH", "MEDIUM", "LOW"].index)
    assert len(found) == 19


def test_a_finding_says_what_where_and_what_to_do(three: dict[str, Any]) -> None:
    text = shown(three)
    assert "6001-6031, 6040" in text
    assert re.search(r"✕ bindaddr +expected a loopback address", text)
    assert re.search(r"found +0\.0\.0\.0 +\(files\)", text)
    assert re.search(r"at +/etc/asterisk/manager\.conf:42", text)
    assert re.search(r"found +from-internal +\(/etc/asterisk/pjsip\.conf:32\)", text)
    assert "section [general] of manager.conf" in text


def test_long_names_stand_above_their_values(three: dict[str, Any]) -> None:
    document = copy.deepcopy(three)
    key = "80@dienste VoiceMailMain(${CALLERID(num)}@office,s)"
    for finding in document["findings"]:
        if finding["control"] == "asterisk.dialplan.demo" and finding["verdict"] == "fail":
            finding["details"] = [{**finding["details"][0], "key": key, "actual": f"way {n}"} for n in range(60)]
    text = shown(document)
    assert f"✕ {key}\n" in re.sub(" +\n", "\n", text)
    assert "way 3 " in text
    assert "way 4 " not in text
    assert "… 56 more" in text
    assert text.count("no demo, no default") == 1
    assert "way 49 " in shown(document, verbose=True)


def test_square_brackets_are_not_markup(three: dict[str, Any]) -> None:
    assert "Delete the endpoint [anonymous]" in shown(three)


def test_what_was_left_out_is_counted(three: dict[str, Any], many: dict[str, Any]) -> None:
    assert "… 4 more: --verbose shows all" in shown(three)
    assert re.search(r"… \d+ more", shown(many))


def test_reasons_for_not_checking_are_always_there(many: dict[str, Any]) -> None:
    text = shown(many)
    assert "control socket /run/asterisk/asterisk.ctl: permission denied" in text
    assert "Could not be read: runtime:pjsip" in text
    assert "1 not reached: pbx-60" in text
    assert "No route to host" in text


def test_waivers_and_warnings_are_shown(many: dict[str, Any]) -> None:
    text = shown(many)
    assert re.search(r"Waived: \d+", text)
    assert "W-2026-07" in text
    assert "waiver W-2025-11 covers nothing any more" in text


def test_verbose_adds_evidence(three: dict[str, Any]) -> None:
    brief, verbose = shown(three), shown(three, verbose=True)
    for part in ("Passes", "why ", "sources ", "RFC 3711", "Demands that are open", "decision missing"):
        assert part not in brief
        assert part in verbose


def test_measure_filter(three: dict[str, Any]) -> None:
    for spelling in ("M 4.291", "4.291", "M4.291"):
        text = shown(three, measures=[spelling])
        assert "M 4.287  " not in text
        assert "asterisk.dialplan.demo" in text
        assert "asterisk.manager.bind" not in text


def test_host_filter_takes_patterns(three: dict[str, Any]) -> None:
    text = shown(three, hosts=["pbx*"])
    assert "2 hosts: pbx, pbx-berlin (of 3)" in text
    assert "sbc" not in text.split("Findings")[1]


def test_severity_is_the_least_shown(three: dict[str, Any]) -> None:
    text = shown(three, severity="high")
    assert " CRITICAL " in text
    assert " HIGH " in text
    assert " MEDIUM " not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measures": ["M 9.9"]}, "there is no measure M 9.9; known are M 2.372"),
        ({"hosts": ["nobody"]}, "no host of this assessment matches 'nobody'"),
        ({"severity": "bad"}, "severity 'bad' is none of critical, high, medium, low"),
    ],
)
def test_a_filter_that_matches_nothing_is_an_error(three: dict[str, Any], options: Any, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        shown(three, **options)


def test_german(three: dict[str, Any]) -> None:
    text = shown(three, language="de")
    for part in ("NICHT ERREICHT", "Maßnahme", "nicht erfüllt", "KRITISCH", "Kein Endpunkt nimmt Anrufe"):
        assert part in text


def test_no_colour_without_a_terminal(three: dict[str, Any]) -> None:
    assert "\x1b" not in shown(three)


def test_no_color_is_obeyed(three: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    render_terminal(three, Console(file=stream, width=80, force_terminal=True))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", stream.getvalue())


def test_a_terminal_gets_colour(three: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    render_terminal(three, Console(file=stream, width=80, force_terminal=True, color_system="standard"))
    assert "\x1b[" in stream.getvalue()


def test_hosts_cannot_write_to_the_terminal(hostile: dict[str, Any]) -> None:
    text = render_text(hostile)
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert "right\\u202eto left" in text
    text.encode("utf-8")


def test_text_file_is_plain_and_complete(three: dict[str, Any]) -> None:
    text = render_text(three)
    assert max(map(cell_len, text.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in text.splitlines())
    for finding in three["findings"]:
        if finding["verdict"] == "fail":
            assert finding["id"] in text


def test_nothing_fails(synthetic: ModuleType, one: dict[str, Any]) -> None:
    document = copy.deepcopy(one)
    document["findings"] = [finding for finding in document["findings"] if finding["verdict"] == "pass"]
    assert "Nothing that was checked fails." in shown(document)


def test_no_host(one: dict[str, Any]) -> None:
    document = copy.deepcopy(one)
    document.update(hosts={}, findings=[])
    text = shown(document)
    assert "No host was assessed." in text
    assert "NOT MET" in text
