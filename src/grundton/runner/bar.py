"""The bar an assessment has to meet: a severity, whole measures, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEVER = "none"
MEASURE = "measure"
SEVERITIES = ("low", "medium", "high", "critical")
DEFAULT = "high"
CHOICES = (NEVER, MEASURE, *SEVERITIES)
#: What the reports call "no threshold".
_NO_THRESHOLD = "never"


@dataclass(frozen=True, slots=True)
class Bar:
    """The gate as it was asked for."""

    fail_on: str
    allow_not_checked: bool = False

    @property
    def threshold(self) -> str:
        """The threshold in the words of the reports."""
        return _NO_THRESHOLD if self.fail_on in (NEVER, MEASURE) else self.fail_on

    def judge(self, document: Mapping[str, Any]) -> tuple[bool, str]:
        """Return whether the assessment meets the bar, and why (not)."""
        if self.fail_on == MEASURE:
            missed = [name for name, result in document["measures"].items() if result["verdict"] == "not_fulfilled"]
            return not missed, f"not fulfilled: {', '.join(missed)}" if missed else "no measure reads 'not fulfilled'"
        from grundton.report import gate

        judged = gate(document, self.threshold, allow_not_checked=self.allow_not_checked)
        return judged.passed, judged.explain()
