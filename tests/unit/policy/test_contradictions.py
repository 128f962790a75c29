"""Decisions that cannot all be meant."""

import pytest

from grundton.policy import PolicyError, load_policy

VOICE = {"kind": "endpoints", "networks": ["10.1.0.0/24"]}
MGMT = {"kind": "management", "networks": ["10.9.0.0/24"]}
LINE = {"networks": ["198.51.100.0/28"]}
WAIVER = {
    "id": "W-1",
    "control": "a.b",
    "reason": "r",
    "owner": "o",
    "approved_by": "a",
    "date": "2026-01-01",
    "until": "2027-01-01",
}


def errors(**variables):
    with pytest.raises(PolicyError) as caught:
        load_policy({f"voip_{name}": value for name, value in variables.items()}, host="pbx")
    return [str(problem) for problem in caught.value.problems]


def warnings(**variables):
    policy = load_policy({f"voip_{name}": value for name, value in variables.items()}, host="pbx")
    return [str(problem) for problem in policy.warnings]


def rule(one, other, **settings):
    return {"encryption": [{"between": [one, other], **settings}]}


ERRORS = [
    (
        {"zones": {"a": VOICE, "b": {**VOICE, "kind": "data"}}},
        "voip_zones.b.networks: 10.1.0.0/24 is already a network of zone a",
    ),
    ({"zones": {"data": VOICE}}, "this name means the kind data"),
    ({"zones": {"any": VOICE}}, "this name means every zone"),
    (
        {
            "zones": {
                "a": {"kind": "endpoints", "endpoints": ["60*"]},
                "b": {"kind": "public", "endpoints": ["60*"]},
            }
        },
        "'60*' already belongs to zone a",
    ),
    ({"protection_level": "elevated"}, "level elevated needs a zone of kind management"),
    ({"zones": {"m": {"kind": "management", "networks": ["0.0.0.0/0"]}}}, "0.0.0.0/0 is everybody"),
    ({"admin": {"networks": ["::/0"]}}, "::/0 is everybody"),
    (rule("endpoints", "servers", media="none"), "none and optional need a reason"),
    (rule("endpoints", "servers", media="optional", reason="  "), "none and optional need a reason"),
    (rule("endpoints", "moon", media="required"), "there is no zone or kind 'moon'"),
    (rule("outside", "servers", media="none", reason="r"), "'none' is not allowed towards outside (M 2.374)"),
    (rule("wlan", "servers", signalling="none", reason="r"), "'none' is not allowed towards wlan"),
    (rule("servers", "remote", media="none", reason="r"), "'none' is not allowed towards remote"),
    (rule("any", "servers", media="none", reason="r"), "towards any zone"),
    (rule("trunk", "servers", media="none", reason="r"), "a trunk over public networks"),
    (
        {"encryption": [{"between": ["endpoints", "servers"]}, {"between": ["servers", "endpoints"]}]},
        "this pair already stands in encryption[0]",
    ),
    (rule("endpoints", "servers", media="none", reason="r") | {"signalling": ["sip-udp"]}, "neither sip-tls nor wss"),
    ({"signalling": ["sip-udp"]}, "encrypted signalling is required"),
    ({"trunks": {"t": {**LINE, "zone": "moon"}}}, "there is no zone 'moon'"),
    ({"trunks": {"t": {"networks": ["0.0.0.0/0"]}}}, "far too wide"),
    ({"trunks": {"t": {**LINE, "transport": "sip-udp"}}}, "sip-udp is not a planned protocol"),
    (
        {"trunks": {"t": {**LINE, "transport": "sip-udp"}}, "signalling": ["sip-tls", "sip-udp"]},
        "sip-udp is readable, but signalling is required",
    ),
    ({"trunks": {"t": {**LINE, "encryption": {"media": "optional"}}}}, "need a reason"),
    (
        {"trunks": {"t": {**LINE, "encryption": {"media": "none", "reason": "old"}}}},
        "'none' is not allowed over public networks",
    ),
    ({"trunks": {"t": LINE}, "reachability": "none"}, "is none, but trunk t comes over public networks"),
    (
        {"zones": {"home": {"kind": "remote", "networks": ["10.8.0.0/24"]}}, "reachability": "pstn_only"},
        "zone home holds remote workers",
    ),
    ({"rtp": {"start": 20000, "end": 10000}}, "the range 20000 to 10000 is empty"),
    ({"rtp": {"start": 5000, "end": 31000}}, "covers the signalling port 5060"),
    ({"number_plan": {"blocked": ["11"]}}, "'11' would block emergency number 110"),
    ({"registration": {"min_expiry_s": 3600, "max_expiry_s": 60}}, "is larger than max_expiry_s"),
    ({"tls": {"certificate_warn_days": 1}}, "is larger than certificate_warn_days"),
    ({"capacity": {"concurrent_calls": 2}}, "leaves no call for anything else"),
    ({"waivers": [WAIVER, WAIVER]}, "'W-1' is used twice"),
    ({"waivers": [{**WAIVER, "measure": "M 5.135"}]}, "name exactly one of control, demand and measure"),
    ({"waivers": [{**WAIVER, "control": ""}]}, "name exactly one of control, demand and measure"),
    ({"waivers": [{**WAIVER, "until": "2025-01-01"}]}, "lies before the date of approval"),
]


