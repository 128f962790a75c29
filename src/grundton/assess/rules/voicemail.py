"""Rules about voicemail: nobody dials out of a mailbox, nobody opens one without its PIN."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.dialplan.survey import GUEST, PHONE, Verdicts, survey
from grundton.assess.facets import TRUNK
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict

_KEYS = ("dialout", "callback", "exitcontext")


@rule("voicemail_no_way_out")
def voicemail_no_way_out(context: Context) -> list[Judgement]:
    """The contexts voicemail lets callers dial in lead to no outside line."""
    state = context.source("config", "voicemail.general")
    if state.status in ("not_checked", "error"):
        return [unchecked("voicemail.general", state.reason)]
    found = survey(context)
    boxes = [item for kind in ("voicemail.general", "voicemail.mailbox") for item in context.objects("config", kind)]
    judgements: list[Judgement] = []
    passed: list[str] = []
    for item in boxes:
        details, unclear = _ways_out(context, item)
        if details:
            judgements.append(Judgement(Verdict.FAIL, item.kind, (item.name,), tuple(details)))
        elif unclear:
            judgements.append(unchecked(item.kind, unclear, (item.name,)))
        else:
            passed.append(item.name)
    if not passed or not boxes:
        return judgements
    reasons = [*state.incomplete, *found.weak]
    if reasons and not any(judgement.verdict is Verdict.FAIL for judgement in judgements):
        return [*judgements, unchecked("voicemail.general", "; ".join(dict.fromkeys(reasons)), tuple(passed))]
    detail = Detail("dialout, callback, exitcontext", "config", "no outside line", "no outside line", True)
    return [*judgements, Judgement(Verdict.PASS, "voicemail.mailbox", tuple(passed), (detail,))]


def _ways_out(context: Context, item: Object) -> tuple[list[Detail], str]:
    found = survey(context)
    details: list[Detail] = []
    unclear = ""
    for key in _KEYS:
        target = item.text(key)
        if not target:
            continue
        location = str(item.location(key) or "")
        if not found.walkers:
            unclear = unclear or found.unread or f"{key}={target}: the dialplan is not known"
        for walker in found.walkers:
            trace = found.from_outside(walker, target)
            way = trace.outward[0] if trace.outward else None
            if way is None and (trace.opaque or trace.truncated):
                unclear = unclear or f"{key}={target} goes on in a part of the dialplan that cannot be followed"
            if way is not None:
                text = f"{target}: {way.path}"
                details.append(Detail(key, "config", "a context without outside lines", text, False, location))
                break
    return details, unclear


@rule("voicemail_pin_from_outside")
def voicemail_pin_from_outside(context: Context) -> list[Judgement]:
    """VoiceMailMain never skips the PIN (option s) for calls from outside."""
    return _skips_pin(context, TRUNK, GUEST)


@rule("voicemail_pin_inside")
def voicemail_pin_inside(context: Context) -> list[Judgement]:
    """VoiceMailMain asks for the PIN on inside phones too."""
    return _skips_pin(context, PHONE)


def _skips_pin(context: Context, *roles: str) -> list[Judgement]:
    found = survey(context)
    verdicts = Verdicts(found, "VoiceMailMain without option s")
    if not found.unread and not any(step.app.lower() == "voicemailmain" for _plan, step in found.steps()):
        return []
    for walker in found.walkers:
        for entry in found.of_role(*roles):
            verdicts.passed.setdefault(entry.context)
            if PHONE in roles:
                traces = [walker.walk(entry.context, number) for number in found.numbers_into(walker, entry.context)]
            else:
                traces = [found.from_outside(walker, entry.context)]
            for trace in traces:
                verdicts.hidden(entry.context, trace)
                for event in trace.events:
                    if event.app == "voicemailmain" and "s" in "".join(event.args[1:2]):
                        verdicts.fail_event(entry.context, event, walker.plan)
    return verdicts.judgements()
