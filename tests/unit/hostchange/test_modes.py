"""Rights are taken away, and what a daemon could read it can still read."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.hostchange import modes, sysctls
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.apply import shown_diff
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.kinds import unit_of
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.modes import Rights
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal, Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_bits_are_only_taken_away(tmp_path: Path) -> None:
    top = tmp_path / "etc"
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    for path in (top, top / "a", deep):
        path.chmod(0o755)
    for name, bits in (("open", 0o666), ("closed", 0o600), ("program", 0o755)):
        (top / name).write_text("x", encoding="utf-8")
        (top / name).chmod(bits)
    (deep / "far").write_text("x", encoding="utf-8")
    (deep / "far").chmod(0o644)
    (top / "link").symlink_to("open")
    journal = Journal.begin("r1", place=Place(str(tmp_path / "state")), reserve=0)
    wanted = Rights(str(top), 0o750, 0o640, depth=2)
    changed = modes.apply(journal, wanted, Why())
    assert sorted(changed) == sorted(str(path) for path in (top, top / "open", top / "program", top / "a", deep))
    assert [mode(top / name) for name in ("open", "closed", "program")] == [0o640, 0o600, 0o750]
    assert mode(deep / "far") == 0o644
    assert modes.apply(journal, wanted, Why()) == []


def test_files_that_are_written_all_the_time_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir(mode=0o755)
    (folder / "messages").write_text("x", encoding="utf-8")
    (folder / "messages").chmod(0o644)
    journal = Journal.begin("r1", place=Place(str(tmp_path / "state")), reserve=0)
    wanted = Rights(str(folder), 0o750, 0o640, depth=1, folders_only=True)
    assert modes.apply(journal, wanted, Why()) == [str(folder)]
    assert (mode(folder), mode(folder / "messages")) == (0o750, 0o644)


def test_a_group_reads_what_the_owner_read(tmp_path: Path) -> None:
    own = tmp_path.stat()
    for name in ("key", "kept"):
        (tmp_path / name).write_text("x", encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    journal = Journal.begin("r1", place=Place(str(tmp_path / "state")), reserve=0)
    for name in ("key", "kept"):
        rights = Rights(str(tmp_path / name), 0o750, 0o640, own.st_uid, own.st_gid, keep=("*/kept",))
        modes.apply(journal, rights, Why())
    assert (mode(tmp_path / "key"), mode(tmp_path / "kept")) == (0o640, 0o600)


def test_kernel_values(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "a").write_text("1\n", encoding="ascii")
    wanted = sysctls.parse("# comment\nnet.a = 0\nnet.b=1\n")
    assert sysctls.differing(wanted, str(tmp_path)) == ({"net.a": "1"}, ["net.b"])
    assert sysctls.set_now("net.a", "0", str(tmp_path))
    assert sysctls.differing({"net.a": "0"}, str(tmp_path)) == ({}, [])
    for text in ("net.a", "net a = 1", "net.a ="):
        with pytest.raises(JournalError):
            sysctls.parse(text)
    with pytest.raises(JournalError):
        sysctls.place("../../etc/passwd", str(tmp_path))


def test_drop_in_and_its_unit() -> None:
    assert unit_of("/etc/systemd/system/asterisk.service.d/zz.conf") == "asterisk.service"
    with pytest.raises(JournalError):
        unit_of("/etc/systemd/system/asterisk.service")


def test_a_diff_shows_no_secret() -> None:
    shown = shown_diff("/x", b"url = https://user:Tape-Loewe-2018@host/\n", "a = b\n")
    assert "Tape-Loewe-2018" not in shown
    assert "+a = b" in shown
