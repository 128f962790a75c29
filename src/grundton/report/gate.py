"""The gate for CI: does an assessment meet the bar, and why (not)?

The rule, in full:

* `fail_on` names the lowest severity that matters. A control of that severity or worse that **fails** on any
  host is below the gate. Waived controls are not (they are counted and named).
* A control of that severity that **could not be checked** (or ended in an error), a host that **could not be
  reached**, and an assessment in which **nothing was checked** are below the gate as well: could not check
  never reads as a pass. `allow_not_checked` lets the first two through; the explanation still counts them.
* `never` always meets the gate; the explanation says what was found all the same.
* Demands nobody can check by machine (`not_assessed`, missing decisions and attestations) do not count here.
  They are in the measure verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grundton.model.measure import Text
from grundton.model.verdict import Severity
from grundton.report.words import SEVERITIES, word

#: What `--fail-on` accepts, most tolerant first.
THRESHOLDS = ("never", "critical", "high", "medium", "low")
DEFAULT_THRESHOLD = "high"


@dataclass(frozen=True, slots=True)
class Gate:
    """The outcome, and the numbers it rests on: controls × hosts at or above the threshold."""

    passed: bool
    fail_on: str
    failing: int
    not_checked: int
    waived: int
    not_reached: int
    checked: int
    allow_not_checked: bool = False

    @property
    def verdict(self) -> Text:
        """One word: meets, below, or (threshold `never`) off."""
        if self.fail_on == "never":
            return Text("off", "aus")
        return Text("met", "erreicht") if self.passed else Text("not met", "nicht erreicht")

    def explain(self, language: str = "en") -> str:
        """Return one or two plain sentences."""
        german = language == "de"
        severity = word(SEVERITIES, self.fail_on, language)
        if self.fail_on == "never":
            bar = "keine Schwelle gesetzt" if german else "no threshold is set"
        elif self.fail_on == "critical":
            bar = f"Schwelle {severity}" if german else f"threshold {severity}"
        else:
            bar = f"Schwelle {severity} und schlimmer" if german else f"threshold {severity} and worse"
        parts = []
        if not self.checked:
            parts.append("nichts wurde geprüft" if german else "nothing was checked")
        parts.append(f"{self.failing} verletzt" if german else f"{self.failing} failing")
        if self.not_checked:
            parts.append(f"{self.not_checked} nicht prüfbar" if german else f"{self.not_checked} could not be checked")
        if self.not_reached:
            hosts = "host" if self.not_reached == 1 else "hosts"
            parts.append(
                f"{self.not_reached} Host(s) nicht erreicht" if german else f"{self.not_reached} {hosts} not reached"
            )
        if self.waived:
            parts.append(f"{self.waived} mit Ausnahme" if german else f"{self.waived} waived")
        if self.allow_not_checked and (self.not_checked or self.not_reached):
            parts.append("nicht Prüfbares ist zugelassen" if german else "not checked is allowed")
        return f"{bar}: {', '.join(parts)}"


def gate(document: Mapping[str, Any], fail_on: str | None = None, *, allow_not_checked: bool | None = None) -> Gate:
    """Judge a document.

    What is not given is taken from its `run` (`fail_on`, `allow_not_checked`), else it is `high` and strict.
    Raises ValueError for a threshold that does not exist.
    """
    run = document["run"]
    threshold = fail_on or str(run.get("fail_on") or DEFAULT_THRESHOLD)
    if threshold not in THRESHOLDS:
        raise ValueError(f"fail-on: {threshold!r} is none of {', '.join(THRESHOLDS)}")
    tolerant = bool(run.get("allow_not_checked", False)) if allow_not_checked is None else allow_not_checked
    least = 0 if threshold == "never" else Severity(threshold).rank
    controls = document["catalog"]["controls"]
    counted = {key for key, control in controls.items() if Severity(control["severity"]).rank >= least}
    verdicts: dict[str, int] = {}
    checked = 0
    for host in document["hosts"].values():
        for control, verdict in host["controls"].items():
            checked += verdict in ("pass", "fail", "waived")
            if control in counted:
                verdicts[verdict] = verdicts.get(verdict, 0) + 1
    failing = verdicts.get("fail", 0)
    not_checked = verdicts.get("not_checked", 0) + verdicts.get("error", 0)
    not_reached = sum(not host["reached"] for host in document["hosts"].values())
    unknown = 0 if tolerant else not_checked + not_reached
    return Gate(
        passed=threshold == "never" or (checked > 0 and not failing and not unknown),
        fail_on=threshold,
        failing=failing,
        not_checked=not_checked,
        waived=verdicts.get("waived", 0),
        not_reached=not_reached,
        checked=checked,
        allow_not_checked=tolerant,
    )
