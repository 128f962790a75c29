"""The controller's side of the two action plugins: policy first, then the snapshot; then the judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from grundton import __version__
from grundton.runner.bar import CHOICES, DEFAULT, Bar
from grundton.runner.errors import GrundtonError
from grundton.runner.folder import RunFolder
from grundton.runner.judging import judge_run
from grundton.runner.outcome import HostOutcome
from grundton.runner.variables import policy_variables


def take_snapshot(
    *,
    host: str,
    arguments: Mapping[str, Any],
    variables: Mapping[str, Any],
    template: Callable[[Any], Any],
    execute: Callable[[dict[str, Any]], dict[str, Any]],
    unpack: Callable[[str], dict[str, Any]],
) -> dict[str, Any]:
    """Store a host's policy and snapshot in the run folder; return the short result Ansible gets to see.

    Args:
        host: inventory name.
        arguments: of the task: `run_dir`, and `root` for a copied tree.
        variables: all of Ansible's variables for this host.
        template: resolves Ansible templates.
        execute: calls the module on the host with these arguments.
        unpack: reads the packed document the module returns.
    """
    from grundton.policy import PolicyError, load_policy

    try:
        folder = RunFolder.prepare(Path(str(arguments["run_dir"])).absolute())
        chosen, origins = policy_variables(variables, template)
        load_policy(chosen, host=host, origins=origins)
        folder.write_policy(host, chosen)
        module_arguments = {"run_key": folder.key(), "generator_version": __version__, "packed": True}
    except PolicyError as problem:
        return {"failed": True, "policy_error": True, "msg": "\n".join(map(str, problem.problems))}
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem)}
    if "root" in arguments:
        module_arguments["root"] = arguments["root"]
    result = execute(module_arguments)
    packed = result.pop("packed", None)
    if packed is not None:
        try:
            folder.write_snapshot(host, unpack(str(packed)))
        except ValueError as problem:
            return {"failed": True, "msg": f"the snapshot cannot be read: {problem}"}
    elif not result.get("failed"):
        result.update(failed=True, msg="the snapshot module returned no snapshot")
    return result


def assess_hosts(*, arguments: Mapping[str, Any], results: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """Judge the run; return Ansible's result, with `lines` for the person in front of it."""
    # Without a gate of the operator's the report shows the usual one, and the play does not fail by it.
    fail_on = str(arguments.get("fail_on") or DEFAULT)
    if fail_on not in CHOICES:
        return {"failed": True, "msg": f"fail_on: {fail_on!r} is none of {', '.join(CHOICES)}", "lines": []}
    bar = Bar(fail_on, bool(arguments.get("allow_not_checked")))
    folder = RunFolder.prepare(Path(str(arguments["run_dir"])).absolute())
    folder.forget_key()
    outcomes = {host: HostOutcome.from_result(result) for host, result in results.items()}
    missed = {host: outcome for host, outcome in outcomes.items() if not outcome.audited}
    lines = [f"{host}: {outcome.status}: {outcome.reason}" for host, outcome in missed.items()]
    try:
        document = judge_run(folder, outcomes, bar)
    except GrundtonError as problem:
        return {"failed": True, "msg": str(problem), "lines": lines}
    lines += [f"report: {folder.html}", f"data:   {folder.assessment}"]
    complaints = []
    if missed and not bar.allow_not_checked:
        complaints.append(f"{len(missed)} of {len(outcomes)} hosts could not be audited: {', '.join(missed)}")
    met, why = bar.judge(document)
    if not met and arguments.get("fail_on"):
        complaints.append(f"gate not met: {why}")
    result: dict[str, Any] = {
        "changed": False,
        "run_dir": str(folder.path),
        "counts": document["counts"],
        "lines": lines,
    }
    if complaints:
        result.update(failed=True, msg="; ".join(complaints))
    return result
