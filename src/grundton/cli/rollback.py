"""`grundton rollback`: takes back what apply did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from grundton.cli import options
from grundton.cli.hosts import plain_order
from grundton.plan.view import counted
from grundton.report.text import visible
from grundton.runner.apply_run import Care, roll_back
from grundton.runner.progress import choose


@click.command(short_help="Take back what apply did, to the byte.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@options.inventory
@options.policy_file
@click.option("--run", metavar="ID", help="The run to take back. Default: the newest of each host that still stands.")
@click.option("--measures", multiple=True, metavar="MEASURE[,…]", help="Take back only what was done for these alone.")
@click.option(
    "--force", is_flag=True, help="Also where somebody changed files since. What they hold is kept in the journal."
)
@options.connection
@options.care
@options.runs_dir
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def rollback(targets: tuple[str, ...], inventories: tuple[str, ...], policy_path: Path | None, **rest: Any) -> int:
    """Take back what `grundton apply` did: every file to the byte, with owner and mode.

    Refuses, and names the files, where somebody changed them since. Afterwards telephony has to be as well as
    before.

    \b
    grundton rollback root@pbx.example
    grundton rollback -i inventories/office --run 20261123T180000Z-3fa9c1

    Exit codes: 0 taken back or nothing to take back, 1 refused, 2 wrong usage or input, 3 it could not be done.
    """  # noqa: D301
    from grundton.cli.main import BELOW_GATE, NOT_AUDITED, OK, USAGE

    order = plain_order(targets, inventories, policy_path, rest, "What shall be taken back?")
    shown = choose(Console(stderr=True, highlight=False, soft_wrap=True), quiet=rest["quiet"])
    found = roll_back(order, Care(rest["serial"], rest["guard_seconds"]), shown, rest["run"], force=rest["force"])
    states = []
    for host, facts in found.facts.items():
        states.append(facts.get("state"))
        if facts.get("state") == "rolled_back":
            restored = len(facts.get("restored") or [])
            click.echo(f"{visible(host)}: {counted(restored, 'path')} as before ({facts['run']} taken back)")
        elif facts.get("state") == "refused":
            click.echo(f"{visible(host)}: not taken back: {visible(str(facts.get('why')))}")
            for entry in facts.get("refused") or []:
                what = entry.get("path") or entry.get("unit")
                click.echo(f"  {visible(str(what))}: {visible(str(entry['why']))}")
        elif facts.get("state") == "unknown_run":
            click.echo(f"{visible(host)}: no run {rest['run']} in its journal; see grundton journal")
        else:
            click.echo(f"{visible(host)}: nothing to take back")
    for error in found.errors if "refused" not in states else ():
        click.echo(f"but: {visible(error)}", err=True)
    if "refused" in states:
        click.echo("To take it back all the same: --force. What the files hold now is kept in the journal.", err=True)
        return BELOW_GATE
    if found.errors:
        return NOT_AUDITED
    return USAGE if states and set(states) == {"unknown_run"} else OK
