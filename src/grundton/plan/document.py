"""The plan of a run as a JSON document, `grundton.plan/1`: one host's part, and all hosts together.

Times stand only below `run`. The document carries the texts of the measures and controls it speaks of, so that it can
be shown without the catalogue it was made with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from grundton import __version__
from grundton.plan.model import HostPlan, Selection

if TYPE_CHECKING:
    from grundton.catalog import Catalog

SCHEMA = "grundton.plan/1"

Document: TypeAlias = dict[str, Any]


def host_document(plan: HostPlan) -> Document:
    """Return one host's plan as plain data."""
    return {
        "reason": "",
        "changes": [_plain(asdict(change)) for change in plan.changes],
        "activations": [
            {
                "name": one.name,
                "commands": [list(command) for command in one.commands],
                "impact": one.impact,
                "effect": one.effect,
                "order": one.order,
                "failure_patterns": list(one.failure_patterns),
            }
            for one in plan.activations
        ],
        "affected": {control: _plain(asdict(affected)) for control, affected in plan.affected.items()},
        "held": [_plain(asdict(held)) for held in plan.held],
        "notes": list(plan.notes),
    }


def missed_host(reason: str) -> Document:
    """Return the part of a host that could not be planned."""
    return {"reason": reason, "changes": [], "activations": [], "affected": {}, "held": [], "notes": []}


def to_document(
    hosts: Mapping[str, Document], selection: Selection, catalog: Catalog, run: Mapping[str, Any]
) -> Document:
    """Put the hosts' parts together."""
    ordered = {name: hosts[name] for name in sorted(hosts)}
    used = {
        control
        for host in ordered.values()
        for control in (
            *(control for change in host["changes"] for control in change["controls"]),
            *(held["control"] for held in host["held"]),
        )
    }
    controls = {key: catalog.controls[key] for key in sorted(used) if key in catalog.controls}
    measures = {measure for control in controls.values() for measure in control.measures} | selection.measures
    return {
        "schema": SCHEMA,
        "generator": f"grundton {__version__}",
        "catalog": {
            "version": catalog.version,
            "controls": {
                key: {
                    "title": {"en": control.title.en, "de": control.title.de},
                    "measures": list(control.measures),
                    "severity": control.severity.value,
                    "impact": control.impact,
                    "why": control.why,
                    "remedy": control.remedy,
                }
                for key, control in controls.items()
            },
            "measures": {
                key: {"title": {"en": catalog.measures[key].title.en, "de": catalog.measures[key].title.de}}
                for key in sorted(measures, key=_number)
                if key in catalog.measures
            },
        },
        "selection": selection_document(selection),
        "hosts": ordered,
        "counts": {
            "changes": sum(len(host["changes"]) for host in ordered.values()),
            "hosts_changed": sum(bool(host["changes"]) for host in ordered.values()),
            "held": sum(len(host["held"]) for host in ordered.values()),
            "missed": sum(bool(host["reason"]) for host in ordered.values()),
        },
        "run": dict(run),
    }


def selection_document(selection: Selection) -> Document:
    """Return what was asked for as plain data."""
    return {
        "measures": sorted(selection.measures, key=_number),
        "controls": sorted(selection.controls),
        "window": selection.restart,
        "accept_breaks": selection.accept_breaks,
        "without": sorted(selection.without),
    }


def not_agreed(agreed: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what one host's plan changes beyond the one somebody agreed to, in words."""
    known = {_place(change) for change in agreed["changes"]}
    return [
        f"{change['kind']} {change['object']}: {change['key']}={change['value']}"
        for change in now["changes"]
        if _place(change) not in known
    ]


def _place(change: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(change[part] for part in ("kind", "object", "key", "value"))


def _plain(raw: Any) -> Any:
    """The same as JSON holds it: lists, and no host, which stands above."""
    if isinstance(raw, Mapping):
        return {key: _plain(value) for key, value in raw.items() if key != "host"}
    return [_plain(item) for item in raw] if isinstance(raw, list | tuple) else raw


def _number(measure: str) -> list[int]:
    return [int(part) for part in measure.removeprefix("M ").split(".") if part.isdigit()]
