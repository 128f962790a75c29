"""Schema and reference page come from the declarations and are up to date."""

import json

import pytest
from jsonschema import Draft202012Validator

from grundton.policy import Policy, json_schema
from grundton.policy.generate import SCHEMA, generated, main, stale
from grundton.policy.option import options_of, walk


def test_nothing_is_stale():
    assert stale() == [], "run: python -m grundton.policy.generate"
    assert main(["--check"]) == 0


def test_schema_is_valid_and_published():
    Draft202012Validator.check_schema(json_schema())
    assert json.loads(SCHEMA.read_text("utf-8")) == json_schema()


def test_page_names_every_variable_and_key():
    page = next(text for path, text in generated().items() if path.suffix == ".md")
    for option in options_of(Policy):
        assert f"## `voip_{option.name}`" in page
    for option in walk(options_of(Policy)):
        if option.name and option.path != option.name:
            assert f"{option.name}`" in page, option.path


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"ansible_host": "x"},
        {"voip_tls": {"minimum": "1.3"}},
        {"voip_zones": {"voice": {"kind": "endpoints", "networks": ["10.0.0.0/8"]}}},
        {"voip_domain": ""},
        {f"voip_{name}": value for name, value in Policy().to_dict().items()},
    ],
)
def test_schema_accepts(variables):
    Draft202012Validator(json_schema()).validate(variables)


@pytest.mark.parametrize(
    "variables",
    [
        {"voip_tlss": {}},
        {"voip_tls": {"minimum": "1.0"}},
        {"voip_tls": {"x": 1}},
        {"voip_zones": {"voice": {}}},
        {"voip_zones": {"a b": {"kind": "data"}}},
        {"voip_signalling": []},
        {"voip_waivers": [{"id": "W-1"}]},
    ],
)
def test_schema_refuses(variables):
    assert not Draft202012Validator(json_schema()).is_valid(variables)
