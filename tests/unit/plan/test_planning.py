"""From findings to changes: what is written, what is held back and why, always in the same order."""

from __future__ import annotations

import random

import pytest
from tests.unit.assess.documents import config, control, runtime, snapshot, system
from tests.unit.plan.making import plan_of, srtp

from grundton.plan import HeldReason, Selection
from grundton.plan.model import HostPlan


def endpoint(name: str, **values: str):
    return config("pjsip.endpoint", name, int(name) if name.isdigit() else 1, **values)


def changed(plan: HostPlan) -> list[tuple[str, str, str, str]]:
    return [(change.object, change.key, change.before, change.value) for change in plan.changes]


def reasons(plan: HostPlan) -> dict[str, HeldReason]:
    return {held.control: held.reason for held in plan.held}


def test_a_change_says_what_was_there_where_and_what_it_is_for():
    plan = plan_of(
        [srtp()], snapshot(endpoint("6001", media_encryption="no"), endpoint("6002", media_encryption="dtls"))
    )
    (change,) = plan.changes
    assert (change.object, change.key, change.before, change.value) == ("6001", "media_encryption", "no", "sdes")
    assert change.location == "/etc/asterisk/pjsip.conf:6002"
    assert change.controls == ("asterisk.test.control",)
    assert change.measures == ("M 5.135",)
    assert [activation.name for activation in plan.activations] == ["asterisk.pjsip_reload"]


def test_an_absent_value_is_shown_with_its_default():
    assert changed(plan_of([srtp()], snapshot(endpoint("6001")))) == [
        ("6001", "media_encryption", "no (default)", "sdes")
    ]


def test_the_plan_does_not_depend_on_the_order_of_anything():
    objects = [endpoint(str(number)) for number in range(6001, 6020)]
    records = [srtp(), control(
        id="asterisk.test.direct", setting={"kind": "pjsip.endpoint", "want": {"direct_media": "no"}},
        fix={"direct_media": "no"}, activate="asterisk.pjsip_reload",
    )]  # fmt: skip
    first = plan_of(records, snapshot(*objects))
    for seed in range(5):
        random.Random(seed).shuffle(objects)
        random.Random(seed).shuffle(records)
        assert plan_of(records, snapshot(*objects)) == first
    assert len(first.changes) == 38


def test_nothing_is_planned_twice():
    shot = snapshot(endpoint("6001", media_encryption="sdes"))
    assert plan_of([srtp()], shot).changes == []
    assert plan_of([srtp()], shot).held == []


def test_a_policy_value_is_written_as_text():
    record = control(
        setting={"kind": "pjsip.aor", "want": {"maximum_expiration": {"max": {"policy": "registration.max_expiry_s"}}}},
        fix={"maximum_expiration": {"policy": "registration.max_expiry_s"}},
        activate="asterisk.pjsip_reload",
    )
    plan = plan_of([record], snapshot(config("pjsip.aor", "6001", maximum_expiration="86400")))
    assert changed(plan) == [("6001", "maximum_expiration", "86400", "3600")]


def test_a_section_that_does_not_exist_yet_is_written():
    record = control(
        setting={"kind": "pjsip.global", "want": {"keep_alive_interval": {"min": 1}}, "if_none": "fail"},
        fix={"keep_alive_interval": "90"},
        activate="asterisk.pjsip_reload",
    )
    assert changed(plan_of([record], snapshot(config__pjsip={"status": "ok"}))) == [
        ("global", "keep_alive_interval", "not set", "90")
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"fix": None}, HeldReason.BY_HAND),
        ({"activate": "asterisk.unheard_of"}, HeldReason.BY_HAND),
        ({"impact": "RP"}, HeldReason.DECISION),
        ({"impact": "R4"}, HeldReason.RESTART),
        ({"activate": "asterisk.restart"}, HeldReason.RESTART),
        ({"breaks": "callers_dialling_through"}, HeldReason.UNSEEN),
    ],
)
def test_what_is_held_back_and_why(more, reason):
    record = srtp(**more)
    if record["fix"] is None:
        del record["fix"]
    plan = plan_of([record], snapshot(endpoint("6001")))
    assert plan.changes == []
    assert reasons(plan) == {"asterisk.test.control": reason}
    assert plan.activations == []


@pytest.mark.parametrize(
    ("more", "selection"),
    [
        ({"impact": "RP"}, Selection(controls=frozenset({"asterisk.test.control"}))),
        ({"impact": "R4"}, Selection(restart=True)),
        ({"breaks": "callers_dialling_through"}, Selection(accept_breaks=True)),
    ],
)
def test_the_operator_can_allow_it(more, selection):
    assert changed(plan_of([srtp(**more)], snapshot(endpoint("6001")), selection)) == [
        ("6001", "media_encryption", "no (default)", "sdes")
    ]