@pytest.mark.parametrize(("variables", "message"), ERRORS)
def test_error(variables, message):
    found = errors(**variables)
    assert any(message in text for text in found), found


WARNINGS = [
    (rule("outside", "servers") | {"reachability": "none"}, "speaks of the outside"),
    ({"zones": {"a": VOICE}}, "no zone of kind management"),
    ({"zones": {"m": MGMT, "a": {"kind": "endpoints"}}}, "nothing will belong to it"),
    (
        {"zones": {"m": MGMT, "a": VOICE, "b": {"kind": "data", "networks": ["10.0.0.0/8"]}}},
        "10.1.0.0/24 lies inside 10.0.0.0/8 of zone b",
    ),
    (rule("outside", "servers", media="optional", reason="r"), "'optional' protects nobody towards outside"),
    ({"zones": {"m": MGMT}, "trunks": {"t": LINE}, "reachability": "central"}, "lies in no declared zone"),
    ({"trunks": {"t": {}}, "reachability": "central"}, "no peer addresses"),
    ({"trunks": {"t": LINE}}, "is none, but trunk t comes over public networks"),
    ({"signalling": ["sip-tls", "sip-udp"]}, "sip-udp is planned, but every zone requires encryption"),
    ({"scenarios": ["provider_trunk"]}, "voip_trunks is empty"),
    ({"scenarios": ["webrtc"]}, "voip_signalling has no wss"),
    ({"protection_level": "elevated", "zones": {"m": MGMT}}, "asks for physical separation"),
    ({"capacity": {"concurrent_calls": 9000, "users": 9000}}, "9000 calls need 36000 ports"),
    ({"capacity": {"concurrent_calls": 9, "users": 8}}, "more calls than users"),
    ({"nat_method": "alg"}, "M 5.137"),
    ({"logging": {"central_server": "log", "tls_required": False}}, "call data travels readable"),
    ({"srtp": {"optimistic": True}}, "best-effort"),
    ({"signalling": ["sip-tls", "sip-tls"]}, "names an element more than once"),
]


@pytest.mark.parametrize(("variables", "message"), WARNINGS)
def test_warning(variables, message):
    found = warnings(**variables)
    assert any(message in text for text in found), found


@pytest.mark.parametrize(
    "variables",
    [
        {"zones": {"m": MGMT, "a": VOICE, "world": {"kind": "outside", "networks": ["0.0.0.0/0", "::/0"]}}},
        {
            "trunks": {"t": {**LINE, "public": False}},
            "encryption": [
                {"between": ["trunk", "servers"], "signalling": "none", "media": "none", "reason": "dark fibre"}
            ],
        },
        rule("endpoints", "servers", media="vpn", signalling="vpn"),
    ],
)
def test_nothing_to_say(variables):
    assert warnings(**variables) == []


def test_a_weak_line_of_its_own_needs_a_planned_protocol():
    line = {
        **LINE,
        "transport": "sip-udp",
        "encryption": {"signalling": "optional", "media": "optional", "reason": "provider cannot"},
    }
    assert warnings(trunks={"t": line}, signalling=["sip-tls", "sip-udp"], reachability="pstn_only") == []
