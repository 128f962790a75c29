"""Taking a run back: backwards, to the byte, and never over somebody's later work without being told to.

What is restored follows from comparing the host with the journal, not from remembering how far an earlier attempt came.
So a rollback that was killed at any point is simply run again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import Any, Collection, Iterable, Iterator, Optional, Union

from . import condition, disk, runs
from .blobs import Blobs
from .condition import Condition
from .errors import JournalError, RefusedError, RunInProgressError
from .lock import locked
from .place import Place
from .record import FINISHED, Run, Touched, TouchedUnit
from .units import Systemd, concerns_units

#: How long an ordinary rollback waits for another process that is busy with the journal.
PATIENCE = 60.0
#: How long the guard waits before it ends that process.
GUARD_PATIENCE = 20.0

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass
class Outcome:
    """What a rollback did.

    :ivar state: of the run afterwards; ``rolling_back`` when something failed: run it again.
    :ivar restored: paths and units that are now as before the run.
    :ivar kept: ``{"path", "why"}``: folders of ours that stay because they hold files of others.
    :ivar displaced: paths whose newer content was put into the journal and replaced (only with force).
    :ivar failed: ``{"path" or "unit", "why"}``.
    :ivar activations: ``{"argv", "ok", "why"}`` each; ``ok`` is None when it was not run.
    :ivar damaged: lines of the journal that cannot be read; what they said is not restored.
    """

    run: str
    state: str = ""
    restored: list[str] = field(default_factory=list)
    kept: list[dict[str, str]] = field(default_factory=list)
    displaced: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    activations: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as a dictionary."""
        return dict(vars(self))


def roll_back(run: str, *, place: Optional[Place] = None, systemd: Optional[Systemd] = None, force: bool = False,
              boot: bool = False, measures: Collection[str] = (), by: str = "", guard: bool = False,
              rehearse: bool = False) -> Outcome:  # fmt: skip
    """Restore what was there before a run.

    :param force: also where somebody changed things since; what is there now is kept in the journal.
    :param boot: the host is just starting: nothing is reloaded, and starts and stops are only queued.
    :param measures: only what was done for these measures alone; the run keeps its state.
    :param by: who wants it, for the journal.
    :param guard: act for the guard: a process that hangs on the journal is ended.
    :param rehearse: only look; the outcome says what would be restored.
    :raises NoSuchRunError: there is none of that id.
    :raises RefusedError: somebody changed things since (without ``force``); nothing was done.
    :raises RunInProgressError: the run is confirmed and another one is not finished.
    """
    place = place or Place()
    systemd = systemd or Systemd()
    with locked(place, GUARD_PATIENCE if guard else PATIENCE, insist=guard):
        found = runs.load(run, place)
        if found.state == "rolled_back":
            return Outcome(run, found.state, damaged=found.damaged)
        if found.state in FINISHED:
            other = runs.unfinished(place)
            if other is not None:
                raise RunInProgressError(other.run, other.state, other.began, other.changes)
        return _Rollback(found, place, systemd, boot).go(force, frozenset(measures), by, rehearse)


