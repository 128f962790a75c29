"""`grundton explain`: one control."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click
import yaml
from rich.console import Console
from rich.text import Text

from grundton.cli import options
from grundton.runner.errors import InputError

if TYPE_CHECKING:
    from grundton.model.control import Control


@click.command(short_help="Explain one control.")
@click.argument("control")
@options.language
def explain(control: str, lang: str) -> None:
    """Explain one CONTROL: what it wants, why, what it costs, and what to do."""
    from grundton.catalog import load

    catalog = load()
    found = catalog.controls.get(control)
    if found is None:
        near = (
            difflib.get_close_matches(control, catalog.controls, n=3)
            or [name for name in catalog.controls if control in name][:5]
        )
        hint = f"Did you mean {' or '.join(near)}?" if near else "List them with: grundton controls"
        raise InputError(f"there is no control {control!r}", hint)
    _show(found, lang)


def _show(control: Control, lang: str) -> None:
    console = Console(highlight=False)
    console.print(Text(f"{control.id}  {control.title.in_language(lang)}", style="bold"))
    facts = {
        "severity": control.severity.value,
        "from level": control.level.value,
        "component": control.component,
        "demands": ", ".join(control.demands),
        "applies when": control.when or "",
        "since": _versions(control.since),
        "until": _versions(control.until),
        "change": f"impact {control.impact}" + (f", may break: {control.breaks}" if control.breaks else ""),
        "sources": "; ".join(control.sources),
    }
    for name, value in facts.items():
        if value:
            console.print(Text.assemble((f"{name:<13}", "dim"), value))
    for heading, text in (("Why", control.why), ("What to do", control.remedy)):
        if text:
            console.print(Text.assemble(("\n" + heading + "\n", "bold"), " ".join(text.split())))
    spec = yaml.safe_dump({control.evaluator: _plain(control.spec)}, sort_keys=False, allow_unicode=True)
    console.print(Text.assemble(("\nWhat is checked\n", "bold"), (spec.rstrip(), "cyan")))


def _versions(limits: object) -> str:
    return yaml.safe_dump(_plain(limits), default_flow_style=True).strip().strip("{}") if limits else ""


def _plain(value: object) -> object:
    if hasattr(value, "items"):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
