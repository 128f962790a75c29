"""Small helpers of the rules about the host: what could be read, and how one comparison is said."""

from __future__ import annotations

from dataclasses import dataclass, field

from grundton.assess.context import Context
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict

SYSTEM = "system"


def unread(context: Context, kind: str) -> list[Judgement]:
    """One judgement when the source of a kind could not be read; empty when it could."""
    source = context.source(SYSTEM, kind)
    return [unchecked(kind, source.reason)] if source.status in ("not_checked", "error") else []


def weakened(context: Context, kind: str) -> str:
    """Why an object that is missing may still be there; empty when the source is complete."""
    return "; ".join(context.source(SYSTEM, kind).incomplete)


@dataclass(slots=True)
class Answers:
    """Collects comparisons of one kind and turns them into judgements."""

    kind: str
    grouping: Grouping = field(init=False)

    def __post_init__(self) -> None:
        self.grouping = Grouping(self.kind)

    def say(self, name: str, key: str, expected: str, actual: str, ok: bool | None, reason: str = "") -> None:
        """One object's answer; `ok` None means it could not be checked."""
        verdict = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.NOT_CHECKED}[ok]
        self.grouping.add(name, verdict, (Detail(key, SYSTEM, expected, actual, ok),), reason)

    def judgements(self) -> list[Judgement]:
        """Grouped judgements."""
        return self.grouping.judgements()


def single(
    kind: str, key: str, expected: str, actual: str, ok: bool | None, reason: str = "", name: str = ""
) -> list[Judgement]:
    """One judgement about the host as a whole."""
    answers = Answers(kind)
    answers.say(name, key, expected, actual, ok, reason)
    return [
        Judgement(found.verdict, found.kind, tuple(filter(None, found.objects)), found.details, found.reason)
        for found in answers.judgements()
    ]


def number(item: Object, key: str) -> float | None:
    """A number of an object, or None."""
    try:
        return float(item.text(key))
    except ValueError:
        return None
