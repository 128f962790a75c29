"""A host nobody wrote a policy for gets the secure one."""

import pytest

from grundton.policy import Policy, argument_spec, deviations, load_policy
from grundton.policy.lookup import paths_of
from grundton.policy.option import options_of, walk

SECURE = {
    "protection_level": "standard",
    "reachability": "none",
    "signalling": ["sip-tls"],
    "tls.minimum": "1.2",
    "tls.verify_server": True,
    "srtp.optimistic": False,
    "srtp.tag_32": False,
    "rtp.strict": True,
    "secrets.min_length": 20,
    "secrets.pin_min_length": 6,
    "number_plan.emergency": ["110", "112"],
    "number_plan.international": False,
    "retention.security_log_days": 90,
    "logging.tls_required": True,
    "backup.max_age_hours": 26,
    "backup.restore_drill_max_age_days": 100,
    "backup.remote_required": True,
    "admin.ssh_password_login": False,
    "admin.ami_allowed": False,
    "features.recording": False,
    "qos.signalling": "cs3",
    "qos.media": "ef",
}


@pytest.mark.parametrize(("path", "value"), SECURE.items())
def test_secure_default(path, value):
    assert load_policy({}, host="pbx").lookup(path) == value


def test_everything_is_encrypted_by_default():
    policy = load_policy({}, host="pbx")
    for zone in ("endpoints", "trunk", "outside", "wlan", "remote", "softphones", "never-heard-of"):
        assert (policy.cell(zone).signalling, policy.cell(zone).media) == ("required", "required")


def test_a_host_without_policy_is_quiet():
    policy = load_policy({"ansible_host": "192.0.2.1", "other": object()}, host="pbx")
    assert policy.warnings == ()
    assert policy.stated == frozenset()
    assert policy.decided_demands() == {}
    assert deviations(policy) == ()


def test_every_decision_is_declared_in_full():
    for option in walk(options_of(Policy)):
        assert option.meta.doc.endswith((".", "?")), option.path
        if option.kind == "int":
            assert option.meta.unit, option.path
            assert option.meta.minimum is not None, option.path
            assert option.meta.maximum is not None, option.path
        if option.meta.weaker:
            assert option.meta.secure, option.path


def test_every_variable_decides_something():
    for option in options_of(Policy):
        assert option.meta.demands, option.name


def test_defaults_pass_their_own_reader():
    plain = Policy().to_dict()
    again = load_policy({f"voip_{name}": value for name, value in plain.items()}, host="")
    assert again.to_dict() == plain


def test_deviations_name_what_protects_less():
    policy = load_policy(
        {
            "voip_secrets": {"min_length": 12, "pin_min_length": 8},
            "voip_admin": {"ssh_password_login": True},
            "voip_trunks": {"line": {"networks": ["192.0.2.1"], "public": False}},
        },
        host="pbx",
    )
    assert [found.path for found in deviations(policy)] == [
        "secrets.min_length",
        "trunks.line.public",
        "admin.ssh_password_login",
    ]


def test_every_path_can_be_looked_up():
    policy = Policy()
    paths = [path for path in paths_of(Policy) if not path.startswith("trunks.")]
    assert len(paths) > 120
    for path in paths:
        policy.lookup(path)


def test_argument_spec_covers_every_variable_and_key():
    spec = argument_spec()
    assert set(spec) == {f"voip_{option.name}" for option in options_of(Policy)}
    assert spec["voip_tls"]["options"]["minimum"]["choices"] == ["1.2", "1.3"]
    assert spec["voip_tls"]["options"]["rsa_bits"]["default"] == 3072
    assert spec["voip_encryption"]["elements"] == "dict"
    assert spec["voip_encryption"]["options"]["between"]["required"] is True
    assert spec["voip_zones"]["type"] == "dict"
