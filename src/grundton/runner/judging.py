"""From a run folder full of snapshots to its assessment and reports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from grundton import __version__
from grundton.runner.bar import Bar
from grundton.runner.errors import InputError
from grundton.runner.folder import RunFolder
from grundton.runner.outcome import HostOutcome

if TYPE_CHECKING:
    from grundton.assess import HostInput
    from grundton.policy import Policy


def judge_run(
    folder: RunFolder, outcomes: Mapping[str, HostOutcome], bar: Bar, now: datetime | None = None
) -> dict[str, Any]:
    """Assess every host of the run, write assessment and reports, and return the assessment document."""
    from grundton import assess, catalog, report
    from grundton.records import RecordsError, records_of
    from grundton.report.html import render_html

    moment = now or datetime.now(UTC)
    folder.write_hosts({name: outcome.as_data() for name, outcome in outcomes.items()})
    known = catalog.load()
    policies = _policies(folder, outcomes)
    try:
        records = records_of(policies.values())
    except RecordsError as problem:
        raise InputError(str(problem), "Give every waiver, attestation and decision an id of its own.") from problem
    about = {
        "id": folder.id,
        "started": _started(folder),
        "assessed_at": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "fail_on": bar.threshold,
        "allow_not_checked": bar.allow_not_checked,
    }
    assessment = assess.assess(_inputs(folder, outcomes, policies), known, records, moment, about)
    document = report.to_document(assessment, known)
    folder.write_text(folder.assessment, report.to_json(document))
    folder.write_text(folder.html, render_html(document))
    # Comes last: a run that says when it was assessed has all its files.
    folder.update_run(generator=f"grundton {__version__}", catalog=known.version, **about)
    return document


def stored_outcomes(folder: RunFolder) -> dict[str, HostOutcome]:
    """Return what became of each host of a stored run."""
    found = {name: HostOutcome.from_data(data) for name, data in folder.read_hosts().items()}
    if not found:
        raise InputError(f"{folder.path} has no hosts.json: the run was not finished", "Run the audit again.")
    return found


def _policies(folder: RunFolder, outcomes: Mapping[str, HostOutcome]) -> dict[str, Policy]:
    from grundton.policy import PolicyError, load_policy

    audited = [name for name in sorted(outcomes) if outcomes[name].audited]
    try:
        return {name: load_policy(folder.read_policy(name), host=name) for name in audited}
    except PolicyError as problem:
        raise InputError(str(problem), f"See {folder.path / 'policy'}.") from problem


def _inputs(
    folder: RunFolder, outcomes: Mapping[str, HostOutcome], policies: Mapping[str, Policy]
) -> Iterator[HostInput]:
    """One host at a time: a snapshot is read when its turn comes."""
    from grundton.assess import HostInput
    from grundton.model.snapshot import Snapshot, SnapshotError

    for name in sorted(outcomes):
        outcome = outcomes[name]
        if not outcome.audited:
            yield HostInput(name, None, None, outcome.reason)
            continue
        try:
            snapshot = Snapshot.from_document(folder.read_snapshot(name), name)
        except SnapshotError as problem:
            raise InputError(str(problem), "The run folder holds something else than a snapshot.") from problem
        yield HostInput(name, snapshot, policies[name])


def _started(folder: RunFolder) -> str:
    """When the run began; its id says so, too."""
    known = folder.read_run().get("started_at")
    if known:
        return str(known)
    match = re.match(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-", folder.id)
    return "{}-{}-{}T{}:{}:{}Z".format(*match.groups()) if match else ""
