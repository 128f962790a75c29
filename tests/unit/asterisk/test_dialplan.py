"""extensions.conf: numbers, labels, contexts, secrets."""

from __future__ import annotations

from typing import Any, cast

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.dialplan import (
    redact_application,
    resolve_dialplan,
)
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import ConfigValues


def contexts(tree: Any, redactor: Any, text: str) -> dict[str, dict[str, list[Any]]]:
    view = resolve_dialplan(tree.parse("extensions.conf", text).active(), redactor)
    return {
        item.name: {key: [one[0] for one in found] for key, found in cast("ConfigValues", item.values).items()}
        for item in view.items
        if item.kind == "dialplan.context"
    }


def test_priorities_and_labels(tree: Any, redactor: Any) -> None:
    text = (
        "[a]\nexten => 1,1(top),NoOp(a)\n same => n,Busy\n same => n+10(x),NoOp(c)\n same => x+3,NoOp(d)\n"
        "same => s,NoOp(double)\nexten => 1/55,1,NoOp(cid)\nexten => 2,hint,SIP/x\nexten => 2,n,NoOp(lost)\n"
        "exten => 3,n,NoOp(lost too)\nexten => 4,bogus,NoOp()\nexten => 5 ,1,NoOp(blank)\n"
    )
    assert contexts(tree, redactor, text)["a"]["exten"] == [
        "1,1(top),NoOp(a)",
        "1,2,Busy()",
        "1,13(x),NoOp(c)",
        "1,16,NoOp(d)",
        "1/55,1,NoOp(cid)",
        "2,hint,SIP/x",
        "5,1,NoOp(blank)",
    ]


def test_contexts_add_up_and_the_first_priority_counts(tree: Any, redactor: Any) -> None:
    text = "[a]\nexten => 1,1,NoOp(first)\n[a]\nexten => 1,1,NoOp(second)\nexten => 1,2,Hangup()\n"
    assert contexts(tree, redactor, text)["a"]["exten"] == ["1,1,NoOp(first)", "1,2,Hangup()"]


def test_globals_are_put_in(tree: Any, redactor: Any) -> None:
    text = (
        "[globals]\nROOM=7\nDEEP=${ROOM}8\n[a]\nexten => 80${DEEP},1,Dial(${ROOM})\ninclude => ctx${ROOM}\n"
        "switch => Loopback/${EXTEN}@b\neswitch => Loopback/${EXTEN}@b\nignorepat => 9\n"
    )
    found = contexts(tree, redactor, text)["a"]
    assert found == {
        "exten": ["8078,1,Dial(${ROOM})"],
        "include": ["ctx7"],
        "switch": ["Loopback/@b", "Loopback/${EXTEN}@b"],
        "ignorepat": ["9"],
    }


def test_same_needs_a_start_and_other_directives_are_remarked(tree: Any, redactor: Any) -> None:
    view = resolve_dialplan(tree.parse("e.conf", "[a]\nsame => n,NoOp()\nextne => 1,1,NoOp()\n").active(), redactor)
    assert [remark.line for remark in view.remarks] == [2, 3]


def test_general_and_globals(tree: Any, redactor: Any) -> None:
    text = "[general]\nwriteprotect=no\n[globals]\nDOOR_PIN=4711\nTRUNK=PJSIP/x\n"
    view = resolve_dialplan(tree.parse("e.conf", text).active(), redactor)
    items: dict[str, Any] = {item.kind: item.values for item in view.items}
    assert items["extensions.general"]["writeprotect"][0][0] == "no"
    assert items["extensions.globals"]["TRUNK"][0][0] == "PJSIP/x"
    assert items["extensions.globals"]["DOOR_PIN"][0][0]["secret"]["length"] == 4


@pytest.mark.parametrize(
    "application",
    [
        "Authenticate(canary)",
        "Authenticate(canary,m)",
        "ExecIf($[1]?Authenticate(canary))",
        "DISA(canary,ctx)",
        "SendDTMF(canary)",
        "MeetMe(100,dM,canary)",
        "MYSQL(Connect c localhost root canary db)",
        "Dial(PJSIP/x,30,D(canary))",
        "Dial(PJSIP/x,30,tD(canary)g)",
        "Set(DOOR_PIN=canary 99)",
        "Set(__SECRET=canary)",
        "Set(CONFBRIDGE(user,pin)=canary)",
        "MSet(A=1,PASSWORD=canary)",
        "Set(X=${CURL(https://u:canary@h/)})",
        "Dial(SIP/joe:canary@203.0.113.9/1)",
        'GotoIf($["${PIN}" = "canary"]?a:b)',
        "System(curl -u a:canary https://h)",
        "SIPAddHeader(Authorization: Basic canarycanary)",
    ],
)
def test_secrets_in_applications(redactor: Any, application: str) -> None:
    shown = redact_application(redactor, application)
    assert "canary" not in shown
    assert shown.split("(")[0] == application.split("(")[0]


@pytest.mark.parametrize(
    "application",
    [
        "Authenticate(/etc/asterisk/pins)",
        "Authenticate(${PIN})",
        "DISA(no-password,ctx)",
        "Dial(PJSIP/${EXTEN},30,tT)",
        "VoiceMail(${EXTEN}@default,u)",
        "Set(CALLERID(num)=030123456)",
        "Set(PIN=${DB(pins/1)})",
        "GotoIf($[${X}=1]?a:b)",
    ],
)
def test_harmless_applications_stay(redactor: Any, application: str) -> None:
    assert redact_application(redactor, application) == application
