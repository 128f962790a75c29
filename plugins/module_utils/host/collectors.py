"""The way into the host part: independent readers, each for its own sources and with its own time limit."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Callable, Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import NOT_CHECKED, Contribution, Source
from . import (
    accounts,
    backup,
    certificates,
    clock,
    cron,
    fail2ban,
    files,
    logrotate,
    network,
    packages,
    processes,
    services,
    sshd,
    storage,
    syslog,
    system,
    units,
    updates,
    watch,
)
from .certificates import Wanted
from .hints import Hints

_Collect = Callable[[str, bool, Deadline], "list[Contribution]"]

#: Seconds a reader may take when nothing tighter is given.
SECONDS = 5.0

#: Seconds for readers that wait for the configuration (20,000 endpoints take a while) or walk large trees.
PATIENT = 15.0


@dataclass(frozen=True)
class HostCollector:
    """One reader. ``sources`` are the keys it fills (``system:socket``), ``seconds`` its time limit.

    Called with ``(root, live, deadline)``; a further argument (the run's redactor) is accepted and not needed,
    because nothing here keeps a secret.
    """

    name: str
    sources: tuple[str, ...]
    run: _Collect
    seconds: float = SECONDS

    def __call__(
        self,
        root: str,
        live: bool,
        deadline: Deadline,
        redactor: object = None,  # noqa: ARG002
    ) -> list[Contribution]:
        """Read within the time limit."""
        limit = deadline.within(self.seconds)
        if limit <= 0:
            return [Contribution([Source(key, NOT_CHECKED, "there was no time left")]) for key in self.sources]
        return self.run(root, live, Deadline.after(limit))


def collectors(hints: Optional[Hints] = None, now: Optional[float] = None) -> list[HostCollector]:
    """Every reader of the host part, in the order their objects should appear.

    ``hints`` brings what the configuration names (certificates, included files); without it only the usual
    places are looked at. ``now`` (seconds since 1970) is the moment ages are counted from, default: the clock.
    """
    hints = hints or Hints()
    now = time.time() if now is None else now
    shared = units.Units()

    def reader(module: object, run: _Collect, seconds: float = SECONDS) -> HostCollector:
        prefixes: tuple[str, ...] = getattr(module, "PREFIXES", ())
        name = str(getattr(module, "__name__", "")).rsplit(".", 1)[-1]
        return HostCollector(f"host {name}", tuple(f"system:{prefix}" for prefix in prefixes), run, seconds)

    def with_files(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
        def extra() -> Optional[Iterable[tuple[str, str, str]]]:
            found = hints.wait(deadline.remaining() * 0.8)
            return None if found is None else found.files

        return files.collect(root, live, deadline, extra, now)

    def with_certificates(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
        def extra() -> Optional[Iterable[Wanted]]:
            found = hints.wait(deadline.remaining() * 0.8)
            return None if found is None else found.certificates

        return certificates.collect(root, live, deadline, extra, now)

    return [
        reader(system, system.collect),
        reader(packages, packages.collect),
        reader(updates, functools.partial(updates.collect, now=now)),
        reader(processes, processes.collect),
        reader(units, functools.partial(units.collect, units=shared, now=now)),
        reader(files, with_files, PATIENT),
        reader(certificates, with_certificates, PATIENT),
        reader(sshd, sshd.collect),
        reader(accounts, functools.partial(accounts.collect, now=now)),
        reader(network, network.collect),
        reader(clock, clock.collect),
        reader(syslog, syslog.collect),
        reader(logrotate, logrotate.collect),
        reader(fail2ban, fail2ban.collect),
        reader(backup, functools.partial(backup.collect, units=shared, now=now)),
        reader(cron, cron.collect),
        reader(watch, functools.partial(watch.collect, now=now)),
        reader(storage, storage.collect),
        reader(services, services.collect),
    ]


__all__ = ["Hints", "HostCollector", "collectors"]
