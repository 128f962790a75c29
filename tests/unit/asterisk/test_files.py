"""All files of a tree at once: sources, provenance, secrets."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.collect import collect_files, collect_runtime
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import Collector, collect_snapshot
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "asterisk"
READERS = [Collector("files", collect_files), Collector("daemon", collect_runtime)]


def snapshot(root: Path) -> dict[str, Any]:
    return collect_snapshot(str(root), b"k" * 32, readers=READERS)


def objects(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {o["name"]: o["values"] for o in document["objects"] if o["from"] == "config" and o["kind"] == kind}


def text(values: dict[str, Any], key: str) -> Any:
    return values[key][-1][0]


@pytest.fixture
def office(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "office", tmp_path / "etc" / "asterisk")
    return tmp_path


def test_no_secret_of_the_office_leaves(office: Path) -> None:
    written = "".join(path.read_text() for path in (office / "etc/asterisk").rglob("*.conf"))
    canaries = {found.lower() for found in re.findall(r"canary[\w-]*", written, re.I)}
    assert len(canaries) > 15
    shown = json.dumps(snapshot(office), ensure_ascii=False).lower()
    assert not [canary for canary in canaries if canary in shown]
    for pin in ("845120", "12345678"):
        assert pin not in shown
    assert "trailing comment" not in shown


def test_office_is_understood(office: Path) -> None:
    document = snapshot(office)
    endpoints = objects(document, "pjsip.endpoint")
    assert set(endpoints) == {"6001", "6002", "6003", "6004", "trunk", "provider", "softphone"}
    assert text(endpoints["6001"], "context") == "management"
    assert text(endpoints["6001"], "media_encryption") == "sdes"
    assert text(endpoints["6002"], "media_encryption") == "dtls"
    assert "send_pai" not in endpoints["6001"]
    assert text(endpoints["6004"], "send_pai") == "yes"
    assert text(objects(document, "pjsip.aor")["6003"], "max_contacts") == "3"
    auths = objects(document, "pjsip.auth")
    assert text(auths["6004"], "password")["secret"]["flags"] == ["equals_name", "short"]
    assert text(auths["6003"], "password")["secret"]["flags"] == ["dictionary", "sequence"]
    assert text(endpoints["trunk"], "set_var") == "COLOUR=blue"
    channels = objects(document, "logger.channel")
    assert [one[0] for one in channels["security.log"]["levels"]] == ["security"]
    assert text(channels["security.log"], "formatter") == "json"
    boxes = objects(document, "voicemail.mailbox")
    assert text(boxes["6002@default"], "pin_locked") == "yes"
    assert "equals_name" in text(boxes["6002@default"], "pin")["secret"]["flags"]
    assert "default" in text(boxes["6001@sales"], "pin")["secret"]["flags"]
    assert text(boxes["6001@default"], "imappassword")["secret"]["length"] == 10
    assert document["components"]["asterisk"]["running"] is None
    assert objects(document, "asterisk.directories") == {}
    assert document["sources"]["config:iax"]["status"] == "absent"
    assert document["sources"]["config:pjsip"] == {"status": "ok", "ms": pytest.approx(0, abs=5000), "incomplete": []}
    assert document["sources"]["runtime:pjsip"]["reason"] == "offline tree"


def test_every_place_holds_its_key(office: Path) -> None:
    document = snapshot(office)
    lines = {path: (office / path.lstrip("/")).read_text().split("\n") for path in document["files"]}
    checked = 0
    for found in document["objects"]:
        if found["from"] != "config":
            continue
        file, line = found["at"]
        assert 1 <= line <= len(lines[document["files"][file]])
        for key, occurrences in found["values"].items():
            for _text, file, line in occurrences:
                there = lines[document["files"][file]][line - 1].lower()
                plain = found["kind"] in ("manager.user", "rtp.general", "pjsip.transport", "acl.acl", "cdr.general")
                if plain and not key.startswith("_"):
                    assert key in there
                    checked += 1
                assert there.strip()
    assert checked > 30


def test_the_snapshot_is_the_same_twice(office: Path) -> None:
    def stable(document: dict[str, Any]) -> str:
        for source in document["sources"].values():
            source["ms"] = 0
        document["taken_at"] = document["duration_ms"] = None
        return json.dumps(document)

    assert stable(snapshot(office)) == stable(snapshot(office))


def test_what_goes_wrong_is_said(tmp_path: Path) -> None:
    etc = tmp_path / "etc" / "asterisk"
    etc.mkdir(parents=True)
    (etc / "asterisk.conf").write_text("[directories]\nastetcdir => /srv/pbx\n")
    pbx = tmp_path / "srv" / "pbx"
    pbx.mkdir(parents=True)
    (pbx / "rtp.conf").write_text("rtpstart=1\n")
    (pbx / "http.conf").mkdir()
    (pbx / "pjsip.conf").write_text("[a]\ntype=endpoint\n#exec /bin/true\n")
    (pbx / "extconfig.conf").write_text("[settings]\nmanager.conf => odbc,asterisk\nvoicemail => odbc,asterisk\n")
    (pbx / "manager.conf").write_text("[general]\nenabled=yes\n")
    (pbx / "voicemail.conf").write_text("[general]\naliasescontext=al\n[al]\n1@x => 2@y\n[d]\n2 => 1234\n")
    (pbx / "users.conf").write_text("[general]\nhassip=yes\n[6000]\nfullname=x\nsecret=canary\n")
    (pbx / "sip.conf").write_text("[general]\nregister => me:canary@203.0.113.1\n[authentication]\nauth=a:canary@r\n")
    (pbx / "extensions.conf").write_text("[a]\nswitch => Realtime/a@b\n")
    (pbx / "extensions.lua").write_text("")
    document = snapshot(tmp_path)
    sources = document["sources"]
    assert sources["config:rtp"]["status"] == "error"
    assert "rtp.conf line 1" in sources["config:rtp"]["reason"]
    assert sources["config:http"] == {
        "status": "not_checked",
        "reason": "/srv/pbx/http.conf: is a directory",
        "ms": sources["config:http"]["ms"],
        "incomplete": [],
    }
    assert sources["config:pjsip"]["incomplete"] == ["#exec in /srv/pbx/pjsip.conf line 3 was not executed"]
    assert sources["config:manager"]["status"] == "not_checked"
    assert sources["config:voicemail"]["incomplete"] == ["voicemail also from odbc (extconfig.conf)"]
    assert sources["config:sip"]["incomplete"] == ["users.conf also defines some (hassip)"]
    assert len(sources["config:dialplan"]["incomplete"]) == 2
    assert set(objects(document, "voicemail.mailbox")) == {"2@d"}
    assert "canary" not in json.dumps(document)
    assert "realtime.mapping" in {found["kind"] for found in document["objects"]}


def test_no_time_left(office: Path) -> None:
    from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor

    [part] = collect_files(str(office), False, Deadline.after(-1), Redactor())
    assert {one.status for one in part.sources if one.key.startswith("config:")} == {"not_checked"}


def test_nothing_there(tmp_path: Path) -> None:
    document = snapshot(tmp_path)
    assert document["components"] == {}
    assert document["objects"] == []


def test_many_endpoints(tmp_path: Path) -> None:
    etc = tmp_path / "etc" / "asterisk"
    etc.mkdir(parents=True)
    template = "[t](!)\ntype=endpoint\n" + "".join(f"named_call_group={n}\n" for n in range(20))
    many = "".join(
        f"[{n}](t)\nauth={n}\naors={n}\n[{n}]\ntype=auth\nusername={n}\npassword={n}x\n[{n}]\ntype=aor\nmax_contacts=1\n"
        for n in range(20000)
    )
    (etc / "pjsip.conf").write_text(template + many)
    document = snapshot(tmp_path)
    assert len(document["objects"]) == 60001
    assert document["sources"]["config:pjsip"]["incomplete"] == []
