"""`grundton report`: a stored run, shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grundton.cli import options
from grundton.cli.output import View, show
from grundton.runner.errors import InputError
from grundton.runner.folder import RunFolder


@click.command(short_help="Show a stored run.")
@click.argument("run", default="last")
@options.runs_dir
@options.view
def report(run: str, runs_dir: Path, **view: Any) -> None:
    """Show a stored RUN (a run folder, an id, or `last`), or write it in another format."""
    from grundton.report import DocumentError, from_json

    folder = RunFolder.find(run, runs_dir)
    if not folder.assessment.exists():
        raise InputError(f"{folder.path} has no assessment: the run was not finished", "Run the audit again.")
    try:
        document = from_json(folder.assessment.read_bytes())
    except DocumentError as problem:
        raise InputError(
            f"{folder.assessment}: {problem}", f"Judge it again: grundton assess {folder.path}"
        ) from problem
    show(document, View(**view))
