"""`module`: Asterisk modules that must not be, or must be, loaded now and after the next start."""

from __future__ import annotations

from fnmatch import fnmatchcase

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.modules import CONFIG, RUNTIME, planned
from grundton.model.finding import Detail
from grundton.model.verdict import Verdict


def evaluate_module(context: Context) -> list[Judgement]:
    """Judge `forbid` and `need` against the loaded modules and modules.conf."""
    if not context.applies():
        return []
    spec = context.control.spec
    runtime, config = context.source("runtime", RUNTIME), context.source("config", CONFIG)
    loaded = {item.name for item in context.objects("runtime", RUNTIME)} if runtime.status == "ok" else None
    files = context.objects("config", CONFIG)
    accepted = context.policy.modules_allowed
    judgements = []
    for names, wanted in ((spec.get("forbid", ()), False), (spec.get("need", ()), True)):
        for name in names:
            details = []
            if not wanted and any(fnmatchcase(name, pattern) for pattern in accepted):
                judgements.append(
                    Judgement(Verdict.NOT_APPLICABLE, RUNTIME, (name,), (), "accepted in voip_modules_allowed")
                )
                continue
            if loaded is not None:
                is_loaded = name in loaded
                details.append(_detail(name, "runtime", wanted, is_loaded))
            elif config.status == "ok" and files:
                is_planned = planned(files[-1], name)
                details.append(_detail(name, "config", wanted, is_planned))
                if config.incomplete and is_planned is wanted:
                    judgements.append(unchecked(RUNTIME, "; ".join(config.incomplete), (name,)))
                    continue
            else:
                judgements.append(unchecked(RUNTIME, runtime.reason or config.reason, (name,)))
                continue
            failed = any(detail.ok is False for detail in details)
            judgements.append(Judgement(Verdict.FAIL if failed else Verdict.PASS, RUNTIME, (name,), tuple(details)))
    return judgements


def _detail(name: str, place: str, wanted: bool, actual: bool) -> Detail:
    words = {True: "loaded", False: "not loaded"}
    return Detail(name, place, words[wanted], words[actual], wanted is actual)
