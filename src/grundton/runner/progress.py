"""What the operator sees while a run is under way."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from grundton.runner.events import Event
from grundton.runner.outcome import plain_reason

SNAPSHOT_TASK = "Take a snapshot"
_OK = "runner_on_ok"
_FAILED = "runner_on_failed"
_UNREACHABLE = "runner_on_unreachable"
_SKIPPED = "runner_on_skipped"


class Progress(Protocol):
    """A display that follows a run."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def see(self, event: Event) -> None:
        """Take notice of an event."""


class Tally:
    """Counts hosts as their snapshots arrive."""

    def __init__(self) -> None:
        self.task = "starting"
        self.started = 0
        self.done = 0
        self.failed = 0
        self.unreachable = 0

    def see(self, event: Event) -> bool:
        """Count the event; True when something the operator sees has changed."""
        if event.kind == "playbook_on_task_start":
            self.task = event.task or ""
            return True
        if event.task != SNAPSHOT_TASK:
            return False
        if event.kind == "runner_on_start":
            self.started += 1
        elif event.kind == _OK:
            self.done += 1
        elif event.kind == _FAILED:
            self.failed += 1
        elif event.kind == _UNREACHABLE:
            self.unreachable += 1
        elif event.kind == _SKIPPED:
            self.started -= 1
        else:
            return False
        return True

    def line(self) -> str:
        """The counts in words."""
        words = [f"{self.done} read"]
        if self.failed:
            words.append(f"{self.failed} failed")
        if self.unreachable:
            words.append(f"{self.unreachable} unreachable")
        waiting = self.started - self.done - self.failed - self.unreachable
        if waiting > 0:
            words.append(f"{waiting} under way")
        return ", ".join(words)


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def see(self, event: Event) -> None:
        """Ignore the event."""


class Plain:
    """One line per host, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = Tally()

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def see(self, event: Event) -> None:
        """Print a line when a host is done."""
        if not self._tally.see(event) or event.host is None:
            return
        word = {_OK: "read", _FAILED: "failed", _UNREACHABLE: "unreachable"}.get(event.kind)
        if word is None:
            return
        reason = f": {plain_reason(event.message)}" if event.message and word != "read" else ""
        self._console.print(f"{event.host}: {word}{reason}", markup=False, highlight=False)


class Animated:
    """A spinner with counts and the current task, for terminals."""

    def __init__(self, console: Console) -> None:
        self._tally = Tally()
        self._spinner = Spinner("dots")
        self._live = Live(console=console, transient=True, refresh_per_second=12, get_renderable=self._render)

    def __enter__(self) -> Animated:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def see(self, event: Event) -> None:
        """Count; the display refreshes itself."""
        self._tally.see(event)

    def _render(self) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_row(self._spinner, Text(self._tally.task, style="bold"), Text(self._tally.line(), style="dim"))
        return row


def choose(console: Console, *, quiet: bool) -> Progress:
    """Return the display that fits: nothing, an animation, or plain lines when nobody watches a terminal."""
    if quiet:
        return Quiet()
    return Animated(console) if console.is_terminal else Plain(console)
