"""Rules a record names with `python: {rule: …}`.

A rule is a pure function `(Context) -> list[Judgement]`; no judgement means the control does not apply.
Rules live in one module per topic below this package and register themselves with `@rule("name")`;
all modules are imported on first use.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement

Rule = Callable[[Context], list[Judgement]]

_RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule under a name that records use; a name can be taken once."""

    def register(function: Rule) -> Rule:
        if name in _RULES:
            raise ValueError(f"rule {name!r} is registered twice")
        _RULES[name] = function
        return function

    return register


@cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def rule_named(name: str) -> Rule:
    """Return a rule; raises KeyError naming the rule when there is none."""
    _import_all()
    return _RULES[name]


def rule_names() -> set[str]:
    """Every registered rule."""
    _import_all()
    return set(_RULES)
