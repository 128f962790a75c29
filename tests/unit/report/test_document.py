"""The document: round trip, one order, one text form, the published schema."""

from __future__ import annotations

import copy
import json
import random
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from grundton.report import DocumentError, from_document, from_json, schema, to_document, to_json, validate


def test_round_trip_gives_the_same_document(synthetic: ModuleType) -> None:
    assessment, catalog = synthetic.assessment(12)
    document = to_document(assessment, catalog)
    again, texts = from_document(json.loads(to_json(document)))
    assert again.hosts == assessment.hosts
    assert again.measures == assessment.measures
    assert again.demands == assessment.demands
    assert sorted(again.findings, key=repr) == sorted(assessment.findings, key=repr)
    assert to_document(again, catalog) == document
    assert set(texts.measures) == set(catalog.measures)


def test_hostile_strings_survive_the_round_trip(hostile: dict[str, Any]) -> None:
    text = to_json(hostile)
    assert from_json(text.encode("utf-8")) == hostile
    assert "\u2028" not in text


def test_order_of_findings_does_not_matter(synthetic: ModuleType) -> None:
    assessment, catalog = synthetic.assessment(5)
    before = to_json(to_document(assessment, catalog))
    random.Random(4).shuffle(assessment.findings)
    assessment.hosts = dict(reversed(assessment.hosts.items()))
    assessment.measures = dict(reversed(assessment.measures.items()))
    assessment.demands = dict(reversed(assessment.demands.items()))
    assessment.counts = dict(reversed(assessment.counts.items()))
    assert to_json(to_document(assessment, catalog)) == before


def test_only_run_differs_between_two_runs(synthetic: ModuleType) -> None:
    first, second = synthetic.document(3), synthetic.document(3)
    second["run"] = {"id": "other", "started": "2030-01-01T00:00:00Z"}
    assert to_json(first) != to_json(second)
    first["run"] = second["run"] = {}
    assert to_json(first) == to_json(second)


def test_text_has_a_line_per_finding(three: dict[str, Any]) -> None:
    lines = to_json(three).splitlines()
    assert sum(line.lstrip().startswith('{"control":') for line in lines) == len(three["findings"])
    assert json.loads(to_json(three)) == three


def test_documents_are_valid(three: dict[str, Any], hostile: dict[str, Any], many: dict[str, Any]) -> None:
    for document in (three, hostile, many):
        validate(json.loads(to_json(document)))


def test_schema_is_valid_and_describes_every_field() -> None:
    published = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    bare: list[str] = []

    def look(node: Any, path: str) -> None:
        if not isinstance(node, dict):
            return
        for name, part in node.get("properties", {}).items():
            target = published["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
            if "description" not in target:
                bare.append(f"{path}.{name}")
            look(part, f"{path}.{name}")
        for key in ("items", "additionalProperties"):
            look(node.get(key), f"{path}[]")

    look(published, "")
    for name, definition in published["$defs"].items():
        look(definition, name)
    assert bare == []


@pytest.mark.parametrize(
    ("where", "value", "named"),
    [
        (("hosts", "pbx", "reached"), "yes", "hosts.pbx.reached"),
        (("findings", 0, "verdict"), "fine", "findings.0.verdict"),
        (("catalog", "controls", "asterisk.http.tls", "severity"), "worst", "asterisk.http.tls"),
    ],
)
def test_validation_names_the_place(three: dict[str, Any], where: tuple[Any, ...], value: Any, named: str) -> None:
    broken = copy.deepcopy(three)
    node: Any = broken
    for step in where[:-1]:
        node = node[step]
    node[where[-1]] = value
    with pytest.raises(DocumentError, match=named):
        validate(broken)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[]", "expected an assessment of schema grundton.assessment/1, found 'list'"),
        ('{"schema": "grundton.assessment/2"}', "found 'grundton.assessment/2'"),
        (b"\xff\xfe\x00", "not valid JSON"),
    ],
)
def test_what_is_no_assessment_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        from_json(text)


def test_a_damaged_assessment_is_refused_in_plain_words(three: dict[str, Any]) -> None:
    broken = copy.deepcopy(three)
    del broken["hosts"]["pbx"]["controls"]
    with pytest.raises(DocumentError, match="'controls' is missing"):
        from_document(broken)
    broken = copy.deepcopy(three)
    broken["findings"][0]["verdict"] = "fine"
    with pytest.raises(DocumentError, match="'fine' is not a valid Verdict"):
        from_document(broken)


def test_a_control_the_catalogue_lacks_is_an_error(synthetic: ModuleType) -> None:
    assessment, _ = synthetic.assessment(2)
    with pytest.raises(DocumentError, match=r"speaks of control asterisk.* which the catalogue does not have"):
        to_document(assessment, synthetic.catalog(0))
