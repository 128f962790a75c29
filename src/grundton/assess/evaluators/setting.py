"""`setting`: every object of a kind must have the wanted values, in the files and in the running daemon."""

from __future__ import annotations

from collections.abc import Sequence

from grundton.assess.columns import at_location, by_place
from grundton.assess.context import Context
from grundton.assess.evaluators.classes import ObjectClass, leftovers
from grundton.assess.evaluators.objects import chosen, places, selected, where_text
from grundton.assess.expressions import compile_expression
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.matchers import Matcher
from grundton.assess.values import items, show
from grundton.model.finding import Detail
from grundton.model.snapshot import Datum, Object, SourceState
from grundton.model.verdict import Verdict

_UNREADABLE = ("not_checked", "error")


def evaluate_setting(context: Context) -> list[Judgement]:
    """Judge `want` on every selected object; see docs/architecture.md section 4."""
    kind = context.control.spec["kind"]
    where = places(context, kind)
    first = context.source(where[0], kind)
    if first.status in _UNREADABLE:
        return [unchecked(kind, first.reason)]
    want = context.matchers("want")
    grouping = Grouping(kind)
    places_of_absent: dict[tuple[str, str, str], str] = {}
    for group in selected(context, where[0], kind):
        _judge_class(context, group, want, grouping, places_of_absent)
    if where == ["config", "runtime"]:
        for group in chosen(context, leftovers(context, kind)):
            _judge_class(context, group, want, grouping, places_of_absent)
    judgements = grouping.judgements()
    return judgements or _if_none(context, kind, want, where[0], first)


def _judge_class(
    context: Context,
    group: ObjectClass,
    want: dict[str, Matcher],
    grouping: Grouping,
    places_of_absent: dict[tuple[str, str, str], str],
) -> None:
    verdict, details, reason = _judge(context, group.item, group.twin, want)
    if verdict is Verdict.FAIL:
        # A missing line has no place: phones of two templates that lack the same line are one finding.
        details = tuple(
            at_location(detail, places_of_absent.setdefault(_said(detail), detail.location))
            if detail.location and not group.item.raw_values.get(detail.key)
            else detail
            for detail in details
        )
        for placed, names in by_place(details, group.members):
            grouping.add_all(names, verdict, placed, reason)
    else:
        grouping.add_all(group.names, verdict, details, reason)


def _said(detail: Detail) -> tuple[str, str, str]:
    return detail.key, detail.expected, detail.actual


def _judge(
    context: Context, item: Object, twin: Object | None, want: dict[str, Matcher]
) -> tuple[Verdict, tuple[Detail, ...], str]:
    details: list[Detail] = []
    reason = ""
    source = context.source(item.place, item.kind)
    for key, matcher in want.items():
        detail, why = _compare(context, item, key, matcher, source)
        details.append(detail)
        reason = reason or why
        if twin is not None and twin.values(key):
            values = twin.values(key)
            details.append(Detail(key, "runtime", matcher.text, _shown(values, matcher), matcher(values)))
    if any(detail.ok is False for detail in details):
        # Only the values that are wrong belong into the reason to fail: they are what has to change.
        return Verdict.FAIL, tuple(detail for detail in details if detail.ok is False), ""
    if any(detail.ok is None for detail in details):
        return Verdict.NOT_CHECKED, tuple(details), reason
    return Verdict.PASS, tuple(_without_line(detail) for detail in details), ""


def _without_line(detail: Detail) -> Detail:
    """A pass needs the file, not the line of each of 200 phones: without it equal passes group."""
    return at_location(detail, detail.location.rsplit(":", 1)[0]) if detail.location else detail


