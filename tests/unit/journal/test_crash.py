"""Whatever a run does, wherever it is killed, however often the rollback is killed: the tree is as before."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from ansible_collections.grundton.voip.plugins.module_utils.host.command import Ran
from ansible_collections.grundton.voip.plugins.module_utils.journal import runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError, NoSuchRunError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Changes, Journal
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place
from ansible_collections.grundton.voip.plugins.module_utils.journal.rollback import roll_back
from ansible_collections.grundton.voip.plugins.module_utils.journal.units import Systemd
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import RUN, SMALL, WHY, killed_at, tree

NAMES = ("a.conf", "b.conf", "link", "sub/c.conf", "sub/deep/d.conf", "new/x.conf", "new/in/y.conf")
FOLDERS = ("new", "new/in", "sub/other")
CONTENTS = (b"", b"[general]\nsecret=hunter2\n", b"x" * 70000, b"\xff\x00binary")
MODES = (0o600, 0o640, 0o644, 0o755, 0o2750, None)
OWNERS = (0, 1234, None)

step = st.one_of(
    st.tuples(
        st.just("write"), st.sampled_from(NAMES), st.sampled_from(CONTENTS), st.sampled_from(MODES),
        st.sampled_from(OWNERS), st.sampled_from(("refuse", "follow", "replace")),
    ),
    st.tuples(st.just("remove"), st.sampled_from(NAMES)),
    st.tuples(st.just("mkdir"), st.sampled_from(FOLDERS), st.sampled_from((0o700, 0o755)), st.booleans()),
    st.tuples(st.just("link"), st.sampled_from(NAMES), st.sampled_from(("a.conf", "/nowhere"))),
    st.tuples(
        st.just("mode"), st.sampled_from((*NAMES, *FOLDERS, "sub")), st.sampled_from(MODES), st.sampled_from(OWNERS)
    ),
)  # fmt: skip


def plant(etc: Path) -> None:
    """The tree before the run."""
    (etc / "sub/deep").mkdir(parents=True)
    for number, name in enumerate(("a.conf", "b.conf", "sub/c.conf", "sub/deep/d.conf", "apart.conf")):
        path = etc / name
        path.write_bytes(f"; {name}\nsecret=original{number}\n".encode() * (1 + 300 * number))
        path.chmod((0o640, 0o600, 0o664, 0o4755, 0o644)[number])
        if os.geteuid() == 0:
            os.chown(path, number * 100, number * 10)
            path.chmod((0o640, 0o600, 0o664, 0o4755, 0o644)[number])
        os.utime(path, ns=(10**18, 10**18 + number * 1_000_000_007))
    (etc / "link").symlink_to("b.conf")
    with contextlib.suppress(OSError):
        os.setxattr(etc / "a.conf", "user.origin", b"planted")


def do(changes: Changes, etc: Path, one: tuple[object, ...]) -> None:
    verb, name, *rest = one
    path = str(etc / str(name))
    owners = os.geteuid() == 0
    try:
        if verb == "write":
            data, mode, owner, links = rest
            changes.write_file(path, data, why=WHY, mode=mode, owner=owner if owners else None, links=links)
        elif verb == "remove":
            changes.remove_file(path, why=WHY)
        elif verb == "mkdir":
            changes.make_directory(path, why=WHY, mode=rest[0], parents=rest[1])
        elif verb == "link":
            changes.make_link(path, str(rest[0]), why=WHY)
        else:
            changes.set_mode(path, why=WHY, mode=rest[0], owner=rest[1] if owners else None)
    except JournalError:
        pass


@given(
    steps=st.lists(step, min_size=1, max_size=12),
    kill=st.integers(0, 160),
    rollback_kills=st.lists(st.integers(0, 60), max_size=3),
    torn=st.binary(max_size=20),
)
@settings(max_examples=250, deadline=None)
def test_rollback_after_a_kill_at_any_step(steps, kill, rollback_kills, torn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        etc, place = Path(folder, "etc"), Place(f"{folder}/state")
        systemd = Systemd(run=lambda argv, seconds: Ran(code=0), sign=f"{folder}/none", etc=f"{folder}/units")
        etc.mkdir()
        plant(etc)
        before = tree(etc)
        with killed_at(kill):
            journal = Journal.begin(RUN, place=place, systemd=systemd, reserve=SMALL)
            for one in steps:
                do(journal, etc, one)
        try:
            runs.load(RUN, place)
        except NoSuchRunError:
            assert tree(etc) == before
            return
        with open(place.entries(RUN), "ab") as file:
            file.write(torn.replace(b"\n", b" "))
        for at in rollback_kills:
            with killed_at(at):
                roll_back(RUN, place=place, systemd=systemd)
        outcome = roll_back(RUN, place=place, systemd=systemd)
        assert outcome.state == "rolled_back"
        assert not outcome.failed
        assert tree(etc) == before
        assert runs.load(RUN, place).state == "rolled_back"
        assert not list(Path(place.run(RUN)).glob("ballast"))


def test_the_journal_is_on_disk_before_anything_is_touched(etc, place, systemd) -> None:
    (etc / "a.conf").write_bytes(b"old")
    journal = Journal.begin(RUN, place=place, systemd=systemd, reserve=SMALL)
    with killed_at(10**6) as process:
        journal.write_file(str(etc / "a.conf"), b"new", why=WHY)
    names = [name for name, _ in process.trace]
    lines = [
        number for number, (name, args) in enumerate(process.trace) if name == "write" and b'"touch"' in bytes(args[1])
    ]
    assert len(lines) == 1
    blob_rename = names.index("rename")
    touch = next(
        number
        for number, (name, args) in enumerate(process.trace)
        if name == "create" and str(args[0]).endswith(".tmp")
    )
    rename = len(names) - 1 - names[::-1].index("rename")
    # the old content: written, synced, given its name, folder synced; then the line and its sync; then the new file
    assert names[:blob_rename].count("fsync") >= 1
    assert names[blob_rename + 1] == "fsync"
    assert blob_rename < lines[0] < touch < rename
    assert "fsync" in names[lines[0] : touch]
    assert "fsync" in names[touch:rename]
    assert names[rename + 1] == "fsync"


def test_every_single_step_of_one_change(etc, place, systemd, tmp_path) -> None:
    """A sweep without gaps over one run of all kinds of changes."""
    plant(etc)
    before = tree(etc)
    steps = [
        ("write", "a.conf", b"new", None, None, "refuse"),
        ("mkdir", "new/in", 0o750, True),
        ("write", "new/in/y.conf", b"y", 0o600, None, "refuse"),
        ("write", "link", b"through", None, None, "follow"),
        ("link", "link", "/nowhere"),
        ("remove", "sub/deep/d.conf"),
        ("mode", "sub/c.conf", 0o600, 0),
    ]
    for kill in range(400):
        here = Place(str(tmp_path / f"state{kill}"))
        with killed_at(kill) as process:
            journal = Journal.begin(RUN, place=here, systemd=systemd, reserve=SMALL)
            for one in steps:
                do(journal, etc, one)
        with contextlib.suppress(NoSuchRunError):
            assert roll_back(RUN, place=here, systemd=systemd).state == "rolled_back"
        assert tree(etc) == before, f"killed at step {kill}"
        if process.done <= kill:
            assert kill > 50
            return
    raise AssertionError("the run never came to its end")
