"""The few sentences a manager reads, made from the figures, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grundton.model.measure import Text
from grundton.report import words
from grundton.report.summary import DemandFigures, Problem, Summary


def counted(count: int, pair: tuple[Text, Text]) -> Text:
    """`3 hosts` in both languages."""
    return Text(words.number_word(count, *pair, "en"), words.number_word(count, *pair, "de"))


def not_reached(count: int) -> Text:
    """Label of hosts without a snapshot."""
    hosts = counted(count, words.HOST)
    return Text(f"{hosts.en} not reached", f"{hosts.de} nicht erreicht")


def more_reasons(count: int) -> Text:
    """Label of the link to the reasons that did not fit."""
    return Text(f"{count} more, in full below", f"{count} weitere, vollständig unten")


def headline(summary: Summary) -> list[Text]:
    """What was found, in at most four short sentences."""
    if not summary.reached:
        return [Text("No host could be audited.", "Kein Host konnte geprüft werden.")]
    sentences = [_measures(summary), _controls(summary)]
    if unknown := _unknown(summary):
        sentences.append(unknown)
    return sentences


def _measures(summary: Summary) -> Text:
    counts, total = summary.measure_counts, len(summary.measures)
    done = counts["fulfilled"]
    english = [f"{done or 'none'} {'is' if done < 2 else 'are'} fulfilled"]
    german = [f"{done or 'keine'} erfüllt"]
    for verdict, en, de in (
        ("partly", "in part", "teilweise"),
        ("not_fulfilled", "not", "nicht erfüllt"),
        ("not_assessed", "not assessed yet", "noch nicht bewertet"),
        ("dispensable", "dispensable with a reason", "begründet entbehrlich"),
    ):
        if counts[verdict]:
            english.append(f"{counts[verdict]} {en}")
            german.append(f"{counts[verdict]} {de}")
    return Text(
        f"Of {total} measures, {_enumerate(english, 'and')}.",
        f"Von {total} Maßnahmen: {_enumerate(german, 'und')}.",
    )


def _controls(summary: Summary) -> Text:
    counts = summary.control_counts
    checked = counts["fail"] + counts["pass"] + counts["waived"]
    if not counts["fail"]:
        return Text(
            f"None of the {checked} controls that could be checked fails.",
            f"Keiner der {checked} geprüften Prüfpunkte ist verletzt.",
        )
    worst = [
        (summary.severity_counts[severity], text)
        for severity, text in words.SEVERITIES.items()
        if summary.severity_counts[severity] and severity in ("critical", "high")
    ]
    english = _enumerate([f"{count} of them {text.en}" for count, text in worst], "and")
    german = _enumerate([f"{count} {text.de}" for count, text in worst], "und")
    where = "" if len(summary.hosts) == 1 else " on at least one host"
    wo = "" if len(summary.hosts) == 1 else " auf mindestens einem Host"
    return Text(
        f"{counts['fail']} of {checked} checked controls fail{where}" + (f", {english}." if english else "."),
        f"{counts['fail']} von {checked} geprüften Prüfpunkten sind{wo} verletzt"
        + (f", davon {german}." if german else "."),
    )


def _unknown(summary: Summary) -> Text | None:
    controls, hosts = len(summary.blind_controls), len(summary.not_reached)
    english, german = [], []
    if hosts:
        label = not_reached(hosts)
        english.append(label.en)
        german.append(label.de)
    if controls:
        label = counted(controls, words.CONTROL)
        everywhere = "" if len(summary.hosts) == 1 else " on every host"
        ueberall = "" if len(summary.hosts) == 1 else " auf allen Hosts"
        english.append(f"{label.en} could not be checked{everywhere}")
        german.append(f"{label.de} nicht{ueberall} prüfbar")
    if not english:
        return None
    return Text(_sentence(_enumerate(english, "and")), _sentence(_enumerate(german, "und")))


def demand_line(summary: Summary) -> Text:
    """How many demands are done, violated, open."""
    figures = [summary.demand_figures(measure) for measure in summary.measures]
    done, failing = sum(f.done for f in figures), sum(f.failing for f in figures)
    undecided, total = sum(f.open for f in figures), sum(f.total for f in figures)
    return Text(
        f"Of {total} demands, {done} are done, {failing} fail and {undecided} are open.",
        f"Von {total} Forderungen sind {done} erfüllt, {failing} verletzt und {undecided} offen.",
    )


def demand_figures(figures: DemandFigures) -> Text:
    """Figures beside the bar of a measure's demands."""
    return Text(
        f"{figures.done} done, {figures.failing} failing, {figures.open} open",
        f"{figures.done} erfüllt, {figures.failing} verletzt, {figures.open} offen",
    )


def host_figures(counts: Mapping[str, int]) -> Text:
    """Figures beside the bar of a measure's hosts: the verdicts that occur."""
    present = [(count, words.MEASURE_VERDICTS[verdict]) for verdict, count in counts.items() if count]
    return Text(
        ", ".join(f"{count} {text.en}" for count, text in present) or "-",
        ", ".join(f"{count} {text.de}" for count, text in present) or "-",
    )


def risk_scope(problem: Problem, reached: int, names: str) -> Text:
    """Where a control does not hold."""
    count = len(problem.hosts)
    if reached == 1:
        return Text("This is not so.", "Das trifft nicht zu.")
    if count == reached:
        return Text(f"Not so on any of the {reached} hosts.", f"Trifft auf keinem der {reached} Hosts zu.")
    return Text(
        f"Not so on {count} of {reached} hosts: {names}.", f"Trifft auf {count} von {reached} Hosts nicht zu: {names}."
    )


def brief(text: str, room: int = 230) -> str:
    """Return as many whole sentences as fit the room, the first one in any case."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
    shown = sentences[0]
    for sentence in sentences[1:]:
        if len(shown) + len(sentence) >= room:
            break
        shown += f" {sentence}"
    return shown


def _enumerate(parts: list[str], conjunction: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}" if parts else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
