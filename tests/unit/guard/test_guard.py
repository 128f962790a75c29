"""Arming, extending, confirming, disarming, against a systemd of cardboard."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.guard import code, guard, installed, timespan, unitfiles
from ansible_collections.grundton.voip.plugins.module_utils.guard.undo import undo, undo_unconfirmed
from ansible_collections.grundton.voip.plugins.module_utils.host.command import Ran
from ansible_collections.grundton.voip.plugins.module_utils.journal import runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import (
    JournalError,
    RunClosedError,
    RunInProgressError,
)
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal, Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place
from ansible_collections.grundton.voip.plugins.module_utils.journal.units import Systemd

RUN = "20261123T180000Z-3fa9c1"
WHY = Why(controls=("a",), measures=("M 5.135",))


class Cardboard:
    """Answers like systemctl, and does what enabling and starting a timer does to files and state."""

    def __init__(self, etc: Path) -> None:
        self.etc = etc
        self.started: dict[str, float] = {}
        self.failing = ""
        self.deaf = False
        self.calls: list[list[str]] = []

    def run(self, argv, seconds):
        self.calls.append(list(argv))
        verb, *rest = [word for word in argv[1:] if word not in ("--quiet", "--no-block", "--no-pager", "--")]
        if self.failing and self.failing in argv:
            return Ran(code=1, err=f"Failed to {verb}: this is a test")
        for unit in rest:
            if verb in ("start", "restart") and not self.deaf:
                text = (self.etc / unit).read_text()
                span = next(line for line in text.splitlines() if line.startswith("OnActiveSec"))
                self.started[unit] = time.clock_gettime(time.CLOCK_MONOTONIC) + float(span.split("=")[1][:-1])
            if verb == "stop":
                self.started.pop(unit, None)
            if verb == "enable":
                folder = self.etc / ("timers.target.wants" if unit.endswith(".timer") else "sysinit.target.wants")
                folder.mkdir(exist_ok=True)
                (folder / unit).symlink_to(self.etc / unit)
        if verb == "show":
            unit = rest[-1]
            at = self.started.get(unit)
            links = list(self.etc.glob(f"*.wants/{unit}"))
            return Ran(
                code=0,
                out=f"ActiveState={'active' if at else 'inactive'}\n"
                f"NextElapseUSecMonotonic={f'{at:.6f}s' if at else 'infinity'}\n"
                f"LoadState={'loaded' if (self.etc / unit).exists() else 'not-found'}\n"
                f"UnitFileState={'enabled' if links else ''}\n",
            )
        return Ran(code=0)


@pytest.fixture(autouse=True)
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The marks in /run, elsewhere."""
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr(unitfiles.Names, "mark", property(lambda names: str(folder / names.run)))
    return folder


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "units"
    folder.mkdir()
    return folder


@pytest.fixture
def cardboard(etc: Path) -> Cardboard:
    return Cardboard(etc)


@pytest.fixture
def systemd(cardboard: Cardboard, etc: Path, tmp_path: Path) -> Systemd:
    return Systemd(run=cardboard.run, etc=str(etc), sign=str(tmp_path))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "state"))


@pytest.fixture
def with_(place, systemd):
    return {"place": place, "systemd": systemd}


def test_armed_and_confirmed(with_, etc, place, marks) -> None:
    armed = guard.arm(RUN, 300, **with_)
    assert armed.armed
    assert armed.boot
    assert armed.fires_in == pytest.approx(300, abs=2)
    assert len(list(etc.rglob("grundton-guard-*"))) == 5
    assert list(marks.iterdir())
    assert guard.confirm(RUN, **with_) is True
    assert list(etc.iterdir()) == []
    assert list(marks.iterdir()) == []
    assert runs.load(RUN, place).state == "confirmed"
    assert guard.confirm(RUN, **with_) is False
    with pytest.raises(RunClosedError):
        guard.arm(RUN, 300, **with_)


def test_folders_of_links_that_were_there_stay(with_, etc) -> None:
    (etc / "timers.target.wants").mkdir()
    guard.arm(RUN, 300, **with_)
    guard.confirm(RUN, **with_)
    assert [path.name for path in etc.iterdir()] == ["timers.target.wants"]


