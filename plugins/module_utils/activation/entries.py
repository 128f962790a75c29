"""Activations as the catalogue has them: name, commands, impact, patterns that mean failure, order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, Tuple

#: Impact classes that end calls or the daemon.
RESTARTS = ("R3", "R4")


class ActivationError(Exception):
    """Something cannot be made effective, or got worse; the text is for people."""


@dataclass(frozen=True)
class Activation:
    """How a kind of change takes effect. ``commands`` are argument lists, all of the form ``asterisk -rx TEXT``."""

    name: str
    commands: Tuple[Tuple[str, ...], ...]
    impact: str
    effect: str
    patterns: Tuple[str, ...]
    order: int

    @property
    def restart(self) -> bool:
        """Whether it ends the daemon."""
        return self.impact in RESTARTS or any("restart" in argv[-1].split() for argv in self.commands)


def read(entries: Iterable[Mapping[str, Any]]) -> List[Activation]:
    """Activations in the order they have to run. Raises `ActivationError` for what is no such thing."""
    found = {}
    for one in entries:
        commands = tuple(tuple(str(part) for part in argv) for argv in one.get("commands") or ())
        for argv in commands:
            if len(argv) != 3 or argv[:2] != ("asterisk", "-rx") or not argv[2].strip():
                raise ActivationError("{0}: only commands of Asterisk's console can be run".format(one["name"]))
        patterns = tuple(str(text) for text in one.get("failure_patterns") or ())
        for text in patterns:
            _check_pattern(str(one["name"]), text)
        found[str(one["name"])] = Activation(
            str(one["name"]),
            commands,
            str(one.get("impact") or "R1"),
            str(one.get("effect") or ""),
            patterns,
            int(one.get("order") or 0),
        )
    return sorted(found.values(), key=lambda one: (one.order, one.name))


def _check_pattern(name: str, text: str) -> None:
    try:
        re.compile(text)
    except re.error:
        raise ActivationError("{0}: not a usable pattern: {1}".format(name, text)) from None


#: What the console says when a reload did not happen.
_REFUSALS = (
    "no such module",
    "does not support reloads",
    "request queued",
    "reported a reload failure",
    "already in progress",
    "was not properly initialized",
    "reload failed",
    "unable to ",
)


def refused(answer: str) -> str:
    """The line of a console answer that says that nothing was done; empty when there is none."""
    for line in answer.split("\n"):
        low = line.lower()
        if any(words in low for words in _REFUSALS):
            return line.strip()
    return ""
