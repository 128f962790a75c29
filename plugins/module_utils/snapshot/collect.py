"""Runs all collectors against one host and returns its snapshot. Changes nothing.

Every collector runs in a thread of its own, all of them at once, with one deadline; one that fails or does not
come back costs only its own sources.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk import collect as asterisk
from ansible_collections.grundton.voip.plugins.module_utils.host.collectors import collectors as host_collectors
from ansible_collections.grundton.voip.plugins.module_utils.host.hints import Hints
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.assemble import assemble
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    ERROR,
    NOT_CHECKED,
    Contribution,
    Source,
)

#: What the document says it was made by.
GENERATOR = "grundton"

#: Seconds for everything, unless the caller says otherwise.
TIMEOUT = 60.0

_Collect = Callable[[str, bool, Deadline, Redactor], List[Contribution]]


@dataclass
class Collector:
    """One independent reader. ``sources`` are what it would have filled, for when it does not come back."""

    name: str
    run: _Collect
    sources: Sequence[str] = field(default_factory=tuple)


def collectors() -> List[Collector]:
    """All readers, in the order in which their objects appear in the document."""
    hints = Hints()  # the host's readers look at the certificates and files the configuration names
    found = [
        Collector("asterisk files", hints.listen(asterisk.collect_files), asterisk.FILE_SOURCES),
        Collector("asterisk daemon", asterisk.collect_runtime, asterisk.RUNTIME_SOURCES),
    ]
    found.extend(Collector(reader.name, reader, reader.sources) for reader in host_collectors(hints))
    return found


def collect_snapshot(
    root: str = "/",
    run_key: Optional[bytes] = None,
    timeout: float = TIMEOUT,
    version: str = "",
    live: Optional[bool] = None,
    readers: Optional[List[Collector]] = None,
) -> Dict[str, Any]:
    """The snapshot of this host, or of the copy of one below ``root``, as plain data for JSON.

    ``run_key`` marks equal secrets across the hosts of one run (random without); ``version`` is grundton's;
    ``live`` says whether processes and sockets of this machine belong to ``root`` (default: only for ``/``).
    Raises nothing for what it finds; a collector that fails is named in ``sources`` and ``notes``.
    """
    started = time.monotonic()
    taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    root = os.path.abspath(root)
    if live is None:
        live = root == "/"
    deadline = Deadline.after(timeout)
    redactor = Redactor(run_key)
    with _in_a_hurry():
        parts = _run(readers if readers is not None else collectors(), root, live, deadline, redactor)
        document = assemble(parts, _header(root, live, version, taken_at))
    document["duration_ms"] = int((time.monotonic() - started) * 1000)
    return document


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Settings of the interpreter for a short burst of work with many objects and many short waits.

    Readers that wait for answers many times must not queue behind one that computes; and looking for
    garbage again and again in a growing heap of live objects costs as much as reading a large file.
    """
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(0.0005)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()


def _header(root: str, live: bool, version: str, taken_at: str) -> Dict[str, Any]:
    return {
        "generator": "{0} {1}".format(GENERATOR, version).strip(),
        "taken_at": taken_at,
        "duration_ms": 0,
        "root": root,
        "live": live,
        "hostname": _hostname(root, live),
        "privilege": _privilege(),
    }


class _Job:
    """A collector in its thread; ``parts`` is filled when it is done."""

    def __init__(self, collector: Collector, arguments: Tuple[str, bool, Deadline, Redactor]) -> None:
        self.collector = collector
        self.parts: Optional[List[Contribution]] = None
        self.failure = ""
        self._arguments = arguments
        self.thread = threading.Thread(target=self._work, name=collector.name, daemon=True)

    def _work(self) -> None:
        try:
            self.parts = list(self.collector.run(*self._arguments))
        except Exception as error:  # one broken reader must not cost the others; no text of the error leaves
            self.failure = "reader failed: {0}".format(_where(error))


def _run(readers: List[Collector], root: str, live: bool, deadline: Deadline, redactor: Redactor) -> List[Contribution]:
    jobs = [_Job(reader, (root, live, deadline, redactor)) for reader in readers]
    for job in jobs:
        job.thread.start()
    parts: List[Contribution] = []
    for job in jobs:
        # A little grace: readers look at the deadline themselves and come back with what they have.
        job.thread.join(deadline.remaining() + 2.0)
        if job.parts is not None:
            parts.extend(job.parts)
        elif job.failure:
            parts.append(_lost(job.collector, ERROR, job.failure))
        else:
            parts.append(_lost(job.collector, NOT_CHECKED, "the {0} took too long".format(job.collector.name)))
    return parts


def _lost(collector: Collector, status: str, reason: str) -> Contribution:
    return Contribution(sources=[Source(key, status, reason) for key in collector.sources])


def _where(error: BaseException) -> str:
    """Kind and place of an error, without its text, which could hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " in {0} line {1}".format(os.path.basename(frames[-1].filename), frames[-1].lineno) if frames else ""
    return type(error).__name__ + place


def _hostname(root: str, live: bool) -> str:
    if live:
        return platform.node()
    try:
        with open(os.path.join(root, "etc/hostname"), encoding="utf-8", errors="replace") as handle:
            return handle.readline(256).strip()
    except OSError:
        return ""


def _privilege() -> Dict[str, Any]:
    uid = os.geteuid()
    try:
        import pwd

        user = pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        user = str(uid)
    return {"user": user, "uid": uid}
