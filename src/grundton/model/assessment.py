"""The assessment: all findings of a run, rolled up control → demand → measure → host → estate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grundton.model.finding import Finding
from grundton.model.verdict import DemandVerdict, MeasureVerdict, Verdict

SCHEMA = "grundton.assessment/1"


@dataclass(frozen=True, slots=True)
class HostResult:
    """One host of the run. `reached` is false when there is no snapshot; `reason` says why."""

    name: str
    hostname: str
    reached: bool
    reason: str
    live: bool
    components: Mapping[str, str]
    unread: Mapping[str, str]
    policy_digest: str
    controls: Mapping[str, Verdict]
    measures: Mapping[str, MeasureVerdict]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DemandResult:
    """One demand over the estate and by host."""

    id: str
    verdict: DemandVerdict
    controls: tuple[str, ...]
    hosts: Mapping[str, DemandVerdict]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """One measure over the estate and by host; `counts` are demands by verdict."""

    id: str
    verdict: MeasureVerdict
    hosts: Mapping[str, MeasureVerdict]
    demands: tuple[str, ...]
    counts: Mapping[str, int]
    note: str = ""


@dataclass(slots=True)
class Assessment:
    """Everything a report needs, as data."""

    catalog_version: str
    generator: str
    hosts: dict[str, HostResult]
    findings: list[Finding]
    demands: dict[str, DemandResult]
    measures: dict[str, MeasureResult]
    counts: dict[str, int]
    warnings: list[str] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)
