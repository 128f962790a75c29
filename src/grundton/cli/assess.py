"""`grundton assess`: judge stored snapshots again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grundton.cli import options
from grundton.cli.output import View, below_gate, show
from grundton.runner.bar import Bar
from grundton.runner.folder import RunFolder


@click.command(short_help="Judge a stored run again.")
@click.argument("run", default="last")
@options.runs_dir
@options.view
@options.gate
def assess(run: str, runs_dir: Path, fail_on: str, allow_not_checked: bool, **view: Any) -> int:
    """Judge the snapshots of a stored RUN again, with this version's catalogue and rules.

    Replaces assessment and reports in the run folder; contacts no host.
    """
    from grundton.cli.main import BELOW_GATE, OK
    from grundton.runner.judging import judge_run, stored_outcomes

    folder = RunFolder.find(run, runs_dir)
    bar = Bar(fail_on, allow_not_checked)
    document = judge_run(folder, stored_outcomes(folder), bar)
    show(document, View(**view), bar)
    return BELOW_GATE if below_gate(document, bar) else OK
