"""Who breaks: named with evidence where the snapshot shows them, in words where it cannot, never silently nobody."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.assess.documents import config, runtime, snapshot
from tests.unit.plan.making import plan_of, srtp

from grundton.catalog import load
from grundton.model.finding import Finding
from grundton.model.verdict import Verdict
from grundton.plan import Affected, HeldReason, Selection
from grundton.plan.breaks import affected_by, in_words, without_query
from grundton.plan.queries import QUERIES, Breaks
from grundton.policy import load_policy

#: Names of the catalogue that no query answers: the snapshot does not show these people. Shown in the plan as words.
UNSEEN = {
    "addresses_with_wrong_passwords", "ael_users", "ami_sessions_doubled", "ami_sessions_from_outside", "ami_users",
    "ami_users_by_address", "ari_applications", "automation_with_sudo", "call_centres", "callers_dialling_through",
    "callers_of_prefix", "calls_of_anonymous_endpoint", "calls_of_guests", "capture_server", "cdr_readers",
    "click_to_dial", "conference_guests", "config_writers", "console_scripts", "contacts_with_other_codecs",
    "database_clients", "everything_not_listed", "features_of_modules", "http_clients", "intercom_users", "log_readers",
    "metrics_scraper", "phones_md5_only", "phones_provisioned_here", "recording_users", "scripts_using_functions",
    "scripts_with_sudo", "ssh_from_outside_management", "ssh_password_users", "ssh_root_users", "transfers_by_trunks",
    "trunk_keepalives", "trunks_outside_identify", "users_of_listening_in", "users_of_pin", "users_of_service",
    "users_of_transfer", "users_of_web_front_end", "voice_menus",
}  # fmt: skip


def contact(aor: str, address: str = "10.0.0.7:5060", **values: str) -> dict[str, Any]:
    uri = f"sip:{aor}@{address}"
    given = {"aor": aor, "endpoint": aor, "address": address, "uri": uri, "transport": "udp", "registered": "yes"}
    return runtime("pjsip.contact", f"{aor};@1", **{**given, **values})


def phone(name: str, **values: str) -> dict[str, Any]:
    return config("pjsip.endpoint", name, aors=name, **values)


def ask(
    name: str, *objects: dict[str, Any], kind: str = "pjsip.endpoint", about: tuple[str, ...] = (), **policy: Any
) -> Affected:
    sources = {"runtime__pjsip": {"status": "ok"}} if any(o["from"] == "config" for o in objects) or not objects else {}
    shot = snapshot(*objects, **sources)
    finding = Finding("1", "asterisk.test.control", "pbx1", Verdict.FAIL, kind, about, ())
    return affected_by(name, Breaks(shot, load_policy(policy, host="pbx1"), finding))


def victims(found: Affected) -> dict[str, str]:
    return {victim.name: victim.evidence for victim in found.victims}


def test_every_name_has_a_query_or_is_known_to_have_none():
    names = {control.breaks for control in load().controls.values() if control.breaks}
    assert without_query(names) == UNSEEN & names
    assert names - set(QUERIES) <= UNSEEN


def test_a_name_without_query_is_said_in_words():
    assert ask("callers_dialling_through") == Affected(unseen="callers dialling through")
    assert in_words("ami_sessions_from_outside") == "AMI sessions from outside"


def test_an_unread_source_is_not_nobody():
    shot = snapshot(phone("6001"), runtime__pjsip={"status": "not_checked", "reason": "permission denied"})
    finding = Finding("1", "asterisk.test.control", "pbx1", Verdict.FAIL, "pjsip.endpoint", ("6001",), ())
    found = affected_by("contacts_without_tls", Breaks(shot, load_policy({}, host="pbx1"), finding))
    assert found == Affected(unseen="contacts without TLS (permission denied)")


def test_phones_without_tls_are_named_with_what_they_are():
    objects = (phone("1"), phone("2"), contact("1", user_agent="Snom 320"), contact("2", transport="tls"))
    found = ask("contacts_without_tls", *objects)
    assert victims(found) == {"1": "Snom 320 at 10.0.0.7:5060 is registered over UDP"}
    assert ask("contacts_without_tls", *objects, about=("2",)) == Affected()


def test_a_trunk_address_is_no_phone():
    found = ask("contacts_without_tls", phone("telko"), contact("telko", registered="no", uri="sip:sip.example:5060"))
    (victim,) = found.victims
    assert (victim.kind, victim.evidence) == ("trunk or fixed device", "sip:sip.example:5060 is called over UDP")


def test_phones_without_srtp():
    objects = (
        phone("1", media_encryption="no"), phone("2", media_encryption="sdes"),
        phone("3", media_encryption="sdes", media_encryption_optimistic="yes"),
        contact("1"), contact("2"), contact("3"),
    )  # fmt: skip
    assert set(victims(ask("contacts_without_srtp", *objects))) == {"1", "3"}


def test_an_account_finds_its_endpoints():
    objects = (phone("1", auth="secret-1"), phone("2", auth="secret-2"), contact("1"), contact("2"))
    assert set(victims(ask("phones_need_new_secret", *objects, kind="pjsip.auth", about=("secret-2",)))) == {"2"}


def test_phones_outside_every_zone():
    zones = {"endpoints": {"kind": "endpoints", "networks": ["10.0.0.0/24"]}}
    objects = (phone("1"), phone("2"), contact("1"), contact("2", "192.0.2.9:5060"))
    assert set(victims(ask("contacts_outside_zone", *objects, voip_zones=zones))) == {"2"}


def test_phones_behind_nat():
    objects = (phone("1"), phone("2"), contact("1"), contact("2", uri="sip:2@203.0.113.9:1024"))
    assert set(victims(ask("contacts_behind_nat", *objects))) == {"2"}


def test_several_devices_of_one_aor():
    second = contact("1")
    second["name"] = "1;@2"
    found = ask("aors_with_more_contacts", phone("1"), contact("1"), second, kind="pjsip.aor", about=("1",))
    assert victims(found) == {"1": "has 2 devices registered"}


def test_tls_versions_are_not_seen_but_their_absence_is():
    assert ask("contacts_with_old_tls", phone("1"), contact("1")) == Affected()
    assert "over TLS are 1" in ask("contacts_with_old_tls", phone("1"), contact("1", transport="tls")).unseen


def test_trunks_on_udp():
    registration = runtime("pjsip.registration", "telko", server_uri="sip:sip.example", _state="Registered")
    secure = runtime("pjsip.registration", "other", server_uri="sip:sip.example;transport=tls")
    assert set(victims(ask("trunks_on_udp", registration, secure))) == {"telko"}
    assert "over TLS are other" in ask("trunks_with_unknown_ca", registration, secure).unseen


def test_unmonitored_iax_peers_may_be_in_use():
    shot = (config("iax.peer", "bonn"), runtime("iax.peer", "berlin", status="OK (12 ms)"))
    found = ask("iax_peers", *shot)
    assert set(victims(found)) == {"berlin"}
    assert "bonn" in found.unseen


@pytest.mark.parametrize(("calls", "expected"), [("0", set()), ("3", {"3 calls"})])
def test_calls(calls, expected):
    assert set(victims(ask("calls_on_old_ports", runtime("asterisk.core", "core", calls=calls)))) == expected


def test_the_plan_holds_back_what_hurts_and_names_them():
    shot = snapshot(phone("1", media_encryption="no"), contact("1", user_agent="Snom 320"))
    plan = plan_of([srtp(breaks="contacts_without_srtp")], shot)
    (held,) = plan.held
    assert held.reason is HeldReason.BREAKS
    assert "would hurt 1" in held.text
    assert victims(plan.affected["asterisk.test.control"]) == {
        "1": "Snom 320 at 10.0.0.7:5060 speaks without encrypted media today"
    }
    accepted = plan_of([srtp(breaks="contacts_without_srtp")], shot, Selection(accept_breaks=True))
    assert len(accepted.changes) == 1
    assert accepted.affected == plan.affected
