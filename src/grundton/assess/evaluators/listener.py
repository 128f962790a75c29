"""`listener`: sockets that listen where they should, or not at all."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.evaluators.objects import satisfies
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.values import show
from grundton.model.finding import Detail
from grundton.model.verdict import Verdict

KIND = "socket"


def evaluate_listener(context: Context) -> list[Judgement]:
    """Judge every socket that passes `match`; an empty `want` means none may listen."""
    source = context.source("system", KIND)
    if source.status != "ok":
        return [unchecked(KIND, source.reason)]
    if not context.applies():
        return []
    match, unless, want = context.matchers("match"), context.matchers("unless"), context.matchers("want")
    grouping = Grouping(KIND)
    for item in context.objects("system", KIND):
        if not satisfies(item, match, context) or (unless and satisfies(item, unless, context)):
            continue
        details = tuple(
            Detail(key, "system", matcher.text, show(item.value(key)), matcher(item.values(key)))
            for key, matcher in want.items()
        ) or (
            Detail(
                KIND,
                "system",
                "not listening",
                f"listening ({item.text('process') or 'unknown process'})",
                False,
            ),
        )
        failed = tuple(detail for detail in details if detail.ok is False)
        grouping.add(item.name, Verdict.FAIL if failed else Verdict.PASS, failed or details)
    judgements = grouping.judgements()
    if judgements:
        return judgements
    if source.incomplete:
        return [unchecked(KIND, "no such listener found, but: " + "; ".join(source.incomplete))]
    return [Judgement(Verdict.PASS, KIND, (), (Detail(KIND, "system", "not listening", "not listening", True),))]
