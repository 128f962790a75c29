"""`grundton plan`: what apply would change, how it takes effect, and who would notice."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from grundton.cli import options
from grundton.cli.hosts import connection_of, inventory_given
from grundton.cli.output import format_of, write
from grundton.runner.plan_run import Order, Planned, Wish
from grundton.runner.plan_run import plan as plan_hosts
from grundton.runner.progress import choose


@click.command(short_help="Say what apply would change, and who would notice.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@options.inventory
@options.policy_file
@options.selection
@options.connection
@options.runs_dir
@click.option(
    "--format",
    "fmt",
    type=click.Choice(options.FORMATS),
    help="Default: by the file name of -o, else terminal.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there.")
@click.option("-v", "--verbose", is_flag=True, help="Everything: also what only a person can do.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no view: exit code and run folder only.")
def plan(targets: tuple[str, ...], inventories: tuple[str, ...], policy_path: Path | None, **rest: Any) -> int:
    """Say what `grundton apply` would change, measure by measure. Changes nothing.

    For every host: which value of which object changes, how that takes effect and what it does to calls and
    registrations, who would notice, and what is held back and why. The plan is kept in a run folder (plan.json).

    \b
    grundton plan root@pbx.example
    grundton plan -i inventories/office --measures M5.135,M4.287
    grundton plan root@pbx.example --accept-breaks --format html -o plan.html

    Exit codes: 0 there is nothing to change, 1 there are changes, 2 wrong usage or input, 3 a host could not be read.
    """  # noqa: D301
    order = order_of(targets, inventories, policy_path, rest, "What shall be planned?")
    shown = choose(Console(stderr=True, highlight=False, soft_wrap=True), quiet=rest["quiet"])
    planned = plan_hosts(order, shown)
    if not rest["quiet"] or rest["output"] or rest["fmt"]:
        show_plan(planned.document, format_of(rest["fmt"], rest["output"]), rest["output"], verbose=rest["verbose"])
    return _conclude(planned)


def order_of(
    targets: tuple[str, ...], inventories: tuple[str, ...], policy_path: Path | None, rest: Mapping[str, Any], ask: str
) -> Order:
    """Return what plan and apply need, from arguments and options."""
    return Order(
        inventory=inventory_given(targets, inventories, policy_path, ask),
        wish=Wish(
            tuple(rest["measures"]),
            tuple(rest["controls"]),
            rest["window"],
            rest["accept_breaks"],
            tuple(rest["without"]),
        ),
        connection=connection_of(dict(rest)),
        runs_dir=rest["runs_dir"],
        command=["grundton", *sys.argv[1:]],
    )


def show_plan(document: Mapping[str, Any], fmt: str, output: Path | None = None, *, verbose: bool = False) -> None:
    """Write the plan in the asked format to its output file or to standard output."""
    if fmt == "json":
        write(json.dumps(document, indent=1, sort_keys=True) + "\n", output)
    elif fmt == "html":
        from grundton.plan.html import render_html

        write(render_html(document), output)
    elif output is not None:
        from grundton.plan.terminal import render_text

        write(render_text(document), output)
    else:
        from grundton.plan.terminal import render_terminal

        console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
        render_terminal(document, console, verbose=verbose)


def _conclude(planned: Planned) -> int:
    """Say who was missed and where the plan is; return the exit code."""
    from grundton.cli.main import BELOW_GATE, NOT_AUDITED, OK, USAGE

    for host, reason in planned.missed.items():
        click.echo(f"{host}: not planned: {reason}", err=True)
    click.echo(f"plan: {planned.folder.plan}", err=True)
    if any(reason.startswith("bad policy") for reason in planned.missed.values()):
        return USAGE
    if planned.missed:
        return NOT_AUDITED
    return OK if planned.empty else BELOW_GATE
