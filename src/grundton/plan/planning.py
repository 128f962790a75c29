"""From the findings of an assessment to changes, per host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grundton.model.control import Control
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.model.verdict import Verdict
from grundton.plan.breaks import Breaks, victims_of
from grundton.plan.model import Activation, Change, Held, HeldReason, HostPlan, Selection, Victim

if TYPE_CHECKING:
    from grundton.policy import Policy

#: The section a single-section kind lives in, when the configuration has none yet.
SECTIONS = {
    "pjsip.global": "global",
    "pjsip.system": "system",
    "asterisk.options": "options",
    "asterisk.files": "files",
}
RESTART_CLASSES = frozenset({"R3", "R4"})


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
        activations: how changes take effect, by name.
        selection: what the operator asked for.
    """
    plan = HostPlan(snapshot.host)
    wanted: dict[tuple[str, str, str], Change] = {}
    for finding in findings:
        control = controls[finding.control]
        if finding.verdict is not Verdict.FAIL or not selection.names(control.id, control.measures):
            continue
        held = _held(control, finding, policy, snapshot, selection)
        if held is not None:
            plan.held.append(held)
            continue
        victims = _victims(control, finding, snapshot, policy)
        for change in _changes(control, finding, policy, victims):
            _merge(wanted, change, control, plan)
    plan.changes = sorted(wanted.values(), key=lambda item: (item.kind, item.object, item.key))
    used = {change.activation for change in plan.changes if change.activation}
    plan.activations = sorted((activations[name] for name in used), key=lambda item: (item.order, item.name))
    return plan


def _held(control: Control, finding: Finding, policy: Policy, snapshot: Snapshot, selection: Selection) -> Held | None:
    def hold(reason: HeldReason, text: str, victims: tuple[Victim, ...] = ()) -> Held:
        return Held(finding.host, control.id, finding.objects, reason, text, victims)

    if control.fix is None or control.activate is None:
        return hold(HeldReason.BY_HAND, control.remedy)
    if control.impact == "RP" and control.id not in selection.controls:
        return hold(HeldReason.DECISION, f"a decision of the operator: name it with --controls {control.id}")
    if control.impact in RESTART_CLASSES and not selection.restart:
        return hold(HeldReason.RESTART, "takes effect only with a restart: ask for it with --window")
    if _from_database(finding, snapshot):
        return hold(HeldReason.REALTIME, f"kept in a database, change it there: {_assignments(control, policy)}")
    victims = _victims(control, finding, snapshot, policy)
    if victims and not selection.accept_breaks:
        names = ", ".join(victim.name for victim in victims[:5]) + (" …" if len(victims) > 5 else "")
        return hold(HeldReason.BREAKS, f"would hurt {names}: move them first, or say --accept-breaks", victims)
    return None


def _from_database(finding: Finding, snapshot: Snapshot) -> bool:
    """Objects only the daemon knows come from a database (realtime): there is no file to put them right in."""
    configured = {item.name for item in snapshot.objects("config", finding.kind)}
    return bool(finding.objects) and not configured.intersection(finding.objects)


def _assignments(control: Control, policy: Policy) -> str:
    return ", ".join(f"{key}={_value(value, policy)}" for key, value in (control.fix or {}).items())


def _victims(control: Control, finding: Finding, snapshot: Snapshot, policy: Policy) -> tuple[Victim, ...]:
    return victims_of(control.breaks, Breaks(snapshot, policy, finding)) if control.breaks else ()


def _value(raw: Any, policy: Policy) -> str:
    if isinstance(raw, Mapping) and set(raw) == {"policy"}:
        raw = policy.lookup(raw["policy"])
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, list | tuple):
        return ",".join(str(item) for item in raw)
    return str(raw)


def _changes(control: Control, finding: Finding, policy: Policy, victims: tuple[Victim, ...]) -> Iterable[Change]:
    failing = {detail.key: detail for detail in finding.failed_details}
    judged = control.spec.get("want", {})
    objects = finding.objects or (SECTIONS.get(finding.kind, "general"),)
    for key, raw in (control.fix or {}).items():
        detail = failing.get(key)
        if detail is None and key in judged:
            continue
        for name in objects:
            yield Change(
                host=finding.host,
                component=control.component,
                kind=finding.kind,
                object=name,
                key=key,
                value=_value(raw, policy),
                before=detail.actual if detail else "",
                location=detail.location if detail else "",
                controls=(control.id,),
                measures=control.measures,
                activation=control.activate or "",
                impact=control.impact,
                victims=victims,
            )


def _merge(wanted: dict[tuple[str, str, str], Change], change: Change, control: Control, plan: HostPlan) -> None:
    """Two controls may want the same value; where they want different ones, the first stays and it is said."""
    place = (change.kind, change.object, change.key)
    known = wanted.get(place)
    if known is None:
        wanted[place] = change
    elif known.value == change.value:
        wanted[place] = replace(
            known,
            controls=tuple(dict.fromkeys(known.controls + change.controls)),
            measures=tuple(dict.fromkeys(known.measures + change.measures)),
            victims=tuple(dict.fromkeys(known.victims + change.victims)),
        )
    else:
        others = ", ".join(known.controls)
        text = f"{others} wants {change.key}={known.value}, this one {change.value}: name one with --controls"
        plan.held.append(Held(change.host, control.id, (change.object,), HeldReason.CONFLICT, text))
