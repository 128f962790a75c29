"""Modes and owners: what is listed, summed up, cut, or cannot be seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import files
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]
Look = Callable[..., Any]
NOW = 1_795_000_000.0


def test_files_and_roles(host: Host, look: Look) -> None:
    me, group = os.geteuid(), os.getegid()
    root = host(
        {
            "/etc/passwd": f"root:x:0:0::/root:/bin/sh\nsomebody:x:{me or 4711}:{group}::/:/bin/sh\n",
            "/etc/group": f"voice:x:{group}:\n" if group else "root:x:0:\n",
            "/etc/asterisk/pjsip.conf": "",
            "/etc/asterisk/manager.d/office.conf": "",
            "/etc/asterisk/keys/pbx.key": "",
            "/etc/asterisk/keys/pbx.crt": "",
            "/etc/asterisk/link.conf": ("link", "pjsip.conf"),
            "/etc/asterisk/dangling.conf": ("link", "/nowhere"),
            "/var/lib/asterisk/astdb.sqlite3": "",
            "/var/lib/asterisk/agi-bin/x.sh": "",
            "/var/spool/asterisk/monitor/2026/a.wav": "12345",
            "/var/spool/asterisk/monitor/b.wav": "1",
            "/srv/extra/included.conf": "",
        },
        modes={
            "/etc/asterisk/pjsip.conf": 0o640,
            "/etc/asterisk/keys/pbx.key": 0o604,
            "/var/lib/asterisk/agi-bin/x.sh": 0o777,
            "/var/spool/asterisk/monitor/b.wav": 0o644,
            "/var/spool/asterisk/monitor/2026/a.wav": 0o600,
        },
    )
    os.utime(f"{root}/var/spool/asterisk/monitor/b.wav", (NOW - 86400 * 40, NOW - 86400 * 40))
    os.utime(f"{root}/var/spool/asterisk/monitor/2026/a.wav", (NOW - 86400 * 2, NOW - 86400 * 2))
    more = [("/srv/extra/included.conf", "config", "asterisk"), ("/srv/gone.conf", "config", "asterisk")]
    found = look(files, root, extra=lambda: more, now=NOW)
    listed = found.all("file")
    assert (listed["/etc/asterisk/pjsip.conf"]["mode"], listed["/etc/asterisk/pjsip.conf"]["secret"]) == ("0640", "yes")
    key = listed["/etc/asterisk/keys/pbx.key"]
    assert (key["role"], key["secret"]) == ("key", "yes")
    assert "others" in key["readable_by"]
    assert "others" not in key["writable_by"]
    assert "secret" not in listed["/etc/asterisk/keys/pbx.crt"]
    assert "others" in listed["/var/lib/asterisk/agi-bin/x.sh"]["writable_by"]
    assert listed["/var/lib/asterisk/agi-bin/x.sh"]["role"] == "agi"
    assert listed["/var/lib/asterisk/astdb.sqlite3"]["role"] == "astdb"
    assert listed["/etc/asterisk/link.conf"]["target"] == "pjsip.conf"
    assert listed["/etc/asterisk/link.conf"]["type"] == "file"
    assert listed["/etc/asterisk/dangling.conf"]["type"] == "symlink"
    assert listed["/srv/extra/included.conf"]["role"] == "config"
    assert listed["/srv/gone.conf"]["type"] == "absent"
    assert listed["/etc/sudoers"]["type"] == "absent"
    tree = found.one("file.tree", "/var/spool/asterisk/monitor")
    assert (tree["files"], tree["directories"], tree["bytes"]) == ("2", "1", "6")
    assert (tree["world_readable"], tree["modes"]) == ("1", ["0600", "0644"])
    assert (tree["oldest_age_d"], tree["newest_age_d"], tree["role"]) == ("40", "2", "recording")
    assert "/var/spool/asterisk/monitor/b.wav" not in listed


def test_long_listings_are_cut_and_said(host: Host, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LISTED", 5)
    monkeypatch.setattr(files, "MAX_SUMMED", 3)
    entries = {f"/etc/asterisk/{number}.conf": "" for number in range(9)}
    entries.update({f"/var/spool/asterisk/monitor/{number}.wav": "" for number in range(9)})
    found = look(files, host(entries))
    texts = found.source("system:file").incomplete
    assert "/etc/asterisk: more than 5 entries, the listing is cut" in texts
    assert any("/var/spool/asterisk/monitor" in text for text in texts)
    assert found.one("file.tree", "/var/spool/asterisk/monitor")["truncated"] == "yes"


def test_no_time_is_said(host: Host) -> None:
    [part] = files.collect(host({"/etc/asterisk/a.conf": ""}), False, Deadline.after(-1))
    assert any("no time left" in text for text in part.sources[0].incomplete)


def test_an_unresolved_configuration_is_said(host: Host, look: Look) -> None:
    found = look(files, host({}), extra=lambda: None)
    assert any("not resolved in time" in text for text in found.source("system:file").incomplete)


@given(st.integers(0, 0o7777), st.sampled_from(["root", "asterisk"]), st.sampled_from(["root", "asterisk"]))
def test_who_may(mode: int, owner: str, group: str) -> None:
    readers, writers = files.may(mode, owner, group, 4), files.may(mode, owner, group, 2)
    assert ("others" in writers) == bool(mode & 2)
    assert "root" not in readers
    assert "group:root" not in writers
    if not mode & 0o222:
        assert writers == []


@given(st.text(max_size=40), st.sampled_from(["key", "config", "log", "secret", "ssh"]))
def test_any_name_is_judged(name: str, role: str) -> None:
    assert files.is_secret("/x/" + name, role) in (True, False)
    assert files.key_role("/x/" + name, role)
