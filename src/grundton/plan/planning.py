"""From the findings of an assessment to changes, per host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from grundton.assess.values import same, show
from grundton.model.control import Control
from grundton.model.finding import Finding
from grundton.model.snapshot import Object, Snapshot
from grundton.model.verdict import Verdict
from grundton.plan.breaks import affected_by
from grundton.plan.model import NOBODY, Activation, Affected, Change, Held, HeldReason, HostPlan, Selection
from grundton.plan.queries import Breaks

if TYPE_CHECKING:
    from grundton.policy import Policy

#: Kinds that are one section each, named like their second word: such a section can be written where there is none.
_SECTIONS = frozenset({"general", "global", "system", "options", "files", "csv", "featuremap", "directories"})
RESTART_CLASSES = frozenset({"R3", "R4"})
#: Controls whose failure means that loading our values loads somebody else's as well.
_DRIFT = frozenset({"asterisk.runtime.agreement"})


def make_plan(
    snapshot: Snapshot,
    policy: Policy,
    findings: Iterable[Finding],
    controls: Mapping[str, Control],
    activations: Mapping[str, Activation],
    selection: Selection,
) -> HostPlan:
    """Plan one host.

    Args:
        snapshot: of this host; who breaks is read from it.
        policy: values of `fix` may name a policy path.
        findings: of this host; only failing ones matter.
        controls: records of the catalogue, by id.
        activations: how changes take effect, by the name records use.
        selection: what the operator asked for.
    """
    planner = _Planner(snapshot, policy, activations, selection, HostPlan(snapshot.host))
    failing = sorted(
        (finding for finding in findings if finding.verdict is Verdict.FAIL),
        key=lambda finding: (finding.control, finding.kind, finding.objects),
    )
    for finding in failing:
        control = controls[finding.control]
        if selection.names(control.id, control.measures):
            planner.take(control, finding)
    plan = planner.finish()
    if plan.changes and any(finding.control in _DRIFT for finding in failing):
        plan.notes.append(
            "the running daemon and its files already disagree: loading these changes also loads what somebody changed "
            "in the files and never loaded"
        )
    return plan


@dataclass(slots=True)
class _Planner:
    """Collects changes of one host."""

    snapshot: Snapshot
    policy: Policy
    activations: Mapping[str, Activation]
    selection: Selection
    plan: HostPlan
    wanted: dict[tuple[str, str, str], Change] = field(default_factory=dict)

    def take(self, control: Control, finding: Finding) -> None:
        """Turn one failing finding into changes, or say why not."""
        held = self._held_by_nature(control)
        if held is not None:
            self._hold(control, finding, *held)
            return
        objects = self._configured(control, finding)
        if not objects:
            return
        changes = [change for name in objects for change in self._changes(control, finding, name)]
        if not changes:
            commands = "; ".join(" ".join(command) for command in self.activations[control.activate or ""].commands)
            text = f"in the files already, but the running daemon has not loaded it: {commands or control.remedy}"
            self._hold(control, finding, HeldReason.NOT_LOADED, text)
            return
        held = self._held_by_choice(control, finding)
        if held is not None:
            self._hold(control, finding, *held)
            return
        for change in changes:
            self._merge(change, control)

    def finish(self) -> HostPlan:
        """Return the plan, in an order that never depends on anything but its content."""
        plan = self.plan
        plan.changes = sorted(self.wanted.values(), key=lambda item: (item.kind, item.object, item.key))
        plan.held = _together(plan.held)
        used = {change.activation for change in plan.changes}
        plan.activations = sorted((self.activations[name] for name in used), key=lambda item: (item.order, item.name))
        changed = set(plan.controls)
        told = changed | {held.control for held in plan.held if held.reason in _TELLS}
        plan.affected = {control: plan.affected[control] for control in sorted(told) if plan.affected.get(control)}
        return plan

    # -- what is held back --

    def _held_by_nature(self, control: Control) -> tuple[HeldReason, str] | None:
        """What nothing the operator says on the command line would change."""
        if not control.fix or control.activate not in self.activations:
            return HeldReason.BY_HAND, control.remedy
        return None

    def _held_by_choice(self, control: Control, finding: Finding) -> tuple[HeldReason, str] | None:
        if control.impact == "RP" and control.id not in self.selection.controls:
            return HeldReason.DECISION, f"a decision of the operator: name it with --controls {control.id}"
        activation = self.activations[control.activate or ""]
        if RESTART_CLASSES.intersection((control.impact, activation.impact)) and not self.selection.restart:
            return HeldReason.RESTART, "takes effect only with a restart: ask for it with --window"
        affected = affected_by(control.breaks, Breaks(self.snapshot, self.policy, finding))
        self._remember(control, affected)
        if affected and not self.selection.accept_breaks:
            return _held_for(affected)
        return None

    def _hold(self, control: Control, finding: Finding, reason: HeldReason, text: str) -> None:
        self.plan.held.append(Held(finding.host, control.id, finding.kind, finding.objects, reason, text))

    def _remember(self, control: Control, affected: Affected) -> None:
        known = self.plan.affected.get(control.id, NOBODY)
        victims = tuple(dict.fromkeys(known.victims + affected.victims))
        self.plan.affected[control.id] = Affected(victims, affected.unseen or known.unseen)

    # -- what is changed --

    def _configured(self, control: Control, finding: Finding) -> tuple[str, ...]:
        """The objects that files hold; those only the daemon knows come from a database and are held back."""
        section = finding.kind.partition(".")[2]
        source = self.snapshot.source("config", finding.kind)
        if source.status not in ("ok", "absent"):  # a kind no file holds has no such source either
            self._hold(control, finding, HeldReason.BY_HAND, control.remedy)
            return ()
        if not finding.objects:
            if section in _SECTIONS:
                return (section,)
            self._hold(control, finding, HeldReason.BY_HAND, control.remedy)
            return ()
        known = {item.name for item in self.snapshot.objects("config", finding.kind)}
        elsewhere = tuple(name for name in finding.objects if name not in known and name != section)
        if elsewhere:
            assigned = ", ".join(f"{key}={value_of(raw, self.policy)}" for key, raw in (control.fix or {}).items())
            text = f"no file holds it: kept in a database, change it there: {assigned}"
            self._hold(control, replace(finding, objects=elsewhere), HeldReason.REALTIME, text)
        return tuple(name for name in finding.objects if name not in elsewhere)

    def _changes(self, control: Control, finding: Finding, name: str) -> Iterable[Change]:
        failing = {detail.key: detail for detail in reversed(finding.failed_details)}
        judged = control.spec.get("want", {})
        item = self.snapshot.find("config", finding.kind, name)
        for key, raw in (control.fix or {}).items():
            detail = failing.get(key)
            value = value_of(raw, self.policy)
            if (detail is None and key in judged) or _stands(item, key, value):
                continue
            location = (item.location(key) if item is not None else None) or ""
            yield Change(
                host=finding.host,
                component=control.component,
                kind=finding.kind,
                object=name,
                key=key,
                value=value,
                before=_before(item, key, detail.actual if detail else "not set"),
                location=str(location),
                controls=(control.id,),
                measures=control.measures,
                activation=control.activate or "",
                impact=control.impact,
            )

    def _merge(self, change: Change, control: Control) -> None:
        """Two controls may want the same value; where they want different ones, the first stays and it is said."""
        place = (change.kind, change.object, change.key)
        known = self.wanted.get(place)
        if known is None:
            self.wanted[place] = change
        elif known.value == change.value:
            self.wanted[place] = replace(
                known,
                controls=tuple(dict.fromkeys(known.controls + change.controls)),
                measures=tuple(dict.fromkeys(known.measures + change.measures)),
            )
        else:
            others = ", ".join(known.controls)
            text = f"{others} wants {change.key}={known.value}, this one {change.value}: name one with --controls"
            held = Held(change.host, control.id, change.kind, (change.object,), HeldReason.CONFLICT, text)
            self.plan.held.append(held)


#: Reasons that speak of who is affected.
_TELLS = frozenset({HeldReason.BREAKS, HeldReason.UNSEEN})


def _together(held: Iterable[Held]) -> list[Held]:
    """What is held back for the same reason is said once, with all its objects, in a fixed order."""
    found: dict[tuple[str, str, str, str], Held] = {}
    for one in held:
        place = (one.reason, one.control, one.kind, one.text)
        known = found.get(place)
        objects = dict.fromkeys((*known.objects, *one.objects)) if known else one.objects
        found[place] = replace(one, objects=tuple(objects))
    return [found[place] for place in sorted(found)]


def _held_for(affected: Affected) -> tuple[HeldReason, str]:
    if affected.victims:
        shown = list(dict.fromkeys(victim.name for victim in affected.victims))
        names = ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")
        return HeldReason.BREAKS, f"would hurt {names}: move them first, or say --accept-breaks"
    return HeldReason.UNSEEN, f"cannot be seen from here: {affected.unseen}. Ask them, then say --accept-breaks"


def value_of(raw: Any, policy: Policy) -> str:
    """The text that is written for a value of `fix`."""
    if isinstance(raw, Mapping) and set(raw) == {"policy"}:
        raw = policy.lookup(raw["policy"])
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, list | tuple):
        return ",".join(str(item) for item in raw)
    return str(raw)


def _stands(item: Object | None, key: str, value: str) -> bool:
    """Whether the files hold the wanted value already."""
    if item is None:
        return False
    values = item.values(key)
    return len(values) == 1 and same(values[0], value)


def _before(item: Object | None, key: str, found: str) -> str:
    values = item.values(key) if item is not None else []
    return ", ".join(show(value) for value in values) if values else found