def test_arming_twice_gives_new_time(with_, etc) -> None:
    guard.arm(RUN, 300, **with_)
    assert guard.arm(RUN, 60, **with_).fires_in == pytest.approx(60, abs=2)
    assert guard.extend(RUN, 900, **with_).fires_in == pytest.approx(900, abs=2)
    assert len(list(etc.rglob("grundton-guard-*"))) == 5


def test_another_run_is_in_the_way(with_, etc) -> None:
    guard.arm(RUN, 300, **with_)
    before = sorted(etc.rglob("*"))
    with pytest.raises(RunInProgressError, match=RUN):
        guard.arm("other", 300, **with_)
    with pytest.raises(RunInProgressError, match=RUN):
        guard.would_arm("other", 300, **with_)
    assert sorted(etc.rglob("*")) == before


def test_no_systemd(place, tmp_path, etc) -> None:
    systemd = Systemd(etc=str(etc), sign=str(tmp_path / "none"))
    for function in (guard.arm, guard.would_arm, guard.extend):
        with pytest.raises(guard.NoSystemdError, match="nothing was changed"):
            function(RUN, 300, place=place, systemd=systemd)
    assert list(etc.iterdir()) == []
    assert runs.all_runs(place) == []


@pytest.mark.parametrize("failing", ["daemon-reload", "enable", "start", "show"])
def test_what_cannot_be_armed_leaves_nothing(with_, cardboard, etc, place, failing) -> None:
    cardboard.failing = failing
    with pytest.raises(JournalError, match="could not be armed, nothing was changed"):
        guard.arm(RUN, 300, **with_)
    assert list(etc.iterdir()) == []
    assert runs.unfinished(place) is None
    cardboard.failing = ""
    assert guard.arm("next", 300, **with_).armed


def test_a_timer_that_systemd_did_not_schedule_is_no_guard(with_, cardboard, etc) -> None:
    cardboard.deaf = True
    with pytest.raises(JournalError, match="did not schedule"):
        guard.arm(RUN, 300, **with_)
    assert list(etc.iterdir()) == []


def test_too_short(with_) -> None:
    with pytest.raises(JournalError, match="at least 10 seconds"):
        guard.arm(RUN, 5, **with_)


