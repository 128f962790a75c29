"""Changing things on this host so that every change can be taken back.

Every method records what was there, on disk and synced, *before* it touches anything, and returns whether it changed
something. What is already as wanted is neither recorded nor touched.

>>> journal = Journal.begin("20261123T180000Z-3fa9c1")                           # doctest: +SKIP
>>> why = Why(controls=("asterisk.endpoint.srtp",), measures=("M 5.135",))       # doctest: +SKIP
>>> journal.write_file("/etc/asterisk/grundton.d/pjsip.conf", b"...", why=why)   # doctest: +SKIP
True
>>> journal.after_undo(["asterisk", "-rx", "module reload res_pjsip.so"])        # doctest: +SKIP

In check mode use :class:`Rehearsal`: same methods, same answers, nothing recorded, nothing touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Union

#: A user or group: its number or its name. ``None`` keeps what is there.
Owner = Union[int, str, None]


@dataclass(frozen=True)
class Why:
    """Why something is touched: ids of controls and measures."""

    controls: Sequence[str] = ()
    measures: Sequence[str] = ()


class Changes:
    """The changes that can be made; see :class:`Journal` and :class:`Rehearsal`."""

    def write_file(self, path: str, data: bytes, *, why: Why, mode: Optional[int] = None, owner: Owner = None,
                   group: Owner = None, links: str = "refuse") -> bool:  # fmt: skip
        """Give a regular file this content, in one step for everybody who reads it.

        :param path: absolute; its folder must exist.
        :param mode: permission bits; ``None`` keeps those of the file there is, a new one gets 0640.
        :param owner: ``None`` keeps; a new file belongs to the caller.
        :param group: ``None`` keeps; a new file gets the group of its folder.
        :param links: what to do when the path is a symbolic link: ``refuse`` (raise :class:`errors.SymbolicLink`, which
            names the target), ``follow`` (change the file it leads to, the link stays) or ``replace`` (the link goes).
            Links in the folders above are always followed.
        :returns: whether anything had to be changed.
        """
        raise NotImplementedError

    def remove_file(self, path: str, *, why: Why) -> bool:
        """Remove a regular file or a symbolic link (never what it leads to)."""
        raise NotImplementedError

    def make_directory(self, path: str, *, why: Why, mode: int = 0o750, owner: Owner = None,
                       group: Owner = None, parents: bool = False) -> bool:  # fmt: skip
        """Create a folder. One that is there stays as it is (see :meth:`set_mode`)."""
        raise NotImplementedError

    def make_link(self, path: str, target: str, *, why: Why) -> bool:
        """Create or change a symbolic link; a regular file in its place is recorded and replaced."""
        raise NotImplementedError

    def set_mode(self, path: str, *, why: Why, mode: Optional[int] = None, owner: Owner = None,
                 group: Owner = None) -> bool:  # fmt: skip
        """Change permission bits and owner of a file or folder; content and time stamps stay."""
        raise NotImplementedError

    def set_unit(self, name: str, *, why: Why, enabled: Optional[bool] = None, active: Optional[bool] = None) -> bool:
        """Enable or disable, start or stop a systemd unit. ``None`` leaves that side alone."""
        raise NotImplementedError

    def after_undo(self, argv: Sequence[str], seconds: float = 60.0) -> None:
        """A command to run once at the end of a rollback (a reload). Recording it twice runs it once.

        Record it *before* the reload that makes the change effective. Order is kept. ``systemctl daemon-reload`` needs
        no entry: a rollback does it whenever unit files or units are among what it restores.
        """
        raise NotImplementedError


class Journal(Changes):
    """The journal of one run, open for changes."""

    @classmethod
    def begin(cls, run: str) -> Journal:
        """Start a run. Beginning the same open run twice is fine.

        :raises RunInProgress: another run of this host is not finished.
        """
        raise NotImplementedError

    @classmethod
    def attach(cls, run: str) -> Journal:
        """The run that another process of this host has begun.

        :raises NoSuchRun: it was never begun here.
        :raises RunClosed: it takes no more changes.
        """
        raise NotImplementedError

    def close(self) -> None:
        """All changes are made: from now on the run waits for its confirmation."""
        raise NotImplementedError


class Rehearsal(Changes):
    """Answers what :class:`Journal` would change, for check mode.

    Paths made by an earlier call of the same rehearsal count as there.
    """
