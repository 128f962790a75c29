"""The edge: tries candidates on this host, writes them through the journal, makes them effective."""

from __future__ import annotations

import difflib
import os
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.grundton.voip.plugins.module_utils.host import command
from ansible_collections.grundton.voip.plugins.module_utils.hostchange import modes, ssh, sysctls
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.kinds import KINDS, Kind, judge, unit_of
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.scene import Scene
from ansible_collections.grundton.voip.plugins.module_utils.journal.changes import Changes, Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline


@dataclass
class Report:
    """What was done.

    :ivar pending: ``{"unit", "path", "why"}``: what waits for a restart.
    """

    paths: List[str] = field(default_factory=list)
    units: List[str] = field(default_factory=list)
    ran: List[str] = field(default_factory=list)
    pending: List[Dict[str, str]] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    diff: List[Dict[str, str]] = field(default_factory=list)

    def to_json(self) -> Dict[str, Any]:
        """The module's result."""
        return {"changed": bool(self.paths or self.units), **vars(self)}


class Host:
    """Changes of one call.

    :param rehearse: check mode: try and compare, run nothing that changes anything.
    """

    def __init__(self, journal: Changes, why: Why, rehearse: bool) -> None:
        self._journal = journal
        self._why = why
        self._rehearse = rehearse
        self.report = Report()

    def file(self, kind_name: str, path: str, content: str, mode: int = 0o644) -> None:
        """Give one settings file its whole content, if it validates there.

        :raises JournalError: it does not, or it would shut this connection out.
        """
        kind = KINDS[kind_name]
        data = content.encode("utf-8")
        before = _read(path)
        if kind_name == "sysctl":
            self._sysctl(path, content, before)
        elif before != data:
            self._try(kind_name, kind, path, content)
            if not os.path.isdir(os.path.dirname(path)):
                self._journal.make_directory(os.path.dirname(path), why=self._why, mode=0o755)
        if before == data and kind_name != "sysctl":
            return
        if self._journal.write_file(path, data, why=self._why, mode=mode, owner="root", group="root"):
            self.report.paths.append(path)
            self.report.diff.append({"prepared": shown_diff(path, before, content)})
            self._activate(kind)

    def rights(self, wanted: modes.Rights) -> None:
        """Bring paths to their rights."""
        self.report.paths += modes.apply(self._journal, wanted, self._why)

    def unit(self, name: str, enabled: Optional[bool], active: Optional[bool]) -> None:
        """Enable or start a unit."""
        if self._journal.set_unit(name, why=self._why, enabled=enabled, active=active):
            self.report.units.append(name)

    def restarts(self, path: str, allowed: bool) -> None:
        """Restart the unit of a drop-in when it runs with older settings, or say that this is pending."""
        unit = unit_of(path)
        if path in self.report.paths and self._rehearse:
            self.report.pending.append(_pending(unit, path, "takes effect with the next restart"))
            return
        if not _older(unit, path):
            return
        why = "" if allowed else "takes effect with the next restart"
        if allowed and unit == "asterisk.service":
            why = _busy()
        if why or self._rehearse:
            self.report.pending.append(_pending(unit, path, why or "would be restarted"))
            return
        restart = ["systemctl", "try-restart", unit]
        self._journal.after_undo(restart, 120.0)
        ran = _run(restart, 120.0)
        if not ran.ok:
            raise JournalError(f"{unit} does not start with the new settings: {ran.why()}")
        self.report.ran.append(" ".join(restart))

    def _try(self, kind_name: str, kind: Kind, path: str, content: str) -> None:
        with Scene(kind.top) as scene, Scene(kind.top) as plain:
            scene.put(path, content.encode("utf-8"))
            judge(kind, path, scene, plain)
            if kind_name == "sshd":
                self._guard_ssh(path, content, scene, plain)

    def _guard_ssh(self, path: str, content: str, scene: Scene, plain: Scene) -> None:
        ran = scene.run(["sshd", "-T"])
        if not ran.ok:
            raise JournalError(f"{path} was not written: sshd -T says: {ran.why()}")
        lost = ssh.without_effect(content, ssh.effective(ran.out))
        if lost:
            raise JournalError(f"{path} was not written, because other settings come first: {'; '.join(lost)}")
        connection = ssh.this_connection()
        if connection is None:
            self.report.notes.append("this is no ssh connection, so whether it could be made again was not checked")
            return
        connection = ssh.with_login(connection, _login_log())
        then = ssh.effective(scene.run(["sshd", "-T", "-C", connection.spec()]).out)
        now = ssh.effective(plain.run(["sshd", "-T", "-C", connection.spec()]).out)
        # What already speaks against the connection there is shows only that we do not know all of it.
        known = ssh.shut_out(connection, now)
        wrong = [reason for reason in ssh.shut_out(connection, then) if reason not in known]
        if wrong:
            raise JournalError(
                f"{path} was not written, because it would lock out {connection.user}, who is making this very change "
                f"from {connection.address}: {'; '.join(wrong)}"
            )

    def _sysctl(self, path: str, content: str, before: Optional[bytes]) -> None:
        wanted = sysctls.parse(content)
        old, unknown = sysctls.differing(wanted)
        if unknown:
            self.report.notes.append(f"this kernel does not have {', '.join(unknown)}")
        if old and not self._rehearse:
            # Recorded first, so that a rollback brings back what was in force, not only the file.
            self._journal.after_undo(["sysctl", "-q", "-e", "-w", *[f"{key}={value}" for key, value in old.items()]])
        for key in old:
            if self._rehearse:
                continue
            if sysctls.set_now(key, wanted[key]):
                self.report.ran.append(f"{key} = {wanted[key]}")
            else:
                self.report.pending.append(_pending("", path, f"{key} belongs to the host of this container"))
        if self.report.ran and before == content.encode("utf-8"):
            self.report.paths.append(path)

    def _activate(self, kind: Kind) -> None:
        if not kind.activate:
            return
        if kind.top != "/etc/systemd/system":  # a rollback lets systemd read its units by itself
            self._journal.after_undo(list(kind.activate))
        if self._rehearse:
            return
        ran = _run(kind.activate, 60.0)
        if not ran.ok:
            raise JournalError(f"{' '.join(kind.activate)} failed: {ran.why()}")
        self.report.ran.append(" ".join(kind.activate))


