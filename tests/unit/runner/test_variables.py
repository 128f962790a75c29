from __future__ import annotations

import pytest

from grundton.runner.errors import InputError
from grundton.runner.variables import plain, policy_variables, read_policy_file


def test_only_voip_variables_resolved():
    values, _ = policy_variables({"voip_b": "x", "voip_a": [1, {"k": True}], "ansible_host": "h"}, lambda value: value)
    assert values == {"voip_a": [1, {"k": True}], "voip_b": "x"}
    assert list(values) == ["voip_a", "voip_b"]


def test_plain_removes_subclasses():
    class Text(str):
        pass

    found = plain({Text("k"): (Text("v"), None, 1.5)})
    assert found == {"k": ["v", None, 1.5]}
    assert type(found["k"][0]) is str
    assert type(next(iter(found))) is str


def test_policy_file(tmp_path):
    path = tmp_path / "office.yml"
    path.write_text("---\nvoip_domain: example.org\nvoip_tls:\n  minimum: '1.3'\n")
    values, origins = read_policy_file(path)
    assert values == {"voip_domain": "example.org", "voip_tls": {"minimum": "1.3"}}
    assert origins["voip_tls"] == f"{path}:3"
    assert origins["voip_tls.minimum"] == f"{path}:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", r"office\.yml:\d+: not valid YAML"),
        ("- a\n", r"office\.yml:1: expected variables"),
        ("ansible_user: root\n", r"'ansible_user' is not a policy variable"),
        ("\x00", "not valid YAML"),
    ],
)
def test_policy_file_errors(tmp_path, text, message):
    path = tmp_path / "office.yml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_policy_file(path)


def test_policy_file_empty_missing_binary(tmp_path):
    path = tmp_path / "p.yml"
    path.write_text("")
    assert read_policy_file(path) == ({}, {})
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_policy_file(path)
    with pytest.raises(InputError, match="cannot read the policy file"):
        read_policy_file(tmp_path / "none.yml")