class _Rollback:
    def __init__(self, run: Run, place: Place, systemd: Systemd, boot: bool) -> None:
        self._run = run
        self._place = place
        self._systemd = systemd
        self._boot = boot
        self._blobs = Blobs(os.path.realpath(place.blobs(run.run)))
        self._outcome = Outcome(run.run, run.state, damaged=run.damaged)

    def go(self, force: bool, measures: Collection[str], by: str, rehearse: bool) -> Outcome:
        paths = [one for one in self._run.paths.values() if _chosen(one, measures) and one.path not in self._run.undone]
        units = [one for one in self._run.units.values() if _chosen(one, measures) and one.name not in self._run.undone]
        paths.reverse()
        units.reverse()
        if not force:
            refused = [*shared(self._run, measures), *self._refused(paths)]
            if refused:
                raise RefusedError(self._run.run, refused)
        if rehearse:
            self._outcome.restored = [one.path for one in paths if self._differs(one)]
            self._outcome.restored += [one.name for one in units]
            return self._outcome
        if not measures:
            self._start(force, by)
        self._restore_paths(paths)
        self._restore_units(units, concerns_units([one.path for one in paths]))
        self._activate()
        self._finish(measures, by, [one.path for one in paths] + [one.name for one in units])
        return self._outcome

    # -- may we?

    def _refused(self, paths: Iterable[Touched]) -> Iterable[dict[str, str]]:
        own = {one.path for one in self._run.paths.values() if one.original.kind == "absent"}
        for one in paths:
            why = self._in_the_way(one, own)
            if why:
                yield {"path": one.path, "why": why + self._by_whom(one.path)}

    def _in_the_way(self, one: Touched, own: Collection[str]) -> Optional[str]:
        try:
            with _folder_of(one.path) as (at, name):
                now = condition.read(at, name)
        except FileNotFoundError:
            return None if one.original.kind == "absent" else "its folder was removed since"
        except OSError as error:
            return f"cannot be read: {_plain(error)}"
        if now.same(one.original):
            return None
        why = condition.ours(now, one.before, one.after)
        if why:
            # A rollback that was interrupted may have come half the way.
            return condition.ours(now, one.original, one.after) and why
        if now.kind == "directory" and one.original.kind == "absent":
            others = [name for name in os.listdir(one.path) if os.path.join(one.path, name) not in own]
            others = [name for name in others if not name.startswith(f".grundton-{self._run.run}-")]
            if others:
                return "holds files that the run did not make: " + ", ".join(sorted(others)[:5])
        return None

    def _by_whom(self, path: str) -> str:
        later = [
            run.run
            for run in runs.all_runs(self._place)
            if path in run.paths and run.began >= self._run.began and run.run != self._run.run
        ]
        return f" (touched by the later run {later[-1]}: roll that back first)" if later else ""

    def _differs(self, one: Touched) -> bool:
        try:
            with _folder_of(one.path) as (at, name):
                return not condition.read(at, name).same(one.original)
        except OSError:
            return one.original.kind != "absent"

    # -- how far are we?

    def _start(self, force: bool, by: str) -> None:
        """Free the space kept back, and say that it has begun. On a disk that is full nevertheless, go on unsaid."""
        runs.release(self._run)
        if self._run.state != "rolling_back":
            with contextlib.suppress(JournalError):
                self._note({"do": "state", "state": "rolling_back", "by": by, "result": {"force": force}})

    def _finish(self, measures: Collection[str], by: str, what: list[str]) -> None:
        if measures:
            failed = {one.get("path") or one.get("unit") for one in self._outcome.failed}
            self._note({"do": "undone", "what": [one for one in what if one not in failed], "by": by})
            return
        if self._outcome.failed:
            self._outcome.state = "rolling_back"
            return
        told = ("restored", "kept", "displaced", "activations", "damaged")
        result = {key: value for key, value in self._outcome.to_json().items() if key in told}
        try:
            self._note({"do": "state", "state": "rolled_back", "by": by, "result": result})
            self._outcome.state = "rolled_back"
        except JournalError as error:
            self._outcome.state = "rolling_back"
            self._outcome.failed.append({"path": self._place.entries(self._run.run), "why": str(error)})

    def _note(self, record: dict[str, Any]) -> None:
        runs.note(self._run.run, self._place, {**record, "at": runs.stamp()})

    # -- files

    def _restore_paths(self, paths: Iterable[Touched]) -> None:
        full = [one for one in paths if not self._attempt(one, last=False)]
        for one in full:  # what was removed meanwhile may have made room
            self._attempt(one, last=True)

    def _attempt(self, one: Touched, last: bool) -> bool:
        """Restore one path. Returns False when the disk is full and a later attempt may do better."""
        try:
            if self._restore(one, in_place=last):
                self._outcome.restored.append(one.path)
        except JournalError as error:
            self._outcome.failed.append({"path": one.path, "why": str(error)})
        except OSError as error:
            if error.errno in _FULL and not last:
                return False
            self._outcome.failed.append({"path": one.path, "why": _plain(error)})
        return True

    def _restore(self, one: Touched, in_place: bool) -> bool:
        try:
            with _folder_of(one.path) as (at, name):
                self._clean(at, one)
                now = condition.read(at, name)
                if now.same(one.original):
                    return False
                self._displace(at, name, one, now)
                return self._put(at, name, one, now, in_place)
        except FileNotFoundError:
            if one.original.kind == "absent":
                return False
            raise

    def _clean(self, at: int, one: Touched) -> None:
        """Temporary files of a change or rollback that was killed."""
        for number in one.numbers:
            for suffix in ("tmp", "undo"):
                disk.discard(at, f".grundton-{self._run.run}-{number}.{suffix}")

    def _displace(self, at: int, name: str, one: Touched, now: Condition) -> None:
        """Keep what somebody else put there. Best effort on a full disk is not good enough: then it is not replaced."""
        known = {one.original.content(), one.before.content(), one.after.content()}
        if now.kind != "file" or now.content() in known:
            return
        kept = condition.read(at, name, self._blobs.keep)
        self._note({"do": "displaced", "path": one.path, "sha256": kept.sha256})
        self._outcome.displaced.append(one.path)

    def _put(self, at: int, name: str, one: Touched, now: Condition, in_place: bool) -> bool:
        original = one.original
        if now.kind == "directory" and original.kind != "directory" and not self._remove_folder(at, name, one):
            return False
        if original.kind == "absent":
            if now.kind != "directory":
                disk.remove(at, name)
            return True
        if now.content() == original.content() and now.kind in ("file", "directory"):
            self._redress(at, name, original)
        elif original.kind == "file":
            self._put_file(at, name, one, now, in_place)
        elif original.kind == "link":
            spare = self._spare(one)
            disk.make_link(at, spare, original.target)
            disk.own(at, spare, original.uid, original.gid)
            disk.stamp(at, spare, original.atime_ns, original.mtime_ns)
            disk.rename(at, spare, name)
        else:
            raise JournalError(f"was a folder and is {'gone' if now.kind == 'absent' else 'a ' + now.kind} now")
        return True

    def _remove_folder(self, at: int, name: str, one: Touched) -> bool:
        try:
            disk.remove_folder(at, name)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or one.original.kind != "absent":
                raise
            self._outcome.kept.append({"path": one.path, "why": "holds files that the run did not make"})
            return False
        return True

    def _put_file(self, at: int, name: str, one: Touched, now: Condition, in_place: bool) -> None:
        original, spare = one.original, self._spare(one)
        try:
            descriptor = disk.create(at, spare)
            try:
                self._blobs.copy_to(original.sha256, descriptor)
                disk.dress(descriptor, original.uid, original.gid, original.mode, original.attributes)
                disk.sync(descriptor)
            finally:
                os.close(descriptor)
        except (OSError, JournalError) as error:
            disk.discard(at, spare)
            if not (in_place and isinstance(error, OSError) and error.errno in _FULL and now.kind == "file"):
                raise
            self._overwrite(at, name, original)
            return
        disk.stamp(at, spare, original.atime_ns, original.mtime_ns)
        disk.rename(at, spare, name)

    def _overwrite(self, at: int, name: str, original: Condition) -> None:
        """The last resort on a full disk: the old bytes into the blocks the new file has, if they fit."""
        descriptor = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
        try:
            room = os.fstat(descriptor).st_blocks * 512
            if self._blobs.length(original.sha256) > room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._blobs.copy_to(original.sha256, descriptor)
            disk.cut(descriptor)
        finally:
            os.close(descriptor)
        self._redress(at, name, original)

    def _redress(self, at: int, name: str, original: Condition) -> None:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
        try:
            disk.dress(descriptor, original.uid, original.gid, original.mode, original.attributes)
            disk.sync(descriptor)
        finally:
            os.close(descriptor)
        if original.kind == "file":
            disk.stamp(at, name, original.atime_ns, original.mtime_ns)

    def _spare(self, one: Touched) -> str:
        return f".grundton-{self._run.run}-{one.numbers[-1]}.undo"

    # -- units and activations

    def _restore_units(self, units: Iterable[TouchedUnit], files: bool) -> None:
        units = list(units)
        if not (units or files) or not self._systemd.here():
            return
        try:
            self._systemd.order("daemon-reload")
        except JournalError as error:
            self._outcome.failed.append({"unit": "systemd", "why": str(error)})
        for one in units:
            try:
                if self._systemd.restore(one.name, one.original, one.after, wait=not self._boot):
                    self._outcome.restored.append(one.name)
            except (JournalError, OSError) as error:  # noqa: PERF203
                self._outcome.failed.append({"unit": one.name, "why": str(error)})

    def _activate(self) -> None:
        for argv, seconds in self._run.activations:
            if self._boot:
                self._outcome.activations.append({"argv": list(argv), "ok": None, "why": "not needed at boot"})
                continue
            ran = self._systemd.run(argv, seconds)
            self._outcome.activations.append(
                {"argv": list(argv), "ok": ran.ok, "why": "" if ran.ok else ran.failure or f"exit code {ran.code}"}
            )


@contextlib.contextmanager
def _folder_of(path: str) -> Iterator[tuple[int, str]]:
    """The open folder of a path, and its name in there."""
    folder, name = os.path.split(path)
    with disk.folder(folder) as at:
        yield at, name


def _chosen(one: Union[Touched, TouchedUnit], measures: Collection[str]) -> bool:
    return not measures or (bool(one.measures) and one.measures <= set(measures))


def shared(run: Run, measures: Collection[str]) -> list[dict[str, str]]:
    """What was done for the chosen measures *and* others: it cannot be taken back for one of them alone."""
    found = []
    for one in run.touched:
        if measures and one.measures & set(measures) and not one.measures <= set(measures):
            key, name = ("path", one.path) if isinstance(one, Touched) else ("unit", one.name)
            others = ", ".join(sorted(one.measures - set(measures)))
            found.append({key: name, "why": f"was done for {others} as well"})
    return found


def _plain(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
