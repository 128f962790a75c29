"""Rules about the dialplan: toll fraud, injection, dangerous applications, eavesdropping, recording."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grundton.assess.context import Context
from grundton.assess.dialplan.expand import CALLER, DIALLED, is_known
from grundton.assess.dialplan.patterns import TAIL, is_open, sample
from grundton.assess.dialplan.plan import Plan, Step
from grundton.assess.dialplan.survey import GUEST, PHONE, Survey, Verdicts, passing, survey
from grundton.assess.dialplan.targets import TRUNK as TRUNK_TARGET
from grundton.assess.dialplan.targets import options
from grundton.assess.dialplan.walk import ANNOUNCED, COUNTED, LIMITED, PIN, SWITCHED, Event, Walker
from grundton.assess.facets import TRUNK
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule

_OPEN_CONTEXTS = ("default", "public", "demo")
_HARMLESS = frozenset(
    {
        "hangup",
        "congestion",
        "busy",
        "noop",
        "playtones",
        "wait",
        "verbose",
        "log",
        "playback",
        "answer",
        "set",
        "ringing",
    }
    | {"zapateller", "sayunixtime"}
)
_SPY = frozenset(["chanspy", "extenspy", "whisper", "dahdiscan"])
_LOOKUPS = re.compile(r"\$\{(ENUMLOOKUP|ENUMQUERY|ENUMRESULT|TXTCIDNAME|DUNDILOOKUP|DUNDIQUERY|DUNDIRESULT)\(")
_CALLER_TEXT = re.compile(r"(?i)\$\{(CALLERID|CONNECTEDLINE|REDIRECTING|PJSIP_HEADERS?|SIP_HEADER)\(")
_CUT = re.compile(r"\$\{EXTEN:(\d)[:}]")
_SECRET = re.compile(r"«secret:(\d+):")
_RISKY_SWITCHES = ("dundi", "iax2", "loopback/enum", "sip/", "h323")


def _contexts(found: Survey) -> list[str]:
    return list(dict.fromkeys(name for plan in found.plans for name in plan.contexts))


@rule("open_contexts_empty")
def open_contexts_empty(context: Context) -> list[Judgement]:
    """The contexts strangers fall into lead nowhere."""
    found = survey(context)
    verdicts = Verdicts(found, "nothing a caller could use")
    for plan in found.plans:
        for name in _OPEN_CONTEXTS:
            for inner in plan.closure(name):
                for extension in inner.extensions:
                    for step in extension.steps.values():
                        if step.app.lower() not in _HARMLESS and extension.pattern != "h":
                            verdicts.fail(name, step, plan, f"a caller in {name} reaches {step}")
                if inner.switches:
                    verdicts.fail(name, None, plan, f"switch => {inner.switches[0]} in {inner.name}")
    present = [name for plan in found.plans for name in _OPEN_CONTEXTS if name in plan.contexts]
    passing(verdicts, present or (["default"] if found.plans else []))
    return verdicts.judgements()


@rule("inbound_calls_stay_inside")
def inbound_calls_stay_inside(context: Context) -> list[Judgement]:
    """No call from outside finds a way to an outside line."""
    found = survey(context)
    verdicts = Verdicts(found, "no way to an outside line")
    for walker in found.walkers:
        for entry in found.of_role(TRUNK, GUEST):
            verdicts.passed.setdefault(entry.context)
            trace = found.from_outside(walker, entry.context)
            verdicts.hidden(entry.context, trace)
            for event in trace.outward:
                verdicts.fail_event(entry.context, event, walker.plan, f"call from {entry.who}: ")
    return verdicts.judgements()


@rule("guests_reach_nothing")
def guests_reach_nothing(context: Context) -> list[Judgement]:
    """Callers without a password reach only what is meant for guests: no mailbox menu, no outside line."""
    found = survey(context)
    verdicts = Verdicts(found, "no mailbox menu and no outside line for guests")
    for walker in found.walkers:
        for entry in found.of_role(GUEST):
            verdicts.passed.setdefault(entry.context)
            trace = found.from_outside(walker, entry.context)
            verdicts.hidden(entry.context, trace)
            for event in trace.events:
                if event.outward or event.app in ("voicemailmain", "disa"):
                    verdicts.fail_event(entry.context, event, walker.plan, f"call from {entry.who}: ")
    return verdicts.judgements()


# -- injection -------------------------------------------------------------------------------------


def _tainted_calls(walker: Walker, sinks: set[str]) -> Iterator[tuple[str, Event]]:
    if not any("${" in step.args and _is_sink(step, sinks) for step in walker.plan.steps()):
        return
    by_caller = any(_CALLER_TEXT.search(step.args) and not _shows(step) for step in walker.plan.steps())
    for dial_context in walker.plan.contexts.values():
        for extension in dial_context.extensions:
            opened = is_open(extension.pattern)
            if not opened and not by_caller:
                continue
            trace = walker.walk(dial_context.name, sample(extension.pattern, "5" + DIALLED if opened else "5"))
            for event in trace.events:
                if event.app in sinks:
                    yield f"{event.step.pattern}@{event.step.context}", event


def _shows(step: Step) -> bool:
    return step.app.lower() in ("noop", "verbose", "log", "gotoif", "userevent", "voicemail", "voicemailmain")


def _is_sink(step: Step, sinks: set[str]) -> bool:
    low = step.args.lower()
    return step.app.lower() in sinks or any(f"{{{name}(" in low or f"{name}(" in low for name in sinks)


@rule("dialled_digits_filtered")
def dialled_digits_filtered(context: Context) -> list[Judgement]:
    """Text a caller can choose behind an open pattern never reaches a dial string unfiltered."""
    found = survey(context)
    verdicts = Verdicts(found, "FILTER(0-9+*#,…) around what the caller dialled")
    sinks = {"dial", "retrydial", "page", "originate"}
    for walker in found.walkers:
        verdicts.passed.update(
            dict.fromkeys(f"{step.pattern}@{step.context}" for step in walker.plan.steps() if step.app.lower() in sinks)
        )
        for name, event in _tainted_calls(walker, sinks):
            first = event.args[3] if event.app == "retrydial" and len(event.args) > 3 else event.args[0]
            if DIALLED in first or CALLER in first:
                verdicts.fail_event(name, event, walker.plan)
    return verdicts.judgements()


@rule("no_caller_text_in_shell")
def no_caller_text_in_shell(context: Context) -> list[Judgement]:
    """Nothing a caller writes reaches a command line."""
    found = survey(context)
    verdicts = Verdicts(found, "no text of the caller in a command")
    sinks = {"system", "trysystem", "externalivr", "shell", "mixmonitor", "monitor"}
    for walker in found.walkers:
        verdicts.passed.update(
            dict.fromkeys(f"{step.pattern}@{step.context}" for step in walker.plan.steps() if _is_sink(step, sinks))
        )
        for name, event in _tainted_calls(walker, sinks):
            command = event.args[2:] if event.app in ("mixmonitor", "monitor") else event.args
            text = ",".join(command)
            if DIALLED in text or CALLER in text:
                verdicts.fail_event(name, event, walker.plan)
    return verdicts.judgements() or _nothing_found(verdicts)


def _nothing_found(verdicts: Verdicts) -> list[Judgement]:
    """A pass for the whole plan when nothing of the kind is in it."""
    if verdicts.survey.plans and not verdicts.survey.unread:
        passing(verdicts, ["dialplan"])
    return verdicts.judgements()


# -- destinations ----------------------------------------------------------------------------------


def _variants(context: Context, prefix: str) -> tuple[str, ...]:
    plan = context.policy.number_plan
    international, national, country = plan.international_prefix, plan.national_prefix, plan.country
    if prefix.startswith("+"):
        bare = prefix[1:]
        return (prefix, international + bare, bare)
    if prefix.startswith(international):
        bare = prefix[len(international) :]
        return (prefix, "+" + bare, bare)
    if national and prefix.startswith(national):
        bare = prefix[len(national) :]
        return (prefix, f"+{country}{bare}", f"{international}{country}{bare}", f"{country}{bare}")
    return (prefix,)


def _lines(context: Context, walker: Walker) -> tuple[str, ...]:
    """What callers may have to dial before the number: nothing, or the digits a trunk pattern strips."""
    return context.host.once(f"dialplan lines:{walker.plan.place}", lambda: _stripped(walker))


def _stripped(walker: Walker) -> tuple[str, ...]:
    stripped = {""}
    for step in walker.plan.steps():
        for cut in _CUT.findall(step.args) if "${EXTEN:" in step.args else ():
            text = sample(step.pattern, TAIL)[: int(cut)] if int(cut) <= 4 else ""
            if text.isdigit() or text in ("*", "#"):
                stripped.add(text)
    return tuple(sorted(stripped))


def _reaching(context: Context, walker: Walker, entry_context: str, prefix: str) -> Iterator[Event]:
    tail = TAIL
    sent = {variant + tail for variant in _variants(context, prefix)}
    for line in _lines(context, walker):
        for event in walker.walk(entry_context, line + prefix + tail).outward:
            for target in event.targets:
                if target.kind == TRUNK_TARGET and (not is_known(target.number) or target.number in sent):
                    yield event


@rule("destinations_blocked")
def destinations_blocked(context: Context) -> list[Judgement]:
    """Phones cannot reach the number ranges the policy closes (`with: {prefixes: blocked|premium|international}`)."""
    found = survey(context)
    plan_policy = context.policy.number_plan
    which = context.options["prefixes"]
    if which == "international":
        prefixes: tuple[str, ...] = (plan_policy.international_prefix + "1", plan_policy.international_prefix + "44")
    else:
        prefixes = getattr(plan_policy, which)
    verdicts = Verdicts(found, "no way to " + ", ".join(prefixes))
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            verdicts.passed.setdefault(entry.context)
            for prefix in prefixes:
                for event in _reaching(context, walker, entry.context, prefix):
                    verdicts.fail_event(entry.context, event, walker.plan, f"phones {entry.who}: ")
                for line in _lines(context, walker):
                    verdicts.hidden(entry.context, walker.walk(entry.context, line + prefix + TAIL))
    return verdicts.judgements()


@rule("outside_calls_limited")
def outside_calls_limited(context: Context) -> list[Judgement]:
    """Calls of phones to outside lines have an end (`with: {limit: duration}`) or a number (`limit: count`)."""
    found = survey(context)
    duration = context.options["limit"] == "duration"
    expected = "TIMEOUT(absolute) or Dial option L or S" if duration else "a GROUP_COUNT condition before the Dial"
    verdicts = Verdicts(found, expected)
    emergency = set(context.policy.number_plan.emergency)
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            for number in found.outward_numbers(walker):
                if any(number.endswith(digits) for digits in emergency):
                    continue
                for event in walker.walk(entry.context, number).outward:
                    if any(target.number in emergency for target in event.targets):
                        continue
                    verdicts.passed.setdefault(entry.context)
                    limited = (
                        LIMITED in event.facts or bool({"L", "S"} & set(event.options))
                        if duration
                        else COUNTED in event.facts
                    )
                    if not limited:
                        verdicts.fail_event(entry.context, event, walker.plan)
    return verdicts.judgements()


@rule("international_kill_switch")
def international_kill_switch(context: Context) -> list[Judgement]:
    """One database value or global variable closes all calls abroad."""
    found = survey(context)
    verdicts = Verdicts(found, "a condition on a global variable or DB() value before calls abroad")
    prefix = context.policy.number_plan.international_prefix + "44"
    for walker in found.walkers:
        for entry in found.of_role(PHONE):
            for event in _reaching(context, walker, entry.context, prefix):
                verdicts.passed.setdefault(entry.context)
                if SWITCHED not in event.facts:
                    verdicts.fail_event(entry.context, event, walker.plan)
    return verdicts.judgements()


# -- applications ----------------------------------------------------------------------------------


@rule("no_dangerous_apps_from_outside")
def no_dangerous_apps_from_outside(context: Context) -> list[Judgement]:
    """Calls from outside never run the named applications (`with: {apps: […]}`)."""
    found = survey(context)
    apps = {str(app).lower() for app in context.options["apps"]}
    verdicts = Verdicts(found, "no " + ", ".join(context.options["apps"]))
    for walker in found.walkers:
        for entry in found.of_role(TRUNK, GUEST):
            verdicts.passed.setdefault(entry.context)
            trace = found.from_outside(walker, entry.context)
            verdicts.hidden(entry.context, trace)
            for event in trace.events:
                if event.app in apps and PIN not in event.facts:
                    verdicts.fail_event(entry.context, event, walker.plan, f"call from {entry.who}: ")
    return verdicts.judgements()


@rule("apps_absent")
def apps_absent(context: Context) -> list[Judgement]:
    """The named applications are nowhere in the dialplan (`with: {apps: […]}`)."""
    found = survey(context)
    apps = {str(app).lower() for app in context.options["apps"]}
    verdicts = Verdicts(found, "no " + ", ".join(context.options["apps"]))
    for plan, step in found.steps():
        if _runs(step, apps):
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, f"{step.app}({step.args})")
    passing(verdicts, _contexts(found))
    return verdicts.judgements()


def _runs(step: Step, apps: set[str]) -> bool:
    if step.app.lower() in apps:
        return True
    if step.app.lower() not in ("execif", "exec", "tryexec", "originate"):
        return False
    return any(re.search(rf"(?i)(^|[?:,]){re.escape(app)}\b", step.args) for app in apps)


@rule("disa_protected")
def disa_protected(context: Context) -> list[Judgement]:
    """DISA asks for a password of its own or comes behind an Authenticate."""
    found = survey(context)
    least = int(context.policy.lookup("secrets.pin_min_length"))
    verdicts = Verdicts(found, f"a password of at least {least} digits")
    for plan, step in found.steps():
        if step.app.lower() != "disa":
            continue
        name = f"{step.pattern}@{step.context}"
        verdicts.passed.setdefault(name)
        password = step.args.partition(",")[0].strip()
        length = _SECRET.search(password)
        if password.lower() in ("", "no-password"):
            verdicts.fail(name, step, plan, f"DISA({step.args}): no password")
        elif length is not None and int(length.group(1)) < least:
            verdicts.fail(name, step, plan, f"DISA: a password of {length.group(1)} digits")
    return verdicts.judgements()


@rule("dialplan_pins_long")
def dialplan_pins_long(context: Context) -> list[Judgement]:
    """PINs written into the dialplan have the length the policy asks for."""
    found = survey(context)
    least = int(context.policy.lookup("secrets.pin_min_length"))
    verdicts = Verdicts(found, f"a PIN of at least {least} digits, kept outside the dialplan")
    for plan, step in found.steps():
        if step.app.lower() not in ("authenticate", "execif"):
            continue
        length = _SECRET.search(step.args)
        if step.app.lower() == "authenticate":
            verdicts.passed.setdefault(f"{step.pattern}@{step.context}")
        if length is not None and int(length.group(1)) < least:
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, f"a PIN of {length.group(1)} digits")
    return verdicts.judgements()


@rule("spying_guarded")
def spying_guarded(context: Context) -> list[Judgement]:
    """Listening in needs a PIN and gives the warning tone; nobody outside reaches it."""
    found = survey(context)
    verdicts = Verdicts(found, "behind Authenticate and without option q")
    if not any(step.app.lower() in _SPY for _plan, step in found.steps()):
        return []
    for walker in found.walkers:
        for entry in found.entries:
            for inner in walker.plan.closure(entry.context):
                for extension in inner.extensions:
                    for event in walker.walk(entry.context, sample(extension.pattern, TAIL)).events:
                        if event.app not in _SPY:
                            continue
                        name = f"{event.step.pattern}@{event.step.context}"
                        verdicts.passed.setdefault(name)
                        given = event.args[1] if len(event.args) > 1 else ""
                        if PIN not in event.facts:
                            verdicts.fail_event(name, event, walker.plan, "no PIN: ")
                        elif "q" in options(given):
                            verdicts.fail_event(name, event, walker.plan, "option q suppresses the tone: ")
    return verdicts.judgements()


@rule("no_auto_answer")
def no_auto_answer(context: Context) -> list[Judgement]:
    """No step makes a phone pick up by itself."""
    found = survey(context)
    verdicts = Verdicts(found, "no header that makes a phone answer by itself")
    header = re.compile(
        r"(?i)answer-after|auto-?answer|alert-info.*(intercom|ring-answer|auto|info=alert-autoanswer|external-.*answer)"
    )
    for plan, step in found.steps():
        if step.app.lower() in ("set", "mset", "sipaddheader", "execif", "gosub", "dial") and header.search(step.args):
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, f"{step.app}({step.args})")
        elif step.app.lower() == "page":
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, f"Page({step.args})")
    passing(verdicts, _contexts(found))
    return verdicts.judgements()


@rule("recording_announced")
def recording_announced(context: Context) -> list[Judgement]:
    """A recording starts only after an announcement has been played."""
    found = survey(context)
    verdicts = Verdicts(found, "an announcement before the recording starts")
    for walker in found.walkers:
        starts = {
            (step.context, step.pattern) for step in walker.plan.steps() if _runs(step, {"mixmonitor", "monitor"})
        }
        for dial_context, pattern in starts:
            trace = walker.walk(dial_context, sample(pattern, TAIL))
            for event in trace.events:
                if event.app in ("mixmonitor", "monitor"):
                    name = f"{event.step.pattern}@{event.step.context}"
                    verdicts.passed.setdefault(name)
                    if ANNOUNCED not in event.facts:
                        verdicts.fail_event(name, event, walker.plan)
    return verdicts.judgements()


@rule("transfer_only_inside")
def transfer_only_inside(context: Context) -> list[Judgement]:
    """Feature codes (transfer, recording, parking) are given to the inside party of a call only."""
    found = survey(context)
    verdicts = Verdicts(found, "no feature codes for the outside party")
    for walker in found.walkers:
        for entry in found.of_role(TRUNK, GUEST):
            for event in found.from_outside(walker, entry.context).events:
                if event.app in ("dial", "retrydial"):
                    letters = "".join(sorted(set("TWXK") & set(event.options)))
                elif event.app == "queue" and len(event.args) > 1:
                    letters = "".join(sorted(set("TWXK") & set(options(event.args[1]))))
                else:
                    continue
                verdicts.passed.setdefault(entry.context)
                if letters:
                    verdicts.fail_event(entry.context, event, walker.plan, f"the caller gets {letters}: ")
        for entry in found.of_role(PHONE):
            for number in found.outward_numbers(walker):
                for event in walker.walk(entry.context, number).outward:
                    verdicts.passed.setdefault(entry.context)
                    letters = "".join(sorted(set("twxk") & set(event.options)))
                    if letters:
                        verdicts.fail_event(entry.context, event, walker.plan, f"the called party gets {letters}: ")
    return verdicts.judgements()


@rule("no_number_lookups_outside")
def no_number_lookups_outside(context: Context) -> list[Judgement]:
    """Calls are not routed by ENUM, DUNDi or a foreign server's dialplan."""
    found = survey(context)
    verdicts = Verdicts(found, "no ENUM, DUNDi or remote dialplan")
    for plan in found.plans:
        for dial_context in plan.contexts.values():
            for switch in dial_context.switches:
                if switch.lower().startswith(_RISKY_SWITCHES):
                    verdicts.fail(dial_context.name, None, plan, f"switch => {switch}")
        for step in plan.steps():
            if _LOOKUPS.search(step.args.upper()) or re.search(r"(?i)@\S*freenum", step.args):
                verdicts.fail(step.context, step, plan, f"{step.app}({step.args})")
    passing(verdicts, _contexts(found))
    return verdicts.judgements()


