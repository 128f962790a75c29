"""`grundton audit`: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from grundton.cli import options
from grundton.cli.hosts import check_inventories, checked_policy, connection_of
from grundton.cli.output import View, below_gate, show
from grundton.runner.audit import Audit, Order, audit_inventory, audit_targets, audit_tree, no_voip
from grundton.runner.bar import Bar
from grundton.runner.outcome import HostOutcome
from grundton.runner.progress import choose
from grundton.runner.targets import parse_targets


@click.command(short_help="Audit hosts, or a copied file tree.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@options.inventory
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Audit a copied tree instead of a host: the directory above etc/. Needs no Ansible and no host.",
)
@click.option("--name", help="Name of the host in the report, with --root. Default: the tree's own host name.")
@options.policy_file
@options.connection
@options.runs_dir
@click.option("-q", "--quiet", is_flag=True, help="No progress, no view of the report: exit code and run folder only.")
@options.view
@options.gate
def audit(
    targets: tuple[str, ...],
    inventories: tuple[str, ...],
    root: Path | None,
    name: str | None,
    policy_path: Path | None,
    **rest: Any,
) -> int:
    """Audit hosts, or a copied file tree. Changes nothing on them.

    A TARGET is user@host, user@host:port, NAME=user@host, or localhost. Instead of targets, give an Ansible
    inventory with -i, or a copied tree with --root.

    \b
    grundton audit root@pbx.example
    grundton audit pbx=admin@192.0.2.10 --become --policy office.yml
    grundton audit -i inventories/office --limit pbx
    grundton audit --root support-archive/ --name pbx

    What comes out is kept in a run folder (snapshots, assessment.json, report.html, log.txt).
    """  # noqa: D301
    _check_ways_in(targets, inventories, root, name, policy_path, rest)
    view = View(**{key: rest[key] for key in ("fmt", "output", "measures", "hosts", "severity", "verbose", "lang")})
    order = Order(rest["runs_dir"], Bar(rest["fail_on"], rest["allow_not_checked"]), ["grundton", *sys.argv[1:]])
    policy = checked_policy(policy_path)
    if root is not None:
        finished = audit_tree(root, name, policy, order)
    else:
        # Standard output belongs to the report; everything said meanwhile goes to standard error.
        shown = choose(Console(stderr=True, highlight=False, soft_wrap=True), quiet=rest["quiet"])
        if inventories:
            finished = audit_inventory(inventories, order, connection_of(rest), shown)
        else:
            finished = audit_targets(parse_targets(targets), policy, order, connection_of(rest), shown)
    if not rest["quiet"] or view.output or view.fmt:
        show(finished.document, view, order.bar)
    return _conclude(finished, order.bar)


def _check_ways_in(
    targets: tuple[str, ...],
    inventories: tuple[str, ...],
    root: Path | None,
    name: str | None,
    policy_path: Path | None,
    rest: dict[str, Any],
) -> None:
    ways = [bool(targets), bool(inventories), root is not None]
    if not any(ways):
        raise click.UsageError("what shall be audited? Give a target (root@pbx.example), -i INVENTORY, or --root DIR.")
    if sum(ways) > 1:
        hint = " To narrow an inventory, use --limit." if targets and inventories else ""
        raise click.UsageError(f"give either targets, or -i INVENTORY, or --root DIR, not several of them.{hint}")
    if name and root is None:
        raise click.UsageError("--name goes with --root; a target gets its name like this: NAME=user@host")
    if policy_path and inventories:
        raise click.UsageError(
            "--policy is for targets and trees; with -i, the voip_* variables stand in the inventory."
        )
    if root is not None and (given := [key for key in ("limit", "become", "ask_pass", "ssh_key") if rest.get(key)]):
        raise click.UsageError(f"--{given[0].replace('_', '-')} makes no sense with --root: no host is contacted.")
    check_inventories(inventories)


def _conclude(finished: Audit, bar: Bar) -> int:
    """Say who was missed and where the report is; return the exit code."""
    from grundton.cli.main import BELOW_GATE, NOT_AUDITED, OK, USAGE

    missed = finished.missed
    _name_missed(missed, len(finished.outcomes))
    click.echo(f"report: {finished.folder.html}", err=True)
    if any(outcome.status == "bad_policy" for outcome in missed.values()):
        return USAGE
    if len(missed) == len(finished.outcomes):
        return NOT_AUDITED
    if not finished.has_voip:
        raise no_voip("on any host that was reached" if len(finished.outcomes) > 1 else "on this host")
    below = below_gate(finished.document, bar)
    if missed and not bar.allow_not_checked:
        # Incomplete comes before bad: nobody knows yet what the missed hosts would have added.
        return NOT_AUDITED
    return BELOW_GATE if below else OK


def _name_missed(missed: dict[str, HostOutcome], total: int) -> None:
    if not missed:
        return
    click.echo(f"{len(missed)} of {total} host{'s' if total > 1 else ''} could not be audited:", err=True)
    by_reason: dict[tuple[str, str], list[str]] = {}
    for host, outcome in missed.items():
        by_reason.setdefault((outcome.reason, outcome.advice), []).append(host)
    for (reason, advice), hosts in by_reason.items():
        click.echo(f"  {', '.join(hosts)}: {reason}".replace("\n", "\n    "), err=True)
        if advice:
            click.echo(f"    {advice}", err=True)
