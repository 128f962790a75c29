"""The three ways to take snapshots, and the one way to judge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grundton.runner.bar import Bar
from grundton.runner.errors import AuditError, InputError
from grundton.runner.folder import RunFolder
from grundton.runner.judging import judge_run, stored_outcomes
from grundton.runner.noted import noted
from grundton.runner.outcome import HostOutcome
from grundton.runner.play import Connection, run_playbook
from grundton.runner.progress import Progress
from grundton.runner.targets import Target, inventory_of
from grundton.runner.unfinished import unfinished


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for every way in: where runs go, the bar, and the command for the record."""

    runs_dir: Path
    bar: Bar
    command: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """A finished run: where it lies, what it found, and what became of each host."""

    folder: RunFolder
    document: dict[str, Any]
    outcomes: Mapping[str, HostOutcome]

    @property
    def missed(self) -> dict[str, HostOutcome]:
        """Hosts that could not be audited."""
        return {host: outcome for host, outcome in self.outcomes.items() if not outcome.audited}

    @property
    def has_voip(self) -> bool:
        """True when some host runs, or carries, anything this tool is about."""
        return any(set(host["components"]) - {"host"} for host in self.document["hosts"].values())


def audit_inventory(sources: Sequence[str], order: Order, connection: Connection, progress: Progress) -> Audit:
    """Audit the hosts of an Ansible inventory."""
    return _audit(list(sources), order, connection, progress)


def audit_targets(
    targets: Sequence[Target], policy: Mapping[str, Any], order: Order, connection: Connection, progress: Progress
) -> Audit:
    """Audit hosts given by address."""
    return _audit(inventory_of(targets, policy), order, connection, progress)


def audit_tree(root: Path, name: str | None, policy: Mapping[str, Any], order: Order) -> Audit:
    """Audit a copied file tree, without Ansible and without a host."""
    from grundton.runner.offline import snapshot_of_tree

    if not root.is_dir():
        reason = "it is not a directory" if root.exists() else "it does not exist"
        raise InputError(f"cannot audit {root}: {reason}", "Name the root of a copied tree, the directory above etc/.")
    folder = RunFolder.create(order.runs_dir)
    with noted(folder, order.command):
        document = snapshot_of_tree(root, folder.key())
        host = name or document.get("hostname") or root.resolve().name or "tree"
        folder.write_snapshot(host, document)
        folder.write_policy(host, policy)
        folder.forget_key()
        folder.write_text(folder.log, f"read {root} as {host}\n")
        outcomes = {host: HostOutcome("audited")}
        if not set(document["components"]) - {"host"}:
            folder.write_hosts({host: outcomes[host].as_data()})
            raise no_voip(f"in {root}")
        return Audit(folder, judge_run(folder, outcomes, order.bar), outcomes)


def no_voip(where: str) -> AuditError:
    """The error for a run that met nothing this tool is about."""
    return AuditError(
        f"no VoIP component found {where}",
        "Looked for Asterisk: its package, its process, and /etc/asterisk. "
        "Check that this is the host, or the tree above etc/, that you meant.",
    )


def _audit(
    inventory: Sequence[str] | Mapping[str, Any], order: Order, connection: Connection, progress: Progress
) -> Audit:
    folder = RunFolder.create(order.runs_dir)
    with noted(folder, order.command):
        played = run_playbook(
            "audit",
            inventory=inventory,
            variables={
                "grundton_run_dir": str(folder.path.absolute()),
                "grundton_fail_on": order.bar.fail_on,
                "grundton_allow_not_checked": order.bar.allow_not_checked,
            },
            connection=connection,
            progress=progress,
            log=folder.log,
        )
        if "assessed_at" not in folder.read_run():
            raise unfinished(played, folder, inventory, connection.limit, "audit")
        outcomes = stored_outcomes(folder)
        from grundton.report import from_json

        return Audit(folder, from_json(folder.assessment.read_bytes()), outcomes)
