"""Taking a run back and disarming its guard, whoever wants it."""

from __future__ import annotations

from typing import Collection, Optional

from ..journal import runs
from ..journal.place import Place
from ..journal.rollback import Outcome, roll_back
from ..journal.units import Systemd
from .installed import disarm, hold_boot_unit


def undo(run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None, force: bool = False,
         measures: Collection[str] = (), by: str = "") -> Outcome:  # fmt: skip
    """Take a run back because somebody asked for it.

    :raises JournalError: see :func:`journal.rollback.roll_back`; the guard stays armed then.
    """
    place, systemd = place or Place(), systemd or Systemd()
    outcome = roll_back(run, place=place, systemd=systemd, force=force, measures=measures, by=by)
    if outcome.state == "rolled_back":
        disarm(run, place, systemd)
    return outcome


def undo_unconfirmed(run: str, *, boot: bool, place: Place, systemd: Optional[Systemd] = None) -> Outcome:
    """Take a run back because nobody confirmed it. A confirmed one stays.

    Files that somebody changed since are restored as well, after what they hold now was put into the journal: half a
    rollback can leave telephony or access broken, and nobody is there to ask.
    """
    systemd = systemd or Systemd()
    if boot:
        hold_boot_unit(run)
    found = runs.load(run, place)
    if found.state == "confirmed":
        outcome = Outcome(run, found.state)
    else:
        by = "guard at boot" if boot else "guard"
        outcome = roll_back(run, place=place, systemd=systemd, force=True, boot=boot, by=by, guard=True)
    if outcome.state in ("confirmed", "rolled_back"):
        disarm(run, place, systemd, boot=boot)
    return outcome
