"""`grundton measures`: the measures of B 4.7, their demands, and what checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grundton.cli import options
from grundton.plan.selection import measure_id
from grundton.runner.errors import InputError

if TYPE_CHECKING:
    from grundton.catalog import Catalog
    from grundton.model.measure import Demand, Measure


@click.group(invoke_without_command=True, short_help="Measures, demands and what checks them.")
@options.language
@click.pass_context
def measures(context: click.Context, lang: str) -> None:
    """List the measures of B 4.7; `grundton measures show M5.135` explains one."""
    if context.invoked_subcommand is not None:
        return
    from grundton.catalog import load

    catalog = load()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("measure", "title", "stage", "demands", "controls"):
        table.add_column(heading, justify="right" if heading in ("demands", "controls") else "left")
    for measure in catalog.measures.values():
        controls = {control.id for demand in measure.demands for control in catalog.controls_of(demand.id)}
        table.add_row(
            measure.id, measure.title.in_language(lang), measure.stage, str(len(measure.demands)), str(len(controls))
        )
    Console(highlight=False).print(table)


@measures.command(name="show")
@click.argument("words", nargs=-1, required=True, metavar="MEASURE")
@options.language
def show(words: tuple[str, ...], lang: str) -> None:
    """Explain one measure: what it demands, and what answers each demand."""
    from grundton.catalog import load

    catalog = load()
    wanted = measure_id(" ".join(words))
    measure = catalog.measures.get(wanted)
    if measure is None:
        known = ", ".join(catalog.measures)
        raise InputError(f"there is no measure {' '.join(words)!r} in B 4.7", f"There are: {known}")
    console = Console(highlight=False)
    console.print(Text(f"{measure.id}  {measure.title.in_language(lang)}", style="bold"))
    console.print(Text(measure.summary.in_language(lang)))
    console.print(Text(_facts(measure), style="dim"))
    for demand in measure.demands:
        _show_demand(console, catalog, demand, lang)


def _facts(measure: Measure) -> str:
    facts = [f"stage {measure.stage}", f"kind {measure.kind}"]
    later = [*measure.successor.net_4_2, *measure.successor.net_4_1, *measure.successor.gpp]
    if later:
        facts.append(f"today: {', '.join(later)}")
    return ", ".join(facts)


def _show_demand(console: Console, catalog: Catalog, demand: Demand, lang: str) -> None:
    console.print()
    console.print(Text.assemble((demand.id, "bold cyan"), f"  {demand.force}  ", demand.title.in_language(lang)))
    console.print(Text(f"  {demand.text.in_language(lang)}"))
    if demand.needs:
        console.print(Text(f"  needs: {demand.needs}", style="dim"))
    controls = catalog.controls_of(demand.id)
    if not controls:
        console.print(Text("  no control checks this yet: it reads 'not assessed'", style="dim"))
    for control in controls:
        console.print(
            Text(f"  {control.id}  ({control.severity.value})  {control.title.in_language(lang)}", style="green")
        )
