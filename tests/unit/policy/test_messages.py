"""Messages name the place, the value and the way out; never a secret."""

import pickle

import pytest

from grundton.policy import PolicyError, load_policy


def problems(variables, origins=None):
    with pytest.raises(PolicyError) as caught:
        load_policy(variables, host="pbx", origins=origins)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_at_once():
    found = problems({"voip_tls": {"minimum": "1.0", "rsa_bits": 1024}, "voip_qos": {"media": "gold"}})
    assert len(found) == 3


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"voip_secret": {}}, "voip_secret: there is no such variable. Did you mean 'voip_secrets'?"),
        ({"voip_xyzzy": 1}, "voip_xyzzy: there is no such variable; see docs/reference/policy.md."),
        ({"voip_tls": {"cyphers": []}}, "voip_tls: there is no setting 'cyphers'. Did you mean 'ciphers'?"),
        (
            {"voip_tls": {"minimum": 1.1}},
            "voip_tls.minimum: expected one of 1.2, 1.3 (did you mean '1.3'?), found '1.1'.",
        ),
        (
            {"voip_retention": {"cdr_days": 0}},
            "voip_retention.cdr_days: expected a number of days from 1 to 3650, found 0.",
        ),
        (
            {"voip_retention": {"cdr_days": True}},
            "voip_retention.cdr_days: expected a whole number of days, found true.",
        ),
        (
            {"voip_backup": {"remote_required": "maybe"}},
            "voip_backup.remote_required: expected true or false, found 'maybe'.",
        ),
        (
            {"voip_zones": {"voice": {"kind": "endpoints", "networks": ["10.1.0.7/24"]}}},
            "voip_zones.voice.networks[0]: expected a network without host bits (did you mean '10.1.0.0/24'?), "
            "found '10.1.0.7/24'.",
        ),
        (
            {"voip_zones": {"voice": {"networks": []}}},
            "voip_zones.voice: 'kind' is missing. What lives in the zone. "
            "Controls and the matrix speak of kinds, so a zone may have any name.",
        ),
        (
            {"voip_zones": {"my zone": {"kind": "data"}}},
            "voip_zones: the name 'my zone' cannot be used. Write a letter, then letters, digits, '-' or '_'.",
        ),
        ({"voip_zones": []}, "voip_zones: expected a mapping from name to settings, found a list of 0."),
        ({"voip_signalling": "sip-tls"}, "voip_signalling: expected a list, found 'sip-tls'."),
        ({"voip_signalling": []}, "voip_signalling: expected a list with at least one element, found a list of 0."),
        ({"voip_reachability": None}, "found nothing."),
        ({"voip_domain": "{{ domain }}"}, "voip_domain: holds a template that was not resolved."),
        ({"voip_tls": {"ciphers": ["HIGH:!aNULL"]}}, "expected one OpenSSL cipher name, not a cipher string"),
    ],
)
def test_message(variables, message):
    assert any(message in found for found in problems(variables)), problems(variables)


def test_a_waiver_needs_an_end_date():
    waiver = {
        "id": "W-1",
        "control": "asterisk.endpoint.srtp",
        "reason": "old phones",
        "owner": "CIO",
        "approved_by": "CISO",
        "date": "2026-11-01",
    }
    assert problems({"voip_waivers": [waiver]}) == [
        "voip_waivers[0]: 'until' is missing. Last day it holds. No end date, no waiver."
    ]
    waiver["until"] = "2027-02-30"
    assert "expected a day that exists" in problems({"voip_waivers": [waiver]})[0]


SECRET = "Tr0ub4dor-and-3-horses"


@pytest.mark.parametrize(
    "variables",
    [
        {"voip_secrets": SECRET},
        {"voip_secrets": {"min_length": SECRET}},
        {"voip_secrets": {"password": SECRET}},
        {"voip_trunks": {"telco": {"secret": SECRET}}},
        {"voip_trunks": {"telco": {"networks": f"sip://user:{SECRET}@host"}}},
        {"voip_logging": {"central_server": f"https://user:{SECRET}@log"}},
        {"voip_secrets": {"digests": [SECRET]}},
        {"voip_domain": f"password {SECRET}"},
        {"voip_signalling": {"x": SECRET}},
    ],
)
def test_no_secret_in_a_message(variables):
    assert SECRET not in "\n".join(problems(variables))


def test_secrets_are_told_not_to_be_here():
    assert "a policy holds rules, never secrets" in problems({"voip_trunks": {"telco": {"secret": "x"}}})[0]


def test_vaulted_values_are_named_not_shown():
    found = problems({"voip_domain": "$ANSIBLE_VAULT;1.1;AES256\n6162"})
    assert found == ["voip_domain: is vault-encrypted and was not decrypted. Policies hold no secrets."]


def test_origin_is_the_nearest_known_place():
    origins = {"voip_tls": "group_vars/all.yml:3", "voip_tls.minimum": "group_vars/all.yml:5"}
    found = problems({"voip_tls": {"minimum": "1.0", "rsa_bits": 1}}, origins)
    assert found[0].startswith("group_vars/all.yml:5: voip_tls.minimum: ")
    assert found[1].startswith("group_vars/all.yml:3: voip_tls.rsa_bits: ")


def test_error_text_counts_and_names_the_host():
    with pytest.raises(PolicyError, match=r"The policy of pbx has 1 problem:\n  voip_qos: expected a mapping"):
        load_policy({"voip_qos": 3}, host="pbx")


def test_error_travels_between_processes():
    with pytest.raises(PolicyError) as caught:
        load_policy({"voip_qos": 3}, host="pbx")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_variables_that_are_none():
    with pytest.raises(PolicyError):
        load_policy([], host="pbx")  # type: ignore[arg-type]


def test_what_ini_inventories_and_yaml_make_of_values():
    policy = load_policy(
        {
            "voip_tls": {"minimum": 1.3, "rsa_bits": "4096", "verify_server": "yes"},
            "voip_number_plan": {"emergency": [110, 112], "country": 43},
        },
        host="pbx",
    )
    assert policy.tls.minimum == "1.3"
    assert policy.tls.rsa_bits == 4096
    assert policy.tls.verify_server is True
    assert policy.number_plan.emergency == ("110", "112")
    assert policy.number_plan.country == "43"
