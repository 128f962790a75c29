"""Dotted paths."""

import json

import pytest

from grundton.policy import UnknownPathError, load_policy

POLICY = load_policy(
    {
        "voip_zones": {"voice": {"kind": "endpoints", "networks": ["10.1.0.0/24"]}},
        "voip_trunks": {"telco": {"networks": ["192.0.2.0/28"]}},
        "voip_reachability": "central",
    },
    host="pbx",
    origins={"voip_reachability": "a.yml:7", "ansible_host": "a.yml:1"},
)


def test_plain_values():
    assert POLICY.lookup("zones.voice.networks") == ["10.1.0.0/24"]
    assert POLICY.lookup("zones")["voice"]["kind"] == "endpoints"
    assert POLICY.lookup("trunks.telco.public") is True
    assert POLICY.lookup("trunks.telco.encryption") is None
    assert POLICY.lookup("secrets")["min_length"] == 20
    json.dumps(POLICY.to_dict())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("secrets.minimum_length", "there is no 'minimum_length' below 'secrets'. Did you mean 'secrets.min_length'?"),
        ("secret.min_length", "there is no 'secret' in the policy. Did you mean 'secrets'?"),
        ("zones.vioce", "Did you mean 'zones.voice'?"),
        ("secrets.min_length.more", "there is no 'more' below 'secrets.min_length'"),
        ("qqqq", "there is no 'qqqq' in the policy"),
        ("", "there is no '' in the policy"),
        ("host", "there is no 'host' in the policy"),
        ("networks.moon", "there is no 'networks' in the policy"),
        ("__class__", "there is no '__class__' in the policy"),
    ],
)
def test_unknown_path(path, message):
    with pytest.raises(UnknownPathError) as caught:
        POLICY.lookup(path)
    assert message in str(caught.value)
    assert isinstance(caught.value, KeyError)


def test_levels():
    assert POLICY.includes("basic")
    assert POLICY.includes("standard")
    assert not POLICY.includes("elevated")


def test_decided_and_where():
    assert POLICY.decided("zones.voice")
    assert not POLICY.decided("encryption")
    assert POLICY.decided_demands() == {"2.372-f": "reachability", "4.289-b": "reachability"}
    assert POLICY.origin("reachability") == "a.yml:7"
    assert POLICY.origin("secrets.min_length") == ""
