"""`version`: is the installed branch supported, are known advisories fixed in what is installed."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule_named


def evaluate_version(context: Context) -> list[Judgement]:
    """Judge support or advisories of `component`; the rules know how distributions patch."""
    return rule_named(f"version_{context.control.spec['check']}")(context)