def test_nobody_confirmed(with_, etc, place, tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    guard.arm(RUN, 300, **with_)
    journal = Journal.attach(RUN, **with_)
    journal.write_file(str(path), b"ours", why=WHY)
    path.write_bytes(b"changed by somebody meanwhile")
    assert undo_unconfirmed(RUN, boot=False, **with_).state == "rolled_back"
    assert path.read_bytes() == b"old"
    assert list(etc.iterdir()) == []
    for late in (guard.confirm, lambda run, **more: guard.extend(run, 300, **more)):
        with pytest.raises(RunClosedError, match="too late"):
            late(RUN, **with_)


def test_at_boot_nothing_is_waited_for(with_, cardboard, etc) -> None:
    guard.arm(RUN, 300, **with_)
    cardboard.calls.clear()
    assert undo_unconfirmed(RUN, boot=True, **with_).state == "rolled_back"
    assert all("--no-block" in call for call in cardboard.calls if "stop" in call)
    assert list(etc.iterdir()) == []


def test_confirmed_a_moment_before_it_fires(with_, etc, tmp_path, place) -> None:
    """The process was killed after the word was written down and before the units were gone."""
    path = tmp_path / "a"
    guard.arm(RUN, 300, **with_)
    Journal.attach(RUN, **with_).write_file(str(path), b"ours", why=WHY)
    runs.confirm(RUN, place)
    assert undo_unconfirmed(RUN, boot=False, **with_).state == "confirmed"
    assert path.read_bytes() == b"ours"
    assert list(etc.iterdir()) == []


def test_a_rollback_by_hand_disarms(with_, etc) -> None:
    guard.arm(RUN, 300, **with_)
    assert undo(RUN, **with_).state == "rolled_back"
    assert list(etc.iterdir()) == []


def test_old_code_goes(place) -> None:
    old = Path(place.code, "0123")
    old.mkdir(parents=True)
    first = code.store(place)
    assert not old.exists()
    Path(first).write_bytes(b"tampered")
    assert Path(code.store(place)).read_bytes() == code.archive()
    assert Path(first).stat().st_mode & 0o777 == 0o600


def test_the_copy_runs_alone(place, tmp_path) -> None:
    """With nothing but itself and the standard library, on a folder that is not the default one."""
    program = code.store(place)
    assert code.archive() == code.archive()
    journal = Journal.begin(RUN, place=place)
    journal.write_file(str(tmp_path / "a"), b"ours", why=WHY)
    journal.after_undo(["true"])
    command = [sys.executable, "-I", program, "undo", "--run", RUN, "--home", place.home]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Run {RUN}: rolled_back, 1 restored\ntrue: done\n"
    assert not (tmp_path / "a").exists()
    command[5] = "unknown"
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 1
    assert done.stdout == "Not taken back: this host has no journal of a run unknown\n"


def test_unit_files() -> None:
    names = unitfiles.Names(RUN)
    command = 'ExecStart="/usr/bin/python3" "-I" "/x y/100%%/r.pyz" "undo" "--run" "r" "--home" "/h"'
    assert command in unitfiles.service("r", "/usr/bin/python3", "/x y/100%/r.pyz", "/h").splitlines()
    boot = unitfiles.boot("r", "/usr/bin/python3", "/p", "/h")
    assert f"ConditionPathExists=!{unitfiles.Names('r').mark}" in boot
    assert "DefaultDependencies=no" in boot
    assert "OnActiveSec=300s\nAccuracySec=1s\n" in unitfiles.timer("r", 300)
    assert "OnCalendar" not in unitfiles.timer("r", 300)
    assert {names.timer, names.boot} == {unit for _, unit in names.links}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1min 30.5s", 90.5),
        ("2h", 7200.0),
        ("1d 1us", 86400.000001),
        ("1month 2w", 2629800.0 + 2 * 604800),
        ("infinity", None),
        ("", None),
        ("0", None),
        ("5 apples", None),
    ],
)
def test_timespan(text, seconds) -> None:
    assert timespan.seconds(text) == (None if seconds is None else pytest.approx(seconds))


def test_disarming_what_was_never_armed(with_, place, systemd) -> None:
    assert installed.disarm("never", place, systemd) is False


class Killed(BaseException):
    """The process is gone."""


def test_killed_at_any_command_while_arming(with_, cardboard, etc, place, tmp_path, marks) -> None:
    """Whatever is left, the same run can be armed again or taken back, and nothing stays behind."""
    real = cardboard.run
    for at in range(12):
        run, left = f"run{at}", [at]

        def dying(argv, seconds, left=left):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return real(argv, seconds)

        frail = Systemd(run=dying, etc=str(etc), sign=str(tmp_path))
        try:
            guard.arm(run, 300, place=place, systemd=frail)
            died = False
        except Killed:
            died = True
        assert runs.load(run, place).state == "open"
        if at % 2:
            assert guard.arm(run, 300, **with_).armed
            assert guard.confirm(run, **with_)
        else:
            assert undo(run, **with_).state == "rolled_back"
        assert list(etc.iterdir()) == []
        assert list(marks.iterdir()) == []
        if not died:
            assert at > 3
            return
    raise AssertionError("arming never came to its end")


def test_killed_at_any_command_while_confirming(with_, cardboard, etc, place, tmp_path) -> None:
    real = cardboard.run
    for at in range(12):
        run, left = f"run{at}", [at]
        guard.arm(run, 300, **with_)

        def dying(argv, seconds, left=left):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return real(argv, seconds)

        try:
            guard.confirm(run, place=place, systemd=Systemd(run=dying, etc=str(etc), sign=str(tmp_path)))
            died = False
        except Killed:
            died = True
        assert runs.load(run, place).state == "confirmed"
        assert undo_unconfirmed(run, boot=False, **with_).state == "confirmed"
        assert list(etc.iterdir()) == []
        if not died:
            return
    raise AssertionError("confirming never came to its end")
