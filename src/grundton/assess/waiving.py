"""Waivers, attestations and decisions of a run, as the roll-up asks for them (interim: replaced by grundton.records)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from grundton.model.control import Control
from grundton.model.verdict import DemandVerdict

if TYPE_CHECKING:
    from grundton.policy import Policy


class RunRecords:
    def __init__(self, records: Any, today: date) -> None:
        self.records, self.today = records, today

    def add_decisions(self, policy: Policy) -> None:
        pass

    def split(self, control: Control, host: str, objects: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
        yield None, objects

    def demand_status(self, demand: str) -> DemandVerdict | None:
        return None

    def measure_dispensed(self, measure: str) -> str | None:
        return None

    def warnings(self) -> list[str]:
        return []
