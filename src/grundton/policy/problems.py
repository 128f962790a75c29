"""What is wrong with a policy, said so that the person at the inventory can mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]

_SECRETISH = re.compile(
    r"passw|secret|token|passphrase|api_?key|private|credential|\bpin\b|\$ANSIBLE_VAULT", re.IGNORECASE
)
_URL_LOGIN = re.compile(r"://[^/\s]*@")
_SHOWN = 48


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place of the inventory."""

    path: str
    message: str
    origin: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.origin}: " if self.origin else ""
        return f"{place}{self.path}: {self.message}"


class PolicyError(Exception):
    """A policy that cannot be used; carries every problem at once."""

    def __init__(self, host: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(host, problems)
        self.host = host
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        whose = f"The policy of {self.host}" if self.host else "The policy"
        head = f"{whose} has {count} problem{'s' if count != 1 else ''}:"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])


def looks_secret(text: str) -> bool:
    """Return True for names and texts that may be or carry a secret."""
    return bool(_SECRETISH.search(text) or _URL_LOGIN.search(text))


def show(value: Any, *, hidden: bool = False) -> str:
    """Return a value for a message: short, on one line, never a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if hidden or looks_secret(value):
            return f"a text of {len(value)} characters (not shown)"
        text = "".join(sign if sign.isprintable() else "?" for sign in value)
        return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"
    if isinstance(value, int | float):
        if hidden:
            return "a number (not shown)"
        return format(value, "g") if isinstance(value, float) else _integer(value)
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    return f"a value of type {type(value).__name__}"


def _integer(value: int) -> str:
    return str(value) if value.bit_length() <= 128 else "a very large number"
