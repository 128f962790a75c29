"""Shows an assessment document in the asked format, and says whether it meets the gate."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from grundton.plan.selection import measure_id
from grundton.runner.bar import NEVER, Bar
from grundton.runner.errors import InputError

_BY_SUFFIX = {".html": "html", ".htm": "html", ".json": "json"}


@dataclass(frozen=True, slots=True)
class View:
    """What of the assessment to show, and how."""

    fmt: str | None = None
    output: Path | None = None
    measures: Sequence[str] = ()
    hosts: Sequence[str] = ()
    severity: str | None = None
    verbose: bool = False
    lang: str = "en"

    @property
    def format(self) -> str:
        """The format: as asked, by the output file's name, or for the terminal."""
        return format_of(self.fmt, self.output)


def format_of(fmt: str | None, output: Path | None) -> str:
    """Return the format: as asked, by the output file's name, or for the terminal."""
    return fmt or (_BY_SUFFIX.get(output.suffix.lower(), "terminal") if output else "terminal")


def show(document: Mapping[str, Any], view: View, bar: Bar | None = None) -> None:
    """Write the document in the view's format to its output file or to standard output."""
    if view.format == "json":
        from grundton.report import to_json

        write(to_json(document), view.output)
    elif view.format == "html":
        from grundton.report.html import render_html

        write(render_html(document, view.lang), view.output)
    else:
        _show_terminal(document, view, bar)


def _show_terminal(document: Mapping[str, Any], view: View, bar: Bar | None) -> None:
    import io

    from rich.console import Console

    from grundton.report.terminal import FilterError, TerminalOptions, render_terminal

    options = TerminalOptions(
        language=view.lang,
        measures=[measure_id(text) for text in view.measures],
        hosts=list(view.hosts),
        severity=view.severity,
        verbose=view.verbose,
        fail_on=bar.threshold if bar else None,
        allow_not_checked=bar.allow_not_checked if bar else None,
    )
    memory = io.StringIO() if view.output else None
    console = Console(file=memory, width=None if sys.stdout.isatty() and not memory else 100, highlight=False)
    try:
        render_terminal(document, console, options)
    except FilterError as problem:
        raise InputError(str(problem), "See what there is: grundton measures, or the hosts in the report.") from problem
    if memory is not None:
        write(memory.getvalue(), view.output)


def write(text: str, output: Path | None) -> None:
    """Write a finished text to its file, or to standard output."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {output}: {problem.strerror}", "Choose another file with -o.") from problem
    click.echo(f"written: {output}", err=True)


def below_gate(document: Mapping[str, Any], bar: Bar) -> bool:
    """Say on standard error whether the assessment meets the gate; True when it does not."""
    if bar.fail_on == NEVER:
        return False
    passed, words = bar.judge(document)
    click.echo(f"gate {'met' if passed else 'not met'}: {words}", err=True)
    return not passed
