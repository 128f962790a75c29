"""The pure function at the centre: snapshots, policies, records and catalogue in, assessment out."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grundton import __version__
from grundton.assess import rollup
from grundton.assess.context import Context, HostContext, Knowledge
from grundton.assess.evaluators import EVALUATORS
from grundton.assess.expressions import ExpressionError
from grundton.assess.facets import set_facets
from grundton.assess.gates import closed_gate
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.matchers import NotCheckableError
from grundton.assess.recall import HostRecall, Recall
from grundton.model.assessment import Assessment, HostResult
from grundton.model.control import Control
from grundton.model.finding import Finding, finding_id
from grundton.model.snapshot import Component, Snapshot
from grundton.model.verdict import DemandVerdict, Level, Verdict, worst
from grundton.records import Records, RecordsOfDay

if TYPE_CHECKING:
    from grundton.catalog import Catalog
    from grundton.policy import Policy


@dataclass(slots=True)
class HostInput:
    """One host of a run: its snapshot and policy, or the reason there is none."""

    name: str
    snapshot: Snapshot | None
    policy: Policy | None
    reason: str = ""


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for reference cycles less often: hundreds of thousands of findings stay, and nothing here makes cycles."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@_few_collections()
def assess(
    hosts: Iterable[HostInput],
    catalog: Catalog,
    records: Records,
    now: datetime,
    run: Mapping[str, Any] | None = None,
) -> Assessment:
    """Judge every host by every control of its components and roll the result up.

    Args:
        hosts: taken one at a time; a snapshot is let go as soon as its findings are made.
        catalog: measures, controls, defaults, advisories, support dates.
        records: those of all policies and records files (`grundton.records.records_of`).
        now: the moment of the assessment, with time zone; expiry dates are read against it.
        run: what the report should say about the run (id, times, versions); passed through.
    """
    knowledge = Knowledge(
        catalog.defaults, catalog.advisories, catalog.support, _keys_of_kind(catalog.controls.values())
    )
    book = RecordsOfDay(records, now.date())
    controls_of = _by_demand(catalog)
    results: dict[str, HostResult] = {}
    findings: list[Finding] = []
    by_demand: dict[str, dict[str, DemandVerdict]] = {demand: {} for demand in catalog.demands}
    compiled: dict[str, dict[tuple[str, str], Any]] = {}
    recall, outcomes = Recall(), rollup.Outcomes(controls_of, catalog.measures.values())
    for host in hosts:
        if host.snapshot is None or host.policy is None:
            results[host.name] = _unreached(host)
            continue
        level = Level(host.policy.protection_level)
        compiled_here = compiled.setdefault(host.policy.fingerprint, {})
        context = HostContext(host.snapshot, host.policy, knowledge, now, level, compiled_here)
        set_facets(host.snapshot, host.policy)
        book.add_policy(host.policy)
        made = _judge_host(context, catalog, book, recall.on(context, _judge_control))
        findings += made
        outcome = outcomes.of(_verdict_by_control(made))
        for demand, verdict in outcome.demands.items():
            by_demand[demand][host.name] = verdict
        results[host.name] = _host_result(host, context, outcome, made)
    demands = {
        demand.id: rollup.roll_up_demand(demand, controls_of.get(demand.id, []), by_demand[demand.id], book)
        for demand in catalog.demands.values()
    }
    measures = {
        measure.id: rollup.roll_up_measure(
            measure,
            demands,
            {name: result.measures[measure.id] for name, result in results.items() if measure.id in result.measures},
            book,
        )
        for measure in catalog.measures.values()
    }
    return Assessment(
        catalog_version=catalog.version,
        generator=f"grundton {__version__}",
        hosts=results,
        findings=findings,
        demands=demands,
        measures=measures,
        counts=dict(Counter(finding.verdict.value for finding in findings)),
        warnings=list(book.warnings(catalog.controls)),
        run=dict(run or {}),
    )


def _by_demand(catalog: Catalog) -> dict[str, list[Control]]:
    found: dict[str, list[Control]] = {}
    for control in catalog.controls.values():
        for demand in control.demands:
            found.setdefault(demand, []).append(control)
    return found


def _keys_of_kind(controls: Iterable[Control]) -> dict[str, dict[str, bool]]:
    """Every key any control looks at, by kind: what makes two objects different for the assessment.

    Where every control only asks whether a key is set (`present`, `absent`), two different values are no difference.
    """
    keys: dict[str, dict[str, bool]] = {}
    for control in controls:
        wanted = keys.setdefault(control.spec.get("kind", ""), {})
        for part in ("want", "match", "unless"):
            for key, matcher in control.spec.get(part, {}).items():
                wanted[key] = wanted.get(key, True) and matcher in ({"present": True}, {"absent": True})
    return keys


def _judge_host(context: HostContext, catalog: Catalog, book: RecordsOfDay, recall: HostRecall) -> list[Finding]:
    findings: list[Finding] = []
    for control in catalog.controls.values():
        if control.component in context.snapshot.components:
            for judgement in recall.judge(control):
                findings += _findings(control, context, judgement, book)
    return findings


def _judge_control(context: Context) -> list[Judgement]:
    control = context.control
    kind = control.spec.get("kind", control.evaluator)
    if control.level.rank > context.host.level.rank:
        reason = f"asked for from protection level {control.level.value} on"
        return [Judgement(Verdict.NOT_APPLICABLE, kind, (), (), reason)]
    if reason := closed_gate(control, context.snapshot):
        return [Judgement(Verdict.NOT_APPLICABLE, kind, (), (), reason)]
    try:
        judgements = EVALUATORS[control.evaluator](context)
    except NotCheckableError as problem:
        return [unchecked(kind, str(problem))]
    except ExpressionError as problem:
        return [Judgement(Verdict.ERROR, kind, (), (), str(problem))]
    except Exception as problem:
        return [Judgement(Verdict.ERROR, kind, (), (), f"the control could not be evaluated: {type(problem).__name__}")]
    return judgements or [
        Judgement(Verdict.NOT_APPLICABLE, kind, (), (), "nothing on this host that the control is about")
    ]


def _findings(control: Control, context: HostContext, judgement: Judgement, book: RecordsOfDay) -> list[Finding]:
    host = context.snapshot.host
    if judgement.verdict is not Verdict.FAIL:
        return [_finding(control, host, judgement, judgement.objects)]
    result = []
    for match, objects in book.split(control.id, control.demands, host, judgement.objects):
        if match is None:
            result.append(_finding(control, host, judgement, objects))
        elif match.applied:
            waived = replace(judgement, verdict=Verdict.WAIVED, reason=match.note)
            result.append(_finding(control, host, waived, objects, match.waiver.id))
        else:
            noted = replace(judgement, reason="; ".join(filter(None, (judgement.reason, match.note))))
            result.append(_finding(control, host, noted, objects))
    return result


def _finding(control: Control, host: str, judgement: Judgement, objects: tuple[str, ...], waiver: str = "") -> Finding:
    return Finding(
        id=finding_id(control.id, host, objects, judgement.kind),
        control=control.id,
        host=host,
        verdict=judgement.verdict,
        kind=judgement.kind,
        objects=objects,
        details=judgement.details,
        reason=judgement.reason,
        waiver=waiver,
    )


def _verdict_by_control(findings: Iterable[Finding]) -> dict[str, Verdict]:
    verdicts: dict[str, list[Verdict]] = {}
    for finding in findings:
        verdicts.setdefault(finding.control, []).append(finding.verdict)
    return {control: worst(found) for control, found in verdicts.items()}


def _host_result(
    host: HostInput,
    context: HostContext,
    outcome: rollup.Outcome,
    findings: list[Finding],
) -> HostResult:
    snapshot = context.snapshot
    unread = {
        name: state.reason or "; ".join(state.incomplete)
        for name, state in sorted(snapshot.sources.items())
        if state.status in ("not_checked", "error") or state.incomplete
    }
    return HostResult(
        name=host.name,
        hostname=snapshot.hostname,
        reached=True,
        reason="",
        live=snapshot.live,
        components={name: _version(item) for name, item in sorted(snapshot.components.items())},
        unread=unread,
        policy_digest=context.policy.fingerprint,
        controls=outcome.controls,
        measures=outcome.measures,
        counts=dict(Counter(finding.verdict.value for finding in findings)),
    )


def _version(component: Component) -> str:
    """`22.10.1`; a host's version is that of its distribution, so it is named: `debian 14 (forky)`."""
    if component.distribution is None:
        return component.version or "unknown version"
    branch = f"({component.branch})" if component.branch and component.branch != component.version else ""
    return " ".join(filter(None, (component.distribution, component.version, branch)))


def _unreached(host: HostInput) -> HostResult:
    return HostResult(host.name, "", False, host.reason, False, {}, {}, "", {}, {}, {})
