"""`file`: owner and mode of files, as lstat sees them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from grundton.assess.context import Context
from grundton.assess.evaluators.objects import satisfies
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.values import show
from grundton.model.finding import Detail
from grundton.model.verdict import Verdict

KIND = "file"


def evaluate_file(context: Context) -> list[Judgement]:
    """Judge `want` on every file whose path matches `paths` and not `except`."""
    spec = context.control.spec
    source = context.source("system", KIND)
    if source.status != "ok":
        return [unchecked(KIND, source.reason)]
    if not context.applies():
        return []
    match, want = context.matchers("match"), context.matchers("want")
    grouping = Grouping(KIND)
    for item in context.objects("system", KIND):
        if not any(fnmatchcase(item.name, pattern) for pattern in spec["paths"]):
            continue
        if any(fnmatchcase(item.name, pattern) for pattern in spec.get("except", ())) or not satisfies(
            item, match, context
        ):
            continue
        details = tuple(
            Detail(
                key,
                "system",
                matcher.text,
                show(item.value(key)),
                matcher(item.values(key)),
            )
            for key, matcher in want.items()
        )
        failed = tuple(detail for detail in details if not detail.ok)
        grouping.add(item.name, Verdict.FAIL if failed else Verdict.PASS, failed or details)
    judgements = grouping.judgements()
    if judgements:
        return judgements
    if source.incomplete:
        return [unchecked(KIND, "no such file seen, but: " + "; ".join(source.incomplete))]
    if_none = spec.get("if_none", "not_applicable")
    if if_none == "not_applicable":
        return []
    verdict = Verdict.FAIL if if_none == "fail" else Verdict.PASS
    paths = ", ".join(spec["paths"])
    details = (Detail(KIND, "system", "there", "not there", verdict is Verdict.PASS),)
    return [Judgement(verdict, KIND, (), details, f"no file matches {paths}")]
