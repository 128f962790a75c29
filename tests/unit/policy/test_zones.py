"""Which zone an address or endpoint is in, and what the matrix says there."""

import copy
import pickle
import time

import pytest

from grundton.policy import EncryptionCell, load_policy

VARIABLES = {
    "voip_zones": {
        "mgmt": {"kind": "management", "networks": ["10.9.0.0/24"]},
        "voice": {"kind": "endpoints", "networks": ["10.1.0.0/16", "2001:db8:1::/48"], "endpoints": ["7*"]},
        "lobby": {"kind": "public", "networks": ["10.1.9.0/24"], "endpoints": ["70*", "lobby-?"]},
        "air": {"kind": "wlan", "networks": ["10.2.0.0/24"]},
        "core": {"kind": "servers", "networks": ["10.0.0.0/24"]},
        "world": {"kind": "outside", "networks": ["0.0.0.0/0"]},
    },
    "voip_trunks": {
        "telco": {
            "networks": ["198.51.100.0/28"],
            "encryption": {"media": "optional", "reason": "provider has no SRTP"},
        },
        "branch": {"networks": ["203.0.113.7"], "endpoints": ["site-*"], "public": False},
    },
    "voip_reachability": "central",
    "voip_encryption": [
        {"between": ["endpoints", "servers"], "signalling": "required", "media": "optional", "reason": "old phones"},
        {"between": ["core", "lobby"], "signalling": "required", "media": "required"},
        {"between": ["any", "any"], "signalling": "vpn", "media": "required"},
    ],
}


@pytest.fixture
def policy():
    return load_policy(VARIABLES, host="pbx")


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("10.1.0.7", "voice"),
        ("10.1.9.7", "lobby"),
        ("2001:db8:1::7", "voice"),
        ("2001:DB8:1::7", "voice"),
        ("[2001:db8:1::7]", "voice"),
        ("fe80::1%eth0", None),
        ("::ffff:10.2.0.4", "air"),
        ("198.51.100.3", "trunk"),
        ("8.8.8.8", "world"),
        ("2a00::1", None),
        ("not an address", None),
        ("", None),
        ("10.1.0.7/24", None),
    ],
)
def test_zone_of_address(policy, address, zone):
    assert policy.zone_of_address(address) == zone


@pytest.mark.parametrize(
    ("name", "role", "address", "zone"),
    [
        ("telco", "trunk", None, "trunk/telco"),
        ("to-provider", "trunk", "198.51.100.3", "trunk/telco"),
        ("to-provider", "phone", "198.51.100.3", "trunk"),
        ("site-7", "trunk", None, "trunk"),
        ("7001", "phone", None, "lobby"),
        ("7101", "phone", "10.2.0.3", "voice"),
        ("lobby-1", "phone", None, "lobby"),
        ("6001", "phone", "10.2.0.3", "air"),
        ("6001", "phone", "8.8.8.8", "world"),
        ("6001", "phone", "2a00::1", "world"),
        ("6001", "phone", None, "voice"),
        ("6001", "", None, "voice"),
        ("6001", "webrtc", None, "softphones"),
        ("else", "trunk", None, "trunk"),
        ("else", "trunk", "2a00::1", "trunk"),
    ],
)
def test_zone_of_endpoint(policy, name, role, address, zone):
    assert policy.zone_of_endpoint(name, role, address) == zone


def test_without_zones_the_role_decides():
    policy = load_policy({}, host="pbx")
    assert policy.zone_of_endpoint("6001", "phone", "8.8.8.8") == "endpoints"
    assert policy.zone_of_endpoint("telco", "trunk") == "trunk"
    assert policy.zone_of_address("10.0.0.1") is None


def test_kinds(policy):
    assert policy.kind_of("voice") == "endpoints"
    assert policy.kind_of("trunk/telco") == "trunk"
    assert policy.kind_of("trunk") == "trunk"
    assert policy.kind_of("never heard of") == "outside"


def test_matrix(policy):
    assert policy.cell("voice") == EncryptionCell("required", "optional", "old phones")
    assert policy.cell("lobby") == EncryptionCell("required", "required", "")
    assert policy.cell("air") == EncryptionCell("vpn", "required", "")
    assert policy.cell("trunk/telco") == EncryptionCell("required", "optional", "provider has no SRTP")
    assert policy.cell("voice", "voice") == EncryptionCell("vpn", "required", "")


def test_of_equal_rules_the_stricter_word_wins():
    policy = load_policy(
        {
            "voip_zones": {"voice": {"kind": "endpoints", "networks": ["10.1.0.0/16"]}},
            "voip_encryption": [
                {"between": ["voice", "any"], "media": "optional", "reason": "a"},
                {"between": ["endpoints", "servers"], "signalling": "optional", "reason": "b"},
            ],
        },
        host="pbx",
    )
    assert policy.cell("voice") == EncryptionCell("required", "required", "a; b")


def test_networks(policy):
    assert policy.lookup("networks.management") == ["10.9.0.0/24"]
    assert policy.lookup("networks.voice") == ["10.1.0.0/16", "2001:db8:1::/48"]
    assert policy.lookup("networks.trunk") == ["203.0.113.7/32", "198.51.100.0/28"]
    assert policy.networks_of("nobody") == ()


def test_copies_are_equal(policy):
    for twin in (pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy), load_policy(VARIABLES, host="pbx")):
        assert twin == policy
        assert hash(twin) == hash(policy)
        assert twin.zone_of_address("10.1.0.7") == "voice"
        assert twin.cell("voice") == policy.cell("voice")


def test_fingerprint_is_of_the_decisions(policy):
    assert load_policy(VARIABLES, host="other").fingerprint == policy.fingerprint
    assert load_policy(VARIABLES, host="other") != policy
    changed = {**VARIABLES, "voip_reachability": "pstn_only"}
    assert load_policy(changed, host="pbx").fingerprint != policy.fingerprint
    assert policy != "something else"


def test_two_hundred_thousand_endpoints_take_seconds_at_most(policy):
    start = time.perf_counter()
    for number in range(200_000):
        policy.zone_of_endpoint(str(number), "phone", "10.1.0.7")
    assert time.perf_counter() - start < 5
