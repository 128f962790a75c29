"""The changes a run can make: what is asked is compared with what is there, and turned into one deed.

:class:`Changes` looks and decides; its children either record and do (:class:`journal.Journal`) or only say what would
be done (:class:`journal.Rehearsal`).
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence, Union

from . import condition, disk
from .condition import ABSENT, Condition
from .errors import JournalError, SymbolicLinkError
from .units import Systemd, is_on

#: A user or group: its number or its name. ``None`` keeps what is there.
Owner = Union[int, str, None]

_NEW_FILE = 0o640


@dataclass(frozen=True)
class Why:
    """Why something is touched: ids of controls and measures."""

    controls: Sequence[str] = ()
    measures: Sequence[str] = ()


@dataclass(frozen=True)
class Spot:
    """A path with the links of its folders resolved."""

    folder: str
    name: str

    @property
    def path(self) -> str:
        """The whole path."""
        return os.path.join(self.folder, self.name)


@dataclass(frozen=True)
class Deed:
    """One change of a path, decided but not done.

    :ivar at: descriptor of the open folder.
    :ivar act: does it; gets a name for a temporary file.
    """

    verb: str
    spot: Spot
    at: int
    before: Condition
    after: Condition
    why: Why
    act: Callable[[str], None]


@dataclass(frozen=True)
class UnitDeed:
    """One change of a systemd unit, decided but not done. ``after`` holds only what changes."""

    unit: str
    before: dict[str, Any]
    after: dict[str, bool]
    why: Why


class Changes:
    """See :class:`journal.Journal` and :class:`journal.Rehearsal`."""

    def __init__(self, systemd: Systemd) -> None:
        self._systemd = systemd
        self._pretended: dict[str, Condition] = {}

    def write_file(self, path: str, data: bytes, *, why: Why, mode: Optional[int] = None, owner: Owner = None,
                   group: Owner = None, links: str = "refuse", was: Optional[bytes] = None) -> bool:  # fmt: skip
        """Give a regular file this content, in one step for everybody who reads it.

        Extended attributes and access control lists of the file there is are kept.

        :param path: absolute; its folder must exist.
        :param mode: permission bits; ``None`` keeps those of the file there is, a new one gets 0640.
        :param owner: ``None`` keeps; a new file belongs to the caller.
        :param group: ``None`` keeps; a new file gets the group of its folder.
        :param links: what to do when the path is a symbolic link: ``refuse`` (raise
            :class:`errors.SymbolicLinkError`, which names the target), ``follow`` (change the file it leads to, the
            link stays) or ``replace`` (the link goes). Links in the folders above are always followed.
        :param was: the content the new one was made from. If the file holds another by now, nothing is touched.
        :returns: whether anything had to be changed.
        """
        spot = _spot(os.path.realpath(path) if links == "follow" else path)
        with _Folder(self._pretended, spot) as at:
            before = self._read(at, spot)
            if before.kind == "link" and links != "replace":
                raise SymbolicLinkError(spot.path, os.path.realpath(spot.path))
            if before.kind not in ("absent", "file", "link"):
                raise JournalError(f"{spot.path} is a {before.kind}, not a file")
            if before.kind == "file" and before.links > 1:
                raise JournalError(
                    f"{spot.path} has {before.links} names (hard links), which would hold different things afterwards: "
                    "not touched"
                )
            if was is not None and before.sha256 != hashlib.sha256(was).hexdigest():
                raise JournalError(f"{spot.path} was changed by somebody else since it was read: not touched")
            old = before if before.kind == "file" else None
            uid, gid, bits = self._dress(at, spot, old, owner, group, mode, _NEW_FILE)
            after = Condition(
                kind="file",
                mode=bits,
                uid=uid,
                gid=gid,
                sha256=hashlib.sha256(data).hexdigest(),
                attributes=before.attributes if old else (),
            )
            if old and _like(before, after):
                return False

            def act(spare: str) -> None:
                descriptor = disk.create(at, spare)
                try:
                    disk.write(descriptor, data)
                    disk.dress(descriptor, uid, gid, bits, after.attributes)
                    disk.sync(descriptor)
                finally:
                    os.close(descriptor)
                disk.rename(at, spare, spot.name)

            self._commit(Deed("write", spot, at, before, after, why, act))
            return True

    def remove_file(self, path: str, *, why: Why) -> bool:
        """Remove a regular file or a symbolic link (never what it leads to)."""
        spot = _spot(path)
        if not self._is_folder(spot.folder):
            return False
        with _Folder(self._pretended, spot) as at:
            before = self._read(at, spot)
            if before.kind == "absent":
                return False
            if before.kind not in ("file", "link"):
                raise JournalError(f"{spot.path} is a {before.kind}, not a file")
            if before.links > 1:
                raise JournalError(f"{spot.path} has {before.links} names (hard links): not touched")
            self._commit(Deed("remove", spot, at, before, ABSENT, why, lambda _spare: _remove(at, spot.name)))
            return True

    def make_directory(self, path: str, *, why: Why, mode: int = 0o750, owner: Owner = None,
                       group: Owner = None, parents: bool = False) -> bool:  # fmt: skip
        """Create a folder. One that is there (or a link to one) stays as it is; see :meth:`set_mode`.

        :param owner: ``None``: the caller. ``group``: ``None``: that of the folder above.
        :param parents: create the folders above as well, with the same mode and owner.
        """
        spot = _spot(path)
        changed = False
        if parents and not self._is_folder(spot.folder):
            changed = self.make_directory(spot.folder, why=why, mode=mode, owner=owner, group=group, parents=True)
        with _Folder(self._pretended, spot) as at:
            before = self._read(at, spot)
            if before.kind == "directory" or (before.kind == "link" and os.path.isdir(spot.path)):
                return changed
            if before.kind != "absent":
                raise JournalError(f"{spot.path} is a {before.kind}, not a folder")
            uid, gid, bits = self._dress(at, spot, None, owner, group, mode, mode)
            after = Condition(kind="directory", mode=bits, uid=uid, gid=gid)

            def act(spare: str) -> None:
                disk.make_folder(at, spare)
                descriptor = os.open(spare, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
                try:
                    disk.dress(descriptor, uid, gid, bits, disk.attributes(descriptor))
                    disk.sync(descriptor)
                finally:
                    os.close(descriptor)
                disk.rename(at, spare, spot.name)

            self._commit(Deed("mkdir", spot, at, before, after, why, act))
            return True

    def make_link(self, path: str, target: str, *, why: Why) -> bool:
        """Create or change a symbolic link; a regular file in its place is recorded and replaced."""
        spot = _spot(path)
        with _Folder(self._pretended, spot) as at:
            before = self._read(at, spot)
            if before.kind not in ("absent", "file", "link"):
                raise JournalError(f"{spot.path} is a {before.kind}, not a link")
            if before.links > 1:
                raise JournalError(f"{spot.path} has {before.links} names (hard links): not touched")
            if before.kind == "link" and before.target == target:
                return False
            after = Condition(kind="link", uid=os.geteuid(), gid=os.getegid(), target=target)

            def act(spare: str) -> None:
                disk.make_link(at, spare, target)
                disk.own(at, spare, after.uid, after.gid)  # a folder may hand down its group
                disk.rename(at, spare, spot.name)

            self._commit(Deed("link", spot, at, before, after, why, act))
            return True

    def set_mode(self, path: str, *, why: Why, mode: Optional[int] = None, owner: Owner = None,
                 group: Owner = None) -> bool:  # fmt: skip
        """Change permission bits and owner of a file or folder; content and time stamps stay.

        :raises SymbolicLinkError: the path is a link.
        """
        spot = _spot(path)
        with _Folder(self._pretended, spot) as at:
            before = self._read(at, spot)
            if before.kind == "absent":
                raise JournalError(f"{spot.path} does not exist")
            if before.kind == "link":
                raise SymbolicLinkError(spot.path, os.path.realpath(spot.path))
            if before.kind == "other":
                raise JournalError(f"{spot.path} is neither a file nor a folder")
            uid, gid, bits = self._dress(at, spot, before, owner, group, mode, before.mode)
            after = Condition(kind=before.kind, mode=bits, uid=uid, gid=gid, sha256=before.sha256)
            if _like(before, after):
                return False

            def act(_spare: str) -> None:
                if (before.uid, before.gid) != (uid, gid):
                    disk.own(at, spot.name, uid, gid)
                disk.permit(at, spot.name, bits)

            self._commit(Deed("mode", spot, at, before, after, why, act))
            return True

    def set_unit(self, name: str, *, why: Why, enabled: Optional[bool] = None, active: Optional[bool] = None) -> bool:
        """Enable or disable, start or stop a systemd unit, by its full name. ``None`` leaves that side alone."""
        before = self._systemd.state(name)
        after: dict[str, bool] = {}
        if enabled is not None and is_on(before["enabled"]) != enabled:
            after["enabled"] = enabled
        if active is not None and (before["active"] in ("active", "reloading")) != active:
            after["active"] = active
        if not after:
            return False
        self._commit_unit(UnitDeed(name, before, after, why))
        return True

    def after_undo(self, argv: Sequence[str], seconds: float = 60.0) -> None:
        """A command to run once at the end of a rollback (a reload). Recording it twice runs it once.

        Record it *before* the reload that makes the change effective. Order is kept. ``systemctl daemon-reload`` needs
        no entry: a rollback does it whenever unit files or units are among what it restores. After a rollback at boot
        none of them runs, because nothing is up yet that would have to hear of it.

        :param argv: name of a program (found on the system's path) and its arguments. No secrets.
        :param seconds: how long it may take.
        """
        if not argv or "/" in argv[0] or not all(isinstance(part, str) for part in argv):
            raise JournalError("a command is the name of a program, without folder, and its arguments")
        self._commit_command(tuple(argv), seconds)

    # -- for the children

    def _commit(self, deed: Deed) -> None:
        raise NotImplementedError

    def _commit_unit(self, deed: UnitDeed) -> None:
        raise NotImplementedError

    def _commit_command(self, argv: tuple[str, ...], seconds: float) -> None:
        raise NotImplementedError

    # -- looking

    def _read(self, at: int, spot: Spot) -> Condition:
        if spot.path in self._pretended:
            return self._pretended[spot.path]
        if at < 0:
            return ABSENT
        try:
            return condition.read(at, spot.name)
        except OSError as error:
            raise JournalError(f"{spot.path} cannot be read: {(error.strerror or str(error)).lower()}") from None

    def _is_folder(self, path: str) -> bool:
        pretended = self._pretended.get(path)
        return pretended.kind == "directory" if pretended else os.path.isdir(path)

    def _dress(self, at: int, spot: Spot, old: Optional[Condition], owner: Owner, group: Owner, mode: Optional[int],
               new_mode: int) -> tuple[int, int, int]:  # fmt: skip
        uid = _number(owner, lambda name: pwd.getpwnam(name).pw_uid, "user")
        gid = _number(group, lambda name: grp.getgrnam(name).gr_gid, "group")
        if uid is None:
            uid = old.uid if old else os.geteuid()
        if gid is None:
            above = self._pretended.get(spot.folder)
            gid = old.gid if old else above.gid if above else os.fstat(at).st_gid
        bits = mode if mode is not None else old.mode if old else new_mode
        return uid, gid, bits & 0o7777


class _Folder:
    """The open folder of a spot; -1 when a rehearsal only pretends that it is there."""

    def __init__(self, pretended: dict[str, Condition], spot: Spot) -> None:
        self._only_pretended = spot.folder in pretended
        self._spot = spot
        self._context = disk.folder(spot.folder)

    def __enter__(self) -> int:
        if self._only_pretended:
            return -1
        try:
            return self._context.__enter__()
        except OSError as error:
            raise JournalError(f"{self._spot.folder}: {(error.strerror or str(error)).lower()}") from None

    def __exit__(self, *about: Any) -> None:
        if not self._only_pretended:
            self._context.__exit__(*about)


def _spot(path: str) -> Spot:
    folder, name = os.path.split(path.rstrip("/"))
    if not os.path.isabs(path) or not name or name in (".", "..") or "\0" in path:
        raise JournalError(f"{path!r} is no absolute path of a file")
    return Spot(os.path.realpath(folder), name)


def _number(owner: Owner, by_name: Callable[[str], int], what: str) -> Optional[int]:
    if owner is None or isinstance(owner, int):
        return owner
    try:
        return by_name(owner)
    except KeyError:
        raise JournalError(f"this host has no {what} {owner}") from None


def _like(before: Condition, after: Condition) -> bool:
    """Whether a file or folder already is as wanted, time stamps apart."""
    return (before.content(), before.uid, before.gid, before.mode) == (
        after.content(), after.uid, after.gid, after.mode
    )  # fmt: skip


def _remove(at: int, name: str) -> None:
    disk.remove(at, name)
