"""The evaluators: what passes, what fails, and that nothing unread ever passes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.assess.documents import config, control, runtime, snapshot, system

from grundton.assess import HostInput, assess
from grundton.catalog import Catalog, load
from grundton.catalog.loading import control_from_record
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.model.verdict import Verdict
from grundton.policy import load_policy
from grundton.records import Records

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DEFAULTS = {
    "asterisk": {
        "pjsip.endpoint": {
            "media_encryption": "no",
            "direct_media": "yes",
            "unset_by_code": None,
            "gated": {"ranges": [{"branch": "20", "until": "20.18.2", "value": "yes"}], "value": "no"},
        },
        "rtp.general": {"rtpstart": "5000"},
    }
}


def catalog_of(record: dict[str, Any]) -> Catalog:
    made = control_from_record(record, "test.yml")
    return Catalog("test", load().measures, {made.id: made}, DEFAULTS, {}, {})


def judge(record: dict[str, Any], shot: Snapshot, **policy: Any) -> list[Finding]:
    variables = load_policy({f"voip_{key}": value for key, value in policy.items()}, host="pbx1")
    return assess([HostInput("pbx1", shot, variables)], catalog_of(record), Records(), NOW).findings


SRTP = control(setting={"kind": "pjsip.endpoint", "want": {"media_encryption": {"one_of": ["sdes", "dtls"]}}})


def endpoint(name: str, line: int = 1, **values: Any) -> dict[str, Any]:
    return config("pjsip.endpoint", name, line, **values)


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {name: finding.verdict.value for finding in findings for name in finding.objects}


def test_setting_is_judged_per_object_and_grouped_by_place() -> None:
    findings = judge(
        SRTP,
        snapshot(
            endpoint("1", 10, media_encryption="sdes"),
            endpoint("2", 20, media_encryption="SDES"),
            endpoint("3", 30, media_encryption="no"),
            endpoint("4", 30, media_encryption="no"),
            endpoint("5", 50),
        ),
    )
    assert verdicts(findings) == {"1": "pass", "2": "pass", "3": "fail", "4": "fail", "5": "fail"}
    (shared,) = [finding for finding in findings if "3" in finding.objects]
    assert shared.objects == ("3", "4")
    assert shared.details[0].location == "/etc/asterisk/pjsip.conf:31"
    (default,) = [finding for finding in findings if "5" in finding.objects]
    assert default.details[0].actual == "no (default)"
    assert default.details[0].is_default


def test_the_running_daemon_can_make_a_good_file_fail() -> None:
    findings = judge(
        SRTP,
        snapshot(endpoint("1", media_encryption="sdes"), runtime("pjsip.endpoint", "1", media_encryption="no")),
    )
    assert verdicts(findings) == {"1": "fail"}
    assert findings[0].details[0].place == "runtime"


def test_an_object_only_the_daemon_knows_is_judged() -> None:
    findings = judge(
        SRTP,
        snapshot(endpoint("1", media_encryption="sdes"), runtime("pjsip.endpoint", "ghost", media_encryption="no")),
    )
    assert verdicts(findings) == {"1": "pass", "ghost": "fail"}


@pytest.mark.parametrize(
    ("version", "wanted"), [("20.18.1", "fail"), ("20.18.2", "pass"), ("22.10.1", "pass"), (None, "not_checked")]
)
def test_defaults_are_those_of_the_installed_version(version: str | None, wanted: str) -> None:
    record = control(setting={"kind": "pjsip.endpoint", "want": {"gated": "no"}})
    assert verdicts(judge(record, snapshot(endpoint("1"), version=version))) == {"1": wanted}


def test_an_unknown_default_is_not_checked() -> None:
    record = control(setting={"kind": "pjsip.endpoint", "want": {"nobody_knows": "no"}})
    (finding,) = judge(record, snapshot(endpoint("1")))
    assert finding.verdict is Verdict.NOT_CHECKED
    assert "nobody_knows" in finding.reason


def test_an_absent_key_in_an_incomplete_source_is_not_checked() -> None:
    incomplete = {"status": "ok", "incomplete": ["/etc/asterisk/secret.conf: permission denied"]}
    (finding,) = judge(
        control(setting={"kind": "pjsip.endpoint", "want": {"media_encryption": "no"}}),
        snapshot(endpoint("1"), config__pjsip=incomplete),
    )
    assert finding.verdict is Verdict.NOT_CHECKED
    assert "permission denied" in finding.reason


@pytest.mark.parametrize("status", ["not_checked", "error"])
@pytest.mark.parametrize(
    "record",
    [
        SRTP,
        control(forbidden={"kind": "pjsip.endpoint", "name": "anonymous"}),
        control(required={"kind": "pjsip.transport", "match": {"protocol": "tls"}}),
        control(listener={"match": {"port": "5038"}, "want": {}}),
        control(file={"paths": ["/etc/*"], "want": {"mode_max": "0640"}, "if_none": "pass"}),
        control(service={"units": ["asterisk.service"], "want": {"ActiveState": "active"}, "if_none": "pass"}),
        control(module={"forbid": ["chan_iax2.so"]}),
    ],
    ids=lambda record: next(
        key for key in record if key in record and isinstance(record[key], dict) and key != "title"
    ),
)
def test_what_could_not_be_read_never_passes(record: dict[str, Any], status: str) -> None:
    unread = {"status": status, "reason": "permission denied"}
    names = ["config__pjsip", "runtime__pjsip", "system__socket", "system__file", "system__unit"]
    names += ["runtime__module", "config__modules"]
    findings = judge(record, snapshot(**dict.fromkeys(names, unread)))
    assert {finding.verdict for finding in findings} == {Verdict.NOT_CHECKED}
    assert all("permission denied" in finding.reason for finding in findings)


def test_forbidden_object() -> None:
    record = control(forbidden={"kind": "pjsip.endpoint", "name": "anonymous"})
    assert verdicts(judge(record, snapshot(endpoint("anonymous"), endpoint("6001")))) == {"anonymous": "fail"}
    (finding,) = judge(record, snapshot(endpoint("6001")))
    assert finding.verdict is Verdict.PASS


def test_required_object() -> None:
    record = control(required={"kind": "pjsip.transport", "match": {"protocol": "tls"}})
    assert verdicts(judge(record, snapshot(config("pjsip.transport", "t", protocol="tls")))) == {"t": "pass"}
    (finding,) = judge(record, snapshot(config("pjsip.transport", "t", protocol="udp")))
    assert finding.verdict is Verdict.FAIL


def test_listener() -> None:
    record = control(listener={"match": {"port": "5038"}, "want": {"address": {"loopback": True}}})
    bad = system("socket", "tcp 0.0.0.0:5038", port="5038", address="0.0.0.0", process="asterisk")
    good = system("socket", "tcp 127.0.0.1:5038", port="5038", address="127.0.0.1", process="asterisk")
    assert verdicts(judge(record, snapshot(bad, good))) == {bad["name"]: "fail", good["name"]: "pass"}
    (finding,) = judge(record, snapshot(system("socket", "tcp 0.0.0.0:22", port="22", address="0.0.0.0")))
    assert finding.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("objects", "wanted"),
    [
        ([runtime("module.loaded", "chan_iax2.so", use_count="0")], "fail"),
        ([runtime("module.loaded", "chan_pjsip.so", use_count="0")], "pass"),
        ([config("modules.modules", "modules", autoload="yes")], "fail"),
        ([config("modules.modules", "modules", autoload="yes", noload="chan_iax2.so")], "pass"),
        ([config("modules.modules", "modules", autoload="no")], "pass"),
        ([config("modules.modules", "modules", autoload="no", load=["chan_iax2"])], "fail"),
    ],
)
def test_module(objects: list[dict[str, Any]], wanted: str) -> None:
    shot = snapshot(*objects)
    assert verdicts(judge(control(module={"forbid": ["chan_iax2.so"]}), shot)) == {"chan_iax2.so": wanted}


def test_an_absent_file_means_the_code_defaults() -> None:
    record = control(setting={"kind": "rtp.general", "want": {"rtpstart": {"min": 10000}}, "if_none": "defaults"})
    (finding,) = judge(record, snapshot(config__rtp={"status": "absent", "reason": "rtp.conf does not exist"}))
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "rtp.conf does not exist"
    assert finding.details[0].actual == "5000 (default)"


def test_when_reads_the_encryption_matrix() -> None:
    record = control(when="encryption.media == 'required'", setting=SRTP["setting"])
    shot = snapshot(endpoint("6001", media_encryption="no"))
    assert verdicts(judge(record, shot)) == {"6001": "fail"}
    free = [{"between": ["endpoints", "servers"], "signalling": "optional", "media": "none", "reason": "own building"}]
    (finding,) = judge(record, shot, encryption=free)
    assert finding.verdict is Verdict.NOT_APPLICABLE


def test_levels_switch_controls_on() -> None:
    record = control(level="elevated", setting=SRTP["setting"])
    shot = snapshot(endpoint("6001", media_encryption="no"))
    assert judge(record, shot)[0].verdict is Verdict.NOT_APPLICABLE
    zones = {"admin": {"kind": "management", "networks": ["10.1.0.0/24"]}}
    assert judge(record, shot, protection_level="elevated", zones=zones)[0].verdict is Verdict.FAIL


def test_version_gates() -> None:
    shot = snapshot(endpoint("6001", media_encryption="no"), version="20.1.0")
    for gate, wanted in (
        ({"since": {"asterisk": {"20": "20.5.0", "22": "22.0.0"}}}, Verdict.NOT_APPLICABLE),
        ({"since": {"asterisk": {"18": "18.20.0", "20": "20.0.0"}}}, Verdict.FAIL),
        ({"since": {"asterisk": {"16": "16.1.0"}}}, Verdict.FAIL),
        ({"until": {"asterisk": "20"}}, Verdict.NOT_APPLICABLE),
        ({"until": {"asterisk": "21"}}, Verdict.FAIL),
    ):
        assert judge(control(setting=SRTP["setting"], **gate), shot)[0].verdict is wanted, gate


def test_a_zone_nobody_defined_makes_a_control_uncheckable() -> None:
    record = control(listener={"match": {"port": "22"}, "want": {"address": {"within": ["management"]}}})
    shot = snapshot(system("socket", "tcp 10.0.0.1:22", port="22", address="10.0.0.1"))
    (finding,) = judge(record, shot)
    assert finding.verdict is Verdict.NOT_CHECKED
    assert "management" in finding.reason


def test_a_broken_rule_is_an_error_and_costs_nothing_else() -> None:
    (finding,) = judge(control(python={"rule": "there_is_no_such_rule"}), snapshot(endpoint("1")))
    assert finding.verdict is Verdict.ERROR


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["sdes", "dtls", "no", "yes"]), st.integers(1, 3)), min_size=1, max_size=30))
def test_grouping_loses_no_object_and_changes_no_verdict(phones: list[tuple[str, int]]) -> None:
    objects = [endpoint(str(n), line, media_encryption=value) for n, (value, line) in enumerate(phones)]
    wanted = {str(n): "pass" if value in ("sdes", "dtls") else "fail" for n, (value, _) in enumerate(phones)}
    assert verdicts(judge(SRTP, snapshot(*objects))) == wanted


def test_secrets_are_judged_by_what_is_known_of_them() -> None:
    record = control(
        setting={
            "kind": "pjsip.auth",
            "want": {"password": {"secret": {"min_length": 20, "no_flags": ["equals_name"]}}},
        }
    )
    strong = {"secret": {"length": 24, "classes": "lud", "flags": [], "fp": "a"}}
    weak = {"secret": {"length": 24, "classes": "lud", "flags": ["equals_name"], "fp": "b"}}
    shot = snapshot(config("pjsip.auth", "s", password=[strong]), config("pjsip.auth", "w", password=[weak]))
    findings = judge(record, shot)
    assert verdicts(findings) == {"s": "pass", "w": "fail"}
    assert "equals name" in findings[-1].details[0].actual


def test_a_mode_comes_from_the_policy() -> None:
    record = control(
        setting={"kind": "asterisk.files", "want": {"mode": {"mode_max": {"policy": "admin.socket_mode_max"}}}}
    )
    shot = snapshot(config("asterisk.files", "files", mode="0660"))
    assert judge(record, shot)[0].verdict is Verdict.PASS
    (finding,) = judge(record, shot, admin={"socket_mode_max": "0600"})
    assert finding.verdict is Verdict.FAIL
    assert finding.details[0].expected == "0600 or tighter"


def test_nothing_to_judge_says_whether_there_was_anything() -> None:
    want = {"bindaddr": {"loopback": True}}
    record = control(setting={"kind": "manager.general", "match": {"enabled": "yes"}, "want": want, "if_none": "pass"})
    (off,) = judge(record, snapshot(config("manager.general", "general", enabled="no")))
    assert (off.verdict, off.reason) == (Verdict.PASS, "no manager.general with enabled: yes")
    (none,) = judge(record, snapshot(config("manager.user", "cti")))
    assert (none.verdict, none.reason) == (Verdict.PASS, "there is no manager.general")
