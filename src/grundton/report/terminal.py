"""The terminal view: the verdict in one look, the measure table, then the worst findings with what to do.

Works from the document alone. Fits 80 columns, uses no colour where there is no terminal, and shows nothing a
host said without spelling out its control characters first (`text.visible`). Every cell is a rich `Text`: a plain
string would be read as markup, and `[general]` would vanish.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from grundton.model.measure import Text
from grundton.report import words
from grundton.report.gate import Gate, gate
from grundton.report.summary import Problem, Raw, Summary
from grundton.report.text import listed, natural_key, visible
from grundton.report.words import word

#: Without `verbose`, so many failing controls, variants of one, and reasons are shown; the rest is counted.
#: Even then a control that fails in hundreds of ways shows the most frequent ones only: the document has all.
FINDINGS_SHOWN = 15
VARIANTS_SHOWN = 3
VARIANTS_SHOWN_VERBOSE = 25
REASONS_SHOWN = 5
DETAILS_SHOWN = 4
DETAILS_SHOWN_VERBOSE = 50
NAMES_SHOWN = 6

#: A setting's name up to this length stands beside its values, a longer one above them.
KEY_BESIDE = 30

_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "not_fulfilled": "bold red",
    "partly": "yellow",
    "fulfilled": "green",
    "dispensable": "dim",
    "not_assessed": "magenta",
    "fail": "red",
    "error": "magenta",
    "not_checked": "magenta",
    "waived": "blue",
    "pass": "green",
    "not_applicable": "dim",
}
_BAR = {"not_fulfilled": "█", "partly": "▓", "not_assessed": "?", "fulfilled": "░", "dispensable": "-"}
_BAR_WIDTH = 10
_OK_SIGNS = {True: "✓", False: "✕", None: "?"}

_T = {
    "not_reached": Text("not reached", "nicht erreicht"),
    "offline": Text("from a copy of its files, nothing running was seen", "aus Dateikopie, Laufendes nicht gesehen"),
    "hosts": Text("Hosts", "Hosts"),
    "components": Text("Components", "Komponenten"),
    "measures": Text("Measures", "Maßnahmen"),
    "controls": Text("Controls", "Prüfpunkte"),
    "unknown": Text("Not checked", "Nicht prüfbar"),
    "gate": Text("Gate", "Schwelle"),
    "catalogue": Text("catalogue", "Katalog"),
    "measure": Text("Measure", "Maßnahme"),
    "title": Text("Title", "Titel"),
    "verdict": Text("Verdict", "Urteil"),
    "demands": Text("Demands", "Forderungen"),
    "ok": Text("done", "erf."),
    "failing": Text("fail", "verl."),
    "open": Text("open", "offen"),
    "legend_demands": Text(
        "Demands: done, failing, open (not checked, not assessed, or a record is missing).",
        "Forderungen: erfüllt, verletzt, offen (nicht prüfbar, nicht bewertet, Nachweis fehlt).",
    ),
    "legend_hosts": Text(
        "Hosts: █ not fulfilled ▓ partly ? not assessed ░ fulfilled - dispensable",
        "Hosts: █ nicht erfüllt ▓ teilweise ? nicht bewertet ░ erfüllt - entbehrlich",
    ),
    "worst": Text("Findings, worst first", "Befunde, schlimmste zuerst"),
    "none_failing": Text("Nothing that was checked fails.", "Nichts Geprüftes ist verletzt."),
    "expected": Text("expected", "erwartet"),
    "found": Text("found", "gefunden"),
    "at": Text("at", "wo"),
    "default": Text("default of the installed version", "Vorgabe der installierten Version"),
    "do": Text("do", "tun"),
    "why": Text("why", "warum"),
    "impact": Text("cost", "Folgen"),
    "sources": Text("sources", "Quellen"),
    "more": Text("more", "weitere"),
    "no_reason": Text("no reason given", "kein Grund genannt"),
    "unread": Text("Could not be read", "Nicht lesbar"),
    "waived": Text("Waived", "Ausnahmen"),
    "passes": Text("Passes", "Erfüllt"),
    "demand_list": Text("Demands that are open", "Offene Forderungen"),
    "warnings": Text("Warnings", "Warnungen"),
    "shown": Text("shown", "gezeigt"),
    "of": Text("of", "von"),
    "verbose": Text("--verbose shows all", "--verbose zeigt alle"),
    "nothing": Text("No host was assessed.", "Kein Host wurde bewertet."),
    "same": Text("also", "auch"),
    "finding": Text("finding", "Befund"),
}


class FilterError(ValueError):
    """A filter that names something this assessment does not have."""


@dataclass(frozen=True, slots=True)
class TerminalOptions:
    """What to show. `severity` is the least severity shown; hosts may be patterns (`pbx-*`)."""

    language: str = "en"
    measures: Sequence[str] = ()
    hosts: Sequence[str] = ()
    severity: str | None = None
    verbose: bool = False
    fail_on: str | None = None
    allow_not_checked: bool | None = None


def render_terminal(document: Raw, console: Console, options: TerminalOptions | None = None) -> None:
    """Print the assessment to the console; raises FilterError when a filter matches nothing there is."""
    _View(document, options or TerminalOptions()).print_to(console)


def render_text(document: Raw, language: str = "en") -> str:
    """Return the whole assessment as plain text for a file: 100 columns, no colour, verbose."""
    stream = io.StringIO()
    console = Console(file=stream, width=100, color_system=None, force_terminal=False, legacy_windows=False)
    render_terminal(document, console, TerminalOptions(language=language, verbose=True))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


# --- what to show ---


def _chosen_measures(document: Raw, wanted: Sequence[str]) -> frozenset[str]:
    known = document["measures"]
    chosen = set()
    for name in wanted:
        key = "M " + name.strip().removeprefix("M").strip()
        if key not in known:
            raise FilterError(f"there is no measure {name}; known are {', '.join(sorted(known, key=natural_key))}")
        chosen.add(key)
    return frozenset(chosen)


def _chosen_hosts(document: Raw, wanted: Sequence[str]) -> frozenset[str]:
    chosen: set[str] = set()
    for pattern in wanted:
        matching = [name for name in document["hosts"] if name == pattern or fnmatchcase(name, pattern)]
        if not matching:
            raise FilterError(f"no host of this assessment matches {pattern!r}")
        chosen.update(matching)
    return frozenset(chosen)


@dataclass(slots=True)
class _Variant:
    """Findings of one control that differ in nothing but host, objects' place in a file, and id."""

    sample: Raw
    hosts: list[str] = field(default_factory=list)
    locations: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)


