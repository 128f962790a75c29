"""The report as one HTML file that needs nothing but itself: no network, no fonts, no libraries.

The summary, the measures and the lists are written here, so that they can be read and printed without JavaScript. The
heat map and the findings are drawn by the page's script from the data block (`compact`). Whatever comes from a host
is escaped by the template, or reaches the page as text through the DOM; a content security policy that names the
one script by its hash is the second line of defence.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from grundton.model.measure import Text
from grundton.report import narrative, words
from grundton.report.compact import payload
from grundton.report.gate import gate
from grundton.report.summary import DemandFigures, Raw, Summary
from grundton.report.text import listed, natural_key, visible

_ASSETS = "assets"
_SCRIPTS = ("core.js", "data.js", "filters.js", "findings.js", "heatmap.js", "page.js")
_DEMAND_CLASSES = {
    "failing": "v-not_fulfilled",
    "open": "v-not_assessed",
    "done": "v-fulfilled",
    "other": "v-other",
}
_RISKS = 5
_FIRST_STEPS = 5
_NAMES = 8
_FEW_NAMES = 3


def render_html(
    document: Raw, language: str = "en", *, fail_on: str | None = None, allow_not_checked: bool | None = None
) -> str:
    """Return the page; `language` is the one it opens in, both are in it."""
    summary = Summary(document)
    style, script = _style(), _script()
    context: dict[str, Any] = {
        "language": language,
        "style": Markup(style),  # noqa: S704 (our own file)
        "style_hash": _hash(style),
        "script": Markup(script),  # noqa: S704 (our own files)
        "script_hash": _hash(script),
        "data": Markup(script_json(payload(document))),  # noqa: S704 (escaped for a script element)
        **_words(),
        **_cover(document, summary),
        **_gate(document, fail_on, allow_not_checked),
        **_summary(summary),
        **_lists(summary),
        "measures": [_measure(summary, key) for key in summary.measures],
        "hosts": [_host(document, name) for name in summary.hosts],
        "host_verdicts": _host_verdicts(document),
        "several": len(summary.hosts) > 1,
    }
    context["fulfilled"] = [measure for measure in context["measures"] if measure["verdict"] == "fulfilled"]
    context["dispensable"] = [measure for measure in context["measures"] if measure["verdict"] == "dispensable"]
    return _template().render(context)


def script_json(data: Any) -> str:
    """Return JSON that can stand in a script element whatever it holds: no `<`, no `&`, nothing but ASCII."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --- the files the page is made of ---


