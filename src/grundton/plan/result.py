"""What an apply came to on one host: measures before and after, and what the plan meant to put right. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from grundton.model.assessment import HostResult
from grundton.model.verdict import Verdict

_BAD = frozenset({Verdict.FAIL, Verdict.ERROR})


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """One measure on a host: its verdict and how many of its controls fail, before and after."""

    before: str
    after: str
    failing_before: int
    failing_after: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Verdicts of one host before and after. `worse` are controls that passed before and do not pass any more."""

    measures: Mapping[str, MeasureChange]
    fixed: tuple[str, ...]
    still_failing: tuple[str, ...]
    worse: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return {
            "measures": {name: asdict(change) for name, change in self.measures.items()},
            "fixed": list(self.fixed),
            "still_failing": list(self.still_failing),
            "worse": list(self.worse),
        }


def compare(
    before: HostResult,
    after: HostResult,
    part: Mapping[str, Any],
    component: str,
    measures_of: Mapping[str, tuple[str, ...]],
) -> Comparison:
    """Compare one host's results by what its plan meant to do.

    Args:
        before: results before the changes.
        after: results after them.
        part: the host's part of the plan.
        component: the component that was changed; others may change by themselves meanwhile.
        measures_of: the measures of every control.
    """
    planned = sorted({control for change in part["changes"] for control in change["controls"]})
    held = {one["control"] for one in part["held"]}
    fixed = [name for name in planned if after.controls.get(name) not in _BAD]
    still = [name for name in planned if after.controls.get(name) in _BAD and name not in held]
    worse = [
        name
        for name, verdict in before.controls.items()
        if verdict is Verdict.PASS and after.controls.get(name) in _BAD and name.startswith(f"{component}.")
    ]
    failing_before, failing_after = _failing(before, measures_of), _failing(after, measures_of)
    measures = {
        name: MeasureChange(
            verdict.value,
            after.measures[name].value if name in after.measures else verdict.value,
            failing_before[name],
            failing_after[name],
        )
        for name, verdict in before.measures.items()
    }
    return Comparison(measures, tuple(fixed), tuple(still), tuple(sorted(worse)))


def _failing(result: HostResult, measures_of: Mapping[str, tuple[str, ...]]) -> Counter[str]:
    """How many controls fail, by measure."""
    return Counter(
        measure
        for control, verdict in result.controls.items()
        if verdict in _BAD
        for measure in measures_of.get(control, ())
    )
