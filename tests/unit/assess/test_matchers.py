"""Matchers: what a value must be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundton.assess.matchers import NotCheckableError, compile_matcher
from grundton.policy import load_policy

pytestmark = pytest.mark.unit

POLICY = load_policy(
    {
        "voip_zones": {
            "admin": {"kind": "management", "networks": ["10.1.0.0/24", "fd00:1::/64"]},
            "phones": {"kind": "endpoints", "networks": ["10.2.0.0/16"]},
        }
    },
    host="pbx",
)


@pytest.mark.parametrize(
    ("raw", "values", "wanted"),
    [
        ("yes", ["true"], True),
        ("yes", ["1"], True),
        ("yes", ["no"], False),
        ("no", ["Off"], True),
        ("sdes", ["SDES"], True),
        ("sdes", [], False),
        (60, ["60"], True),
        (60, ["60s"], True),
        (60, ["x"], False),
        ({"one_of": ["a", "b"]}, ["b"], True),
        ({"none_of": ["a"]}, ["a"], False),
        ({"none_of": ["a"]}, [], True),
        ({"not": "yes"}, ["no"], True),
        ({"min": 60, "max": 120}, ["90"], True),
        ({"min": 60, "max": 120}, ["121"], False),
        ({"min": 1}, [], False),
        ({"matches": "^[0-9]+$"}, ["12"], True),
        ({"not_matches": "x"}, ["a", "x"], False),
        ({"present": True}, [""], False),
        ({"absent": True}, [], True),
        ({"contains": "alaw"}, ["!all,alaw", "ulaw"], True),
        ({"contains_all": ["a", "b"]}, ["a,b,c"], True),
        ({"contains_none": ["g729"]}, ["alaw,G729"], False),
        ({"subset_of": ["alaw", "ulaw"]}, ["alaw"], True),
        ({"within": ["management"]}, ["10.1.0.7"], True),
        ({"within": ["admin"]}, ["[fd00:1::9]:22"], True),
        ({"within": ["management"]}, ["10.1.0.0/16"], False),
        ({"within": ["10.0.0.0/8"]}, ["10.9.9.9/255.255.255.255"], True),
        ({"within": ["management"]}, ["0.0.0.0"], False),
        ({"loopback": True}, ["127.0.0.1:5038"], True),
        ({"loopback": True}, ["::1"], True),
        ({"loopback": True}, ["0.0.0.0"], False),
        ({"loopback": True}, ["127.0.0.0/8"], False),
        ({"mode_max": "0640"}, ["0600"], True),
        ({"mode_max": "0640"}, ["0644"], False),
        ({"mode_max": "0750"}, ["4750"], False),
        ({"version_min": "22.4.1"}, ["22.10.1"], True),
        ({"version_min": "22.4.1"}, ["22.4"], False),
        ({"all": ["a", {"not": "b"}]}, ["a"], True),
        ({"any": ["a", {"absent": True}]}, [], True),
        ({"policy": "secrets.min_length"}, ["20"], True),
        ({"min": {"policy": "secrets.min_length"}}, ["19"], False),
        ({"one_of": {"policy": "codecs"}}, ["opus"], True),
    ],
)
def test_matcher(raw: Any, values: list[Any], wanted: bool) -> None:
    assert compile_matcher(raw, POLICY)(values) is wanted


def test_unknown_zone_cannot_be_checked() -> None:
    with pytest.raises(NotCheckableError, match="wlan"):
        compile_matcher({"within": ["wlan"]}, POLICY)


@given(
    st.text(),
    st.sampled_from([{"min": 1}, {"within": ["management"]}, {"loopback": True}, {"mode_max": "0640"}, "yes", 5]),
)
def test_matchers_are_total(value: str, raw: Any) -> None:
    assert compile_matcher(raw, POLICY)([value]) in (True, False)
