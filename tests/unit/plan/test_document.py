"""The plan as a document and how it is shown: valid, complete, harmless."""

from __future__ import annotations

import copy
from html import unescape

import pytest
from tests.unit.assess.documents import config, runtime, snapshot
from tests.unit.plan.making import plan_of, srtp

from grundton.catalog import load
from grundton.catalog.loading import control_from_record
from grundton.plan import Selection, SelectionError, read_selection
from grundton.plan.document import host_document, missed_host, not_agreed, to_document
from grundton.plan.html import render_html
from grundton.plan.terminal import render_text
from grundton.plan.validate import PlanDocumentError, validate

HOSTILE = "\x1b[31m<script>alert(1)</script>\u202e"


def document(agent: str = "Snom 320", **more):
    from dataclasses import replace

    record = srtp(breaks="contacts_without_srtp")
    shot = snapshot(
        config("pjsip.endpoint", "6001", aors="6001"),
        runtime(
            "pjsip.contact", "6001;@1", aor="6001", endpoint="6001", address="10.0.0.7:5060",
            uri="sip:6001@10.0.0.7", user_agent=agent, registered="yes",
        ),
    )  # fmt: skip
    selection = Selection(accept_breaks=True)
    made = control_from_record(record, "test.yml")
    known = replace(load(), controls={made.id: made})
    hosts = {"pbx1": host_document(plan_of([record], shot, selection)), "pbx2": missed_host("unreachable: no route")}
    return to_document(hosts, selection, known, {"id": "20261123T180000Z-3fa9c1", "planned_at": "2026-11-23T18:00:00Z"})


def test_the_document_is_valid_and_counts():
    found = document()
    validate(found)
    assert found["counts"] == {"changes": 1, "hosts_changed": 1, "held": 0, "missed": 1}


def test_a_document_that_is_none_is_refused_with_the_place():
    found = document()
    del found["hosts"]["pbx1"]["changes"][0]["value"]
    with pytest.raises(PlanDocumentError, match=r"hosts\.pbx1\.changes\.0"):
        validate(found)


def test_the_text_says_everything_that_matters():
    text = render_text(document())
    for words in (
        "pbx1: 1 value of 1 control", "M 5.135", "media_encryption: no (default) → sdes", "/etc/asterisk/pjsip.conf:1",
        "asterisk -rx module reload res_pjsip.so", "Calls and registrations stay", "Snom 320 at 10.0.0.7:5060",
        "pbx2: unreachable: no route", "Nothing has been changed",
    ):  # fmt: skip
        assert words in text


def test_what_a_host_says_is_shown_harmlessly():
    found = document(agent=HOSTILE)
    for shown in (render_text(found), render_html(found)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\x1b[31m" in shown
    assert "<script" not in render_html(found)
    assert "<script>alert(1)</script>" in unescape(render_html(found))


def test_the_page_needs_nothing_from_elsewhere():
    page = render_html(document())
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page


def test_only_what_was_agreed_is_applied():
    agreed = document()["hosts"]["pbx1"]
    now = copy.deepcopy(agreed)
    assert not_agreed(agreed, now) == []
    now["changes"].append({**agreed["changes"][0], "object": "6002"})
    assert not_agreed(agreed, now) == ["pjsip.endpoint 6002: media_encryption=sdes"]


def test_names_are_read_however_they_are_typed():
    known = load()
    chosen = read_selection(
        "M5.135, 4.287", ["asterisk.endpoint.srtp,asterisk.rtp.strict"], known.measures, known.controls
    )
    assert chosen.measures == {"M 5.135", "M 4.287"}
    assert chosen.controls == {"asterisk.endpoint.srtp", "asterisk.rtp.strict"}
    assert read_selection([], "", known.measures, known.controls) == Selection()


@pytest.mark.parametrize(
    ("measures", "controls", "said"),
    [
        ("M5.999", [], "there is no measure M 5.999"),
        ([], ["asterisk.endpoint.srt"], "did you mean asterisk.endpoint.srtp"),
    ],
)
def test_unknown_names_are_refused(measures, controls, said):
    known = load()
    with pytest.raises(SelectionError, match=said):
        read_selection(measures, controls, known.measures, known.controls)
