"""`python`: a registered rule, for what needs a graph over several objects."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule_named


def evaluate_python(context: Context) -> list[Judgement]:
    """Run the rule the record names."""
    if not context.applies():
        return []
    return rule_named(context.control.spec["rule"])(context)
