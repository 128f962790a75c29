"""The program that systemd starts when nobody confirmed a run: ``rollback.pyz undo --run ID --home FOLDER [--boot]``.

Its output goes to the system's journal: paths and states, never contents. It ends with 0 when nothing is left to do.
"""

from __future__ import annotations

import argparse
import signal
import sys

from ..journal.errors import JournalError
from ..journal.place import HOME, Place
from .undo import undo_unconfirmed

#: What ``check`` answers.
READY = "ready"


def main() -> None:
    """Read the command line, do it, end the process."""
    parser = argparse.ArgumentParser(prog="rollback.pyz", description="Takes an unconfirmed run back.")
    parser.add_argument("what", choices=("undo", "check"))
    parser.add_argument("--run", default="")
    parser.add_argument("--home", default="")
    parser.add_argument("--boot", action="store_true")
    chosen = parser.parse_args()

    if chosen.what == "check":
        _say(READY)
        sys.exit(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        outcome = undo_unconfirmed(chosen.run, boot=chosen.boot, place=Place(chosen.home or HOME))
    except JournalError as error:
        _say(f"Not taken back: {error}")
        sys.exit(1)
    _say(f"Run {outcome.run}: {outcome.state}, {len(outcome.restored)} restored")
    for one in (*outcome.failed, *outcome.kept):
        _say(f"{one.get('path') or one.get('unit')}: {one['why']}")
    for activation in outcome.activations:
        said = {True: "done", False: "failed", None: "left out"}[activation["ok"]]
        _say(f"{' '.join(activation['argv'])}: {said} {activation['why']}".rstrip())
    sys.exit(1 if outcome.failed else 0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
