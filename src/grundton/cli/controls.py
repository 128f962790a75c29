"""`grundton controls`: a list of the controls."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from grundton.cli import options
from grundton.plan.selection import measure_id
from grundton.runner.errors import InputError


@click.command(short_help="List the controls.")
@click.option("--measure", metavar="MEASURE", help="Only those that answer this measure, e.g. 'M 5.135'.")
@click.option("--component", help="Only those for this component, e.g. asterisk.")
@options.language
def controls(measure: str | None, component: str | None, lang: str) -> None:
    """List the controls; `grundton explain CONTROL` explains one."""
    from grundton.catalog import load

    catalog = load()
    wanted = measure_id(measure) if measure else None
    if wanted and wanted not in catalog.measures:
        raise InputError(f"there is no measure {measure!r}", "List them with: grundton measures")
    known = sorted({control.component for control in catalog.controls.values()})
    if component and component not in known:
        raise InputError(f"there are no controls for {component!r}", f"There are some for: {', '.join(known)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("control", "severity", "demands", "title"):
        table.add_column(heading)
    for control in catalog.controls.values():
        if (wanted and wanted not in control.measures) or (component and component != control.component):
            continue
        table.add_row(control.id, control.severity.value, ", ".join(control.demands), control.title.in_language(lang))
    Console(highlight=False).print(table)
