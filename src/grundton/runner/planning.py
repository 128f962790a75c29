"""The controller's side of the plan action: snapshots of a run folder in, the plan of every host out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundton.runner.apply_folder import ApplyFolder
from grundton.runner.errors import GrundtonError, InputError
from grundton.runner.outcome import HostOutcome

if TYPE_CHECKING:
    from grundton.catalog import Catalog
    from grundton.model.assessment import Assessment
    from grundton.plan import Selection
    from grundton.policy import Policy

#: Seconds after which a snapshot is taken again before anything is changed.
FRESH = 120


def plan_hosts(*, arguments: Mapping[str, Any], results: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """Plan all hosts of a run and write `plan.json`; return Ansible's result, with `lines` for people.

    Args:
        arguments: of the task: `run_dir`, `measures`, `controls`, `window`, `accept_breaks`.
        results: what the snapshot task registered, by host.
    """
    from grundton import catalog
    from grundton.plan.view import in_one_line

    folder = ApplyFolder.prepare(Path(str(arguments["run_dir"])).absolute())
    folder.forget_key()
    outcomes = {host: HostOutcome.from_result(result) for host, result in results.items()}
    try:
        known = catalog.load()
        selection = selection_of(arguments, known)
        folder.write_hosts({name: outcome.as_data() for name, outcome in outcomes.items()})
        for host, outcome in outcomes.items():
            _plan_one(folder, host, outcome, selection, known)
        document = assemble(folder, selection, known)
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem), "lines": []}
    lines = [f"{host}: {in_one_line(part)}" for host, part in document["hosts"].items()]
    return {"changed": False, "counts": document["counts"], "plan": str(folder.plan), "lines": lines}


def part_of_host(*, host: str, arguments: Mapping[str, Any], again: bool) -> dict[str, Any]:
    """Return what one host has to do, for the tasks that do it.

    Args:
        host: inventory name.
        arguments: of the task, as for `plan_hosts`; `agreed` is a plan somebody agreed to.
        again: the snapshot was just taken again, so plan again.
    """
    from grundton import catalog
    from grundton.plan.document import not_agreed

    folder = ApplyFolder.prepare(Path(str(arguments["run_dir"])).absolute())
    try:
        if again:
            known = catalog.load()
            selection = selection_of(arguments, known)
            folder.forget_key()
            agreed = folder.read_part("plans", host)
            _plan_one(folder, host, HostOutcome("audited"), selection, known)
            assemble(folder, selection, known)
            beyond = not_agreed(agreed or {"changes": []}, folder.read_part("plans", host) or {"changes": []})
            if beyond and arguments.get("agreed"):
                what = "; ".join(beyond[:5])
                return {"failed": True, "msg": f"the host has changed since the plan was shown; new are: {what}"}
        part = folder.read_part("plans", host)
        if part is None:
            return {"failed": True, "msg": f"there is no plan for {host} in {folder.path}"}
        age = folder.age_of_snapshot(host) if not part["reason"] else 0.0
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem)}
    return {
        "changed": False,
        "run": folder.id,
        "reason": part["reason"],
        "empty": not part["changes"],
        "stale": age > FRESH,
        "settings": settings_of(part),
        "activations": part["activations"],
    }


def settings_of(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a host's changes as the settings module takes them."""
    kept = ("kind", "object", "key", "value", "controls", "measures")
    return [{name: change[name] for name in kept} for change in part["changes"]]


def selection_of(arguments: Mapping[str, Any], known: Catalog) -> Selection:
    """Read what was asked for; raises InputError for names nobody knows."""
    from grundton.plan import SelectionError, read_selection

    try:
        return read_selection(
            arguments.get("measures"),
            arguments.get("controls"),
            known.measures,
            known.controls,
            restart=bool(arguments.get("window")),
            accept_breaks=bool(arguments.get("accept_breaks")),
            without=arguments.get("without"),
        )
    except SelectionError as problem:
        raise InputError(str(problem), "See what there is: grundton measures, grundton controls.") from None


def assemble(folder: ApplyFolder, selection: Selection, known: Catalog) -> dict[str, Any]:
    """Put the hosts' parts together into `plan.json`."""
    from grundton.plan.document import to_document
    from grundton.plan.validate import validate

    hosts = {host: _without(part, "host") for host, part in folder.read_parts("plans").items()}
    run = {"id": folder.id, "planned_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    document = to_document(hosts, selection, known, run)
    validate(document)
    folder.write_plan(document)
    return document


def assess_host(folder: Any, host: str, known: Catalog) -> tuple[Assessment, Any, Policy]:
    """Judge one host of a folder; return the assessment, the snapshot and the policy."""
    from grundton import assess
    from grundton.model.snapshot import Snapshot, SnapshotError
    from grundton.policy import PolicyError, load_policy
    from grundton.records import RecordsError, records_of

    try:
        policy = load_policy(folder.read_policy(host), host=host)
        snapshot = Snapshot.from_document(folder.read_snapshot(host), host)
        records = records_of([policy])
    except (PolicyError, SnapshotError, RecordsError) as problem:
        raise InputError(str(problem), f"See {folder.path}.") from problem
    inputs = [assess.HostInput(host, snapshot, policy)]
    return assess.assess(inputs, known, records, datetime.now(UTC)), snapshot, policy


def _plan_one(folder: ApplyFolder, host: str, outcome: HostOutcome, selection: Selection, known: Catalog) -> None:
    from grundton.plan import activations_of, make_plan
    from grundton.plan.document import host_document, missed_host

    if outcome.audited:
        assessment, snapshot, policy = assess_host(folder, host, known)
        tables = activations_of(known.activations)
        plan = make_plan(snapshot, policy, assessment.findings, known.controls, tables, selection)
        part = host_document(plan)
    else:
        part = missed_host(f"{outcome.status.replace('_', ' ')}: {outcome.reason}")
    folder.write_part("plans", host, part | {"host": host})


def _without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in names}
