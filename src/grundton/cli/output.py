"""Shows an assessment document in the asked format, and says whether it meets the gate."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from grundton.cli.options import MEASURE, NEVER
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
    verbose: int = 0
    lang: str = "en"

    @property
    def format(self) -> str:
        """The format: as asked, by the output file's name, or for the terminal."""
        if self.fmt:
            return self.fmt
        return _BY_SUFFIX.get(self.output.suffix.lower(), "terminal") if self.output else "terminal"


def measure_id(text: str) -> str:
    """Return the id of a measure however it was typed: `M 5.135`, `M5.135`, `m5.135`, `5.135`."""
    number = text.strip().upper().removeprefix("M").strip()
    return f"M {number}"


def show(document: Mapping[str, Any], view: View) -> None:
    """Write the document in the view's format to its output file or to standard output."""
    from grundton import report

    _check_filters(document, view)
    if view.format == "json":
        _write(report.to_json(document), view.output)
    elif view.format == "html":
        _write(report.to_html(document, language=view.lang), view.output)
    else:
        chosen: dict[str, Any] = {
            "measures": [measure_id(text) for text in view.measures],
            "hosts": list(view.hosts),
            "severity": view.severity,
            "verbose": view.verbose,
            "language": view.lang,
        }
        if view.output:
            _write(report.to_text(document, **chosen), view.output)
        else:
            report.print_terminal(document, Console(highlight=False, soft_wrap=not sys.stdout.isatty()), **chosen)


def _check_filters(document: Mapping[str, Any], view: View) -> None:
    for text in view.measures:
        if measure_id(text) not in document["measures"]:
            raise InputError(f"there is no measure {text!r}", "List them with: grundton measures")
    for host in view.hosts:
        if host not in document["hosts"]:
            known = ", ".join(sorted(document["hosts"])[:20])
            raise InputError(f"there is no host {host!r} in this run", f"Its hosts: {known}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {output}: {problem.strerror}", "Choose another file with -o.") from problem
    click.echo(f"written: {output}", err=True)


def below_gate(document: Mapping[str, Any], fail_on: str, *, allow_not_checked: bool) -> bool:
    """Say on standard error whether the assessment meets the gate; True when it does not."""
    from grundton import report

    if fail_on == MEASURE:
        missed = [name for name, result in document["measures"].items() if result["verdict"] == "not_fulfilled"]
        words = f"not fulfilled: {', '.join(missed)}" if missed else "no measure is 'not fulfilled'"
        passed = not missed
    else:
        judged = report.gate(document, "never" if fail_on == NEVER else fail_on, allow_not_checked=allow_not_checked)
        words, passed = judged.explain(), judged.passed
    if fail_on != NEVER:
        click.echo(f"gate {'met' if passed else 'not met'}: {words}", err=True)
    return not passed