def shown_diff(path: str, before: Optional[bytes], after: str) -> str:
    """A unified diff for people; secrets that a file of somebody else held are hidden."""
    redactor = Redactor()
    old = [] if before is None else before.decode("utf-8", "replace").splitlines()
    lines = difflib.unified_diff(old, after.splitlines(), f"{path} (before)", f"{path} (after)", lineterm="")
    return "\n".join(redactor.text(line) for line in lines) + "\n"


def _pending(unit: str, path: str, why: str) -> Dict[str, str]:
    return {"unit": unit, "path": path, "why": why}


def _read(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _older(unit: str, path: str) -> bool:
    """Whether the unit runs since before the file was written."""
    ran = _run(["systemctl", "show", "--property=ExecMainStartTimestampMonotonic,ActiveState", "--", unit], 20.0)
    said = dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)
    started = said.get("ExecMainStartTimestampMonotonic", "0")
    if said.get("ActiveState") != "active" or not started.isdigit() or not os.path.exists(path):
        return False
    at = time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - int(started) / 1e6)
    return os.stat(path).st_mtime > at


def _busy() -> str:
    """Why Asterisk must not be restarted now; empty when no call is up."""
    ran = _run(["asterisk", "-rx", "core show channels count"], 20.0)
    first = next((line for line in ran.out.splitlines() if "active channel" in line), "")
    if not ran.ok or not first:
        return f"how many calls are up is not known: {ran.why()}"
    return "" if first.split()[0] == "0" else f"calls are up: {first.strip()}"


def _login_log() -> str:
    argv = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--since=-2d", "--grep=^Accepted "]
    ran = _run(argv, 20.0)
    return ran.out if ran.ok else ""


def _run(argv: Sequence[str], seconds: float) -> command.Ran:
    return command.run(list(argv), Deadline.after(seconds), seconds)
