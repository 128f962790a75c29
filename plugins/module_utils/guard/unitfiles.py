"""The three unit files of a guard, as text. Pure.

* The timer fires once, on the monotonic clock: setting the clock does not move it.
* The service does the work.
* The boot unit does it early in the next boot, before anything reads what is restored. It may not run in the boot it
  was armed in, although systemd would start it along with any other unit: that is what the mark in ``/run`` is for,
  which no reboot survives.

The timer is enabled as well, as a second try after a reboot in which the boot unit did not succeed.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What reads configuration before ordinary services do.
_EARLY = (
    "sysinit.target", "network-pre.target", "systemd-sysctl.service", "nftables.service",
    "netfilter-persistent.service", "firewalld.service", "apparmor.service",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """Names of a guard's units and the links that enable them, relative to the administrator's folder of units."""

    run: str

    @property
    def timer(self) -> str:
        """Fires when the time is over."""
        return f"grundton-guard-{self.run}.timer"

    @property
    def service(self) -> str:
        """Takes the run back."""
        return f"grundton-guard-{self.run}.service"

    @property
    def boot(self) -> str:
        """Takes the run back at the next boot."""
        return f"grundton-guard-{self.run}-boot.service"

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(Folder of the link, unit) of both links."""
        return (("timers.target.wants", self.timer), ("sysinit.target.wants", self.boot))

    @property
    def mark(self) -> str:
        """A file that no reboot survives."""
        return f"/run/grundton-guard-{self.run}"


def timer(run: str, seconds: int) -> str:
    """The timer."""
    return f"""\
# Made by Grundton for the run {run}. Goes away when the run is confirmed or rolled back.
[Unit]
Description=Takes the Grundton run {run} back unless it is confirmed

[Timer]
OnActiveSec={seconds}s
AccuracySec=1s
Unit={Names(run).service}

[Install]
WantedBy=timers.target
"""


def service(run: str, python: str, program: str, home: str) -> str:
    """The service behind the timer."""
    return f"""\
# Made by Grundton for the run {run}. Goes away when the run is confirmed or rolled back.
[Unit]
Description=Takes the Grundton run {run} back
StartLimitIntervalSec=3600
StartLimitBurst=4

[Service]
Type=oneshot
ExecStart={_command(python, program, run, home)}
OOMScoreAdjust=-900
Restart=on-failure
RestartSec=15
TimeoutStartSec=900
"""


def boot(run: str, python: str, program: str, home: str) -> str:
    """The boot unit."""
    return f"""\
# Made by Grundton for the run {run}. Goes away when the run is confirmed or rolled back.
[Unit]
Description=Takes the Grundton run {run} back at boot, before the services start
DefaultDependencies=no
ConditionPathExists=!{Names(run).mark}
RequiresMountsFor={home}
After=local-fs.target systemd-remount-fs.service
Before={" ".join(_EARLY)}
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
ExecStart={_command(python, program, run, home)} --boot
OOMScoreAdjust=-900
TimeoutStartSec=300

[Install]
WantedBy=sysinit.target
"""


def _command(python: str, program: str, run: str, home: str) -> str:
    return " ".join(_quoted(word) for word in (python, "-I", program, "undo", "--run", run, "--home", home))


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") + '"'
