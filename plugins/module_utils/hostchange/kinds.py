"""What kinds of settings there are: where they live, how they are tried, how they become effective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.host import command
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.scene import Scene
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError

Command = Tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of settings.

    :ivar top: folder all its files lie below.
    :ivar check: command that reads the settings and says whether they are right.
    :ivar activate: command that makes them effective, also after a rollback.
    :ivar strict: whether the check must pass; otherwise only what is worse than before counts.
    """

    top: str
    check: Command = ()
    activate: Command = ()
    strict: bool = True


KINDS: Dict[str, Kind] = {
    "sshd": Kind("/etc/ssh/sshd_config.d", ("sshd", "-t"), ("systemctl", "try-reload-or-restart", "ssh.service")),
    "systemd": Kind("/etc/systemd/system", ("systemd-analyze", "verify"), ("systemctl", "daemon-reload"), False),
    "sysctl": Kind("/etc/sysctl.d"),
    "rsyslog": Kind("/etc/rsyslog.d", ("rsyslogd", "-N1"), ("systemctl", "try-restart", "rsyslog.service")),
    "logrotate": Kind("/etc/logrotate.d", ("logrotate", "-d", "/etc/logrotate.conf"), (), False),
    "fail2ban": Kind(
        "/etc/fail2ban", ("fail2ban-client", "-t"), ("systemctl", "try-reload-or-restart", "fail2ban.service")
    ),
}


def unit_of(path: str) -> str:
    """The unit a drop-in belongs to: ``/etc/systemd/system/asterisk.service.d/x.conf`` → ``asterisk.service``."""
    folder = path.rsplit("/", 2)[1]
    if not folder.endswith(".d") or "." not in folder[:-2]:
        raise JournalError(f"{path} is no drop-in of a unit")
    return folder[:-2]


def judge(kind: Kind, path: str, scene: Scene, before: Scene) -> None:
    """Run the check of a kind over the scene.

    :param before: the same folder without the candidate.
    :raises JournalError: the candidate does not validate.
    """
    if not kind.check:
        return
    argv = list(kind.check)
    if kind.top == "/etc/systemd/system":
        argv.append(unit_of(path))
    ran = scene.run(argv)
    said = _lines(ran)
    if kind.strict:
        if not ran.ok:
            raise JournalError(f"{path} was not written: {' '.join(argv)} says: {_shown(said, ran)}")
        return
    # Other people's mistakes are not ours; ours are what was not said before, or what names our file.
    known = set(_lines(before.run(argv)))
    wrong = [line for line in said if path in line]
    if not ran.ok:
        wrong += [line for line in said if line not in known and line not in wrong and "error" in line.lower()]
        if not known and not wrong:
            wrong = said or [ran.why()]
    if wrong:
        raise JournalError(f"{path} was not written: {' '.join(argv)} says: {_shown(wrong, ran)}")


def _lines(ran: command.Ran) -> List[str]:
    return [line.strip() for line in (ran.err + "\n" + ran.out).splitlines() if line.strip()]


def _shown(lines: List[str], ran: command.Ran) -> str:
    return "; ".join(lines[:4])[:600] or ran.why()
