"""`make demo`: boots the office, audits it, and compares the findings with the list of planted mistakes.

DEMO_KEEP=1 leaves the office running.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from grundton import collection
from grundton.cli.audit import audit
from grundton.lab import lifecycle as labs
from grundton.lab.errors import LabError
from grundton.lab.paths import data_dir
from grundton.runner.errors import GrundtonError
from grundton.runner.folder import RunFolder
from grundton.runner.planted import Comparison, compare, read_planted

NAME = "demo"
TOPOLOGY = "office"
PLANTED = data_dir() / "hosts" / TOPOLOGY / "planted.yml"


def main() -> int:
    """Run the demo; the exit code says whether the list and the findings agree."""
    runs = Path(os.environ.get("GRUNDTON_RUNS_DIR", "runs"))
    try:
        office = labs.up(NAME, topology_name=TOPOLOGY, progress=_say)
    except LabError as problem:
        _say(f"Error: {problem}")
        return 3
    try:
        return _audit_and_compare(sources(office.inventory), runs)
    except GrundtonError as problem:
        _say(f"Error: {problem}")
        return problem.exit_code
    finally:
        if os.environ.get("DEMO_KEEP"):
            _say(f"The office is still running. Log in: grundton lab ssh --lab {NAME} pbx")
            _say(f"Stop it: grundton lab down {NAME}")
        else:
            labs.down(NAME)


def sources(inventory: Path) -> list[str]:
    """The inventories of the demo: the office's policy, then where its hosts are."""
    policy = collection.collection_root() / "inventories" / "lab"
    return [str(policy), str(inventory)] if any(policy.glob("*.yml")) else [str(inventory)]


def _audit_and_compare(inventories: list[str], runs: Path) -> int:
    options = [word for source in inventories for word in ("-i", source)]
    _say(f"\n$ grundton audit {' '.join(options)} --limit pbx\n")
    arguments = [*options, "--limit", "pbx", "--fail-on", "none", "--runs-dir", str(runs)]
    code = audit.main(args=arguments, prog_name="grundton audit", standalone_mode=False)
    if code:
        return int(code)
    folder = RunFolder.find("last", runs)
    from grundton.report import from_json

    mistakes, good = read_planted(PLANTED)
    comparison = compare(from_json(folder.assessment.read_bytes()), mistakes, good)
    _tell(comparison, len(mistakes), len(good))
    _say(f"\nThe report to read: {folder.html.resolve()}")
    return 0 if comparison.clean else 1


def _tell(comparison: Comparison, mistakes: int, good: int) -> None:
    _say(f"\nPlanted mistakes found: {len(comparison.found)} of {mistakes}")
    for name, entry in comparison.missed.items():
        _say(f"  missed: {name}: {entry.what}")
    _say(f"Good settings left alone: {good - len(comparison.false_alarms)} of {good}")
    for name, (entry, controls) in comparison.false_alarms.items():
        _say(f"  false alarm: {name}: {entry.what} ({', '.join(controls)})")


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    sys.exit(main())
