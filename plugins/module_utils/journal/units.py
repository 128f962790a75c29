"""systemd units: how they are, how to change them, how to put them back."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Sequence

from ..host import command
from ..snapshot.deadline import Deadline
from . import disk
from .errors import JournalError

#: Runs a command within so many seconds.
Runner = Callable[[Sequence[str], float], command.Ran]

#: Where a change of a file means that systemd has to read its units again.
UNIT_FOLDERS = ("/etc/systemd/", "/run/systemd/", "/usr/lib/systemd/", "/lib/systemd/", "/usr/local/lib/systemd/")

_RUNNING = ("active", "activating", "reloading")


def run_command(argv: Sequence[str], seconds: float) -> command.Ran:
    """Run a command of the host."""
    return command.run(argv, Deadline.after(seconds), seconds)


@dataclass(frozen=True)
class Systemd:
    """systemd of this host.

    :ivar run: how commands are run.
    :ivar etc: folder of the administrator's units and of the links that enable units.
    :ivar sign: exists where systemd is process 1.
    """

    run: Runner = field(default=run_command)
    etc: str = "/etc/systemd/system"
    sign: str = "/run/systemd/system"

    def here(self) -> bool:
        """Whether this host runs systemd."""
        return os.path.isdir(self.sign)

    def need(self) -> None:
        """:raises JournalError: this host does not run systemd."""
        if not self.here():
            raise JournalError("this host does not run systemd")

    def ask(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit.

        :raises JournalError: systemd does not answer.
        """
        self.need()
        ran = self.run(["systemctl", "show", "--no-pager", f"--property={','.join(properties)}", "--", unit], 30.0)
        if not ran.ok:
            raise JournalError(f"systemd does not answer for {unit}: {ran.why()}")
        return dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)

    def state(self, unit: str) -> dict[str, Any]:
        """How a unit is: ``enabled``, ``active``, and the ``links`` that enable it, path → target."""
        said = self.ask(unit, "UnitFileState", "ActiveState", "LoadState")
        if said.get("LoadState") == "not-found":
            raise JournalError(f"this host has no unit {unit}")
        return {
            "enabled": said.get("UnitFileState", ""),
            "active": said.get("ActiveState", ""),
            "links": self.links(unit),
        }

    def links(self, unit: str) -> dict[str, str]:
        """Every link below the administrator's folder that stands for the unit: path → target."""
        found = {}
        for folder, _, _ in os.walk(self.etc):
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        target = os.readlink(entry.path)
                        if unit in (entry.name, os.path.basename(target)):
                            found[entry.path] = target
        return found

    def change(self, unit: str, enabled: Optional[bool], active: Optional[bool], wait: bool = True) -> None:
        """Enable or disable, start or stop.

        :param wait: for the start or stop to be done.
        :raises JournalError: systemd refuses.
        """
        if enabled is not None:
            self.order("enable" if enabled else "disable", unit)
        if active is not None:
            self.order("start" if active else "stop", unit, wait=wait)

    def order(self, verb: str, *units: str, wait: bool = True, seconds: float = 120.0) -> None:
        """One command to systemd.

        :raises JournalError: it failed.
        """
        self.need()
        options = ["--quiet"] if wait else ["--quiet", "--no-block"]
        ran = self.run(["systemctl", *options, verb, *units], seconds)
        if not ran.ok:
            raise JournalError(f"systemctl {' '.join((verb, *units))}: {ran.why()}")

    def restore(self, unit: str, original: dict[str, Any], touched: dict[str, Any], wait: bool) -> bool:
        """Put a unit back. The files it is made of are back already, and systemd has read them.

        :param touched: what the run changed: ``enabled`` and ``active`` are there if it did.
        :returns: whether anything had to be done.
        :raises JournalError: systemd refuses.
        """
        done = False
        if "enabled" in touched:
            done = self._restore_links(unit, original["links"])
            if done:
                self.order("daemon-reload")
            now = self.ask(unit, "UnitFileState").get("UnitFileState", "")
            if now != original["enabled"] and is_on(now) != is_on(original["enabled"]):
                self.order("enable" if is_on(original["enabled"]) else "disable", unit)
                done = True
        if "active" in touched:
            wanted = original["active"] in _RUNNING
            if (self.ask(unit, "ActiveState").get("ActiveState") in _RUNNING) != wanted:
                self.order("start" if wanted else "stop", unit, wait=wait)
                done = True
        return done

    def _restore_links(self, unit: str, original: dict[str, str]) -> bool:
        now = self.links(unit)
        for path in sorted(set(now) - set(original)):
            _remove_link(path)
        wrong = [path for path, target in original.items() if now.get(path) != target]
        for path in wrong:
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            _remove_link(path)
            with disk.folder(os.path.realpath(os.path.dirname(path))) as at:
                disk.make_link(at, os.path.basename(path), original[path])
                disk.sync(at)
        return bool(wrong) or bool(set(now) - set(original))


def _remove_link(path: str) -> None:
    with disk.folder(os.path.realpath(os.path.dirname(path))) as at:
        disk.remove(at, os.path.basename(path))


def is_on(state: str) -> bool:
    """Whether a unit in that state is started at boot."""
    return state in ("enabled", "enabled-runtime", "alias")


def concerns_units(paths: Sequence[str]) -> bool:
    """Whether one of the paths belongs to systemd's units."""
    return any(path.startswith(UNIT_FOLDERS) for path in paths)
