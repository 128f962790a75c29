"""Rules about emergency calls: reachable from everywhere, past nothing, with a number to call back."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.dialplan.survey import PHONE, Verdicts, survey
from grundton.assess.dialplan.targets import TRUNK as TRUNK_TARGET
from grundton.assess.dialplan.walk import CALLED_OUT, CALLED_UNKNOWN, CALLER_ID, HUNG_UP, PIN, Trace
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.matchers import NotCheckableError
from grundton.assess.rules import rule
from grundton.assess.values import items, number
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict


def _leaves(trace: Trace) -> bool:
    return any(HUNG_UP not in event.facts for event in trace.outward)


def _maybe(trace: Trace) -> bool:
    return any(CALLED_UNKNOWN in end.facts for end in trace.ends)


@rule("emergency_reachable")
def emergency_reachable(context: Context) -> list[Judgement]:
    """Every emergency number leads from every phone's context to an outside line."""
    found = survey(context)
    digits = context.policy.number_plan.emergency
    verdicts = Verdicts(found, "a way to an outside line for " + ", ".join(digits))
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            verdicts.passed.setdefault(entry.context)
            for dialled in digits:
                trace = walker.walk(entry.context, dialled)
                if _leaves(trace):
                    continue
                if trace.opaque or trace.truncated:
                    verdicts.hidden(entry.context, trace)
                elif _maybe(trace):
                    reason = f"{dialled} calls something that is only known while the call runs"
                    verdicts.unclear.setdefault(entry.context, reason)
                else:
                    how = trace.ends[0].path if trace.ends else f"{dialled}@{entry.context}"
                    step = trace.events[-1].step if trace.events else None
                    verdicts.fail(
                        entry.context, step, walker.plan, f"{dialled} from phones {entry.who} does not leave: {how}"
                    )
    return verdicts.judgements()


@rule("emergency_without_barrier")
def emergency_without_barrier(context: Context) -> list[Judgement]:
    """No PIN, limit, time of day or other condition can stop an emergency call."""
    found = survey(context)
    digits = context.policy.number_plan.emergency
    verdicts = Verdicts(found, "no condition before the outside line")
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            for dialled in digits:
                trace = walker.walk(entry.context, dialled)
                if not _leaves(trace):
                    continue
                verdicts.passed.setdefault(entry.context)
                for event in trace.outward:
                    if PIN in event.facts:
                        verdicts.fail_event(entry.context, event, walker.plan, "asks for a PIN: ")
                for end in trace.ends:
                    if not end.facts & {CALLED_OUT, CALLED_UNKNOWN}:
                        verdicts.fail(entry.context, None, walker.plan, f"{dialled} may end without a call: {end.path}")
    return verdicts.judgements()


@rule("emergency_caller_id")
def emergency_caller_id(context: Context) -> list[Judgement]:
    """Emergency calls carry a number: set on the way, or on every phone of the context."""
    found = survey(context)
    digits = context.policy.number_plan.emergency
    verdicts = Verdicts(found, "a caller number set for emergency calls")
    numbered = {
        item.name
        for place in ("config", "runtime")
        for item in context.objects(place, "pjsip.endpoint")
        if item.text("callerid") or item.text("from_user")
    }
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            missing = [name for name in entry.peers if name not in numbered]
            for dialled in digits:
                for event in walker.walk(entry.context, dialled).outward:
                    verdicts.passed.setdefault(entry.context)
                    peers = {target.peer for target in event.targets if target.kind == TRUNK_TARGET}
                    if CALLER_ID not in event.facts and missing and not peers <= numbered:
                        shown = ", ".join(missing[:3])
                        verdicts.fail_event(entry.context, event, walker.plan, f"no caller number for {shown}: ")
    return verdicts.judgements()


