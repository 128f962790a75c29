"""What records say on a given day."""

from datetime import date

import pytest

from grundton.policy import load_policy
from grundton.records import Attestation, Decision, Records, RecordsOfDay, Waiver

TODAY = date(2026, 11, 23)
SRTP = "asterisk.endpoint.srtp"
DEMANDS = ("5.135-a", "2.374-e")


def waiver(**changes):
    values = {
        "id": "W-1",
        "control": SRTP,
        "reason": "old phones",
        "owner": "CIO",
        "approved_by": "CISO",
        "date": date(2026, 1, 1),
        "until": date(2027, 1, 1),
    }
    return Waiver(**(values | changes))


def attestation(**changes):
    values = {
        "id": "A-1",
        "demand": "2.376-b",
        "statement": "ports are locked",
        "person": "K. Lang",
        "role": "network team",
        "date": date(2026, 1, 1),
        "until": date(2027, 1, 1),
    }
    return Attestation(**(values | changes))


def decision(**changes):
    values = {
        "id": "D-1",
        "demand": "4.289-b",
        "question": "who may reach us",
        "choice": "central system",
        "reason": "least exposure",
        "approved_by": "CIO",
        "date": date(2026, 1, 1),
        "review": date(2027, 1, 1),
    }
    return Decision(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"control": "asterisk.endpoint.*"}, True),
        ({"control": "asterisk.transport.*"}, False),
        ({"control": "", "demand": "5.135-a"}, True),
        ({"control": "", "demand": "5.135-b"}, False),
        ({"control": "", "measure": "M 2.374"}, True),
        ({"control": "", "measure": "M 5.13"}, False),
        ({"host": "pbx*"}, True),
        ({"host": "sbc*"}, False),
        ({"object": "60*"}, True),
        ({"object": "6001"}, True),
        ({"object": "7*"}, False),
        ({"host": "PBX1"}, False),
    ],
)
def test_scope(changes, covered):
    records = Records(waivers=(waiver(**changes),))
    match = records.match_waiver(SRTP, "pbx1", "6001", TODAY, DEMANDS)
    assert (match is not None) is covered


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2025, 12, 31), "not_yet"),
        (date(2026, 1, 1), "applied"),
        (date(2027, 1, 1), "applied"),
        (date(2027, 1, 2), "expired"),
    ],
)
def test_only_a_waiver_in_force_applies(today, state):
    match = Records(waivers=(waiver(),)).match_waiver(SRTP, "pbx1", "6001", today)
    assert match is not None
    assert match.state == state
    assert match.applied is (state == "applied")
    assert "W-1" in match.note


def test_notes_say_who_and_until_when():
    records = Records(waivers=(waiver(),))
    match = records.match_waiver(SRTP, "pbx1", "6001", TODAY)
    assert match is not None
    assert match.note == "waived until 2027-01-01 by CISO (W-1): old phones"
    late = records.match_waiver(SRTP, "pbx1", "6001", date(2028, 1, 1))
    assert late is not None
    assert late.note == "waiver W-1 expired on 2027-01-01: renew it or mend the finding"


def test_a_waiver_in_force_wins_over_an_expired_one():
    records = Records(waivers=(waiver(until=date(2026, 2, 1)), waiver(id="W-2"), waiver(id="W-3")))
    match = records.match_waiver(SRTP, "pbx1", "6001", TODAY)
    assert match is not None
    assert match.waiver.id == "W-2"


def test_attestations_expire():
    records = Records(attestations=(attestation(),))
    assert records.status("2.376-b", TODAY).attestation == "attested"
    assert records.status("2.376-b", date(2027, 1, 1)).attestation == "attested"
    assert records.status("2.376-b", date(2027, 1, 2)).attestation == "attestation_expired"
    assert records.status("2.376-b", date(2025, 1, 1)).attestation == "attestation_missing"
    assert records.status("2.376-c", TODAY).attestation == "attestation_missing"


def test_a_renewed_attestation_counts():
    old = attestation(until=date(2026, 2, 1))
    records = Records(attestations=(attestation(id="A-2"), old))
    status = records.status("2.376-b", TODAY)
    assert status.attestation == "attested"
    assert status.attested_by is not None
    assert status.attested_by.id == "A-2"
    assert "attested by K. Lang (network team), until 2027-01-01 (A-2)" in status.note


def test_decisions_come_up_for_review():
    records = Records(decisions=(decision(),))
    assert records.status("4.289-b", TODAY).decision == "decided"
    assert records.status("4.289-b", date(2027, 1, 2)).decision == "decision_review_due"
    assert records.status("4.289-a", TODAY).decision == "decision_missing"
    assert "decided: central system, by CIO (D-1)" in records.status("4.289-b", TODAY).note


