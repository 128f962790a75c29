"""What each change does, refuses and records."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.journal import runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import (
    JournalError,
    NoSuchRunError,
    RunClosedError,
    RunInProgressError,
    SymbolicLinkError,
)
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal, Rehearsal
from ansible_collections.grundton.voip.plugins.module_utils.journal.rollback import roll_back

from .conftest import RUN, SMALL, WHY, tree

OTHER = "20261123T190000Z-000001"
SECRET = b"secret=canary-7f3a\n"
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")


@pytest.fixture
def journal(place, systemd):
    return Journal.begin(RUN, place=place, systemd=systemd, reserve=SMALL)


def names(place):
    return sorted(path.name for path in Path(place.journals).iterdir())


def lines(place):
    return [json.loads(line) for line in Path(place.entries(RUN)).read_text().splitlines()]


def test_what_is_as_wanted_is_neither_recorded_nor_touched(journal, etc, place) -> None:
    path = etc / "a.conf"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    before, length = tree(etc), len(lines(place))
    assert journal.write_file(str(path), SECRET, why=WHY) is False
    assert journal.set_mode(str(path), why=WHY, mode=0o600) is False
    assert journal.remove_file(str(etc / "none"), why=WHY) is False
    assert journal.remove_file(str(etc / "no" / "folder"), why=WHY) is False
    assert journal.make_directory(str(etc), why=WHY) is False
    assert tree(etc) == before
    assert len(lines(place)) == length


def test_a_written_file_keeps_mode_owner_and_attributes(journal, etc) -> None:
    path = etc / "a.conf"
    path.write_bytes(b"old")
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 77, 88)
    os.setxattr(path, "user.note", b"kept")
    assert journal.write_file(str(path), b"new", why=WHY) is True
    about = path.stat()
    assert about.st_mode & 0o7777 == 0o664
    assert os.geteuid() or (about.st_uid, about.st_gid) == (77, 88)
    assert os.getxattr(path, "user.note") == b"kept"
    assert not [one for one in etc.iterdir() if one.name.startswith(".grundton")]


def test_a_new_file_is_closed_to_others(journal, etc) -> None:
    os.umask(0)
    try:
        journal.write_file(str(etc / "new"), b"x", why=WHY)
        journal.make_directory(str(etc / "folder"), why=WHY, mode=0o770)
    finally:
        os.umask(0o022)
    assert (etc / "new").stat().st_mode & 0o7777 == 0o640
    assert (etc / "folder").stat().st_mode & 0o7777 == 0o770


@root
def test_names_of_users_and_groups(journal, etc) -> None:
    journal.write_file(str(etc / "new"), b"x", why=WHY, owner="daemon", group="adm")
    assert (etc / "new").owner() == "daemon"
    assert (etc / "new").group() == "adm"
    with pytest.raises(JournalError, match="no user nobody-here"):
        journal.write_file(str(etc / "new"), b"y", why=WHY, owner="nobody-here")


def test_a_link_is_never_followed_unasked(journal, etc) -> None:
    (etc / "real").write_bytes(b"real")
    (etc / "link").symlink_to("real")
    with pytest.raises(SymbolicLinkError) as caught:
        journal.write_file(str(etc / "link"), b"new", why=WHY)
    assert caught.value.target == str(etc / "real")
    with pytest.raises(SymbolicLinkError):
        journal.set_mode(str(etc / "link"), why=WHY, mode=0o600)
    assert (etc / "real").read_bytes() == b"real"
    assert journal.write_file(str(etc / "link"), b"through", why=WHY, links="follow")
    assert (etc / "link").is_symlink()
    assert (etc / "real").read_bytes() == b"through"
    assert journal.write_file(str(etc / "link"), b"own", why=WHY, links="replace")
    assert not (etc / "link").is_symlink()
    assert (etc / "real").read_bytes() == b"through"


def test_links_in_folders_above_are_followed_and_rolled_back_where_they_led(journal, etc, place, systemd) -> None:
    (etc / "real").mkdir()
    (etc / "alias").symlink_to("real")
    journal.write_file(str(etc / "alias" / "x"), b"1", why=WHY)
    assert (etc / "real" / "x").read_bytes() == b"1"
    (etc / "alias").unlink()
    (etc / "alias").mkdir()
    roll_back(RUN, place=place, systemd=systemd)
    assert not (etc / "real" / "x").exists()


@pytest.mark.parametrize("path", ["relative/x", "/", "", "/tmp/.."])
def test_no_path(journal, path) -> None:
    with pytest.raises(JournalError, match="no absolute path"):
        journal.write_file(path, b"", why=WHY)


def test_what_is_no_file_is_left_alone(journal, etc) -> None:
    os.mkfifo(etc / "pipe")
    (etc / "folder").mkdir()
    (etc / "one").write_bytes(b"1")
    os.link(etc / "one", etc / "two")
    for name in ("pipe", "folder", "one"):
        with pytest.raises(JournalError):
            journal.write_file(str(etc / name), b"x", why=WHY)
        with pytest.raises(JournalError):
            journal.remove_file(str(etc / name), why=WHY)
    with pytest.raises(JournalError, match="no such file"):
        journal.write_file(str(etc / "missing" / "x"), b"x", why=WHY)


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(journal, etc) -> None:
    (etc / "a").write_bytes(b"edited")
    with pytest.raises(JournalError, match="changed by somebody else"):
        journal.write_file(str(etc / "a"), b"new", why=WHY, was=b"as read")
    assert journal.write_file(str(etc / "a"), b"new", why=WHY, was=b"edited")


def test_contents_are_in_blobs_and_nowhere_else(journal, etc, place, systemd) -> None:
    (etc / "a").write_bytes(SECRET)
    journal.write_file(str(etc / "a"), b"other", why=WHY)
    (etc / "b").write_bytes(SECRET)
    journal.remove_file(str(etc / "b"), why=WHY)
    blobs = list(Path(place.blobs(RUN)).iterdir())
    assert [blob.read_bytes() for blob in blobs] == [SECRET]
    assert blobs[0].stat().st_mode & 0o777 == 0o600
    for folder in (place.home, place.journals, place.run(RUN), place.blobs(RUN)):
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert b"canary" not in Path(place.entries(RUN)).read_bytes()
    said = json.dumps(runs.describe(runs.load(RUN, place), place))
    assert "canary" not in said
    assert blobs[0].name[:12] not in said
    assert "canary" not in json.dumps(roll_back(RUN, place=place, systemd=systemd).to_json())


def test_only_one_run_at_a_time_and_the_other_one_is_named(journal, place, systemd, etc) -> None:
    assert Journal.begin(RUN, place=place, systemd=systemd).run == RUN
    journal.write_file(str(etc / "a"), b"1", why=WHY)
    with pytest.raises(RunInProgressError) as caught:
        Journal.begin(OTHER, place=place, systemd=systemd)
    assert caught.value.run == RUN
    assert RUN in str(caught.value)
    assert "1 change(s)" in str(caught.value)
    journal.close()
    with pytest.raises(RunInProgressError, match="not confirmed"):
        Journal.begin(OTHER, place=place, systemd=systemd)
    assert runs.confirm(RUN, place) is True
    assert runs.confirm(RUN, place) is False
    Journal.begin(OTHER, place=place, systemd=systemd, reserve=SMALL)
    with pytest.raises(RunClosedError):
        Journal.begin(RUN, place=place, systemd=systemd)


def test_a_run_taken_back_meanwhile_takes_no_more_changes(journal, etc, place, systemd) -> None:
    journal.write_file(str(etc / "a"), b"1", why=WHY)
    roll_back(RUN, place=place, systemd=systemd, guard=True, force=True)
    with pytest.raises(RunClosedError, match="rolled back"):
        journal.write_file(str(etc / "b"), b"2", why=WHY)
    assert tree(etc) == {}
    with pytest.raises(RunClosedError):
        runs.confirm(RUN, place)
    with pytest.raises(RunClosedError):
        Journal.attach(RUN, place=place)
    with pytest.raises(NoSuchRunError):
        Journal.attach(OTHER, place=place)


def test_two_processes_write_into_one_journal(journal, etc, place, systemd) -> None:
    second = Journal.attach(RUN, place=place, systemd=systemd)
    journal.write_file(str(etc / "a"), b"1", why=WHY)
    second.write_file(str(etc / "b"), b"2", why=WHY)
    journal.write_file(str(etc / "c"), b"3", why=WHY)
    second.after_undo(["true"])
    journal.after_undo(["true"])
    numbers = [line["n"] for line in lines(place)]
    assert numbers == sorted(set(numbers))
    assert len([line for line in lines(place) if line["do"] == "after_undo"]) == 1
    roll_back(RUN, place=place, systemd=systemd)
    assert tree(etc) == {}


def test_a_command_is_a_name(journal) -> None:
    for argv in ([], ["/usr/sbin/asterisk"]):
        with pytest.raises(JournalError):
            journal.after_undo(argv)


def test_a_rehearsal_changes_nothing_and_agrees(journal, etc, systemd) -> None:
    (etc / "a").write_bytes(b"1")
    before = tree(etc)
    rehearsal = Rehearsal(systemd)

    def both(changes):
        return [
            changes.write_file(str(etc / "a"), b"1", why=WHY),
            changes.write_file(str(etc / "a"), b"2", why=WHY),
            changes.make_directory(str(etc / "x" / "y"), why=WHY, parents=True),
            changes.write_file(str(etc / "x" / "y" / "z"), b"3", why=WHY),
            changes.write_file(str(etc / "x" / "y" / "z"), b"3", why=WHY),
            changes.set_mode(str(etc / "a"), why=WHY, mode=0o600),
            changes.set_mode(str(etc / "a"), why=WHY, mode=0o600),
            changes.remove_file(str(etc / "x" / "y" / "z"), why=WHY),
            changes.remove_file(str(etc / "x" / "y" / "z"), why=WHY),
        ]

    rehearsed = both(rehearsal)
    assert tree(etc) == before
    assert rehearsed == both(journal) == [False, True, True, True, False, True, False, True, False]


def test_list_and_forget(place, systemd, etc) -> None:
    ids = [f"20261123T18000{n}Z-00000{n}" for n in range(5)]
    for number, run in enumerate(ids):
        journal = Journal.begin(run, place=place, systemd=systemd, reserve=SMALL)
        journal.write_file(str(etc / "a"), str(number).encode(), why=WHY)
        if number < 4:
            runs.confirm(run, place)
    assert [(run.run, run.state) for run in runs.all_runs(place)] == [
        *((run, "confirmed") for run in ids[:4]),
        (ids[4], "open"),
    ]
    summary = runs.summary(runs.all_runs(place)[0])
    assert summary["controls"] == ["asterisk.endpoint.srtp"]
    assert summary["measures"] == ["M 5.135"]
    assert runs.forget(place, keep=2, rehearse=True) == ids[:2]
    Path(place.journals, "never-begun", "blobs").mkdir(parents=True)
    assert runs.forget(place, keep=2) == ids[:2]
    assert names(place) == ids[2:]
    assert runs.forget(place, days=-1) == ids[2:4]
    assert names(place) == ids[4:]
    with pytest.raises(NoSuchRunError):
        runs.load(ids[0], place)


@pytest.mark.parametrize("run", ["../x", "", "a/b", ".hidden", "x" * 80])
def test_ids_of_runs(place, run) -> None:
    with pytest.raises(JournalError, match="no id of a run"):
        place.run(run)
