"""The page as text: self-contained, escaped, complete without JavaScript. How it behaves: tests/browser."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest

from grundton.report import from_json, render_html, to_json
from grundton.report.compact import payload
from grundton.report.narrative import brief


class Page(HTMLParser):
    """Elements, ids, and the text of script and style elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in ("script", "style") and self.cdata_elem:
            self.raw.append((self.elements[-1][0], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(three: dict[str, Any]) -> str:
    return render_html(three)


def test_it_needs_nothing_but_itself(page: str) -> None:
    parsed = Page(page)
    assert not parsed.all("img")
    assert not parsed.all("iframe")
    assert [link for link in parsed.all("link") if link["href"] != "data:,"] == []
    assert [script for script in parsed.all("script") if "src" in script] == []
    assert not re.search(r"https?://", page)
    assert "url(" not in page
    assert "@import" not in page


def test_policy_allows_exactly_our_script_and_style(page: str) -> None:
    policy = next(meta["content"] for meta in Page(page).all("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert source is not None
        digest = base64.b64encode(hashlib.sha256(source[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_there_are_no_inline_styles_or_handlers(hostile: dict[str, Any]) -> None:
    for _, attributes in Page(render_html(hostile)).elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    parsed = Page(page)
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in parsed.all("a"):
        target = (link["href"] or "").removeprefix("#")
        assert target in ids or target.startswith("c-"), target


def test_without_javascript_summary_and_measures_are_there(page: str, three: dict[str, Any]) -> None:
    body = page.split('<script type="application/json"')[0]
    for measure, text in three["catalog"]["measures"].items():
        assert measure in body
        assert text["title"]["en"] in body
        assert text["title"]["de"] in body
    for demand in three["demands"]:
        assert f">{demand}<" in body
    assert "No endpoint accepts calls from anybody" in body
    assert "control socket /run/asterisk/asterisk.ctl: permission denied" in body
    assert "decision missing" in body
    assert "<noscript>" in body


def test_hostile_names_stay_text(hostile: dict[str, Any], synthetic: ModuleType) -> None:
    text = render_html(hostile)
    assert "<script>window" not in text
    assert "</script><script" not in text
    assert "<img" not in text
    assert "<svg onload" not in text
    assert "{{ 7*7 }} {% raw %} ${7*7} &amp;amp; &amp;lt;b&amp;gt;" in text
    assert "\u2028" not in text
    assert "\x1b" not in text
    text.encode("utf-8")
    assert len(Page(text).all("script")) == 2


def test_data_block_is_inert_and_whole(hostile: dict[str, Any]) -> None:
    block = re.search(
        r'<script type="application/json" id="report-data">(.*?)</script>', render_html(hostile), re.DOTALL
    )
    assert block is not None
    assert not re.search(r"[<>&\u2028\u2029]", block[1])
    assert json.loads(block[1]) == json.loads(json.dumps(payload(hostile)))


def test_payload_has_every_finding(many: dict[str, Any]) -> None:
    data = payload(many)
    assert sum(data["per_control"]) == len(many["findings"])
    ids = data["finding"]["id"]
    assert sorted(ids[n : n + 12] for n in range(0, len(ids), 12)) == sorted(f["id"] for f in many["findings"])
    assert {len(column) for key, column in data["finding"].items() if key != "id"} == {len(many["findings"])}


def test_findings_that_share_an_id_are_told_apart(one: dict[str, Any]) -> None:
    document = copy.deepcopy(one)
    document["findings"].append(copy.deepcopy(document["findings"][-1]))
    assert payload(document)["twins"] == {len(document["findings"]) - 1: 2}


def test_same_document_same_page(three: dict[str, Any], page: str) -> None:
    assert render_html(from_json(to_json(three))) == page


def test_language_and_gate_come_from_the_caller(three: dict[str, Any]) -> None:
    german = render_html(three, "de", fail_on="never")
    assert '<html lang="de" data-lang="de"' in german
    assert "keine Schwelle gesetzt" in german


def test_a_demand_names_its_controls_with_their_verdicts(page: str) -> None:
    row = re.search(r">4\.291-c<.*?</tr>", page, re.DOTALL)
    assert row is not None
    answers = re.findall(r'f-(\w+)" aria-hidden="true">.</span><a [^>]*>([^<]+)</a>', row[0])
    assert answers == [("fail", "asterisk.auth.secret_strength"), ("pass", "asterisk.voicemail.pin")]


def test_the_summary_keeps_to_whole_sentences() -> None:
    text = "One is short. " + "Two goes on and on " * 12 + "to its end. Three."
    assert brief(text) == "One is short."
    assert brief("Only one, " * 60) == "Only one, " * 60
    assert brief("A. B. C.") == "A. B. C."


def test_no_host_still_makes_a_page(one: dict[str, Any]) -> None:
    document = copy.deepcopy(one)
    document.update(hosts={}, findings=[])
    for result in (*document["measures"].values(), *document["demands"].values()):
        result["hosts"] = {}
    assert "No host could be audited." in render_html(document)


def test_a_thousand_hosts_stay_small(synthetic: ModuleType) -> None:
    few, more = len(render_html(synthetic.document(50, 40))), len(render_html(synthetic.document(250, 40)))
    per_host = (more - few) / 200
    assert per_host < 4000