@rule("emergency_second_path")
def emergency_second_path(context: Context) -> list[Judgement]:
    """When the first line refuses an emergency call, a second one is tried."""
    found = survey(context)
    digits = context.policy.number_plan.emergency
    verdicts = Verdicts(found, "a second outside line after the first")
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            for dialled in digits:
                trace = walker.walk(entry.context, dialled)
                if not trace.outward:
                    continue
                verdicts.passed.setdefault(entry.context)
                lines = {
                    target.peer for event in trace.outward for target in event.targets if target.kind == TRUNK_TARGET
                }
                if len(lines) < 2:
                    only = ", ".join(lines)
                    verdicts.fail_event(entry.context, trace.outward[0], walker.plan, f"only {only}: ")
    return verdicts.judgements()


@rule("trunks_watched")
def trunks_watched(context: Context) -> list[Judgement]:
    """Every contact of a trunk is asked regularly whether it is there."""
    kind = "pjsip.endpoint"
    judged: list[Judgement] = []
    for place in ("config", "runtime"):
        state = context.source(place, kind)
        if state.status != "ok":
            if place == "config" and state.status in ("not_checked", "error"):
                judged.append(unchecked(kind, state.reason))
            continue
        aors = {item.name: item for item in context.objects(place, "pjsip.aor")}
        trunks = [item for item in context.objects(place, kind) if item.facets.get("role") == "trunk"]
        judged += [_watched(item, aors) for item in trunks]
    return judged


def _watched(endpoint: Object, aors: dict[str, Object]) -> Judgement:
    expected = "qualify_frequency above 0"
    own = [aors[name] for name in items(endpoint.values("aors")) if name in aors]
    if not own:
        return unchecked("pjsip.aor", f"trunk {endpoint.name} has no aor that could be read", (endpoint.name,))
    details = []
    for aor in own:
        seconds = number(aor.text("qualify_frequency", "0")) or 0
        shown = aor.text("qualify_frequency") or "0 (default)"
        location = str(aor.location("qualify_frequency") or "")
        details.append(Detail("qualify_frequency", endpoint.place, expected, shown, seconds > 0, location))
    failed = tuple(detail for detail in details if not detail.ok)
    verdict = Verdict.FAIL if failed else Verdict.PASS
    return Judgement(verdict, "pjsip.aor", tuple(aor.name for aor in own), failed or tuple(details))


# -- room for emergency calls ------------------------------------------------------------------------


@rule("call_ceiling_leaves_room")
def call_ceiling_leaves_room(context: Context) -> list[Judgement]:
    """`maxcalls`, when set, carries the planned calls and the reserve for emergency calls."""
    return _ceiling(context, "maxcalls", 1, 0, unlimited=True)


@rule("open_files_suffice")
def open_files_suffice(context: Context) -> list[Judgement]:
    """`maxfiles` carries the planned calls: about four descriptors each and a thousand for the rest."""
    return _ceiling(context, "maxfiles", 4, 1000, unlimited=False)


def _ceiling(context: Context, key: str, per_call: int, extra: int, unlimited: bool) -> list[Judgement]:
    kind = "asterisk.options"
    capacity = context.policy.capacity
    if capacity.concurrent_calls <= 0:
        raise NotCheckableError("the number of calls at the same time is not planned (voip_capacity.concurrent_calls)")
    needed = (capacity.concurrent_calls + capacity.emergency_reserve_calls) * per_call + extra
    state = context.source("config", kind)
    if state.status in ("not_checked", "error"):
        return [unchecked(kind, state.reason)]
    files = context.objects("config", kind)
    item = files[-1] if files else None
    running = {
        process.text("limits_nofile") for process in context.objects("system", "process") if process.name == "asterisk"
    }
    value = number(item.text(key)) if item is not None else None
    if not value and state.incomplete:
        return [unchecked(kind, "; ".join(state.incomplete))]
    if value:
        ok, shown = value >= needed, f"{value:g}"
    elif unlimited:
        ok, shown = True, "not set: no ceiling"
    else:
        limit = number(next(iter(running), ""))
        if limit is None:
            return [unchecked(kind, f"{key} is not set and the limit of the running process is not known")]
        ok, shown = limit >= needed, f"{limit:g} (limit of the process)"
    location = str(item.location(key) or "") if item is not None else ""
    detail = Detail(key, "config", f"at least {needed}", shown, ok, location)
    return [Judgement(Verdict.PASS if ok else Verdict.FAIL, kind, ("options",), (detail,))]
