"""The plan on a terminal. Shows nothing a host said without spelling out its control characters first."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from grundton.plan.model import HeldReason
from grundton.plan.view import REASONS, ControlChanges, by_measure, counted, held_by_reason, in_one_line
from grundton.report.text import listed, visible

_NAMES = 6
_VICTIMS = 8
#: Without `verbose`, what only a person can do is counted, not listed.
_BRIEF = frozenset({HeldReason.BY_HAND.value})
#: Reasons whose heading says it all.
_SAID_ABOVE = frozenset({HeldReason.RESTART.value, HeldReason.DECISION.value})


def render_terminal(document: Mapping[str, Any], console: Console, *, verbose: bool = False) -> None:
    """Print the plan to the console."""
    for name, host in document["hosts"].items():
        console.print(Line.assemble((visible(name), "bold"), f": {visible(in_one_line(host))}"))
        for part in _host(document, host, verbose):
            console.print(Padding(part, (0, 0, 0, 2)))
        console.print()
    console.print(Line(summary(document)))


def render_text(document: Mapping[str, Any]) -> str:
    """Return the whole plan as plain text, 100 columns, no colour."""
    stream = io.StringIO()
    console = Console(file=stream, width=100, color_system=None, force_terminal=False, legacy_windows=False)
    render_terminal(document, console, verbose=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def summary(document: Mapping[str, Any]) -> str:
    """Say the whole plan in one sentence."""
    counts, hosts = document["counts"], len(document["hosts"])
    missed = f"; {counted(counts['missed'], 'host')} could not be planned" if counts["missed"] else ""
    if not counts["changes"]:
        return f"Nothing to change on {counted(hosts, 'host')}{missed}."
    where = f"{counts['hosts_changed']} of {hosts} hosts" if hosts > 1 else "1 host"
    return f"{counted(counts['changes'], 'value')} would change on {where}{missed}. Nothing has been changed."


def _host(document: Mapping[str, Any], host: Mapping[str, Any], verbose: bool) -> Iterable[RenderableType]:
    for measure, controls in by_measure(host, document["selection"]["measures"]).items():
        title = document["catalog"]["measures"].get(measure, {}).get("title", {}).get("en", "")
        yield Line.assemble("\n", (measure, "bold cyan"), "  ", (visible(title), "cyan"))
        for entry in controls:
            yield Padding(_control(document, host, entry), (0, 0, 0, 2))
    if host["activations"]:
        yield Line("\nHow it takes effect, in this order", style="bold")
        yield Padding(_activations(host), (0, 0, 0, 2))
    for note in host["notes"]:
        yield Line.assemble("\n", ("Note: ", "bold yellow"), visible(note))
    for reason, entries in held_by_reason(host).items():
        number = counted(len({entry["control"] for entry in entries}), "control")
        yield Line.assemble("\n", (REASONS[reason], "bold"), f": {number}")
        if reason not in _BRIEF or verbose:
            yield Padding(_held(document, host, entries), (0, 0, 0, 2))


def _control(document: Mapping[str, Any], host: Mapping[str, Any], entry: ControlChanges) -> RenderableType:
    text = document["catalog"]["controls"][entry.control]
    head = Line.assemble((visible(text["title"]["en"]), "bold"), (f"  {entry.control}", "dim"))
    table = _grid(2)
    for row in entry.rows:
        objects = listed(row.objects, _NAMES)
        what = Line(f"{visible(row.kind)} {objects}")
        change = Line.assemble(f"{visible(row.key)}: ", (visible(row.before) or "(empty)", "red"), " → ")
        change.append(visible(row.value) or "(empty)", style="green")
        if row.locations:
            more = f" (+{len(row.locations) - 1})" if len(row.locations) > 1 else ""
            change.append(f"  {visible(row.locations[0])}{more}", style="dim")
        table.add_row(what, change)
    parts: list[RenderableType] = [head, Padding(table, (0, 0, 0, 2))]
    if entry.control in host["affected"]:
        parts.append(Padding(_affected(host["affected"][entry.control]), (0, 0, 0, 2)))
    return Group(*parts)


def _affected(affected: Mapping[str, Any]) -> RenderableType:
    victims = affected["victims"]
    lines = [f"! {one['kind']} {visible(one['name'])}: {visible(one['evidence'])}" for one in victims[:_VICTIMS]]
    if len(victims) > _VICTIMS:
        lines.append(f"! and {len(victims) - _VICTIMS} more")
    if affected["unseen"]:
        lines.append(f"? cannot be seen from here: {visible(affected['unseen'])}")
    return Line("\n".join(lines), style="yellow")


def _activations(host: Mapping[str, Any]) -> RenderableType:
    table = _grid(2)
    for activation in host["activations"]:
        commands = "; ".join(" ".join(command) for command in activation["commands"]) or "nothing to run"
        table.add_row(Line(visible(commands)), Line(visible(activation["effect"]), style="dim"))
    return table


def _held(document: Mapping[str, Any], host: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> RenderableType:
    parts: list[RenderableType] = []
    told: set[str] = set()
    for held in entries:
        text = document["catalog"]["controls"].get(held["control"])
        title = text["title"]["en"] if text else held["control"]
        head = Line.assemble(visible(title), (f"  {held['control']}", "dim"))
        if held["objects"]:
            head.append(f"  {visible(held['kind'])} {listed(held['objects'], _NAMES)}", style="dim")
        parts.append(head)
        if held["reason"] not in _SAID_ABOVE:
            parts.append(Padding(Line(visible(held["text"])), (0, 0, 0, 2)))
        if held["reason"] == HeldReason.BREAKS and held["control"] not in told:
            told.add(held["control"])
            parts.append(Padding(_affected(host["affected"][held["control"]]), (0, 0, 0, 2)))
    return Group(*parts)


def _grid(columns: int) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=False, overflow="fold")
    for _ in range(columns - 1):
        table.add_column(ratio=1, overflow="fold")
    return table
