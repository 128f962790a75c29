"""The assessment as a JSON document, `grundton.assessment/1`, and back.

The document is self-contained: it carries the texts of every measure, demand and control it speaks of, so
that it can be rendered again years later, without the catalogue it was made with. Times stand only below
`run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from grundton.model.assessment import SCHEMA, Assessment, DemandResult, HostResult, MeasureResult
from grundton.model.finding import Detail, Finding
from grundton.model.verdict import DemandVerdict, MeasureVerdict, Verdict

if TYPE_CHECKING:
    from grundton.catalog import Catalog
    from grundton.model.control import Control
    from grundton.model.measure import Demand, Measure, Text

Document: TypeAlias = dict[str, Any]


class DocumentError(ValueError):
    """Not an assessment of a schema we know, or an assessment that speaks of something unknown."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts a document carries: id → the entry of its `catalog` section."""

    version: str
    measures: Mapping[str, Mapping[str, Any]]
    demands: Mapping[str, Mapping[str, Any]]
    controls: Mapping[str, Mapping[str, Any]]


# --- writing ---


def to_document(assessment: Assessment, catalog: Catalog) -> Document:
    """Return the assessment with the texts it needs as plain JSON data, in one stable order."""
    return {
        "schema": SCHEMA,
        "generator": assessment.generator,
        "catalog": _texts(assessment, catalog),
        "counts": dict(sorted(assessment.counts.items())),
        "hosts": {name: _host(assessment.hosts[name]) for name in sorted(assessment.hosts)},
        "measures": {key: _measure_result(assessment.measures[key]) for key in sorted(assessment.measures)},
        "demands": {key: _demand_result(assessment.demands[key]) for key in sorted(assessment.demands)},
        "findings": [_finding(finding) for finding in sorted(assessment.findings, key=_finding_order)],
        "warnings": list(assessment.warnings),
        "run": dict(assessment.run),
    }


def _finding_order(finding: Finding) -> tuple[Any, ...]:
    details = [(d.key, d.place, d.expected, d.actual, d.location) for d in finding.details]
    return (finding.control, finding.host, finding.verdict.value, finding.kind, finding.objects, details)


def _used_controls(assessment: Assessment) -> set[str]:
    used = {finding.control for finding in assessment.findings}
    for host in assessment.hosts.values():
        used.update(host.controls)
    for demand in assessment.demands.values():
        used.update(demand.controls)
    return used


def _texts(assessment: Assessment, catalog: Catalog) -> Document:
    used = _used_controls(assessment)
    known = {demand.id for measure in catalog.measures.values() for demand in measure.demands}
    for unknown, what in (
        (used - catalog.controls.keys(), "control"),
        (assessment.measures.keys() - catalog.measures.keys(), "measure"),
        (assessment.demands.keys() - known, "demand"),
    ):
        if unknown:
            raise DocumentError(f"the assessment speaks of {what} {min(unknown)}, which the catalogue does not have")
    return {
        "version": assessment.catalog_version,
        "measures": {key: _measure_text(measure) for key, measure in sorted(catalog.measures.items())},
        "demands": {
            demand.id: _demand_text(demand, measure.id)
            for measure in catalog.measures.values()
            for demand in measure.demands
        },
        "controls": {key: _control_text(catalog.controls[key]) for key in sorted(used)},
    }


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "de": text.de}


def _measure_text(measure: Measure) -> Document:
    return {
        "title": _text(measure.title),
        "summary": _text(measure.summary),
        "slug": measure.slug,
        "stage": measure.stage,
        "kind": measure.kind,
        "components": list(measure.components),
        "demands": [demand.id for demand in measure.demands],
        "successor": {
            "net_4_2": list(measure.successor.net_4_2),
            "net_4_1": list(measure.successor.net_4_1),
            "gpp": list(measure.successor.gpp),
            "level": measure.successor.level,
        },
    }


def _demand_text(demand: Demand, measure: str) -> Document:
    return {
        "measure": measure,
        "title": _text(demand.title),
        "text": _text(demand.text),
        "force": demand.force,
        "checked_by": list(demand.checked_by),
        "needs": demand.needs,
        "sources": list(demand.sources),
    }


def _control_text(control: Control) -> Document:
    return {
        "title": _text(control.title),
        "component": control.component,
        "severity": control.severity.value,
        "level": control.level.value,
        "measures": list(control.measures),
        "demands": list(control.demands),
        "why": control.why,
        "remedy": control.remedy,
        "sources": list(control.sources),
        "refs": list(control.refs),
        "impact": control.impact,
        "fixable": control.fix is not None,
    }


