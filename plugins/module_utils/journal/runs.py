"""The runs of this host: list, show, confirm, forget."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import Any, Optional

from . import ballast, log
from .blobs import Blobs
from .errors import JournalError, NoSuchRunError, RunClosedError, RunInProgressError
from .lock import locked
from .place import Place
from .record import FINISHED, Run, replay

#: How many finished runs are kept, and for how many days.
KEEP = 50
DAYS = 90

_GONE = ".gone-"


def load(run: str, place: Place) -> Run:
    """One run.

    :raises NoSuchRunError: there is none of that id.
    """
    lines = log.read(place.entries(run), run)
    return replay(run, lines.records, lines.damaged)


def exists(run: str, place: Place) -> bool:
    """Whether a run of that id was begun on this host."""
    try:
        log.read(place.entries(run), run)
    except NoSuchRunError:
        return False
    return True


def all_runs(place: Place) -> list[Run]:
    """Every run of this host, oldest first. Folders without a journal are none: nothing was touched there."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(place.journals):
            with contextlib.suppress(NoSuchRunError):
                if place.is_run(name):
                    found.append(load(name, place))
    return sorted(found, key=lambda run: (run.began, run.run))


def unfinished(place: Place) -> Optional[Run]:
    """The run that is neither confirmed nor rolled back."""
    return next((run for run in all_runs(place) if run.state not in FINISHED), None)


def may_begin(run: str, place: Place) -> bool:
    """Whether a run of that id would begin anew; False when it is open already.

    :raises RunInProgressError: another run of this host is not finished.
    :raises RunClosedError: this very run is over.
    """
    for other in all_runs(place):
        if other.run == run and other.state != "open":
            raise RunClosedError(run, other.state)
        if other.run == run:
            return False
        if other.state not in FINISHED:
            raise RunInProgressError(other.run, other.state, other.began, other.changes)
    place.run(run)
    return True


def summary(run: Run) -> dict[str, Any]:
    """One run in a list."""
    controls: set[str] = set()
    measures: set[str] = set()
    for touched in run.touched:
        controls |= touched.controls
        measures |= touched.measures
    return {
        "run": run.run,
        "state": run.state,
        "began": run.began,
        "ended": run.ended,
        "by": run.by,
        "paths": len(run.paths),
        "units": len(run.units),
        "controls": sorted(controls),
        "measures": sorted(measures),
        "guarded": bool(run.guard),
        "damaged": len(run.damaged),
    }


def describe(run: Run, place: Place) -> dict[str, Any]:
    """One run in detail. No content and no fingerprint of content is part of it."""
    return {
        **summary(run),
        "touched": [
            {
                "path": one.path,
                "did": one.verbs,
                "before": _outside(one.original.to_json()),
                "after": _outside(one.after.to_json()),
                "controls": sorted(one.controls),
                "measures": sorted(one.measures),
                "undone": one.path in run.undone,
            }
            for one in run.paths.values()
        ],
        "touched_units": [
            {
                "unit": one.name,
                "before": {key: one.original[key] for key in ("enabled", "active")},
                "after": one.after,
                "controls": sorted(one.controls),
                "measures": sorted(one.measures),
                "undone": one.name in run.undone,
            }
            for one in run.units.values()
        ],
        "activations": [list(argv) for argv, _ in run.activations],
        "displaced": sorted(run.displaced),
        "result": run.result,
        "bytes_kept": Blobs(place.blobs(run.run)).size(),
    }


def _outside(found: dict[str, Any]) -> dict[str, Any]:
    """A condition without what says anything about the content."""
    return {key: value for key, value in found.items() if key in ("kind", "mode", "uid", "gid", "target")}


def confirm(run: str, place: Place, by: str = "") -> bool:
    """The run stays. Returns whether it was waiting for that.

    :raises NoSuchRunError: there is none of that id.
    :raises RunClosedError: too late, it was rolled back.
    """
    with locked(place):
        found = load(run, place)
        if found.state == "confirmed":
            return False
        if found.state not in ("open", "unconfirmed"):
            raise RunClosedError(run, found.state, "too late to confirm")
        note(run, place, {"do": "state", "state": "confirmed", "by": by, "at": stamp()})
        release(found)
        return True


def release(run: Run) -> None:
    """Give free what was kept back for a rollback."""
    for path in run.ballast:
        ballast.release(path)


def note(run: str, place: Place, record: dict[str, Any]) -> None:
    """Add one line to a journal, whatever its state. The caller holds the lock.

    :raises JournalError: it cannot be written.
    """
    lines = log.read(place.entries(run), run)
    number = 1 + max((int(one.get("n", 0)) for one in lines.records), default=0)
    try:
        log.append(place.entries(run), {"n": number, **record}, lines.whole)
    except OSError as error:
        raise JournalError(f"the journal cannot be written: {(error.strerror or str(error)).lower()}") from None


def forget(place: Place, keep: int = KEEP, days: float = DAYS, rehearse: bool = False) -> list[str]:
    """Remove the journals of finished runs that are older than ``days`` or not among the ``keep`` newest.

    :param rehearse: only say which.
    :returns: ids of the runs that can no longer be rolled back.
    """
    gone = []
    with locked(place):
        if not rehearse:
            _sweep(place)
        finished = [run for run in all_runs(place) if run.state in FINISHED]
        oldest = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))
        for position, run in enumerate(reversed(finished)):
            if position >= keep or (run.ended or run.began) < oldest:
                if not rehearse:
                    away = os.path.join(place.journals, _GONE + run.run)
                    os.rename(place.run(run.run), away)
                    shutil.rmtree(away, ignore_errors=True)
                gone.append(run.run)
    return sorted(gone)


def _sweep(place: Place) -> None:
    """Remove what is left of journals that are gone, and of runs that were killed before they had begun."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(place.journals):
            if name.startswith(_GONE) or not exists(name, place):
                shutil.rmtree(os.path.join(place.journals, name), ignore_errors=True)


def stamp() -> str:
    """The time, for people."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
