"""The order of things: look, mark the log, run, wait until it is quiet, read the log, look again."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, cast

from ansible_collections.grundton.voip.plugins.module_utils.activation import compare, entries, logs
from ansible_collections.grundton.voip.plugins.module_utils.activation.calls import channels, emergencies
from ansible_collections.grundton.voip.plugins.module_utils.activation.entries import Activation, ActivationError
from ansible_collections.grundton.voip.plugins.module_utils.activation.state import State, look
from ansible_collections.grundton.voip.plugins.module_utils.asterisk import show_core
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import AskError, Control
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation, detect
from ansible_collections.grundton.voip.plugins.module_utils.journal.changes import Changes
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

_SECONDS = 300.0
_STEP = 0.25
_QUIET = 1.0
_LONGEST = 30.0
_OBJECTS_A_SECOND = 5000
_REGISTRATIONS = 20.0
_SHOWN = 10


@dataclass(frozen=True)
class Orders:
    """What the caller allows and knows. ``restart_seconds`` bounds the wait for the last call and for the start."""

    allowed: compare.Allowed = field(default_factory=compare.Allowed)
    allow_restart: bool = False
    restart_seconds: float = 120.0
    force: bool = False
    emergency_numbers: Tuple[str, ...] = ()
    ignore: Tuple[str, ...] = ()


@dataclass
class Report:
    """What happened. ``problems`` empty means that all is as well as before."""

    ran: List[str] = field(default_factory=list)
    pending: List[Dict[str, str]] = field(default_factory=list)
    problems: List[str] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)
    before: Optional[State] = None
    after: Optional[State] = None

    def to_json(self) -> Dict[str, Any]:
        """For the module's result."""
        return {
            "changed": bool(self.ran),
            "ran": self.ran,
            "pending": self.pending,
            "problems": self.problems,
            "notes": self.notes,
            "before": self.before.to_json() if self.before else {},
            "facts": self.after.to_json() if self.after else {},
        }


def health(before: Mapping[str, Any], allowed: compare.Allowed) -> Report:
    """How the daemon is now, against an earlier look where there is one."""
    found = _running()
    report = Report()
    with _asking():
        report.after = look(_control(found), found.pids)
    if before:
        report.before = State.from_json(before)
        report.problems = compare.worse(report.before, report.after, allowed)
    report.problems.extend(
        "{0} does not answer".format(name)
        for name, answered in sorted(report.after.answers.items())
        if not answered and not before
    )
    return report


def plan(activations: Sequence[Activation], orders: Orders) -> Report:
    """What would be done, for check mode."""
    report = Report()
    for one in activations:
        if one.restart and not orders.allow_restart:
            report.pending.append(_pending(one, "takes effect with the next restart"))
        else:
            report.ran.append(one.name)
    return report


def activate(journal: Changes, activations: Sequence[Activation], orders: Orders) -> Report:
    """Make changes effective. Problems are in the report; `ActivationError` when it could not even be tried."""
    found = _running()
    control = _control(found)
    report = Report()
    with _asking():
        report.before = look(control, found.pids)
        reloads = [one for one in activations if not one.restart]
        restarts = [one for one in activations if one.restart]
        with _log(control, found) as mark:
            if mark is None:
                report.notes.append("Asterisk's log could not be read: failed reloads are seen by their effects only")
            for one in reloads:
                _run(journal, control, one, report)
                if report.problems:
                    break
            if mark is not None:
                lines = _settled(mark, report.before) if report.ran else []
                _judge(lines, reloads, report, orders)
            elif report.ran:
                time.sleep(1.0)
        allowed = orders.allowed
        if restarts and not report.problems:
            done = _restart(journal, control, restarts, orders, report)
            if done:
                found = _running()
                control = _control(found)
                allowed = compare.Allowed(allowed.ports, allowed.modules, allowed.dialplan, restarted=True)
        report.after = _look_again(control, found, report.before, allowed)
    report.problems.extend(compare.worse(report.before, report.after, allowed))
    return report


# -- running -------------------------------------------------------------------------------------------


def _run(journal: Changes, control: Control, one: Activation, report: Report) -> None:
    if not one.commands:
        report.pending.append(_pending(one, "is done at the next restart"))
        return
    report.ran.append(one.name)
    for argv in one.commands:
        journal.after_undo(list(argv))
        answer = control.ask(argv[2])
        said = entries.refused(answer)
        if said:
            report.problems.append("{0}: {1}".format(one.name, said))


def _judge(lines: List[str], ran: Sequence[Activation], report: Report, orders: Orders) -> None:
    patterns = [pattern for one in ran for pattern in one.patterns]
    known = report.before.objects if report.before else {}
    failed, old = logs.failures(lines, patterns, known, orders.ignore)
    redactor = Redactor()
    report.problems.extend("the log says: " + redactor.text(text) for text in failed[:_SHOWN])
    report.notes.extend("was so before: " + redactor.text(text) for text in old[:_SHOWN])


def _settled(mark: logs.Mark, before: State) -> List[str]:
    """The lines since the mark, when no more come: reloads work on in the background after they have answered."""
    wait = _QUIET + sum(len(names) for names in before.objects.values()) / _OBJECTS_A_SECOND
    until = time.monotonic() + max(_LONGEST, 2 * wait)
    lines = logs.since(mark)
    last = time.monotonic()
    while time.monotonic() < min(until, last + wait):
        time.sleep(min(_STEP, wait))
        more = logs.since(mark)
        if len(more) != len(lines):
            last = time.monotonic()
        lines = more
    return lines