@rule("curl_checks_certificates")
def curl_checks_certificates(context: Context) -> list[Judgement]:
    """Web requests of the dialplan check the server's certificate and use https."""
    found = survey(context)
    verdicts = Verdicts(found, "https with certificate check")
    for plan, step in found.steps():
        text = f"{step.app}({step.args})"
        if not re.search(r"(?i)\bCURL(OPT)?\(", text):
            continue
        name = f"{step.pattern}@{step.context}"
        verdicts.passed.setdefault(name)
        if re.search(r"(?i)ssl_verify(peer|host)\)?\s*=\s*0", text):
            verdicts.fail(name, step, plan, f"certificate check off: {text}")
        elif re.search(r"(?i)CURL\(\s*http://(?!(localhost|127\.|\[::1\]))", text):
            verdicts.fail(name, step, plan, f"plain http: {text}")
    return verdicts.judgements()


@rule("no_catch_all_patterns")
def no_catch_all_patterns(context: Context) -> list[Judgement]:
    """No pattern that also catches the special extensions h, i, t."""
    found = survey(context)
    verdicts = Verdicts(found, "a pattern that starts with a digit class, such as _X.")
    for plan, step in found.steps():
        if step.pattern in ("_.", "_!") and step.priority == 1:
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, step.pattern)
    passing(verdicts, _contexts(found))
    return verdicts.judgements()