def test_selecting():
    shot = snapshot(endpoint("6001"))
    assert plan_of([srtp()], shot, Selection(measures=frozenset({"M 5.135"}))).changes
    assert plan_of([srtp()], shot, Selection(measures=frozenset({"M 4.287"}))) == HostPlan("pbx1")
    assert plan_of([srtp()], shot, Selection(controls=frozenset({"asterisk.other"}))) == HostPlan("pbx1")
    assert plan_of([srtp()], shot, Selection(without=frozenset({"asterisk.test.control"}))) == HostPlan("pbx1")


def test_an_object_without_a_file_is_held_the_others_are_changed():
    shot = snapshot(
        endpoint("6001", media_encryption="no"),
        runtime("pjsip.endpoint", "6001", media_encryption="no"),
        runtime("pjsip.endpoint", "7001", media_encryption="no"),
    )
    plan = plan_of([srtp()], shot)
    assert [change.object for change in plan.changes] == ["6001"]
    (held,) = plan.held
    assert (held.reason, held.objects) == (HeldReason.REALTIME, ("7001",))
    assert "media_encryption=sdes" in held.text


def test_a_value_the_daemon_never_loaded_is_not_written_again():
    shot = snapshot(endpoint("6001", media_encryption="sdes"), runtime("pjsip.endpoint", "6001", media_encryption="no"))
    plan = plan_of([srtp()], shot)
    assert plan.changes == []
    (held,) = plan.held
    assert held.reason is HeldReason.NOT_LOADED
    assert "module reload res_pjsip.so" in held.text


def test_what_no_file_of_a_daemon_holds_is_for_people():
    record = control(
        setting={"kind": "sysctl", "want": {"kernel.kptr_restrict": "1"}}, component="asterisk",
        fix={"kernel.kptr_restrict": "1"}, activate="asterisk.pjsip_reload",
    )  # fmt: skip
    plan = plan_of([record], snapshot(system("sysctl", "kernel", **{"kernel.kptr_restrict": "0"})))
    assert plan.changes == []
    assert reasons(plan) == {"asterisk.test.control": HeldReason.BY_HAND}


def test_two_controls_that_disagree_are_said_the_first_stays():
    records = [srtp(id="asterisk.a.first"), srtp(id="asterisk.b.second", fix={"media_encryption": "dtls"})]
    plan = plan_of(records, snapshot(endpoint("6001")))
    assert changed(plan) == [("6001", "media_encryption", "no (default)", "sdes")]
    (held,) = plan.held
    assert (held.control, held.reason) == ("asterisk.b.second", HeldReason.CONFLICT)


def test_two_controls_that_agree_are_one_change():
    records = [srtp(id="asterisk.a.first"), srtp(id="asterisk.b.second", demands=["4.289-a"])]
    (change,) = plan_of(records, snapshot(endpoint("6001"))).changes
    assert change.controls == ("asterisk.a.first", "asterisk.b.second")
    assert change.measures == ("M 5.135", "M 4.289")


def test_a_secret_is_never_in_the_plan():
    secret = {"secret": {"length": 12, "classes": "ld", "flags": [], "fp": "9f2c00000000"}}
    record = control(
        setting={"kind": "pjsip.auth", "want": {"password": {"absent": True}}},
        fix={"password": ""}, activate="asterisk.pjsip_reload",
    )  # fmt: skip
    (change,) = plan_of([record], snapshot(config("pjsip.auth", "6001", password=[secret]))).changes
    assert change.before == "secret of 12 characters (lower case + digits)"


def test_activations_run_in_their_order():
    records = [
        srtp(),
        control(
            id="asterisk.rtp.test", setting={"kind": "rtp.general", "want": {"strictrtp": "yes"}},
            fix={"strictrtp": "yes"}, activate="asterisk.rtp_reload",
        ),
    ]  # fmt: skip
    plan = plan_of(records, snapshot(endpoint("6001"), config("rtp.general", "general", strictrtp="no")))
    assert [activation.name for activation in plan.activations] == ["asterisk.rtp_reload", "asterisk.pjsip_reload"]


def test_files_that_were_never_loaded_are_a_warning():
    drift = control(
        id="asterisk.runtime.agreement",
        setting={"kind": "pjsip.endpoint", "where": "runtime", "want": {"direct_media": "no"}},
    )
    shot = snapshot(endpoint("6001"), runtime("pjsip.endpoint", "6001", media_encryption="no", direct_media="yes"))
    (note,) = plan_of([srtp(), drift], shot).notes
    assert "already disagree" in note
