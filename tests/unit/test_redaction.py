"""Secrets: what is said about them, and that nothing else is."""

from __future__ import annotations

import json

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.redaction import (
    Redactor,
    classes,
    looks_secret,
    weaknesses,
)
from hypothesis import given
from hypothesis import strategies as st


def test_says_length_classes_and_fingerprint() -> None:
    found = Redactor(b"k" * 32).secret("Xy9!aaaa", "6001")["secret"]
    assert found["length"] == 8
    assert found["classes"] == "luds"
    assert found["flags"] == []
    assert len(str(found["fp"])) == 12


def test_equal_secrets_show_within_a_run_only() -> None:
    first, second = Redactor(b"a" * 32), Redactor(b"b" * 32)
    assert first.secret("same one")["secret"]["fp"] == first.secret("same one")["secret"]["fp"]
    assert first.secret("same one")["secret"]["fp"] != second.secret("same one")["secret"]["fp"]
    assert Redactor().secret("same one")["secret"]["fp"] != Redactor().secret("same one")["secret"]["fp"]


def test_empty_secret_has_no_fingerprint() -> None:
    assert Redactor(b"k").secret("")["secret"] == {"length": 0, "classes": "", "flags": ["empty"], "fp": ""}


@pytest.mark.parametrize(
    ("secret", "names", "expected"),
    [
        ("4242", (), {"default", "repeated", "short"}),
        ("amp109", (), {"default", "short"}),
        ("mysecret", (), {"default"}),
        ("6001", ("6001",), {"equals_name", "default", "short"}),
        ("1006", ("6001",), {"equals_name", "short"}),
        ("xx6001yy-long", ("6001",), {"contains_name"}),
        ("123456", (), {"sequence", "dictionary", "short"}),
        ("987654", (), {"sequence", "short"}),
        ("qwertzuiop", (), {"sequence"}),
        ("121212121212", (), {"repeated"}),
        ("Sommer2024!", (), {"dictionary"}),
        ("P4ssw0rt", (), {"dictionary"}),
        ("t8$Vq-zR51mLw0.Kp9cE", ("6001",), set()),
    ],
)
def test_weaknesses(secret: str, names: tuple[str, ...], expected: set[str]) -> None:
    assert set(weaknesses(secret, names)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("", ""), ("abc", "l"), ("ABC", "u"), ("12", "d"), ("a B", "lus"), ("aB1_", "luds")]
)
def test_classes(text: str, expected: str) -> None:
    assert classes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://user:canary@host/path",
        "https://user:can@ary@host/path",
        "postgresql://u:canary@db/asterisk",
        "https://canarycanarycanary@host/",
        "sip:4930:canary@203.0.113.1:5060",
        "SIP/joe:canary@203.0.113.9/100",
        "IAX2/joe:canary@203.0.113.9/100&SIP/x",
        "https://host/?a=b&token=canary&c=d",
        "Driver=x;UID=me;PWD=canary;Server=y",
        "Authorization: Basic canarycanary",
        "curl -u admin:canary https://host",
        "curl --user=admin:canary https://host",
        "mysql -uroot -pcanary db",
        "tool --password=canary --x",
        "tool --password canary --x",
        '$["${ENTERED_PIN}" = "canary"]',
        '$["canary" != "${PIN}"]',
        "CONFBRIDGE(user,pin)=canary",
        "api_key: canary",
    ],
)
def test_secrets_inside_text(text: str) -> None:
    shown = Redactor(b"k").text(text)
    assert "canary" not in shown
    assert "«secret:" in shown


@pytest.mark.parametrize(
    "text",
    [
        "sip:6001@203.0.113.1;transport=tls",
        "Dial(PJSIP/${EXTEN}@trunk,30,tT)",
        '"Anna Beispiel" <6001>',
        "Set(PIN=${PIN})",
        "passthrough",
        "https://example.org/keys/",
        "include_pin_prompt",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert Redactor(b"k").text(text) == text


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("trunk_password", "abc", True),
        ("DOOR_PIN", "4711", True),
        ("apiKey", "abc", True),
        ("snmp_community", "public", True),
        ("MySecret", "abc", True),
        ("bearer_token", "abc", True),
        ("tls_key_file", "/etc/x.pem", False),
        ("private_key", "/etc/x.pem", False),
        ("keepalive", "30", False),
        ("pinannounce", "yes", False),
        ("usepin", "yes", False),
        ("shipping", "x", False),
        ("passwordlocation", "spooldir", False),
        ("token", "${TOKEN}", False),
    ],
)
def test_names_that_look_secret(name: str, value: str, expected: bool) -> None:
    assert looks_secret(name, value) is expected


def test_a_very_long_text_is_hidden_as_a_whole() -> None:
    assert Redactor(b"k").text("password=" + "x" * 20000) == "«secret:20009:ls»"


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    redactor = Redactor(b"k")
    redactor.text(text)
    json.dumps(redactor.secret(text, text[:3]))
    looks_secret(text[:20], text)


@given(st.text(alphabet=st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=40))
def test_a_secret_never_comes_out(secret: str) -> None:
    marked = "zQ" + secret + "Qz"
    redactor = Redactor(b"k")
    for shape in ("https://u:{0}@h/", "SIP/u:{0}@h/1", "password={0}", "sip:u:{0}@h"):
        assert marked not in redactor.text(shape.format(marked))
    assert marked not in json.dumps(redactor.secret(marked, "6001"))
