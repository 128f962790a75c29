"""The records as one assessment asks for them: one day, many hosts, and memory of what was used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from grundton.policy import Policy
from grundton.records.book import DemandStatus, Records, WaiverMatch, covers, fits, waiver_state


@dataclass(slots=True)
class RecordsOfDay:
    """Records on one day. Remembers which waivers covered something and which demands policies decided."""

    records: Records
    today: date
    used: set[str] = field(default_factory=set)
    decided: dict[str, dict[str, str]] = field(default_factory=dict)

    def add_policy(self, policy: Policy) -> None:
        """Note the decisions a host's policy states."""
        self.decided[policy.host] = policy.decided_demands()

    def split(
        self, control: str, demands: Iterable[str], host: str, objects: tuple[str, ...]
    ) -> list[tuple[WaiverMatch | None, tuple[str, ...]]]:
        """Split failing objects by the waiver that covers them; those without one come first.

        A finding without objects is covered by waivers for every object. A match that is expired or not yet in force
        is returned too, so that its note can be shown; see :attr:`WaiverMatch.applied`.
        """
        names = tuple(demands)
        near = tuple(
            waiver for waiver in self.records.waivers if fits(waiver.host, host) and covers(waiver, control, names)
        )
        if not near:
            return [(None, objects)]
        book = Records(waivers=near)
        groups: dict[WaiverMatch | None, list[str]] = {None: []}
        for obj in objects or ("",):
            match = book.match_waiver(control, host, obj, self.today, names)
            groups.setdefault(match, []).append(obj)
            if match is not None and match.applied:
                self.used.add(match.waiver.id)
        return [(match, tuple(found) if objects else ()) for match, found in groups.items() if found]

    def status(self, demand: str) -> DemandStatus:
        """Return what is recorded about a demand.

        A variable decides for the estate only when every policy seen so far states it; one host that left the
        default keeps the decision missing.
        """
        variables = [found.get(demand, "") for found in self.decided.values()]
        stated = {demand: variables[0]} if variables and all(variables) else {}
        return self.records.status(demand, self.today, stated=stated)

    def measure_waiver(self, measure: str) -> WaiverMatch | None:
        """Return the waiver in force that makes a measure dispensable everywhere."""
        match = self.records.measure_waiver(measure, self.today)
        if match is None or not match.applied:
            return None
        self.used.add(match.waiver.id)
        return match

    def warnings(self, controls: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return what should be tidied, after all hosts were judged."""
        return self.records.warnings(self.used, self.today, controls)

    def in_force(self) -> tuple[str, ...]:
        """Return the ids of all waivers that hold on this day, for the report."""
        return tuple(item.id for item in self.records.waivers if waiver_state(item, self.today) == "applied")
