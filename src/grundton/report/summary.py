"""What the renderers have in common: the figures and lists every view of an assessment begins with.

Works on the document alone and holds no words; the renderers choose those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from grundton.model.verdict import WORST_FIRST
from grundton.report.text import natural_key
from grundton.report.words import DEMANDS_DONE, DEMANDS_FAILING, DEMANDS_OPEN, MEASURE_VERDICTS, SEVERITIES

Raw: TypeAlias = Mapping[str, Any]

_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_IMPACT_RANK = {impact: rank for rank, impact in enumerate(("R0", "R1", "R2", "R3", "R4", "RP"))}

#: Changes of these classes keep running calls and registrations.
GENTLE_IMPACTS = frozenset({"R0", "R1"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One control that fails somewhere: where, and the findings that say so."""

    control: str
    severity: str
    hosts: tuple[str, ...]
    findings: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Blind:
    """One reason why something could not be checked: which controls on which hosts."""

    reason: str
    controls: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waived:
    """One accepted exception and what it covers."""

    control: str
    waiver: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemandFigures:
    """Demands of a measure: done, failing, open (nobody can tell yet), and the rest (not applicable)."""

    done: int
    failing: int
    open: int
    total: int


class Summary:
    """Figures of a document, or of the part of it that passes `keep` (findings) and `hosts`."""

    def __init__(
        self,
        document: Raw,
        *,
        keep: Callable[[Raw], bool] | None = None,
        hosts: Sequence[str] | None = None,
    ) -> None:
        self.document = document
        self.controls: Mapping[str, Raw] = document["catalog"]["controls"]
        chosen = document["hosts"] if hosts is None else hosts
        self.hosts = tuple(sorted(chosen, key=natural_key))
        self._keep = keep

    @cached_property
    def findings(self) -> tuple[Raw, ...]:
        """The findings that count here, in document order."""
        everything: list[Raw] = self.document["findings"]
        return tuple(everything if self._keep is None else filter(self._keep, everything))

    @cached_property
    def reached(self) -> tuple[str, ...]:
        """Hosts with a snapshot."""
        return tuple(name for name in self.hosts if self.document["hosts"][name]["reached"])

    @cached_property
    def not_reached(self) -> Mapping[str, str]:
        """Hosts without a snapshot → reason."""
        hosts = self.document["hosts"]
        return {name: hosts[name]["reason"] for name in self.hosts if not hosts[name]["reached"]}

    @cached_property
    def offline(self) -> tuple[str, ...]:
        """Hosts that were read from a copy of their files."""
        return tuple(name for name in self.reached if not self.document["hosts"][name]["live"])

    @cached_property
    def components(self) -> Mapping[str, Mapping[str, int]]:
        """Component → version → number of hosts; `host` last."""
        found: dict[str, Counter[str]] = {}
        for name in self.hosts:
            for component, version in self.document["hosts"][name]["components"].items():
                found.setdefault(component, Counter())[version] += 1
        names = sorted(found, key=lambda component: (component == "host", component))
        return {name: dict(sorted(found[name].items(), key=lambda item: natural_key(item[0]))) for name in names}

    @cached_property
    def measures(self) -> Mapping[str, str]:
        """Measure → verdict over the chosen hosts, in numerical order."""
        results = self.document["measures"]
        everywhere = len(self.hosts) == len(self.document["hosts"])
        return {
            key: results[key]["verdict"] if everywhere else self._worst(results[key]["hosts"])
            for key in sorted(results, key=natural_key)
        }

    def _worst(self, by_host: Mapping[str, str]) -> str:
        found = {by_host[name] for name in self.hosts if name in by_host}
        return next((verdict for verdict in MEASURE_VERDICTS if verdict in found), "not_assessed")

    @cached_property
    def measure_counts(self) -> Mapping[str, int]:
        """Verdict of a measure → number of measures, every verdict named."""
        counts = Counter(self.measures.values())
        return {verdict: counts[verdict] for verdict in MEASURE_VERDICTS}

    def hosts_of_measure(self, measure: str) -> Mapping[str, int]:
        """Verdict → number of hosts for one measure."""
        by_host = self.document["measures"][measure]["hosts"]
        counts = Counter(by_host[name] for name in self.hosts if name in by_host)
        return {verdict: counts[verdict] for verdict in MEASURE_VERDICTS}

    def demand_verdicts(self, measure: str) -> Mapping[str, str]:
        """Demand → verdict for one measure; over one chosen host its own, else the estate's."""
        results = self.document["demands"]
        order = self.document["catalog"]["measures"][measure]["demands"]
        own = self.hosts[0] if len(self.hosts) == 1 else None
        return {key: results[key]["hosts"].get(own, results[key]["verdict"]) for key in order if key in results}

    def demand_figures(self, measure: str) -> DemandFigures:
        """How many demands of a measure are done, failing, open."""
        verdicts = list(self.demand_verdicts(measure).values())
        return DemandFigures(
            done=sum(verdict in DEMANDS_DONE for verdict in verdicts),
            failing=sum(verdict in DEMANDS_FAILING for verdict in verdicts),
            open=sum(verdict in DEMANDS_OPEN for verdict in verdicts),
            total=len(verdicts),
        )

    @cached_property
    def demand_counts(self) -> Mapping[str, int]:
        """Verdict → number of demands over all measures."""
        return Counter(verdict for key in self.measures for verdict in self.demand_verdicts(key).values())

    def severity(self, control: str) -> str:
        """Severity of a control."""
        return str(self.controls[control]["severity"])

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Controls that fail, worst first: severity, then number of hosts, then what is easiest to change."""
        by_control: dict[str, list[Raw]] = {}
        for finding in self.findings:
            if finding["verdict"] == "fail":
                by_control.setdefault(finding["control"], []).append(finding)
        problems = [
            Problem(
                control=control,
                severity=self.severity(control),
                hosts=tuple(sorted({finding["host"] for finding in findings}, key=natural_key)),
                findings=tuple(findings),
            )
            for control, findings in by_control.items()
        ]
        problems.sort(
            key=lambda problem: (
                _SEVERITY_RANK[problem.severity],
                -len(problem.hosts),
                _IMPACT_RANK[self.controls[problem.control]["impact"]],
                problem.control,
            )
        )
        return tuple(problems)

    @cached_property
    def severity_counts(self) -> Mapping[str, int]:
        """Severity → number of controls that fail on at least one host, every severity named."""
        counts = Counter(problem.severity for problem in self.problems)
        return {severity: counts[severity] for severity in SEVERITIES}

    @cached_property
    def first_steps(self) -> tuple[Problem, ...]:
        """Critical and high problems whose change keeps running calls: what to do first."""
        return tuple(
            problem
            for problem in self.problems
            if problem.severity in ("critical", "high") and self.controls[problem.control]["impact"] in GENTLE_IMPACTS
        )

    @cached_property
    def control_verdicts(self) -> Mapping[str, str]:
        """Control → its worst verdict among the findings that count; worst of all hosts."""
        seen: dict[str, set[str]] = {}
        for finding in self.findings:
            seen.setdefault(finding["control"], set()).add(finding["verdict"])
        return {
            control: next(verdict.value for verdict in WORST_FIRST if verdict.value in found)
            for control, found in sorted(seen.items())
        }

    @cached_property
    def control_counts(self) -> Mapping[str, int]:
        """Verdict → number of controls, every verdict named."""
        counts = Counter(self.control_verdicts.values())
        return {verdict.value: counts[verdict.value] for verdict in WORST_FIRST}

    @cached_property
    def blind(self) -> tuple[Blind, ...]:
        """Why something could not be checked, the reason that hides most first."""
        by_reason: dict[str, tuple[set[str], set[str], set[tuple[str, str]]]] = {}
        for finding in self.findings:
            if finding["verdict"] in ("not_checked", "error"):
                controls, hosts, pairs = by_reason.setdefault(finding.get("reason", ""), (set(), set(), set()))
                controls.add(finding["control"])
                hosts.add(finding["host"])
                pairs.add((finding["control"], finding["host"]))
        ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1][2]), item[0]))
        return tuple(
            Blind(reason, tuple(sorted(controls)), tuple(sorted(hosts, key=natural_key)))
            for reason, (controls, hosts, _) in ordered
        )

    @cached_property
    def blind_controls(self) -> tuple[str, ...]:
        """Controls that could not be checked on at least one host."""
        return tuple(sorted({control for blind in self.blind for control in blind.controls}))

    @cached_property
    def unread(self) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
        """Reason → sources and hosts it kept from being read, most hosts first."""
        by_reason: dict[str, tuple[set[str], set[str]]] = {}
        for name in self.reached:
            for source, reason in self.document["hosts"][name]["unread"].items():
                sources, hosts = by_reason.setdefault(reason, (set(), set()))
                sources.add(source)
                hosts.add(name)
        ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1][1]), item[0]))
        return tuple(
            (reason, tuple(sorted(sources)), tuple(sorted(hosts, key=natural_key)))
            for reason, (sources, hosts) in ordered
        )

    @cached_property
    def waived(self) -> tuple[Waived, ...]:
        """Accepted exceptions among the findings that count."""
        by_waiver: dict[tuple[str, str], set[str]] = {}
        for finding in self.findings:
            if finding["verdict"] == "waived":
                text = finding.get("waiver") or finding.get("reason", "")
                by_waiver.setdefault((finding["control"], text), set()).add(finding["host"])
        return tuple(
            Waived(control, text, tuple(sorted(hosts, key=natural_key)))
            for (control, text), hosts in sorted(by_waiver.items())
        )