def _host(host: HostResult) -> Document:
    return {
        "hostname": host.hostname,
        "reached": host.reached,
        "reason": host.reason,
        "live": host.live,
        "components": dict(sorted(host.components.items())),
        "unread": dict(sorted(host.unread.items())),
        "policy_digest": host.policy_digest,
        "controls": {key: verdict.value for key, verdict in sorted(host.controls.items())},
        "measures": {key: verdict.value for key, verdict in sorted(host.measures.items())},
        "counts": dict(sorted(host.counts.items())),
    }


def _measure_result(result: MeasureResult) -> Document:
    return {
        "verdict": result.verdict.value,
        "hosts": {key: verdict.value for key, verdict in sorted(result.hosts.items())},
        "demands": list(result.demands),
        "counts": dict(sorted(result.counts.items())),
        "note": result.note,
    }


def _demand_result(result: DemandResult) -> Document:
    return {
        "verdict": result.verdict.value,
        "hosts": {key: verdict.value for key, verdict in sorted(result.hosts.items())},
        "controls": list(result.controls),
        "note": result.note,
    }


def _finding(finding: Finding) -> Document:
    document: Document = {
        "id": finding.id,
        "control": finding.control,
        "host": finding.host,
        "verdict": finding.verdict.value,
        "kind": finding.kind,
        "objects": list(finding.objects),
        "details": [_detail(detail) for detail in finding.details],
    }
    if finding.reason:
        document["reason"] = finding.reason
    if finding.waiver:
        document["waiver"] = finding.waiver
    return document


def _detail(detail: Detail) -> Document:
    document: Document = {
        "key": detail.key,
        "place": detail.place,
        "expected": detail.expected,
        "actual": detail.actual,
        "ok": detail.ok,
    }
    if detail.location:
        document["location"] = detail.location
    if detail.is_default:
        document["default"] = True
    return document


# --- reading ---


def from_document(document: Mapping[str, Any]) -> tuple[Assessment, Texts]:
    """Return the assessment and its texts; raises DocumentError for anything that is not one of ours."""
    require_schema(document)
    try:
        catalog = document["catalog"]
        assessment = Assessment(
            catalog_version=catalog["version"],
            generator=document["generator"],
            hosts={name: _read_host(name, raw) for name, raw in document["hosts"].items()},
            findings=[_read_finding(raw) for raw in document["findings"]],
            demands={
                key: DemandResult(
                    id=key,
                    verdict=DemandVerdict(raw["verdict"]),
                    controls=tuple(raw["controls"]),
                    hosts={host: DemandVerdict(verdict) for host, verdict in raw["hosts"].items()},
                    note=raw["note"],
                )
                for key, raw in document["demands"].items()
            },
            measures={
                key: MeasureResult(
                    id=key,
                    verdict=MeasureVerdict(raw["verdict"]),
                    hosts={host: MeasureVerdict(verdict) for host, verdict in raw["hosts"].items()},
                    demands=tuple(raw["demands"]),
                    counts=dict(raw["counts"]),
                    note=raw["note"],
                )
                for key, raw in document["measures"].items()
            },
            counts=dict(document["counts"]),
            warnings=list(document["warnings"]),
            run=dict(document["run"]),
        )
        texts = Texts(catalog["version"], catalog["measures"], catalog["demands"], catalog["controls"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DocumentError(f"not a usable assessment: {_plain(problem)}") from problem
    return assessment, texts


def require_schema(document: Any) -> None:
    """Raise DocumentError unless the document says that it is an assessment of the schema we know."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, Mapping) else type(document).__name__
        raise DocumentError(f"expected an assessment of schema {SCHEMA}, found {found!r}")


def _plain(problem: Exception) -> str:
    return f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)


def _read_host(name: str, raw: Mapping[str, Any]) -> HostResult:
    return HostResult(
        name=name,
        hostname=raw["hostname"],
        reached=raw["reached"],
        reason=raw["reason"],
        live=raw["live"],
        components=dict(raw["components"]),
        unread=dict(raw["unread"]),
        policy_digest=raw["policy_digest"],
        controls={key: Verdict(verdict) for key, verdict in raw["controls"].items()},
        measures={key: MeasureVerdict(verdict) for key, verdict in raw["measures"].items()},
        counts=dict(raw["counts"]),
    )


def _read_finding(raw: Mapping[str, Any]) -> Finding:
    return Finding(
        id=raw["id"],
        control=raw["control"],
        host=raw["host"],
        verdict=Verdict(raw["verdict"]),
        kind=raw["kind"],
        objects=tuple(raw["objects"]),
        details=tuple(
            Detail(
                key=detail["key"],
                place=detail["place"],
                expected=detail["expected"],
                actual=detail["actual"],
                ok=detail["ok"],
                location=detail.get("location", ""),
                is_default=detail.get("default", False),
            )
            for detail in raw["details"]
        ),
        reason=raw.get("reason", ""),
        waiver=raw.get("waiver", ""),
    )