def _compare(context: Context, item: Object, key: str, matcher: Matcher, source: SourceState) -> tuple[Detail, str]:
    values = item.values(key)
    if values:
        ok: bool | None = matcher(values)
        return Detail(key, item.place, matcher.text, _shown(values, matcher), ok, where_text(item.location(key))), ""
    where = where_text(item.location())
    if item.place == "config" and source.incomplete:
        reason = f"{key} is not set in what could be read, but: {'; '.join(source.incomplete)}"
        return Detail(key, item.place, matcher.text, "not set", None, where), reason
    if item.place == "system":
        if source.incomplete and key not in item.raw_values:
            reason = f"{key} was not reported: {'; '.join(source.incomplete)}"
            return Detail(key, item.place, matcher.text, "not reported", None, where), reason
        return Detail(key, item.place, matcher.text, "not set", matcher([]), where), ""
    if item.place == "runtime":
        reason = f"the running daemon does not report {key}"
        return Detail(key, item.place, matcher.text, "not reported", None, where), reason
    default = context.default(item.kind, key)
    if default is None:
        reason = f"{key} is not set and its default in the installed version is not known"
        return Detail(key, item.place, matcher.text, "not set", None, where), reason
    defaults: list[Datum] = [] if default.value is None else [default.value]
    actual = "not set" if default.value is None else f"{default.value} (default)"
    return Detail(key, item.place, matcher.text, actual, matcher(defaults), where, True), ""


def _shown(values: Sequence[Datum], matcher: Matcher) -> str:
    """The values as a person reads them; where only presence counts, equal answers of 200 phones stay equal."""
    if matcher.presence:
        return "set" if any(value != "" for value in values) else "not set"
    if len(values) == 1:
        return show(values[0])
    texts = items(list(values))
    return ", ".join(texts) if len(texts) >= len(values) else ", ".join(show(value) for value in values)


def _if_none(context: Context, kind: str, want: dict[str, Matcher], place: str, source: SourceState) -> list[Judgement]:
    policy = context.control.spec.get("if_none", "not_applicable")
    if place == "config" and source.incomplete and _may_apply(context, kind):
        reason = f"no {kind} to judge in what could be read, but: {'; '.join(source.incomplete)}"
        return [unchecked(kind, reason)]
    if policy == "not_applicable" or not context.applies():
        return []
    what = source.reason or _none_of(context, kind, place)
    if policy == "fail":
        details = tuple(Detail(key, place, matcher.text, "not set", False) for key, matcher in want.items())
        return [Judgement(Verdict.FAIL, kind, (), details, what)]
    if policy == "pass":
        return [Judgement(Verdict.PASS, kind, (), (), what)]
    return [_by_defaults(context, kind, want, place, what)]


def _none_of(context: Context, kind: str, place: str) -> str:
    """What to say when there is nothing to judge: no object at all, or none that the record is about."""
    if not any(context.objects(where, kind) for where in {place, "runtime" if place == "config" else place}):
        return f"there is no {kind}"
    conditions = [f"{key}: {matcher.text}" for key, matcher in context.matchers("match").items()]
    return f"no {kind} with {', '.join(conditions)}" if conditions else f"no {kind} that this is about"


def _may_apply(context: Context, kind: str) -> bool:
    """Whether `when` could hold for an object that was not read."""
    if context.control.when is None:
        return True
    _, per_object = compile_expression(context.control.when)
    if per_object and not context.objects("config", kind) and not context.objects("runtime", kind):
        return True
    return context.applies()


def _by_defaults(context: Context, kind: str, want: dict[str, Matcher], place: str, what: str) -> Judgement:
    details: list[Detail] = []
    running = context.objects("runtime", kind)
    for key, matcher in want.items():
        default = context.default(kind, key)
        if default is None:
            details.append(Detail(key, place, matcher.text, "not set", None))
            continue
        values: list[Datum] = [] if default.value is None else [default.value]
        actual = "not set" if default.value is None else f"{default.value} (default)"
        details.append(Detail(key, place, matcher.text, actual, matcher(values), "", True))
        details += [
            Detail(key, "runtime", matcher.text, _shown(twin.values(key), matcher), matcher(twin.values(key)))
            for twin in running
            if twin.values(key)
        ]
    if any(detail.ok is False for detail in details):
        return Judgement(Verdict.FAIL, kind, (), tuple(detail for detail in details if detail.ok is False), what)
    if any(detail.ok is None for detail in details):
        return Judgement(Verdict.NOT_CHECKED, kind, (), tuple(details), f"{what}; the default is not known")
    return Judgement(Verdict.PASS, kind, (), tuple(details), what)
