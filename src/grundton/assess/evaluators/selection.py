"""`forbidden` and `required`: objects that must not exist, or must."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.evaluators.objects import places, selected, where_text
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.values import show
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict


def _found(context: Context, kind: str) -> tuple[list[Object], list[str], list[str]]:
    """Objects meant by the record at every place, what could not be read, and what weakens a good answer."""
    objects: list[Object] = []
    unread: list[str] = []
    incomplete: list[str] = []
    for index, place in enumerate(places(context, kind)):
        source = context.source(place, kind)
        if source.status in ("not_checked", "error"):
            # The files decide; a daemon that cannot be asked only weakens nothing that was read.
            if index == 0:
                unread.append(source.reason)
            continue
        incomplete += source.incomplete
        objects += [item for group in selected(context, place, kind) for item in group.members]
    return objects, unread, incomplete


def _details(context: Context, item: Object, expected: str, ok: bool) -> tuple[Detail, ...]:
    keys = [key for key in context.control.spec.get("match", {}) if item.values(key)]
    if not keys:
        return (Detail(item.kind, item.place, expected, "present", ok, where_text(item.location())),)
    return tuple(
        Detail(
            key,
            item.place,
            expected,
            ", ".join(show(value) for value in item.values(key)),
            ok,
            where_text(item.location(key)),
        )
        for key in keys
    )


def evaluate_forbidden(context: Context) -> list[Judgement]:
    """Fail for every object the record means; pass when the source is complete and there is none."""
    kind = context.control.spec["kind"]
    objects, unread, incomplete = _found(context, kind)
    if objects:
        grouping = Grouping(kind)
        for item in objects:
            grouping.add(item.name, Verdict.FAIL, _details(context, item, "not there", False))
        return grouping.judgements()
    if unread:
        return [unchecked(kind, unread[0])]
    if not context.applies():
        return []
    if incomplete:
        return [unchecked(kind, "none found in what could be read, but: " + "; ".join(dict.fromkeys(incomplete)))]
    return [
        Judgement(Verdict.PASS, kind, (), (Detail(kind, places(context, kind)[0], "not there", "not there", True),))
    ]


def evaluate_required(context: Context) -> list[Judgement]:
    """Pass when an object the record means exists; fail when the source is complete and there is none."""
    kind = context.control.spec["kind"]
    objects, unread, incomplete = _found(context, kind)
    if objects:
        grouping = Grouping(kind)
        for item in objects:
            grouping.add(item.name, Verdict.PASS, _details(context, item, "there", True))
        return grouping.judgements()
    if unread:
        return [unchecked(kind, unread[0])]
    if not context.applies():
        return []
    if incomplete:
        return [unchecked(kind, "none found in what could be read, but: " + "; ".join(dict.fromkeys(incomplete)))]
    details = (Detail(kind, places(context, kind)[0], "there", "not there", False),)
    return [Judgement(Verdict.FAIL, kind, (), details, context.source(places(context, kind)[0], kind).reason)]