def test_a_policy_variable_decides():
    status = Records().status("4.289-b", TODAY, stated={"4.289-b": "reachability"})
    assert status.decision == "decided"
    assert status.note == "decided by voip_reachability"


def test_records_for_one_host():
    records = Records(attestations=(attestation(host="sbc*"),), decisions=(decision(host="pbx1"),))
    assert records.status("2.376-b", TODAY, host="pbx1").attestation == "attestation_missing"
    assert records.status("2.376-b", TODAY, host="sbc1").attestation == "attested"
    assert records.status("4.289-b", TODAY, host="pbx1").decision == "decided"


def test_measure_waiver_needs_the_whole_measure():
    measure = waiver(control="", measure="M 5.136")
    assert Records(waivers=(measure,)).measure_waiver("M 5.136", TODAY) is not None
    for changes in ({"host": "pbx*"}, {"object": "60*"}):
        narrow = waiver(control="", measure="M 5.136", **changes)
        assert Records(waivers=(narrow,)).measure_waiver("M 5.136", TODAY) is None
    on_host = waiver(control="", measure="M 5.136", host="pbx*")
    assert Records(waivers=(on_host,)).measure_waiver("M 5.136", TODAY, "pbx1") is not None


def test_warnings():
    records = Records(
        waivers=(
            waiver(),
            waiver(id="W-2"),
            waiver(id="W-3", until=date(2026, 2, 1)),
            waiver(id="W-4", control="no.such.*"),
            waiver(id="W-5", until=date(2029, 1, 1)),
        ),
        attestations=(attestation(until=date(2026, 2, 1)),),
        decisions=(decision(review=date(2026, 2, 1)),),
    )
    assert records.warnings(["W-1", "W-5"], TODAY, [SRTP]) == (
        "waiver W-5 runs longer than two years: an exception that long is a decision",
        "waiver W-2 covers nothing that fails any more: remove it",
        "waiver W-3 expired on 2026-02-01 and is not applied",
        "waiver W-4 names control no.such.*, which does not exist",
        "attestation A-1 for 2.376-b expired on 2026-02-01",
        "decision D-1 for 4.289-b was to be reviewed on 2026-02-01",
    )


def test_day_splits_objects_and_remembers_use():
    day = RecordsOfDay(Records(waivers=(waiver(object="60*"), waiver(id="W-2", control="other"))), TODAY)
    groups = day.split(SRTP, DEMANDS, "pbx1", ("6001", "6002", "7001"))
    assert [(match and match.waiver.id, objects) for match, objects in groups] == [
        (None, ("7001",)),
        ("W-1", ("6001", "6002")),
    ]
    assert day.warnings() == ("waiver W-2 covers nothing that fails any more: remove it",)
    assert day.in_force() == ("W-1", "W-2")
    assert day.split("else", (), "pbx1", ("6001",)) == [(None, ("6001",))]


def test_day_with_findings_without_objects():
    day = RecordsOfDay(Records(waivers=(waiver(), waiver(id="W-2", object="6001"))), TODAY)
    ((match, objects),) = day.split(SRTP, DEMANDS, "pbx1", ())
    assert match is not None
    assert match.waiver.id == "W-1"
    assert objects == ()


def test_an_expired_waiver_does_not_hide_anything():
    day = RecordsOfDay(Records(waivers=(waiver(until=date(2026, 2, 1)),)), TODAY)
    ((match, objects),) = day.split(SRTP, DEMANDS, "pbx1", ("6001",))
    assert match is not None
    assert not match.applied
    assert objects == ("6001",)
    assert day.used == set()


def test_a_decision_counts_for_the_estate_when_every_host_states_it():
    day = RecordsOfDay(Records(), TODAY)
    assert day.status("4.289-b").decision == "decision_missing"
    day.add_policy(load_policy({"voip_reachability": "central"}, host="a"))
    assert day.status("4.289-b").decision == "decided"
    day.add_policy(load_policy({}, host="b"))
    assert day.status("4.289-b").decision == "decision_missing"


def test_day_dispenses_measures():
    measure = waiver(control="", measure="M 5.136")
    day = RecordsOfDay(Records(waivers=(measure,)), TODAY)
    match = day.measure_waiver("M 5.136")
    assert match is not None
    assert match.waiver.reason == "old phones"
    assert day.measure_waiver("M 5.135") is None
    assert day.warnings() == ()
    late = RecordsOfDay(Records(waivers=(measure,)), date(2030, 1, 1))
    assert late.measure_waiver("M 5.136") is None
