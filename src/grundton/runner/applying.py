"""The controller's side of applying: what became of a host, written down beside its plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grundton.runner.apply_folder import ApplyFolder
from grundton.runner.errors import GrundtonError
from grundton.runner.planning import assess_host

#: The component whose settings are applied.
COMPONENT = "asterisk"


def verify(*, host: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a host before and after; fails when something got worse that the plan had not announced."""
    from grundton import catalog
    from grundton.plan.health import got_worse
    from grundton.plan.result import compare

    folder = ApplyFolder.prepare(Path(str(arguments["run_dir"])).absolute())
    try:
        known = catalog.load()
        second = folder.after()
        second.forget_key()
        before, snapshot_before, _ = assess_host(folder, host, known)
        after, snapshot_after, _ = assess_host(second, host, known)
        part = folder.read_part("plans", host) or {"changes": [], "held": [], "affected": {}}
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem)}
    worse = got_worse(snapshot_before, snapshot_after, _announced(part))
    measures_of = {control.id: control.measures for control in known.controls.values()}
    compared = compare(before.hosts[host], after.hosts[host], part, COMPONENT, measures_of)
    worse += [f"{control} does not pass any more" for control in compared.worse]
    result: dict[str, Any] = {"changed": False, "worse": worse, "compared": compared.as_data()}
    if worse:
        result.update(failed=True, msg="; ".join(worse))
    return result


def _announced(part: Mapping[str, Any]) -> set[str]:
    """Endpoints the plan had named as hurt by what is changed."""
    changed = {control for change in part["changes"] for control in change["controls"]}
    return {
        name
        for control, affected in part["affected"].items()
        if control in changed
        for victim in affected["victims"]
        for name in victim["name"].split(", ")
    }


def note(*, host: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write down what became of a host: adds to what is known in its file of that part of the run."""
    folder = ApplyFolder.prepare(Path(str(arguments["run_dir"])).absolute())
    part = str(arguments.get("part") or "applied")
    if part not in ("applied", "rolled_back", "journals"):
        return {"failed": True, "msg": f"part: {part!r} is none of applied, rolled_back, journals"}
    try:
        known = folder.read_part(part, host) or {"host": host, "run": folder.id}
        stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        added = {key: value for key, value in dict(arguments.get("facts") or {}).items() if value is not None}
        times = {**known.get("times", {}), str(added.get("state", "noted")): stamp}
        folder.write_part(part, host, known | added | {"times": times})
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem)}
    return {"changed": False}
