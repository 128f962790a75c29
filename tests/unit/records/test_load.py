# ruff: noqa: PT017 - either outcome is right, and both are looked at
"""Records from policies and files; problems with file and line."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundton.policy import load_policy
from grundton.records import Records, RecordsError, parse_records, read_records_file, records_of

GOOD = """\
waivers:
  - id: W-1
    control: asterisk.endpoint.srtp
    reason: old phones
    owner: CIO
    approved_by: CISO
    date: 2026-01-01
    until: 2027-01-01
attestations:
  - id: A-1
    demand: 2.376-b
    statement: ports are locked
    person: K. Lang
    role: network team
    date: '2026-01-01'
    until: '2027-01-01'
"""


def problems(text):
    with pytest.raises(RecordsError) as caught:
        parse_records(text, "records.yml")
    return [str(problem) for problem in caught.value.problems]


def test_good_file(tmp_path):
    path = tmp_path / "records.yml"
    path.write_text(GOOD)
    records = read_records_file(path)
    assert [waiver.id for waiver in records.waivers] == ["W-1"]
    assert [record.until.isoformat() for record in records.attestations] == ["2027-01-01"]
    assert parse_records("", "x") == Records()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    until: 2027-01-01\n", "", "records.yml:2: waivers[0]: 'until' is missing. Last day it holds."),
        ("2027-01-01\natt", "soon\natt", "records.yml:8: waivers[0].until: expected a day written 2027-01-31"),
        ("2027-01-01\natt", "2025-01-01\natt", "records.yml:8: waivers[0].until: lies before the date of approval."),
        ("    owner: CIO\n", "    ownr: CIO\n", "waivers[0]: there is no setting 'ownr'. Did you mean 'owner'?"),
        ("id: A-1", "id: W-1", "records.yml:10: attestations[0].id: 'W-1' is used twice."),
        ("demand: 2.376-b", "demand: M 2.376", "records.yml:11: attestations[0].demand: expected a demand such as"),
        ("attestations:", "attestation:", "records.yml:9: 'attestation': there is no such list."),
        ("waivers:", "waivers: [", "not valid YAML"),
    ],
)
def test_message(old, new, message):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    assert any(message in found for found in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "found a list of 1"),
        ("$ANSIBLE_VAULT;1.1;AES256\n61", "is vault-encrypted"),
        ("waivers: {a: 1}", "expected a list, found a mapping"),
        ("a: !unknown 1", "not valid YAML"),
        ("a: 1\n---\nb: 1", "not valid YAML"),
        ("waivers: []\nwaivers: []\n", "records.yml:2: records: 'waivers' is written twice"),
    ],
)
def test_not_a_records_file(text, message):
    assert any(message in found for found in problems(text)), problems(text)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(RecordsError, match="No such file"):
        read_records_file(tmp_path / "none.yml")
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordsError, match="not UTF-8"):
        read_records_file(tmp_path / "bytes.yml")
    with pytest.raises(RecordsError, match="cannot be read"):
        read_records_file(tmp_path)


WAIVER = {
    "id": "W-7",
    "demand": "5.135-a",
    "reason": "r",
    "owner": "o",
    "approved_by": "a",
    "date": "2026-01-01",
    "until": "2027-01-01",
}


def test_the_same_record_of_many_hosts_counts_once():
    policies = [load_policy({"voip_waivers": [WAIVER]}, host=host) for host in ("a", "b")]
    records = records_of(policies, [parse_records(GOOD, "records.yml")])
    assert [waiver.id for waiver in records.waivers] == ["W-1", "W-7"]
    assert len(records.attestations) == 1


def test_one_id_for_two_records_is_refused():
    one = load_policy({"voip_waivers": [WAIVER]}, host="a")
    two = load_policy(
        {"voip_waivers": [{**WAIVER, "reason": "else"}]}, host="b", origins={"voip_waivers": "host_vars/b.yml:4"}
    )
    with pytest.raises(
        RecordsError, match=r"host_vars/b\.yml:4: waivers: 'W-7' stands for two different records"
    ) as caught:
        records_of([one, two])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@given(st.text(alphabet=st.sampled_from("waivers:ids-[]{}\n \t&*!|>'\"#%@0-9a"), max_size=80) | st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text(text):
    try:
        parse_records(text, "records.yml")
    except RecordsError as problem:
        assert str(problem)
