"""Changing things on this host so that every change can be taken back.

Every method records what was there, on disk and synced, *before* it touches anything, and returns whether it changed
something. What is already as wanted is neither recorded nor touched.

>>> journal = Journal.begin("20261123T180000Z-3fa9c1")                           # doctest: +SKIP
>>> why = Why(controls=("asterisk.endpoint.srtp",), measures=("M 5.135",))       # doctest: +SKIP
>>> journal.write_file("/etc/asterisk/grundton.d/pjsip.conf", b"...", why=why)   # doctest: +SKIP
True
>>> journal.after_undo(["asterisk", "-rx", "module reload res_pjsip.so"])        # doctest: +SKIP

In check mode use :class:`Rehearsal`: same methods, same answers, nothing recorded, nothing touched.

All methods raise :class:`errors.JournalError` with a message for people; it never quotes the content of a file.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Iterator, Optional

from . import ballast, condition, disk, log, runs
from .blobs import Blobs
from .changes import Changes, Deed, Owner, Spot, UnitDeed, Why
from .errors import JournalError, RunClosedError
from .lock import locked
from .place import Place, make_private
from .record import TAKES_CHANGES, Run, replay
from .units import Systemd

__all__ = ["Changes", "Journal", "Owner", "Rehearsal", "Why", "rehearsal_or_journal"]


class Journal(Changes):
    """The journal of one run, open for changes. Get one by :meth:`begin` or :meth:`attach`."""

    def __init__(self, run: Run, whole: int, place: Place, systemd: Systemd, reserve: int) -> None:
        super().__init__(systemd)
        self._run = run
        self._whole = whole
        self._place = place
        self._reserve = reserve
        self._path = place.entries(run.run)
        self._blobs = Blobs(os.path.realpath(place.blobs(run.run)))
        self._devices = {os.stat(place.run(run.run)).st_dev}

    @classmethod
    def begin(cls, run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None,
              reserve: int = ballast.SIZE) -> Journal:  # fmt: skip
        """Start a run. Beginning the same open run twice is fine.

        :param run: its id, given by the controller.
        :param reserve: bytes to keep back per file system that is touched, for a rollback on a full disk.
        :raises RunInProgressError: another run of this host is not finished.
        :raises RunClosedError: this very run is over.
        :raises JournalError: the disk is full, or the folder cannot be written.
        """
        place = place or Place()
        folder = place.run(run)
        with locked(place):
            runs.may_begin(run, place)
            for private in (place.journals, folder, place.blobs(run)):
                make_private(private)
            spare = os.path.join(folder, "ballast")
            if not runs.exists(run, place):
                ballast.reserve(spare, reserve)
                try:
                    first = {"do": "begin", "schema": log.SCHEMA, "run": run, "at": runs.stamp(), "ballast": spare}
                    log.append(place.entries(run), {"n": 1, **first}, 0)
                except OSError as error:
                    raise JournalError(f"the journal cannot be written: {error.strerror}") from None
        return cls.attach(run, place=place, systemd=systemd, reserve=reserve)

    @classmethod
    def attach(cls, run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None,
               reserve: int = ballast.SIZE) -> Journal:  # fmt: skip
        """The run that another process of this host has begun.

        :raises NoSuchRunError: it was never begun here.
        :raises RunClosedError: it takes no more changes.
        """
        place = place or Place()
        lines = log.read(place.entries(run), run)
        found = replay(run, lines.records, lines.damaged)
        if found.state not in TAKES_CHANGES:
            raise RunClosedError(run, found.state)
        return cls(found, lines.whole, place, systemd or Systemd(), reserve)

    @property
    def run(self) -> str:
        """The id of the run."""
        return self._run.run

    def close(self) -> None:
        """All changes are made: from now on the run waits for its confirmation."""
        with self._turn():
            self._append({"do": "state", "state": "unconfirmed", "at": runs.stamp()})

    def note_guard(self, about: dict[str, Any]) -> None:
        """Write down that the guard is armed: ``seconds``, ``code`` (digest), ``python``, ``made`` (folders)."""
        with self._turn():
            self._append({"do": "guard", "at": runs.stamp(), **about})

    # -- how a change is recorded and done

    def _commit(self, deed: Deed) -> None:
        at, spot = deed.at, deed.spot
        try:
            with self._turn():
                self._keep_back(at, spot)
                kept = condition.read(at, spot.name, self._blobs.keep)
                if not kept.same(deed.before):
                    raise JournalError(f"{spot.path} was changed by somebody else at this very moment: not touched")
                number = self._append(
                    {
                        "do": "touch",
                        "verb": deed.verb,
                        "path": spot.path,
                        "before": kept.to_json(),
                        "after": deed.after.to_json(),
                        **_reason(deed.why),
                    }
                )
                spare = temporary(self.run, number)
                try:
                    deed.act(spare)
                except OSError:
                    disk.discard(at, spare)
                    raise
        except OSError as error:
            raise JournalError(f"{spot.path} cannot be changed: {(error.strerror or str(error)).lower()}") from None

    def _commit_unit(self, deed: UnitDeed) -> None:
        with self._turn():
            record = {"do": "unit", "unit": deed.unit, "before": deed.before, "after": deed.after}
            self._append({**record, **_reason(deed.why)})
        # Outside the lock: a start may take long, and the guard must not have to wait for it.
        self._systemd.change(deed.unit, deed.after.get("enabled"), deed.after.get("active"))

    def _commit_command(self, argv: tuple[str, ...], seconds: float) -> None:
        with self._turn():
            if argv not in {known for known, _ in self._run.activations}:
                self._append({"do": "after_undo", "argv": list(argv), "seconds": seconds})

    def _keep_back(self, at: int, spot: Spot) -> None:
        device = os.fstat(at).st_dev
        if device in self._devices:
            return
        path = os.path.join(ballast.top_of(spot.folder), f".grundton-{self.run}.ballast")
        if path not in self._run.ballast:
            self._append({"do": "ballast", "path": path})
        ballast.reserve(path, self._reserve)
        self._devices.add(device)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the lock, and know what others wrote into this journal meanwhile."""
        with locked(self._place):
            try:
                size = os.stat(self._path).st_size
            except OSError:
                raise RunClosedError(self.run, "rolled_back") from None
            if size != self._whole:
                lines = log.read(self._path, self.run)
                self._run = replay(self.run, lines.records, lines.damaged)
                self._whole = lines.whole
            if self._run.state not in TAKES_CHANGES:
                raise RunClosedError(self.run, self._run.state)
            yield

    def _append(self, record: dict[str, Any]) -> int:
        number = self._run.entries + 1
        record = {"n": number, **record}
        try:
            self._whole = log.append(self._path, record, self._whole)
        except OSError as error:
            raise JournalError(f"the journal cannot be written: {(error.strerror or str(error)).lower()}") from None
        self._run = replay_more(self._run, record)
        return number


