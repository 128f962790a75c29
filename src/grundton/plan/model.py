"""A plan as data: changes, what is held back and why, and who is affected."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class HeldReason(StrEnum):
    """Why a failing control is not changed by this apply."""

    BY_HAND = "by_hand"
    DECISION = "needs_decision"
    RESTART = "needs_restart"
    BREAKS = "would_break"
    CONFLICT = "controls_disagree"
    REALTIME = "kept_in_a_database"
    NOT_SELECTED = "not_selected"


@dataclass(frozen=True, slots=True)
class Victim:
    """Somebody who would notice: a contact, a trunk, a session. `evidence` says how we know."""

    kind: str
    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Change:
    """One wanted value of one object. `before` is as the report shows it (redacted); `value` is what is written."""

    host: str
    component: str
    kind: str
    object: str
    key: str
    value: str
    before: str
    location: str
    controls: tuple[str, ...]
    measures: tuple[str, ...]
    activation: str
    impact: str
    victims: tuple[Victim, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A failing control that this apply leaves alone, and what a person can do about it."""

    host: str
    control: str
    objects: tuple[str, ...]
    reason: HeldReason
    text: str
    victims: tuple[Victim, ...] = ()


@dataclass(frozen=True, slots=True)
class Activation:
    """How a kind of change takes effect (`catalog/activations/<component>.yml`)."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    impact: str
    effect: str
    failure_patterns: tuple[str, ...]
    order: int


@dataclass(slots=True)
class HostPlan:
    """Everything planned for one host; `activations` in the order they would run."""

    host: str
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    activations: list[Activation] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """The plan of a run."""

    hosts: dict[str, HostPlan] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """True when nothing would be changed anywhere."""
        return not any(host.changes for host in self.hosts.values())


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator asked for.

    `measures` and `controls` narrow; both empty means everything. A control named one by one is applied even when it
    is a policy decision (`RP`). `restart` allows what needs a restart (a maintenance window); `accept_breaks` allows
    what hurts the named victims.
    """

    measures: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()
    restart: bool = False
    accept_breaks: bool = False

    def names(self, control: str, measures: tuple[str, ...]) -> bool:
        """Tell whether a control is part of the selection."""
        if not self.measures and not self.controls:
            return True
        return control in self.controls or bool(self.measures.intersection(measures))
