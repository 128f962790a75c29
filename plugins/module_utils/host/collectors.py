"""The way into the host part: independent readers, each for its own sources and with its own time limit."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import Callable, List, Optional

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

_Collect = Callable[[str, bool, Deadline], List[Contribution]]

#: Seconds a reader may take when nothing tighter is given.
SECONDS = 5.0

#: Seconds for readers that wait for the configuration (20,000 endpoints take a while) or walk large trees.
PATIENT = 15.0

#: How many readers work at the same time. More only take turns at the interpreter (measured: three take
#: two thirds of the time of nineteen); a reader that hangs costs one place and its own sources.
PLACES = 3


@dataclass(frozen=True)
class HostCollector:
    """One reader. ``sources`` are the keys it fills (``system:socket``), ``seconds`` its time limit.

    Called with ``(root, live, deadline)``; a further argument (the run's redactor) is accepted and not needed,
    because nothing here keeps a secret.
    """

    name: str
    sources: tuple[str, ...]
    run: _Collect
    places: threading.Semaphore
    seconds: float = SECONDS

    def __call__(
        self,
        root: str,
        live: bool,
        deadline: Deadline,
        redactor: object = None,  # noqa: ARG002
    ) -> list[Contribution]:
        """Read within the time limit, which starts when there is a place to work."""
        if not self.places.acquire(timeout=deadline.remaining()):
            return [Contribution([Source(key, NOT_CHECKED, "there was no time left")]) for key in self.sources]
        try:
            return self.run(root, live, Deadline.after(deadline.within(self.seconds)))
        finally:
            self.places.release()


def collectors(hints: Optional[Hints] = None, now: Optional[float] = None) -> list[HostCollector]:
    """Every reader of the host part; start them in this order, the slow ones come first.

    ``hints`` brings what the configuration names (certificates, included files); without it only the usual
    places are looked at. ``now`` (seconds since 1970) is the moment ages are counted from, default: the clock.
    """
    hints = hints or Hints()
    now = time.time() if now is None else now
    places = threading.Semaphore(PLACES)
    shared = units.Units()

    def reader(name: str, prefixes: str, run: _Collect, seconds: float = SECONDS) -> HostCollector:
        sources = tuple(f"system:{prefix}" for prefix in prefixes.split())
        return HostCollector(f"host {name}", sources, run, places, seconds)

    def with_files(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
        def named() -> Optional[list[tuple[str, str, str]]]:
            found = hints.wait(deadline.remaining() * 0.8)
            return None if found is None else found.files

        return files.collect(root, live, deadline, named, now)

    def with_certificates(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
        def named() -> Optional[list[Wanted]]:
            found = hints.wait(deadline.remaining() * 0.8)
            return None if found is None else found.certificates

        return certificates.collect(root, live, deadline, named, now)

    return [
        reader("units", "unit", partial(units.collect, units=shared, now=now)),
        reader("network", "sysctl nft interface route resolver", network.collect),
        reader("sshd", "sshd", sshd.collect),
        reader("system", "os", system.collect),
        reader("packages", "package", packages.collect),
        reader("updates", "updates", partial(updates.collect, now=now)),
        reader("processes", "socket connection process", processes.collect),
        reader("accounts", "account sudo pam", partial(accounts.collect, now=now)),
        reader("clock", "time", clock.collect),
        reader("logs", "log", syslog.collect),
        reader("rotation", "logrotate", logrotate.collect),
        reader("fail2ban", "fail2ban", fail2ban.collect),
        reader("cron", "cron", cron.collect),
        reader("watch", "audit integrity", partial(watch.collect, now=now)),
        reader("storage", "coredump mount swap", storage.collect),
        reader("services", "database frontend", services.collect),
        reader("backup", "backup", partial(backup.collect, units=shared, now=now)),
        reader("certificates", "certificate", with_certificates, PATIENT),
        reader("files", "file", with_files, PATIENT),
    ]


__all__ = ["Hints", "HostCollector", "collectors"]