@rule("call_records_not_suppressed")
def call_records_not_suppressed(context: Context) -> list[Judgement]:
    """No step keeps a call out of the call records."""
    found = survey(context)
    verdicts = Verdicts(found, "no NoCDR, no CDR_PROP(disable)")
    for plan, step in found.steps():
        if step.app.lower() == "nocdr" or re.search(r"(?i)CDR_PROP\(disable\)\s*=\s*(1|yes|true|on)", step.args):
            verdicts.fail(f"{step.pattern}@{step.context}", step, plan, f"{step.app}({step.args})")
    passing(verdicts, _contexts(found))
    return verdicts.judgements()


@rule("conference_needs_pin")
def conference_needs_pin(context: Context) -> list[Judgement]:
    """Callers from outside enter a conference only with a PIN."""
    found = survey(context)
    verdicts = Verdicts(found, "a PIN: user profile with pin, or Authenticate before")
    with_pin = {
        item.name
        for place in ("config", "runtime")
        for item in context.objects(place, "confbridge.user")
        if item.values("pin")
    }
    for walker in found.walkers:
        for entry in found.of_role(TRUNK, GUEST):
            trace = found.from_outside(walker, entry.context)
            for event in trace.events:
                if event.app not in ("confbridge", "meetme"):
                    continue
                verdicts.passed.setdefault(entry.context)
                profile = event.args[2].strip() if len(event.args) > 2 and event.args[2].strip() else "default_user"
                asked = event.app == "meetme" and "P" in "".join(event.args[1:2])
                if not (asked or PIN in event.facts or profile in with_pin or _set_pin(walker.plan, event)):
                    verdicts.fail_event(entry.context, event, walker.plan)
    return verdicts.judgements()


def _set_pin(plan: Plan, event: Event) -> bool:
    found, _opaque = plan.find(event.step.context, sample(event.step.pattern, TAIL))
    return any("CONFBRIDGE(user,pin)" in step.args for match in found for step in match.extension.steps.values())