def _look_again(control: Control, found: Installation, before: State, allowed: compare.Allowed) -> State:
    """Look, and when something is worse look again for a while: registrations need a moment."""
    until = time.monotonic() + _REGISTRATIONS
    wait = 0.5
    while True:
        after = look(control, found.pids)
        if not compare.worse(before, after, allowed) or time.monotonic() > until:
            return after
        if not _may_mend(before, after):
            return after
        time.sleep(wait)
        wait = min(wait * 2, 4.0)


def _may_mend(before: State, after: State) -> bool:
    """Whether what is missing may come by itself: registrations, devices, answers."""
    return (
        before.registrations != after.registrations
        or not set(before.contacts) <= set(after.contacts)
        or any(answered and not after.answers.get(name, True) for name, answered in before.answers.items())
    )


# -- restart -------------------------------------------------------------------------------------------


def _restart(
    journal: Changes, control: Control, restarts: Sequence[Activation], orders: Orders, report: Report
) -> bool:
    """Restart gracefully when that is allowed and nobody is on the line. False: left pending."""
    if not orders.allow_restart:
        report.pending.extend(_pending(one, "takes effect with the next restart") for one in restarts)
        return False
    if not orders.force:
        now = channels(control.ask("core show channels concise"))
        urgent = emergencies(now, orders.emergency_numbers)
        why = ""
        if urgent:
            why = "an emergency call is up"
        elif now:
            why = "{0} channels are up".format(len(now))
        if why:
            report.pending.extend(_pending(one, why) for one in restarts)
            return False
    commands = list(dict.fromkeys(argv for one in restarts for argv in one.commands))
    started = _last_start(control)
    for argv in commands:
        journal.after_undo(list(argv), orders.restart_seconds)
        with contextlib.suppress(AskError):  # the connection may end with the daemon
            control.ask(argv[2])
    report.ran.extend(one.name for one in restarts)
    until = time.monotonic() + orders.restart_seconds
    while time.monotonic() < until:
        time.sleep(0.5)
        with contextlib.suppress(AskError):
            fresh = Control(control.path, Deadline.after(5.0))
            if _last_start(fresh) > started + 0.9 and "fully booted" in fresh.ask("core waitfullybooted").lower():
                return True
    with contextlib.suppress(AskError):
        Control(control.path, Deadline.after(5.0)).ask("core abort shutdown")
    report.problems.append("the restart did not come about within {0:.0f} s".format(orders.restart_seconds))
    return True


def _last_start(control: Control) -> float:
    """When the daemon started, on our clock."""
    answer = control.ask("core show uptime seconds")
    for line in answer.split("\n"):
        if line.startswith("System uptime:"):
            return time.monotonic() - float(line.partition(":")[2].split()[0])
    raise AskError("the daemon does not say since when it runs")


def _pending(one: Activation, why: str) -> Dict[str, str]:
    return {"name": one.name, "impact": one.impact, "effect": one.effect, "why": why}


# -- the daemon and its log ----------------------------------------------------------------------------


def _running() -> Installation:
    found = detect("/", True)
    if not found.present:
        raise ActivationError("there is no Asterisk on this host")
    if not found.running:
        raise ActivationError("Asterisk does not run")
    return found


def _control(found: Installation) -> Control:
    return Control(found.socket, Deadline.after(_SECONDS), timeout=60.0)


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except AskError as error:
        raise ActivationError("Asterisk cannot be asked: {0}".format(error)) from None


@contextlib.contextmanager
def _log(control: Control, found: Installation) -> Iterator[Optional[logs.Mark]]:
    """A mark in a log with notices, warnings and errors; one of our own where there is none."""
    path = logs.choose(_channels(control))
    remove: Optional[Callable[[], None]] = None
    if path is None:
        path, remove = _own_log(control, found)
    mark = None
    if path:
        with contextlib.suppress(OSError):
            mark = logs.mark(path)
    try:
        yield mark
    finally:
        if mark is not None:
            mark.close()
        if remove is not None:
            remove()


def _channels(control: Control) -> List[Tuple[str, "frozenset[str]"]]:
    """Log files and their levels. The console cuts long paths; such a one counts when only one file fits."""
    found = []
    for item in show_core.logger(control.ask("logger show channels"), "\0"):  # no folder: whole paths
        values = item.values
        if item.kind != "logger.channel" or values.get("enabled") != "yes" or values.get("formatter") != "default":
            continue
        paths = [item.name] if os.path.isfile(item.name) else glob.glob(glob.escape(item.name) + "*")
        if len(paths) == 1:
            found.append((paths[0], frozenset(cast("List[str]", values["levels"]))))
    return found


def _own_log(control: Control, found: Installation) -> Tuple[str, Callable[[], None]]:
    """A log for the time being. It goes again with its file."""
    name = "grundton-{0}.log".format(os.getpid())
    path = os.path.join(found.directories.get("astlogdir", "/var/log/asterisk"), name)
    control.ask("logger add channel {0} notice,warning,error".format(name))

    def remove() -> None:
        with contextlib.suppress(AskError):
            control.ask("logger remove channel {0}".format(name))
        with contextlib.suppress(OSError):
            os.unlink(path)

    return path, remove
