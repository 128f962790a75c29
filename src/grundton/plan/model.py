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
    UNSEEN = "cannot_be_seen"
    CONFLICT = "controls_disagree"
    REALTIME = "kept_in_a_database"
    NOT_LOADED = "not_loaded"


@dataclass(frozen=True, slots=True)
class Victim:
    """Somebody who would notice: a contact, a trunk, a session. `evidence` says how we know."""

    kind: str
    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Affected:
    """Who would notice a control being put right: those seen, and in words those who cannot be seen from here."""

    victims: tuple[Victim, ...] = ()
    unseen: str = ""

    def __bool__(self) -> bool:
        return bool(self.victims or self.unseen)


NOBODY = Affected()


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


@dataclass(frozen=True, slots=True)
class Held:
    """A failing control that this apply leaves alone, and what a person can do about it."""

    host: str
    control: str
    kind: str
    objects: tuple[str, ...]
    reason: HeldReason
    text: str


@dataclass(frozen=True, slots=True)
class Activation:
    """How a kind of change takes effect (`catalog/activations/<component>.yml`); `name` has the component's prefix."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    impact: str
    effect: str
    order: int
    failure_patterns: tuple[str, ...] = ()


@dataclass(slots=True)
class HostPlan:
    """Everything planned for one host; `activations` in the order they would run.

    `affected` holds, by control, who would notice: for controls that are changed and for those held back for it.
    `notes` are remarks about the host as a whole.
    """

    host: str
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    activations: list[Activation] = field(default_factory=list)
    affected: dict[str, Affected] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def controls(self) -> list[str]:
        """Ids of the controls that are changed, in order."""
        return sorted({control for change in self.changes for control in change.controls})


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator asked for.

    `measures` and `controls` narrow; both empty means everything. A control named one by one is applied even when it
    is a policy decision (`RP`). `restart` allows what needs a restart (a maintenance window); `accept_breaks` allows
    what hurts the named victims, or people nobody can see from here. `without` leaves controls out.
    """

    measures: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()
    restart: bool = False
    accept_breaks: bool = False
    without: frozenset[str] = frozenset()

    def names(self, control: str, measures: tuple[str, ...]) -> bool:
        """Tell whether a control is part of the selection."""
        if control in self.without:
            return False
        if not self.measures and not self.controls:
            return True
        return control in self.controls or bool(self.measures.intersection(measures))