def _variants(findings: Sequence[Raw]) -> list[_Variant]:
    found: dict[Any, _Variant] = {}
    for finding in findings:
        details = tuple((d["key"], d["place"], d["expected"], d["actual"], d["ok"]) for d in finding["details"])
        key = (finding["kind"], tuple(finding["objects"]), details, finding.get("reason", ""))
        variant = found.setdefault(key, _Variant(finding))
        variant.hosts.append(finding["host"])
        variant.ids.append(finding["id"])
        variant.locations.update(d["location"] for d in finding["details"] if d.get("location"))
    return sorted(found.values(), key=lambda variant: (-len(variant.hosts), natural_key(variant.hosts[0])))


def _row(table: Table, *cells: RenderableType) -> None:
    table.add_row(*(Line(cell) if isinstance(cell, str) else cell for cell in cells))


def _columns(count: int) -> Table:
    """A grid whose last column takes the room and folds; the one before it is dim."""
    table = Table.grid(padding=(0, 1))
    for number in range(count - 1):
        table.add_column(no_wrap=True, style="dim" if number == count - 2 else "")
    table.add_column(ratio=1, overflow="fold")
    return table


class _View:
    """One rendering: the document, what to show of it, and the words to do so."""

    def __init__(self, document: Raw, options: TerminalOptions) -> None:
        self.document = document
        self.options = options
        self.language = options.language
        self.texts: Mapping[str, Any] = document["catalog"]
        measures = _chosen_measures(document, options.measures)
        hosts = _chosen_hosts(document, options.hosts)
        if options.severity is not None and options.severity not in words.SEVERITIES:
            raise FilterError(f"severity {options.severity!r} is none of {', '.join(words.SEVERITIES)}")
        severities = list(words.SEVERITIES)
        shown = set(severities[: severities.index(options.severity) + 1] if options.severity else severities)
        controls = self.texts["controls"]
        kept = {
            key
            for key, control in controls.items()
            if control["severity"] in shown and (not measures or measures & set(control["measures"]))
        }

        def keep(finding: Raw) -> bool:
            return finding["control"] in kept and (not hosts or finding["host"] in hosts)

        self.measures = measures
        self.summary = Summary(document, keep=keep, hosts=sorted(hosts) if hosts else None)
        self.gate: Gate = gate(document, options.fail_on, allow_not_checked=options.allow_not_checked)
        self.several = len(self.summary.hosts) > 1

    # --- small helpers ---

    def _(self, key: str) -> str:
        return _T[key].in_language(self.language)

    def _title(self, section: str, key: str) -> str:
        text = self.texts[section][key]["title"]
        return visible(text["de"] if self.language == "de" else text["en"])

    def _count(self, count: int, pair: tuple[Text, Text]) -> str:
        return words.number_word(count, *pair, self.language)

    def _names(self, names: Sequence[str]) -> str:
        return listed(names, 0 if self.options.verbose else NAMES_SHOWN)

    def _heading(self, text: str) -> Line:
        return Line.assemble("\n", (text, "bold underline"))

    # --- the page ---

    def print_to(self, console: Console) -> None:
        """Print every part that has something to say."""
        parts: list[RenderableType] = [self._head()]
        if not self.summary.hosts:
            parts.append(Line(self._("nothing"), style="bold red"))
        parts += [self._measure_table(), *self._problems(), *self._blind()]
        if self.options.verbose:
            parts += [*self._open_demands(), *self._passes()]
        parts += [*self._waived(), *self._warnings()]
        for part in parts:
            console.print(part, highlight=False, soft_wrap=False)

    def _head(self) -> RenderableType:
        summary, language = self.summary, self.language
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(ratio=1, overflow="fold")

        hosts = Line(f"{self._count(len(summary.hosts), words.HOST)}: {listed(summary.hosts, NAMES_SHOWN)}")
        if len(summary.hosts) != len(self.document["hosts"]):
            hosts.append(f" ({self._('of')} {len(self.document['hosts'])})")
        if summary.not_reached:
            missing = tuple(summary.not_reached)
            hosts.append(f"\n{len(missing)} {self._('not_reached')}: ", style="bold red")
            hosts.append(listed(missing, NAMES_SHOWN))
            reasons = sorted({reason for reason in summary.not_reached.values() if reason})
            for reason in reasons[: None if self.options.verbose else 2]:
                hosts.append(f"\n  {visible(reason)}")
        if summary.offline:
            hosts.append(f"\n{listed(summary.offline, NAMES_SHOWN)}: {self._('offline')}")
        _row(table, self._("hosts"), hosts)

        parts = []
        for component, versions in summary.components.items():
            for version, count in versions.items():
                times = f" ({count})" if self.several else ""
                parts.append(visible(f"{component} {version}".strip()) + times)
        _row(table, self._("components"), ", ".join(parts) or "-")

        line = Line()
        for verdict, count in summary.measure_counts.items():
            if count:
                line.append(" · " if line else "")
                line.append(f"{count} {word(words.MEASURE_VERDICTS, verdict, language)}", style=_STYLES[verdict])
        _row(table, self._("measures"), line)

        counts = summary.control_counts
        line = Line()
        for verdict in ("fail", "waived", "pass", "not_applicable"):
            if counts[verdict] or verdict == "fail":
                line.append(" · " if line else "")
                style = _STYLES[verdict] if counts[verdict] else "green"
                line.append(f"{counts[verdict]} {word(words.VERDICTS, verdict, language)}", style=style)
            if verdict == "fail" and counts["fail"]:
                severities = [
                    Line(f"{count} {word(words.SEVERITIES, severity, language)}", style=_STYLES[severity])
                    for severity, count in summary.severity_counts.items()
                    if count
                ]
                line.append_text(Line.assemble(" (", Line(", ").join(severities), ")"))
        _row(table, self._("controls"), line)

        unknown = len(summary.blind_controls)
        line = Line(self._count(unknown, words.CONTROL), style="bold magenta" if unknown else "green")
        for blind in summary.blind[:2]:
            line.append(f"\n{visible(blind.reason) or self._('no_reason')}", style="default not bold")
            line.append(f" ({len(blind.controls)})", style="default not bold")
        if len(summary.blind) > 2:
            line.append(f"\n+{len(summary.blind) - 2} {self._('more')}", style="default not bold")
        _row(table, self._("unknown"), line)

        style = "bold green" if self.gate.passed else "bold white on red"
        verdict_word = self.gate.verdict.in_language(language).upper()
        answer = Line(f" {verdict_word} " if not self.gate.passed else verdict_word, style=style)
        _row(table, self._("gate"), Line.assemble(answer, ("  " + self.gate.explain(language), "not bold default")))

        title = Line.assemble(
            ("BSI B 4.7 VoIP", "bold"),
            (f"  {visible(self.document['generator'])}", "dim"),
            (f", {self._('catalogue')} {visible(self.texts['version'])}", "dim"),
        )
        return Group(title, table)

    def _measure_table(self) -> RenderableType:
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold", expand=True)
        table.add_column(self._("measure"), no_wrap=True)
        table.add_column(self._("title"), ratio=1, no_wrap=True, overflow="ellipsis", min_width=20)
        table.add_column(self._("verdict"), no_wrap=True)
        for name in ("ok", "failing", "open"):
            table.add_column(self._(name), justify="right", no_wrap=True)
        if self.several:
            table.add_column(self._("hosts"), no_wrap=True, width=_BAR_WIDTH)
        for key, verdict in self.summary.measures.items():
            if self.measures and key not in self.measures:
                continue
            figures = self.summary.demand_figures(key)
            sign = words.MEASURE_SIGNS[verdict]
            row: list[RenderableType] = [
                key,
                self._title("measures", key),
                Line(f"{sign} {word(words.MEASURE_VERDICTS, verdict, self.language)}", style=_STYLES[verdict]),
                Line(str(figures.done or "·"), style="green" if figures.done else "dim"),
                Line(str(figures.failing or "·"), style="red" if figures.failing else "dim"),
                Line(str(figures.open or "·"), style="magenta" if figures.open else "dim"),
            ]
            if self.several:
                row.append(self._bar(self.summary.hosts_of_measure(key)))
            _row(table, *row)
        legend = self._("legend_demands") + ("\n" + self._("legend_hosts") if self.several else "")
        return Group(Line(""), table, Line(legend, style="dim"))

    def _bar(self, counts: Mapping[str, int]) -> Line:
        """A bar in which every verdict that occurs gets at least one cell, worst first."""
        total = sum(counts.values())
        bar = Line()
        if not total:
            return bar
        cells = {verdict: max(1, count * _BAR_WIDTH // total) for verdict, count in counts.items() if count}
        while sum(cells.values()) != _BAR_WIDTH:
            step = 1 if sum(cells.values()) < _BAR_WIDTH else -1
            largest = max(cells, key=lambda verdict: (counts[verdict] / total * _BAR_WIDTH - cells[verdict]) * step)
            cells[largest] += step
        for verdict, width in cells.items():
            bar.append(_BAR[verdict] * width, style=_STYLES[verdict])
        return bar

    # --- findings ---

    def _problems(self) -> list[RenderableType]:
        problems = self.summary.problems
        parts: list[RenderableType] = [self._heading(self._("worst"))]
        if not problems:
            return [*parts, Line(self._("none_failing"))]
        shown = problems if self.options.verbose else problems[:FINDINGS_SHOWN]
        for number, problem in enumerate(shown, start=1):
            parts.append(self._problem(number, problem))
        if len(shown) < len(problems):
            hidden = len(problems) - len(shown)
            parts.append(Line(f"\n… {hidden} {self._('more')}: {self._('verbose')}", style="bold"))
        return parts

    def _problem(self, number: int, problem: Problem) -> RenderableType:
        control = self.texts["controls"][problem.control]
        severity = word(words.SEVERITIES, problem.severity, self.language)
        head = Line.assemble(
            f"{number:>3}  ",
            (f" {severity.upper()} ", _STYLES[problem.severity]),
            "  ",
            (self._title("controls", problem.control), "bold"),
        )
        where = [visible(problem.control), ", ".join(control["measures"])]
        if self.several:
            where.append(f"{self._count(len(problem.hosts), words.HOST)}: {self._names(problem.hosts)}")
        parts: list[RenderableType] = [Line(" · ".join(where), style="dim")]
        variants = _variants(problem.findings)
        shown = variants[: VARIANTS_SHOWN_VERBOSE if self.options.verbose else VARIANTS_SHOWN]
        parts += [self._variant(variant) for variant in shown]
        if len(shown) < len(variants):
            parts.append(Line(f"… {len(variants) - len(shown)} {self._('more')}", style="dim"))
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(ratio=1, overflow="fold")
        _row(table, self._("do"), visible(control["remedy"]))
        if self.options.verbose:
            impact = word(words.IMPACTS, control["impact"], self.language)
            _row(table, self._("why"), visible(control["why"]))
            _row(table, self._("impact"), f"{control['impact']}: {impact}")
            _row(table, self._("sources"), visible("; ".join([*control["sources"], *control["refs"]])))
        parts.append(table)
        return Group(Line(""), head, Padding(Group(*parts), (0, 0, 0, 5)))

    def _variant(self, variant: _Variant) -> RenderableType:
        finding = variant.sample
        objects = self._names(finding["objects"])
        head = Line()
        if self.several:
            head.append(self._names(variant.hosts), style="bold")
            head.append("  ")
        head.append(visible(finding["kind"]))
        if objects and objects != finding["kind"]:
            head.append(f"  {objects}")
        details = [d for d in finding["details"] if d["ok"] is False or self.options.verbose]
        shown = details[: DETAILS_SHOWN_VERBOSE if self.options.verbose else DETAILS_SHOWN]
        body = self._details(shown, located=len(variant.hosts) == 1)
        if len(shown) < len(details):
            body.append(Line(f"… {len(details) - len(shown)} {self._('more')}", style="dim"))
        places = sorted(variant.locations, key=natural_key)
        if places and len(variant.hosts) > 1:
            limit = VARIANTS_SHOWN_VERBOSE if self.options.verbose else VARIANTS_SHOWN
            text = ", ".join(visible(place) for place in places[:limit])
            if len(places) > limit:
                text += f" … (+{len(places) - limit})"
            table = _columns(2)
            _row(table, self._("at"), text)
            body.append(table)
        parts: list[RenderableType] = [head, Padding(Group(*body), (0, 0, 0, 2))]
        if finding.get("reason"):
            parts.append(Line("  " + visible(finding["reason"])))
        if self.options.verbose:
            ids = sorted(set(variant.ids))
            more = f" … (+{len(ids) - 8})" if len(ids) > 8 else ""
            parts.append(Line(f"  {self._('finding')} {', '.join(ids[:8])}{more}", style="dim"))
        return Group(*parts)

    def _details(self, details: Sequence[Raw], *, located: bool) -> list[RenderableType]:
        """Expected and found; a long key gets a line of its own, the same expectation is said once."""
        beside = all(len(detail["key"]) <= KEY_BESIDE for detail in details)
        parts: list[RenderableType] = []
        table = _columns(3 if beside else 2)
        before = key = None
        for detail in details:
            label = f"{_OK_SIGNS[detail['ok']]} {visible(detail['key'])}"
            if not beside and detail["key"] != key:
                table = _columns(2)
                parts += [Line(label), Padding(table, (0, 0, 0, 2))]
            lead = [label] if beside else []
            expectation = (detail["key"] if beside else "", detail["expected"])
            if expectation != before:
                _row(table, *lead, self._("expected"), visible(detail["expected"]) or "-")
            before, key = expectation, detail["key"]
            found = Line(visible(detail["actual"]) or "-", style="red" if detail["ok"] is False else "")
            found.append(f"  ({self._read_from(detail, located=located)})", style="dim not bold")
            _row(table, *([""] if beside else []), self._("found"), found)
        return [table] if beside else parts

    def _read_from(self, detail: Raw, *, located: bool) -> str:
        if located and detail.get("location"):
            return visible(detail["location"])
        if detail.get("default"):
            return self._("default")
        return word(words.PLACES, detail["place"], self.language)

    # --- what nobody could tell ---

    def _blind(self) -> list[RenderableType]:
        blind, unread = self.summary.blind, self.summary.unread
        if not blind and not unread:
            return []
        parts: list[RenderableType] = [self._heading(self._("unknown"))]
        limit = None if self.options.verbose else REASONS_SHOWN
        table = self._rows()
        for item in blind[:limit]:
            reason = visible(item.reason) or self._("no_reason")
            line = Line(f"{self._count(len(item.controls), words.CONTROL)}: {reason}")
            if self.several:
                line.append(f"\n{self._names(item.hosts)}", style="dim")
            if self.options.verbose:
                line.append("\n" + visible(", ".join(item.controls)), style="dim")
            _row(table, "?", line)
        for reason, sources, hosts in unread[:limit]:
            line = Line(f"{self._('unread')}: {visible(', '.join(sources))}: {visible(reason)}")
            if self.several:
                line.append(f"\n{self._names(hosts)}", style="dim")
            _row(table, "?", line)
        parts.append(table)
        hidden = 0 if limit is None else max(0, len(blind) - limit) + max(0, len(unread) - limit)
        if hidden:
            parts.append(Line(f"… {hidden} {self._('more')}: {self._('verbose')}"))
        return parts

    def _rows(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        return table

    def _open_demands(self) -> list[RenderableType]:
        table = self._rows()
        for measure in self.summary.measures:
            if self.measures and measure not in self.measures:
                continue
            for key, verdict in self.summary.demand_verdicts(measure).items():
                if verdict in words.DEMANDS_OPEN:
                    note = visible(self.document["demands"][key]["note"])
                    line = Line(f"{self._title('demands', key)}: ")
                    line.append(word(words.VERDICTS, verdict, self.language), style="magenta")
                    if note:
                        line.append(f" ({note})")
                    _row(table, key, line)
        return [self._heading(self._("demand_list")), table] if table.row_count else []

    def _passes(self) -> list[RenderableType]:
        passing: dict[str, set[str]] = {}
        for finding in self.summary.findings:
            if finding["verdict"] == "pass":
                passing.setdefault(finding["control"], set()).add(finding["host"])
        for problem in self.summary.problems:
            for host in problem.hosts:
                passing.get(problem.control, set()).discard(host)
        table = self._rows()
        for control in sorted(key for key, hosts in passing.items() if hosts):
            line = Line(self._title("controls", control))
            line.append(f"  {visible(control)}", style="dim")
            if self.several:
                line.append(f"  {self._names(sorted(passing[control]))}", style="dim")
            _row(table, "✓", line)
        return [self._heading(self._("passes")), table] if table.row_count else []

    def _waived(self) -> list[RenderableType]:
        if not self.summary.waived:
            return []
        table = self._rows()
        shown = self.summary.waived if self.options.verbose else self.summary.waived[:REASONS_SHOWN]
        for item in shown:
            line = Line(self._title("controls", item.control))
            if self.several:
                line.append(f"  {self._names(item.hosts)}")
            line.append(f"\n{visible(item.waiver)}", style="dim")
            _row(table, "~", line)
        parts: list[RenderableType] = [
            self._heading(f"{self._('waived')}: {len(self.summary.waived)}"),
            table,
        ]
        if len(shown) < len(self.summary.waived):
            hidden = len(self.summary.waived) - len(shown)
            parts.append(Line(f"… {hidden} {self._('more')}: {self._('verbose')}"))
        return parts

    def _warnings(self) -> list[RenderableType]:
        if not self.document["warnings"]:
            return []
        table = self._rows()
        for warning in self.document["warnings"]:
            _row(table, "!", visible(warning))
        return [self._heading(self._("warnings")), table]
