"""Arming, extending and disarming the guard of a run."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import Any, Optional

from ..journal import runs
from ..journal.errors import JournalError, RunClosedError
from ..journal.journal import Journal
from ..journal.lock import locked
from ..journal.place import Place
from ..journal.record import FINISHED, Run
from ..journal.units import Systemd
from . import code, timespan, unitfiles
from .installed import disarm, hold_boot_unit, missing_folders, write_unit
from .unitfiles import Names

#: Shortest time a guard may have: what comes after arming needs some.
SHORTEST = 10


class NoSystemdError(JournalError):
    """The host does not run systemd, so nobody would take a run back."""


@dataclass(frozen=True)
class Armed:
    """A guard at one moment.

    :ivar armed: systemd will start it.
    :ivar fires_in: seconds until then; None when it is not armed.
    :ivar boot: it also acts at the next boot.
    :ivar state: of the run.
    """

    run: str
    state: str
    armed: bool
    fires_in: Optional[float]
    boot: bool

    def to_json(self) -> dict[str, Any]:
        """The same as a dictionary."""
        return dict(vars(self))


def arm(run: str, seconds: int, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None) -> Armed:
    """Begin a run, if it is not begun, and arm its guard. A guard that is armed gets the time anew.

    When this returns, systemd has the timer scheduled and the boot unit enabled; otherwise nothing is left behind.

    :param seconds: until the run is taken back unless it is confirmed.
    :raises NoSystemdError: the host has no systemd: do not change anything then.
    :raises RunInProgressError: another run of this host is not finished.
    :raises RunClosedError: this very run is over.
    """
    place, systemd = place or Place(), systemd or Systemd()
    _need(systemd, seconds)
    known = _load(run, place)
    if known is not None and known.guard and state(run, place=place, systemd=systemd).armed:
        return extend(run, seconds, place=place, systemd=systemd)
    journal = Journal.begin(run, place=place, systemd=systemd)
    try:
        return _arm(journal, seconds, place, systemd)
    except (JournalError, OSError) as error:
        disarm(run, place, systemd)
        _give_up(run, place)
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise JournalError(f"the guard could not be armed, nothing was changed: {why}") from None


def would_arm(run: str, seconds: int, *, place: Optional[Place] = None,
              systemd: Optional[Systemd] = None) -> dict[str, Any]:  # fmt: skip
    """What :func:`arm` would do, for check mode; raises what it would raise before it does anything."""
    place, systemd = place or Place(), systemd or Systemd()
    _need(systemd, seconds)
    runs.may_begin(run, place)
    known = _load(run, place)
    found = state(run, place=place, systemd=systemd) if known else Armed(run, "open", False, None, False)
    return {"changed": True, "guard": found.to_json()}


def _arm(journal: Journal, seconds: int, place: Place, systemd: Systemd) -> Armed:
    run, names = journal.run, Names(journal.run)
    program = code.store(place)
    python = code.interpreter(program)
    digest = os.path.basename(os.path.dirname(program))
    made = missing_folders(run, systemd)
    journal.note_guard({"seconds": seconds, "code": digest, "python": python, "made": made})
    hold_boot_unit(run)
    write_unit(systemd, names.timer, unitfiles.timer(run, seconds))
    write_unit(systemd, names.service, unitfiles.service(run, python, program, place.home))
    write_unit(systemd, names.boot, unitfiles.boot(run, python, program, place.home))
    systemd.order("daemon-reload")
    systemd.order("enable", names.timer, names.boot)
    systemd.order("start", names.timer)
    return _verified(run, seconds, place, systemd)


def extend(run: str, seconds: int, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None) -> Armed:
    """Give a run ``seconds`` from now.

    :raises RunClosedError: too late, the run was confirmed or rolled back.
    """
    place, systemd = place or Place(), systemd or Systemd()
    _need(systemd, seconds)
    found = runs.load(run, place)
    if found.state in (*FINISHED, "rolling_back"):
        raise RunClosedError(run, found.state, "too late for more time")
    names = Names(run)
    if not os.path.exists(os.path.join(systemd.etc, names.timer)):
        raise JournalError(f"the run {run} has no guard that could be extended")
    write_unit(systemd, names.timer, unitfiles.timer(run, seconds))
    systemd.order("daemon-reload")
    systemd.order("restart", names.timer)
    return _verified(run, seconds, place, systemd)


def confirm(run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None, by: str = "") -> bool:
    """The run stays: write that down, then disarm its guard. Returns whether it was waiting for that.

    :raises NoSuchRunError: this host has no run of that id.
    :raises RunClosedError: too late, it was rolled back.
    """
    place, systemd = place or Place(), systemd or Systemd()
    changed = runs.confirm(run, place, by)
    return disarm(run, place, systemd) or changed


def state(run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None) -> Armed:
    """How the guard of a run is, as systemd says."""
    place, systemd = place or Place(), systemd or Systemd()
    found = runs.load(run, place)
    names = Names(run)
    if not systemd.here():
        return Armed(run, found.state, False, None, False)
    said = systemd.ask(names.timer, "ActiveState", "NextElapseUSecMonotonic")
    at = timespan.seconds(said.get("NextElapseUSecMonotonic", ""))
    waiting = said.get("ActiveState") == "active" and at is not None and at > 0
    left = round(at - time.clock_gettime(time.CLOCK_MONOTONIC), 1) if waiting and at is not None else None
    boot = systemd.ask(names.boot, "UnitFileState", "LoadState")
    ready = boot.get("LoadState") == "loaded" and boot.get("UnitFileState") == "enabled"
    return Armed(run, found.state, waiting, left, ready)


def _verified(run: str, seconds: int, place: Place, systemd: Systemd) -> Armed:
    found = state(run, place=place, systemd=systemd)
    if found.state in (*FINISHED, "rolling_back"):
        raise RunClosedError(run, found.state, "too late for more time")
    if not found.armed or found.fires_in is None or not 0 < found.fires_in <= seconds + 5:
        raise JournalError("systemd did not schedule the timer")
    if not found.boot:
        raise JournalError("systemd did not enable the boot unit")
    return found


def _give_up(run: str, place: Place) -> None:
    """A run without a guard may not stay open; nothing was touched in it."""
    with contextlib.suppress(JournalError), locked(place):
        found = runs.load(run, place)
        if found.state == "open" and not found.changes:
            runs.note(run, place, {"do": "state", "state": "rolled_back", "by": "no guard", "at": runs.stamp()})
            runs.release(found)


def _load(run: str, place: Place) -> Optional[Run]:
    with contextlib.suppress(JournalError):
        return runs.load(run, place)
    return None


def _need(systemd: Systemd, seconds: int) -> None:
    if seconds < SHORTEST:
        raise JournalError(f"the guard needs at least {SHORTEST} seconds")
    if not systemd.here():
        raise NoSystemdError(
            "this host does not run systemd, so nobody would take the changes back if they cut the connection: "
            "nothing was changed"
        )