def _asset(name: str) -> str:
    return (resources.files("grundton.report") / _ASSETS / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    return _asset("report.css")


@cache
def _script() -> str:
    return '(function () {\n"use strict";\n' + "\n".join(_asset(name) for name in _SCRIPTS) + "\n})();"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(both=_both, t=_page_word, attr=_attribute, words=_Words())
    return environment.from_string(_asset("report.html.j2"))


class _Words:
    """`words.title` in the template is the page word `title`."""

    def __getattr__(self, name: str) -> Text:
        return words.PAGE[name]


def _both(text: Text) -> Markup:
    """Both languages; the style sheet shows the one the page is in."""
    if text.en == text.de:
        return Markup("{}").format(text.en)
    return Markup('<span class="l-en" lang="en">{}</span><span class="l-de" lang="de">{}</span>').format(
        text.en, text.de
    )


def _page_word(key: str) -> Markup:
    return _both(words.PAGE[key])


def _attribute(name: str, key: str) -> Markup:
    """An attribute the script can switch to the other language."""
    text = words.PAGE[key]
    return Markup('{}="{}" data-{}-en="{}" data-{}-de="{}"').format(name, text.en, name, text.en, name, text.de)


# --- what the template is given ---


def _words() -> dict[str, Any]:
    return {
        "measure_words": words.MEASURE_VERDICTS,
        "measure_signs": words.MEASURE_SIGNS,
        "verdict_words": words.VERDICTS,
        "verdict_signs": words.VERDICT_SIGNS,
        "severity_words": words.SEVERITIES,
        "measure_classes": {verdict: f"v-{verdict}" for verdict in words.MEASURE_VERDICTS},
        "demand_classes": _DEMAND_CLASSES,
    }


def _shown(text: Mapping[str, str]) -> Text:
    return Text(visible(text["en"]), visible(text["de"]))


def _cover(document: Raw, summary: Summary) -> dict[str, Any]:
    run = document["run"]
    versions = [
        f"{component} {version}".strip() + (f" ({count})" if len(summary.hosts) > 1 else "")
        for component, found in summary.components.items()
        for version, count in found.items()
    ]
    return {
        "generator": visible(document["generator"]),
        "catalog_version": visible(document["catalog"]["version"]),
        "schema": document["schema"],
        "host_line": listed(summary.hosts, _NAMES) or "-",
        "host_count": narrative.counted(len(summary.hosts), words.HOST),
        "component_line": visible(" · ".join(versions)),
        "started": _moment(visible(str(run.get("started", "")))),
        "run": [(visible(str(key)), _run_value(run[key])) for key in sorted(run)],
        "warnings": [visible(warning) for warning in document["warnings"]],
    }


def _moment(stamp: str) -> str:
    """`2026-11-23T18:00:00Z` the way people write it; anything else as it is."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|\+00:00)?", stamp)
    return f"{match[1]} {match[2]}{' UTC' if match[3] else ''}" if match else stamp


def _run_value(value: Any) -> str:
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))


def _gate(document: Raw, fail_on: str | None, allow_not_checked: bool | None) -> dict[str, Any]:
    outcome = gate(document, fail_on, allow_not_checked=allow_not_checked)
    off = outcome.fail_on == "never"
    return {
        "gate": outcome,
        "gate_class": "off" if off else ("met" if outcome.passed else "missed"),
        "gate_sign": "–" if off else ("✓" if outcome.passed else "✕"),
        "gate_text": Text(outcome.explain("en"), outcome.explain("de")),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "headline": narrative.headline(summary),
        "demand_line": narrative.demand_line(summary),
        "measure_counts": list(summary.measure_counts.items()),
        "risks": [
            {
                "control": problem.control,
                "severity": problem.severity,
                "title": _shown(summary.controls[problem.control]["title"]),
                "scope": narrative.risk_scope(problem, len(summary.reached), listed(problem.hosts, _FEW_NAMES)),
                "why": narrative.brief(visible(summary.controls[problem.control]["why"])),
            }
            for problem in summary.problems[:_RISKS]
        ],
        "first_steps": [
            {"control": problem.control, "remedy": visible(summary.controls[problem.control]["remedy"])}
            for problem in summary.first_steps[:_FIRST_STEPS]
        ],
    }


def _lists(summary: Summary) -> dict[str, Any]:
    missing: dict[str, list[str]] = {}
    for name, reason in summary.not_reached.items():
        missing.setdefault(reason, []).append(name)
    blind = [
        {
            "label": narrative.counted(len(item.controls), words.CONTROL),
            "reason": visible(item.reason),
            "hosts": listed(item.hosts, _NAMES),
            "few_hosts": _few(item.hosts, summary),
            "controls": visible(", ".join(item.controls)),
        }
        for item in summary.blind
    ]
    unread = [
        {
            "sources": visible(", ".join(sources)),
            "reason": visible(reason),
            "hosts": listed(hosts, _NAMES),
            "few_hosts": _few(hosts, summary),
        }
        for reason, sources, hosts in summary.unread
    ]
    hidden = max(0, len(blind) - 5) + max(0, len(unread) - 3)
    return {
        "not_reached": [
            {
                "label": narrative.not_reached(len(names)),
                "hosts": listed(names, _NAMES),
                "reason": visible(reason),
            }
            for reason, names in sorted(missing.items())
        ],
        "blind": blind,
        "unread": unread,
        "hidden_unknown": narrative.more_reasons(hidden) if hidden else None,
        "waived": [
            {
                "control": item.control,
                "title": _shown(summary.controls[item.control]["title"]),
                "waiver": visible(item.waiver),
                "hosts": listed(item.hosts, _NAMES),
            }
            for item in summary.waived
        ],
        "open_demands": _open_demands(summary),
    }


def _few(hosts: Sequence[str], summary: Summary) -> str:
    """A few names for the summary; none where there is only one host to speak of."""
    return listed(hosts, _FEW_NAMES) if len(summary.hosts) > 1 else ""


def _open_demands(summary: Summary) -> dict[str, list[dict[str, Any]]]:
    """Verdict → the demands that wait for a decision, a confirmation, a check."""
    found: dict[str, list[dict[str, Any]]] = {}
    for measure in summary.measures:
        for key, verdict in summary.demand_verdicts(measure).items():
            if verdict in words.DEMANDS_OPEN:
                title = _shown(summary.document["catalog"]["demands"][key]["title"])
                found.setdefault(verdict, []).append({"id": key, "anchor": _anchor(measure), "title": title})
    return {verdict: found[verdict] for verdict in words.VERDICTS if verdict in found}


def _anchor(measure: str) -> str:
    return "m-" + measure.removeprefix("M ")


def _measure(summary: Summary, key: str) -> dict[str, Any]:
    text = summary.document["catalog"]["measures"][key]
    figures = summary.demand_figures(key)
    by_host = summary.hosts_of_measure(key)
    return {
        "id": key,
        "number": key.removeprefix("M "),
        "anchor": _anchor(key),
        "title": _shown(text["title"]),
        "summary": _shown(text["summary"]),
        "verdict": summary.measures[key],
        "note": visible(summary.document["measures"][key]["note"]),
        "demands": [_demand(summary, demand, verdict) for demand, verdict in summary.demand_verdicts(key).items()],
        "demand_bar": _demand_bar(figures),
        "demand_total": max(1, figures.total),
        "demand_text": narrative.demand_figures(figures),
        "host_bar": list(by_host.items()),
        "host_total": max(1, sum(by_host.values())),
        "host_text": narrative.host_figures(by_host),
        "successor": _successor(text["successor"]),
    }


def _demand_bar(figures: DemandFigures) -> Sequence[tuple[str, int]]:
    other = figures.total - figures.done - figures.failing - figures.open
    return [("failing", figures.failing), ("open", figures.open), ("done", figures.done), ("other", other)]


def _successor(raw: Raw) -> str:
    parts = [
        f"{name}: {', '.join(raw[key])}"
        for key, name in (("net_4_2", "NET.4.2"), ("net_4_1", "NET.4.1"), ("gpp", "Grundschutz++"))
        if raw[key]
    ]
    return visible("; ".join(parts))


def _ways(ways: Sequence[str]) -> Text | None:
    if not ways:
        return None
    english, german = (
        visible(", ".join(words.word(words.CHECKED_BY, way, language) for way in ways)) for language in words.LANGUAGES
    )
    return Text(english, german)


def _demand(summary: Summary, key: str, verdict: str) -> dict[str, Any]:
    text = summary.document["catalog"]["demands"][key]
    result = summary.document["demands"][key]
    return {
        "id": key,
        "title": _shown(text["title"]),
        "text": _shown(text["text"]),
        "force": words.FORCES.get(text["force"].lower()),
        "verdict": verdict,
        "note": visible(result["note"]),
        "controls": _answers(summary, result["controls"]),
        "checked_by": _ways(text["checked_by"]),
    }


def _answers(summary: Summary, controls: Sequence[str]) -> list[tuple[str, str]]:
    """The controls of a demand with their verdict over the estate, worst first."""
    verdicts = summary.control_verdicts
    order = list(words.VERDICTS)
    answers = [(control, verdicts.get(control, "not_applicable")) for control in controls]
    return sorted(answers, key=lambda answer: (order.index(answer[1]), answer[0]))


def _host_verdicts(document: Raw) -> list[str]:
    """The verdicts that occur on any host, worst first: the columns of the table of hosts."""
    found = {verdict for host in document["hosts"].values() for verdict in host["controls"].values()}
    return [verdict for verdict in words.VERDICTS if verdict in found]


def _host(document: Raw, name: str) -> dict[str, Any]:
    host = document["hosts"][name]
    counts = Counter(host["controls"].values())
    return {
        "name": visible(name),
        "hostname": visible(host["hostname"]) if host["hostname"] != name else "",
        "components": visible(
            ", ".join(
                f"{component} {host['components'][component]}".strip()
                for component in sorted(host["components"], key=natural_key)
            )
        ),
        "reached": host["reached"],
        "reason": visible(host["reason"]),
        "live": host["live"],
        "counts": counts,
        "policy_digest": visible(host["policy_digest"]),
    }
