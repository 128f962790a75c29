"""`service`: properties of systemd units, as systemd itself reports them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from grundton.assess.context import Context
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.values import show
from grundton.model.finding import Detail
from grundton.model.verdict import Verdict

KIND = "unit"


def evaluate_service(context: Context) -> list[Judgement]:
    """Judge `want` on every unit whose name matches; `if_none` says what a missing unit means."""
    spec = context.control.spec
    source = context.source("system", KIND)
    if source.status != "ok":
        return [unchecked(KIND, source.reason)]
    if not context.applies():
        return []
    want = context.matchers("want")
    grouping = Grouping(KIND)
    for item in context.objects("system", KIND):
        if not any(fnmatchcase(item.name, pattern) for pattern in spec["units"]):
            continue
        details = tuple(
            Detail(
                key,
                "system",
                matcher.text,
                show(item.value(key)),
                matcher(item.values(key)) if item.values(key) else None,
            )
            for key, matcher in want.items()
        )
        failed = tuple(detail for detail in details if detail.ok is False)
        if failed:
            grouping.add(item.name, Verdict.FAIL, failed)
        elif any(detail.ok is None for detail in details):
            missing = ", ".join(detail.key for detail in details if detail.ok is None)
            grouping.add(item.name, Verdict.NOT_CHECKED, details, f"the unit's property {missing} was not reported")
        else:
            grouping.add(item.name, Verdict.PASS, details)
    judgements = grouping.judgements()
    if judgements or spec.get("if_none", "not_applicable") == "not_applicable":
        return judgements
    verdict = Verdict.FAIL if spec["if_none"] == "fail" else Verdict.PASS
    detail = Detail(KIND, "system", "there", "not there", verdict is Verdict.PASS)
    return [Judgement(verdict, KIND, (), (detail,), f"there is no unit {', '.join(spec['units'])}")]
