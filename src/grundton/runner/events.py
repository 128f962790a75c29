"""Events of a running playbook: the few fields we rely on, typed, and the queue they travel through.

ansible-runner calls the handler inside its read loop; work done there delays the run and can break it
at the end. So the handler only puts the event into a queue, and a thread of ours does the rest.
"""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a run. `kind` is ansible-runner's event name."""

    kind: str
    text: str
    host: str | None = None
    task: str | None = None
    message: str = ""

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any]) -> Event:
        """Pick the fields we use out of ansible-runner's dictionary."""
        data = raw.get("event_data") or {}
        result = data.get("res") or {}
        message = result.get("msg") if isinstance(result, Mapping) else None
        return cls(
            kind=str(raw.get("event", "")),
            text=_ANSI.sub("", str(raw.get("stdout") or "")).strip("\r\n"),
            host=data.get("host"),
            task=data.get("task") or data.get("name"),
            message=message if isinstance(message, str) else "",
        )


class EventQueue:
    """Takes events from ansible-runner's read loop and hands them to listeners in a thread of its own."""

    def __init__(self, *listeners: Callable[[Event], None]) -> None:
        self._listeners = listeners
        self._queue: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._drain, name="grundton-events", daemon=True)
        self.failure: BaseException | None = None

    def handler(self, raw: Mapping[str, Any]) -> bool:
        """Event handler for ansible-runner; False keeps the event out of the artifacts."""
        self._queue.put(raw)
        return False

    def __enter__(self) -> EventQueue:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def _drain(self) -> None:
        while (raw := self._queue.get()) is not None:
            try:
                event = Event.from_raw(raw)
                for listener in self._listeners:
                    listener(event)
            except Exception as problem:  # a broken display must never break the run
                self.failure = self.failure or problem
