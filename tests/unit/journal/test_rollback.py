"""The way back: exact, refusing, forced, by measure, on a full disk, with units and activations."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host.command import Ran
from ansible_collections.grundton.voip.plugins.module_utils.journal import runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import (
    JournalError,
    RefusedError,
    RunInProgressError,
)
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal, Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place
from ansible_collections.grundton.voip.plugins.module_utils.journal.rollback import roll_back
from ansible_collections.grundton.voip.plugins.module_utils.journal.units import Systemd

from .conftest import RUN, SMALL, WHY, tree

OTHER = "20261123T190000Z-000001"
SRTP = Why(controls=("a",), measures=("M 5.135",))
LOGS = Why(controls=("b",), measures=("M 4.287",))
BOTH = Why(controls=("c",), measures=("M 5.135", "M 4.287"))


@pytest.fixture
def journal(place, systemd):
    return Journal.begin(RUN, place=place, systemd=systemd, reserve=SMALL)


def back(place, systemd, **options):
    return roll_back(RUN, place=place, systemd=systemd, **options)


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        (lambda path: path.write_bytes(b"user"), "was changed since"),
        (lambda path: path.unlink(), "was removed since"),
        (lambda path: path.chmod(0o777), "got another mode since"),
        (lambda path: (path.unlink(), path.mkdir()), "is a directory now"),
        (lambda path: (path.unlink(), path.symlink_to("/nowhere")), "is a link now"),
    ],
)
def test_somebody_changed_it_since(journal, place, systemd, etc, tamper, why) -> None:
    for name in ("a", "b"):
        (etc / name).write_bytes(b"old")
        journal.write_file(str(etc / name), b"ours", why=WHY)
    tamper(etc / "a")
    before = tree(etc)
    with pytest.raises(RefusedError) as caught:
        back(place, systemd)
    assert caught.value.refused == [{"path": str(etc / "a"), "why": why}]
    assert tree(etc) == before, "nothing at all is done"
    assert runs.load(RUN, place).state == "open"
    outcome = back(place, systemd, force=True)
    assert outcome.state == "rolled_back"
    assert (etc / "a").read_bytes() == (etc / "b").read_bytes() == b"old"
    if why == "was changed since":
        assert outcome.displaced == [str(etc / "a")]
        kept = runs.load(RUN, place).displaced[str(etc / "a")]
        assert Path(place.blobs(RUN), kept).read_bytes() == b"user"


def test_all_obstacles_are_named(journal, place, systemd, etc) -> None:
    for name in ("a", "b", "c"):
        journal.write_file(str(etc / name), b"ours", why=WHY)
    journal.make_directory(str(etc / "folder"), why=WHY)
    (etc / "folder" / "foreign").write_bytes(b"")
    (etc / "a").write_bytes(b"user")
    (etc / "c").write_bytes(b"user")
    with pytest.raises(RefusedError) as caught:
        back(place, systemd)
    assert {one["path"] for one in caught.value.refused} == {str(etc / name) for name in ("a", "c", "folder")}
    outcome = back(place, systemd, force=True)
    assert [one["path"] for one in outcome.kept] == [str(etc / "folder")]
    assert list(etc.iterdir()) == [etc / "folder"]
    assert (etc / "folder" / "foreign").exists(), "what others made is never deleted"


def test_undone_by_hand_already(journal, place, systemd, etc) -> None:
    (etc / "a").write_bytes(b"old")
    about = (etc / "a").stat()
    journal.write_file(str(etc / "a"), b"ours", why=WHY)
    journal.write_file(str(etc / "b"), b"ours", why=WHY)
    (etc / "a").write_bytes(b"old")
    (etc / "b").unlink()
    assert back(place, systemd).state == "rolled_back"
    assert (etc / "a").stat().st_mtime_ns == about.st_mtime_ns


def test_twice_is_once(journal, place, systemd, etc) -> None:
    journal.write_file(str(etc / "a"), b"ours", why=WHY)
    assert back(place, systemd).restored == [str(etc / "a")]
    assert back(place, systemd).restored == []


def test_a_rehearsed_rollback_touches_nothing(journal, place, systemd, etc) -> None:
    journal.write_file(str(etc / "a"), b"ours", why=WHY)
    before = tree(etc)
    assert back(place, systemd, rehearse=True).restored == [str(etc / "a")]
    assert tree(etc) == before
    assert runs.load(RUN, place).state == "open"


def test_a_later_run_is_named(journal, place, systemd, etc) -> None:
    journal.write_file(str(etc / "a"), b"first", why=WHY)
    runs.confirm(RUN, place)
    later = Journal.begin(OTHER, place=place, systemd=systemd, reserve=SMALL)
    later.write_file(str(etc / "a"), b"second", why=WHY)
    with pytest.raises(RunInProgressError):
        back(place, systemd)
    runs.confirm(OTHER, place)
    with pytest.raises(RefusedError, match=f"later run {OTHER}"):
        back(place, systemd)
    roll_back(OTHER, place=place, systemd=systemd)
    assert (etc / "a").read_bytes() == b"first"
    back(place, systemd)
    assert tree(etc) == {}


def test_one_measure(journal, place, systemd, etc) -> None:
    for name, why in (("a", SRTP), ("b", LOGS)):
        (etc / name).write_bytes(b"old")
        journal.write_file(str(etc / name), b"ours", why=why)
    runs.confirm(RUN, place)
    assert back(place, systemd, measures=["M 5.135"]).restored == [str(etc / "a")]
    assert [(etc / name).read_bytes() for name in "ab"] == [b"old", b"ours"]
    assert runs.load(RUN, place).state == "confirmed"
    (etc / "a").write_bytes(b"what the user does now is no business of the run any more")
    assert back(place, systemd).restored == [str(etc / "b")]
    assert (etc / "a").read_bytes().startswith(b"what the user")


def test_one_measure_of_two_that_share_a_file(journal, place, systemd, etc) -> None:
    journal.write_file(str(etc / "a"), b"ours", why=BOTH)
    with pytest.raises(RefusedError, match=r"M 4\.287 as well"):
        back(place, systemd, measures=["M 5.135"])
    assert back(place, systemd, measures=["M 5.135", "M 4.287"]).restored == [str(etc / "a")]


def test_a_damaged_copy_is_not_restored_and_the_rest_is(journal, place, systemd, etc) -> None:
    for name in ("a", "b"):
        (etc / name).write_bytes(name.encode())
        journal.write_file(str(etc / name), b"ours", why=WHY)
    for blob in Path(place.blobs(RUN)).iterdir():
        if blob.read_bytes() == b"a":
            blob.write_bytes(b"rotten")
    outcome = back(place, systemd)
    assert outcome.failed == [{"path": str(etc / "a"), "why": "the copy kept in the journal is damaged"}]
    assert outcome.state == "rolling_back"
    assert [(etc / name).read_bytes() for name in "ab"] == [b"ours", b"b"]


def test_a_damaged_line_is_reported(journal, place, systemd, etc) -> None:
    for name in ("a", "b"):
        journal.write_file(str(etc / name), b"ours", why=WHY)
    path = Path(place.entries(RUN))
    found = path.read_bytes().split(b"\n")
    found[1] = b"\0" * len(found[1])
    path.write_bytes(b"\n".join(found))
    outcome = back(place, systemd)
    assert outcome.damaged == [2]
    assert outcome.restored == [str(etc / "b")]


def test_activations_run_once_in_order_after_the_files(place, etc, tmp_path) -> None:
    ran: list[tuple[str, ...]] = []

    def run(argv, seconds):
        ran.append((*argv, (etc / "a").read_text()))
        return Ran(code=0 if argv[0] != "fails" else 3)

    systemd = Systemd(run=run, sign=str(tmp_path / "none"))
    journal = Journal.begin(RUN, place=place, systemd=systemd, reserve=SMALL)
    (etc / "a").write_text("old")
    journal.write_file(str(etc / "a"), b"ours", why=WHY)
    for argv in (["asterisk", "-rx", "logger reload"], ["fails"], ["asterisk", "-rx", "logger reload"]):
        journal.after_undo(argv)
    outcome = roll_back(RUN, place=place, systemd=systemd)
    assert ran == [("asterisk", "-rx", "logger reload", "old"), ("fails", "old")]
    assert [(one["ok"], one["why"]) for one in outcome.activations] == [(True, ""), (False, "exit code 3")]
    assert outcome.state == "rolled_back"


def test_nothing_is_activated_at_boot(journal, place, etc, tmp_path) -> None:
    journal.after_undo(["asterisk"])

    def run(argv, seconds):
        raise AssertionError(argv)

    outcome = roll_back(RUN, place=place, systemd=Systemd(run=run, sign=str(tmp_path / "none")), boot=True)
    assert outcome.activations == [{"argv": ["asterisk"], "ok": None, "why": "not needed at boot"}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    top = tmp_path / "small"
    top.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(top)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not mount a tmpfs")
    yield top
    subprocess.run(["umount", "-l", str(top)], check=True)


def fill(folder: Path) -> None:
    """To the last byte."""
    for name, size in (("filler", 65536), ("filler2", 1)):
        with open(folder / name, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * size)


@pytest.mark.parametrize("shared", [True, False], ids=["same-disk", "two-disks"])
def test_a_full_disk_does_not_stop_a_rollback(small_disk, tmp_path, systemd, shared) -> None:
    etc = small_disk / "etc"
    etc.mkdir()
    place = Place(str((small_disk if shared else tmp_path) / "state"))
    (etc / "a").write_bytes(b"old" * 100_000)
    (etc / "b").write_bytes(b"gone" * 100_000)
    before = tree(etc)
    journal = Journal.begin(RUN, place=place, systemd=systemd)
    journal.write_file(str(etc / "a"), b"ours", why=WHY)
    journal.remove_file(str(etc / "b"), why=WHY)
    journal.write_file(str(etc / "c"), b"ours", why=WHY)
    fill(small_disk)
    with pytest.raises(JournalError):
        journal.write_file(str(etc / "d"), b"x" * 10_000_000, why=WHY)
    assert not (etc / "d").exists()
    outcome = back(place, systemd)
    assert outcome.failed == []
    assert outcome.state == "rolled_back"
    assert tree(etc) == before
    assert not list(small_disk.glob(".grundton*"))


def test_no_change_begins_on_a_full_disk(small_disk, tmp_path, place, systemd) -> None:
    (small_disk / "a").write_bytes(b"old")
    fill(small_disk)
    with pytest.raises(JournalError, match="less than 4 MiB"):
        Journal.begin(RUN, place=Place(str(small_disk / "state")), systemd=systemd)
    journal = Journal.begin(RUN, place=place, systemd=systemd)
    with pytest.raises(JournalError, match="nothing was changed there"):
        journal.write_file(str(small_disk / "a"), b"new", why=WHY)
    assert (small_disk / "a").read_bytes() == b"old"


def test_even_without_a_byte_kept_back_what_fits_is_written_in_place(small_disk, place, systemd) -> None:
    """Somebody's log eats what the rollback frees at the very moment it frees it."""
    (small_disk / "a").write_bytes(b"old" * 1000)
    journal = Journal.begin(RUN, place=place, systemd=systemd)
    journal.write_file(str(small_disk / "a"), b"old" * 1000 + b"and an include", why=WHY)
    for path in runs.load(RUN, place).ballast:
        if path.startswith(str(small_disk)):
            Path(path).unlink()
    fill(small_disk)
    assert back(place, systemd).state == "rolled_back"
    assert (small_disk / "a").read_bytes() == b"old" * 1000


def test_access_control_lists_survive_and_come_back(journal, place, systemd, etc) -> None:
    entries = [
        (0x01, 6, 0xFFFFFFFF),
        (0x02, 4, 1234),
        (0x04, 4, 0xFFFFFFFF),
        (0x10, 4, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    ]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    path = etc / "a"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("this file system has no access control lists")
    before = tree(etc)
    journal.write_file(str(path), b"ours", why=WHY)
    assert os.getxattr(path, "system.posix_acl_access") == acl
    journal.set_mode(str(path), why=WHY, mode=0o600)
    journal.remove_file(str(path), why=WHY)
    journal.write_file(str(path), b"without", why=WHY)
    assert "system.posix_acl_access" not in os.listxattr(path)
    back(place, systemd)
    assert tree(etc) == before
