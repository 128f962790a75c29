"""Control records: one declaration for what is checked and what is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grundton.model.measure import Text
from grundton.model.verdict import Level, Severity

#: Evaluator keys a record may use; exactly one is present.
EVALUATORS = (
    "setting",
    "forbidden",
    "required",
    "listener",
    "file",
    "service",
    "version",
    "module",
    "python",
)


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """One checkable, usually fixable, statement about one component (docs/architecture.md section 4)."""

    id: str
    title: Text
    demands: tuple[str, ...]
    component: str
    severity: Severity
    level: Level
    evaluator: str
    spec: Mapping[str, Any]
    refs: tuple[str, ...]
    since: Mapping[str, Any]
    until: Mapping[str, Any]
    when: str | None
    fix: Mapping[str, Any] | None
    activate: str | None
    impact: str
    breaks: str | None
    why: str
    remedy: str
    sources: tuple[str, ...]
    file: str
    line: int
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids of the measures its demands belong to, e.g. `("M 5.135",)`, in order of first mention."""
        return tuple(dict.fromkeys(f"M {demand.rsplit('-', 1)[0]}" for demand in self.demands))
