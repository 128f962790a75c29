"""`grundton journal`: what was done to hosts, run by run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from grundton.cli import options
from grundton.cli.hosts import plain_order
from grundton.report.text import visible
from grundton.runner.apply_run import journal as list_runs
from grundton.runner.progress import choose


@click.command(short_help="List what was done to hosts, run by run.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@options.inventory
@options.policy_file
@options.connection
@options.runs_dir
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def journal(targets: tuple[str, ...], inventories: tuple[str, ...], policy_path: Path | None, **rest: Any) -> int:
    """List the runs that the journals of hosts know, oldest first. Changes nothing.

    \b
    grundton journal root@pbx.example
    grundton journal -i inventories/office --json
    """  # noqa: D301
    from grundton.cli.main import NOT_AUDITED, OK

    order = plain_order(targets, inventories, policy_path, rest, "Whose journal shall be listed?")
    shown = choose(Console(stderr=True, highlight=False, soft_wrap=True), quiet=rest["quiet"])
    found = list_runs(order, shown)
    runs = {host: list(facts["runs"]) for host, facts in found.facts.items()}
    if rest["as_json"]:
        click.echo(json.dumps(runs, indent=1, sort_keys=True))
    else:
        _show(runs)
    for error in found.errors:
        click.echo(f"failed: {visible(error)}", err=True)
    return NOT_AUDITED if found.errors else OK


def _show(runs: dict[str, list[dict[str, Any]]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Host", "Run", "State", "Began", "By", "Paths", "Measures"):
        table.add_column(name)
    for host, entries in runs.items():
        for run in entries:
            touched = str(run["paths"] + run["units"])
            cells = (host, run["run"], run["state"].replace("_", " "), run["began"], run["by"], touched)
            table.add_row(*(Line(visible(cell)) for cell in cells), Line(", ".join(run["measures"])))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else 160).print(table)
    else:
        click.echo("no run is in any journal")
