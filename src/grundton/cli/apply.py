"""`grundton apply`: shows the plan, asks, applies it guarded, and says what it came to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from grundton.cli import options
from grundton.cli.hosts import same_hosts
from grundton.cli.plan import order_of, show_plan
from grundton.plan.view import REASONS, counted, held_by_reason
from grundton.report import words
from grundton.report.text import visible
from grundton.runner.apply_run import Applied, Care
from grundton.runner.apply_run import apply as apply_plan
from grundton.runner.plan_run import plan as plan_hosts
from grundton.runner.progress import choose

_STATES = {
    "applied": "applied and confirmed",
    "rolled_back": "everything was taken back, the host is as before",
    "confirmed": "applied and confirmed, but the connection was lost afterwards",
    "begun": "begun and not confirmed: it takes everything back by itself",
    "unreachable": "not reachable: it takes everything back by itself",
}
_GOOD = ("applied", "confirmed")


@click.command(short_help="Apply the plan, guarded.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@options.inventory
@options.policy_file
@options.selection
@options.connection
@options.care
@options.runs_dir
@click.option("-y", "--yes", is_flag=True, help="Do not show the plan and ask. Needed where nobody sits at a terminal.")
@click.option("-v", "--verbose", is_flag=True, help="Everything in the plan: also what only a person can do.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def apply(targets: tuple[str, ...], inventories: tuple[str, ...], policy_path: Path | None, **rest: Any) -> int:
    """Apply what `grundton plan` shows.

    One host after the other: a journal of every file, a guard on the host that takes everything back by itself,
    the changes, reloads that keep calls, then a look over a new connection. Only when telephony is as well as
    before are the changes confirmed. Anything else is taken back at once, and the next hosts are not touched.

    \b
    grundton apply root@pbx.example --measures M5.134
    grundton apply -i inventories/office --yes

    Exit codes: 0 applied or nothing to do, 1 a host was taken back or you said no, 2 wrong usage or input, 3 a
    host could not be read, or nobody knows how it stands.
    """  # noqa: D301
    from grundton.cli.main import BELOW_GATE

    order = order_of(targets, inventories, policy_path, rest, "To what shall it be applied?")
    if not rest["yes"] and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: look at `grundton plan` first, then say --yes.")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    care = Care(rest["serial"], rest["guard_seconds"])
    planned = None
    if not rest["yes"]:
        planned = plan_hosts(order, choose(console, quiet=rest["quiet"]))
        show_plan(planned.document, "terminal", verbose=rest["verbose"])
        if not planned.empty:
            changes = counted(planned.document["counts"]["changes"], "change")
            if not click.confirm(f"Apply {changes} now?", err=True):
                click.echo("nothing was changed")
                return BELOW_GATE
    applied = apply_plan(order, care, choose(console, quiet=rest["quiet"]), planned)
    again = same_hosts("rollback", targets, inventories, rest)
    _show(applied, [*again, "--run", applied.folder.id])
    return _exit_code(applied)


def _exit_code(applied: Applied) -> int:
    from grundton.cli.main import BELOW_GATE, INTERRUPTED, NOT_AUDITED, OK

    states = [result.get("state") for result in applied.results.values()]
    if applied.interrupted:
        return INTERRUPTED
    if any(state not in (*_GOOD, "rolled_back") for state in states):
        return NOT_AUDITED
    if "rolled_back" in states:
        return BELOW_GATE
    if applied.untouched or applied.plan["counts"]["missed"]:
        return NOT_AUDITED
    return OK


def _show(applied: Applied, command: list[str]) -> None:
    """Say what it came to, host by host, then run and the way back."""
    import shlex

    for name, host in applied.plan["hosts"].items():
        result = applied.results.get(name)
        if host["reason"]:
            click.echo(f"{visible(name)}: not planned: {visible(host['reason'])}")
        elif result is not None:
            _show_host(name, host, result)
        elif not host["changes"]:
            click.echo(f"{visible(name)}: nothing to change")
        else:
            click.echo(f"{visible(name)}: not touched, because it ended before")
    if applied.interrupted and applied.results:
        click.echo("interrupted: hosts that are not confirmed take everything back by themselves", err=True)
    if applied.results:
        click.echo(f"run:       {applied.folder.id} ({applied.seconds:.1f} s)")
    if any(result.get("state") in _GOOD for result in applied.results.values()):
        click.echo(f"take back: {shlex.join(command)}")
    click.echo(f"log: {applied.folder.log}", err=True)


def _show_host(name: str, host: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    state = str(result.get("state"))
    said = _STATES.get(state, "nobody can say how it stands: look with grundton journal")
    if state in ("begun", "unreachable"):
        said += f" within {result.get('guard_seconds')} seconds"
    click.echo(f"{visible(name)}: {said}")
    if result.get("why"):
        click.echo(f"  failed: {visible(str(result['why']))}")
    if state not in _GOOD:
        return
    compared = result.get("compared") or {}
    refused = result.get("refused") or []
    click.echo(f"  {counted(len(host['changes']) - len(refused), 'value')} set, {_controls(compared)}")
    _show_measures(host, compared)
    for entry in result.get("pending") or []:
        click.echo(f"  pending: {entry['name']}: {visible(str(entry.get('why') or entry.get('effect')))}")
    for entry in refused:
        _show_refused(entry)
    for control in compared.get("still_failing", []):
        click.echo(f"  still failing: {control}")
    for reason, entries in held_by_reason(host).items():
        controls = sorted({entry["control"] for entry in entries})
        click.echo(f"  {REASONS[reason][0].lower()}{REASONS[reason][1:]}: {counted(len(controls), 'control')}")


def _controls(compared: Mapping[str, Any]) -> str:
    fixed, still = len(compared.get("fixed", [])), len(compared.get("still_failing", []))
    return f"{fixed} of {counted(fixed + still, 'control')} put right"


def _show_measures(host: Mapping[str, Any], compared: Mapping[str, Any]) -> None:
    touched = {measure for change in host["changes"] for measure in change["measures"]}
    for measure, change in (compared.get("measures") or {}).items():
        if measure not in touched:
            continue
        before, after = (words.word(words.MEASURE_VERDICTS, change[one], "en") for one in ("before", "after"))
        failing = f"{change['failing_before']} → {change['failing_after']} controls fail"
        click.echo(f"  {measure:8} {before} → {after}  ({failing})")


def _show_refused(entry: Mapping[str, Any]) -> None:
    where = f"{entry.get('kind')} {entry.get('object')}: {entry.get('key')}"
    click.echo(f"  not written: {visible(where)}: {visible(str(entry.get('reason')))}")
    if entry.get("statement"):
        click.echo(f"    instead: {visible(str(entry['statement']))}")
