from __future__ import annotations

import pytest

from grundton.runner.outcome import HostOutcome, advice_for


def test_audited():
    assert HostOutcome.from_result({"changed": False}) == HostOutcome("audited")


@pytest.mark.parametrize("result", [None, {}])
def test_silence_is_a_failure(result):
    assert HostOutcome.from_result(result).status == "failed"


def test_unreachable_keeps_the_text_of_ssh():
    outcome = HostOutcome.from_result(
        {
            "unreachable": True,
            "msg": "Task failed: Failed to connect to the host via ssh: Warning: Permanently added x\n"
            "ssh: connect to host 192.0.2.9 port 22: No route to host",
        }
    )
    assert outcome.status == "unreachable"
    assert "ssh: connect to host 192.0.2.9 port 22: No route to host" in outcome.reason
    assert "Failed to connect" not in outcome.reason
    assert "address" in outcome.advice


def test_policy_error():
    outcome = HostOutcome.from_result({"failed": True, "policy_error": True, "msg": "a.yml:3: voip_x: unknown"})
    assert outcome == HostOutcome("bad_policy", "a.yml:3: voip_x: unknown")


def test_module_failure_ends_with_its_last_line():
    outcome = HostOutcome.from_result(
        {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Traceback …\nSyntaxError: invalid syntax\n"}
    )
    assert outcome.reason == "MODULE FAILURE: SyntaxError: invalid syntax"
    assert "Python 3.9" in outcome.advice


def test_unreachable_with_pipelining():
    outcome = HostOutcome.from_result(
        {
            "unreachable": True,
            "msg": 'Task failed: Data could not be sent to remote host "h". '
            "Make sure this host can be reached over ssh: "
            "ssh: connect to host h port 9: Connection refused\n",
        }
    )
    assert outcome.reason == "ssh: connect to host h port 9: Connection refused"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Host key verification failed.", "fingerprint"),
        ("root@h: Permission denied (publickey,password).", "--ssh-key"),
        ("ssh: Could not resolve hostname pxb: Name or service not known", "spelling"),
        ("connect to host h port 22: Connection refused", "sshd"),
        ("connect to host h port 22: Connection timed out", "firewalls"),
        ("Missing sudo password", "--ask-become-pass"),
        ("sudo: a password is required", "--ask-become-pass"),
        ("/bin/sh: 1: sudo: not found", "Log in as root"),
        ("something nobody has seen", ""),
    ],
)
def test_advice(text, word):
    assert word in advice_for(text)
    assert bool(advice_for(text)) == bool(word)


def test_data_round_trip():
    outcome = HostOutcome("unreachable", "no route", "check")
    assert HostOutcome.from_data(outcome.as_data()) == outcome
    assert HostOutcome("audited").as_data() == {"status": "audited"}
