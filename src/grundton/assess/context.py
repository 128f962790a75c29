"""Everything an evaluator may look at while it judges one control on one host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from grundton.assess import expressions
from grundton.assess.defaults import Default, default_of
from grundton.assess.matchers import Matcher, compile_matcher, compile_matchers
from grundton.model.control import Control
from grundton.model.snapshot import Component, Object, Read, Snapshot, SourceState
from grundton.model.verdict import Level

if TYPE_CHECKING:
    from grundton.policy import Policy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The parts of the catalogue evaluators read; assess gets them as plain data."""

    defaults: Mapping[str, Mapping[str, Any]]
    advisories: Mapping[str, list[Mapping[str, Any]]]
    support: Mapping[str, Mapping[str, Any]]
    keys_of_kind: Mapping[str, Mapping[str, bool]]  # kind → key → whether only its presence counts


@dataclass(slots=True)
class HostContext:
    """One host: its snapshot, the policy in force there, and what has been worked out so far."""

    snapshot: Snapshot
    policy: Policy
    knowledge: Knowledge
    now: datetime
    level: Level
    compiled: dict[tuple[str, str], Any] = field(default_factory=dict)
    _views: dict[str, tuple[Any, set[Read]]] = field(default_factory=dict)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """A view of the host that several controls share, made at its first use.

        Whoever takes it has read what it was made from, also when another control made it.
        """
        snapshot = self.snapshot
        if key not in self._views:
            value, reads = self.recorded(make)
            self._views[key] = (value, reads)
        value, reads = self._views[key]
        if snapshot.reads is not None:
            snapshot.reads |= reads
        return value

    def recorded(self, make: Callable[[], T]) -> tuple[T, set[Read]]:
        """What `make` returns, and everything it asked the snapshot for."""
        snapshot = self.snapshot
        outer, snapshot.reads = snapshot.reads, set()
        try:
            value = make()
            return value, snapshot.reads
        finally:
            snapshot.reads = outer

    def component(self, name: str) -> Component | None:
        """The component as detected, or None."""
        return self.snapshot.components.get(name)


@dataclass(slots=True)
class Context:
    """One control on one host."""

    control: Control
    host: HostContext

    @property
    def snapshot(self) -> Snapshot:
        """The host's snapshot."""
        return self.host.snapshot

    @property
    def policy(self) -> Policy:
        """The operator's decisions for this host."""
        return self.host.policy

    @property
    def now(self) -> datetime:
        """The moment of the assessment, with time zone."""
        return self.host.now

    @property
    def options(self) -> Mapping[str, Any]:
        """`with:` of a python rule."""
        return self.control.spec.get("with", {})  # type: ignore[no-any-return]

    def matchers(self, part: str) -> dict[str, Matcher]:
        """Compiled matchers of a part of the record (`want`, `match`, `unless`), once per policy."""
        key = (self.control.id, part)
        if key not in self.host.compiled:
            self.host.compiled[key] = compile_matchers(self.control.spec.get(part, {}), self.policy)
        return self.host.compiled[key]  # type: ignore[no-any-return]

    def matcher(self, part: str) -> Matcher | None:
        """Compiled single matcher of the record (`name`), or None."""
        key = (self.control.id, part)
        if key not in self.host.compiled:
            raw = self.control.spec.get(part)
            self.host.compiled[key] = None if raw is None else compile_matcher(raw, self.policy)
        return self.host.compiled[key]  # type: ignore[no-any-return]

    def applies(self, role: str = "", zone: str = "") -> bool:
        """Evaluate `when` for an object of that role in that zone. Raises ExpressionError."""
        when = self.control.when
        if when is None:
            return True
        _, per_object = expressions.compile_expression(when)
        component = self.host.component(self.control.component)
        version = component.version if component else None
        key = (f"when:{self.control.id}", f"{version}\0{role}\0{zone}" if per_object else f"{version}")
        if key not in self.host.compiled:
            self.host.compiled[key] = expressions.evaluate(
                when,
                {
                    "policy": self.policy,
                    "encryption": self.policy.cell(zone),
                    "zone": zone,
                    "role": role,
                    "component": component,
                    "level": self.host.level.value,
                },
            )
        return bool(self.host.compiled[key])

    def default(self, kind: str, key: str) -> Default | None:
        """Code default of an absent key for the installed version; None when not known."""
        table = self.host.knowledge.defaults.get(self.control.component, {})
        return default_of(table, kind, key, self.host.component(self.control.component))

    def objects(self, place: str, kind: str) -> list[Object]:
        """Objects of the snapshot."""
        return self.snapshot.objects(place, kind)

    def source(self, place: str, kind: str) -> SourceState:
        """State of the source a kind comes from."""
        return self.snapshot.source(place, kind)