class Rehearsal(Changes):
    """Answers what :class:`Journal` would change, for check mode. Changes nothing and needs no run.

    What an earlier call of the same rehearsal would have made counts as there.
    """

    def __init__(self, systemd: Optional[Systemd] = None) -> None:
        super().__init__(systemd or Systemd())

    def _commit(self, deed: Deed) -> None:
        self._pretended[deed.spot.path] = deed.after

    def _commit_unit(self, deed: UnitDeed) -> None:
        """Nothing to keep: units do not depend on one another here."""

    def _commit_command(self, argv: tuple[str, ...], seconds: float) -> None:
        """Nothing to keep."""


def rehearsal_or_journal(run: str, check_mode: bool, place: Optional[Place] = None) -> Changes:
    """What a module works with: in check mode a rehearsal, otherwise the run that was begun."""
    return Rehearsal() if check_mode else Journal.attach(run, place=place)


def temporary(run: str, number: int) -> str:
    """Name of the file in which the new content is put together, beside the old one."""
    return f".grundton-{run}-{number}.tmp"


def replay_more(run: Run, record: dict[str, Any]) -> Run:
    """A run with one more line."""
    return replay(run.run, [record], into=run)


def _reason(why: Why) -> dict[str, list[str]]:
    return {"controls": sorted(why.controls), "measures": sorted(why.measures)}
