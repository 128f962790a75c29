"""Applying, taking back, listing: one playbook each, and what it left in the run folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grundton.runner.apply_folder import ApplyFolder
from grundton.runner.noted import noted
from grundton.runner.outcome import plain_reason
from grundton.runner.plan_run import Order, Planned
from grundton.runner.play import PlayResult, run_playbook
from grundton.runner.progress import Progress
from grundton.runner.unfinished import unfinished


@dataclass(frozen=True, slots=True)
class Care:
    """How careful to be: hosts at the same time, and the guard's seconds (None: the playbook's default)."""

    serial: int = 1
    guard_seconds: int | None = None

    def variables(self) -> dict[str, Any]:
        """The playbooks' variables."""
        found: dict[str, Any] = {"grundton_serial": self.serial}
        if self.guard_seconds is not None:
            found["grundton_guard_seconds"] = self.guard_seconds
        return found


@dataclass(frozen=True, slots=True)
class Applied:
    """A finished apply: the plan it had, and what became of each host that was touched."""

    folder: ApplyFolder
    plan: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]
    seconds: float
    interrupted: bool

    @property
    def untouched(self) -> list[str]:
        """Hosts with changes that were never begun, because an earlier one failed."""
        return [name for name, host in self.plan["hosts"].items() if host["changes"] and name not in self.results]


def apply(order: Order, care: Care, progress: Progress, planned: Planned | None = None) -> Applied:
    """Apply to the hosts; with a plan somebody agreed to, nothing beyond it is changed.

    Raises a GrundtonError when it did not even come to a plan.
    """
    order.wish.check()
    folder = planned.folder if planned else ApplyFolder.create(order.runs_dir)
    began = time.monotonic()
    variables = {
        "grundton_run_dir": str(folder.path.absolute()),
        "grundton_planned": planned is not None,
        **order.wish.variables(),
        **care.variables(),
    }
    with noted(folder, order.command):
        played = _play("apply", order, variables, progress, folder)
        if not folder.plan.exists():
            raise unfinished(played, folder, order.inventory, order.connection.limit, "apply")
        interrupted = played.status == "canceled"
        seconds = time.monotonic() - began
        return Applied(folder, folder.read_plan(), folder.read_parts("applied"), seconds, interrupted)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Facts per host that a playbook left, and hosts it could not reach or that failed before, with Ansible's words."""

    folder: ApplyFolder
    facts: Mapping[str, Mapping[str, Any]]
    errors: tuple[str, ...]


def roll_back(order: Order, care: Care, progress: Progress, run: str | None, *, force: bool) -> Hosts:
    """Take a run back (the newest of each host without an id), or single measures of it."""
    order.wish.check()
    variables: dict[str, Any] = {"grundton_force": force, "grundton_measures": list(order.wish.measures)}
    if run:
        variables["grundton_rollback_run"] = run
    return _facts("rollback", "rolled_back", order, variables | care.variables(), progress)


def journal(order: Order, progress: Progress) -> Hosts:
    """List the runs of the hosts."""
    return _facts("journal", "journals", order, {}, progress)


def _facts(name: str, part: str, order: Order, variables: Mapping[str, Any], progress: Progress) -> Hosts:
    folder = ApplyFolder.create(order.runs_dir)
    with noted(folder, order.command):
        run_dir = {"grundton_run_dir": str(folder.path.absolute())}
        played = _play(name, order, {**run_dir, **variables}, progress, folder)
        facts = folder.read_parts(part)
        if not facts and not played.unreachable:
            raise unfinished(played, folder, order.inventory, order.connection.limit, name)
        lost = [f"{host}: {plain_reason(said)}" for host, said in played.unreachable.items() if host not in facts]
        return Hosts(folder, facts, tuple(dict.fromkeys((*played.errors, *lost))))


def _play(name: str, order: Order, variables: Mapping[str, Any], progress: Progress, folder: ApplyFolder) -> PlayResult:
    return run_playbook(
        name,
        inventory=order.inventory,
        variables=variables,
        connection=order.connection,
        progress=progress,
        log=folder.log,
    )
