"""The `when` of a control: sandboxed Jinja expressions over the policy and the object's zone and role."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, meta
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Names an expression may use.
NAMES = frozenset({"policy", "encryption", "zone", "role", "component", "level"})
#: Names whose value depends on the object, not only on the host.
OBJECT_NAMES = frozenset({"encryption", "zone", "role"})

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined)


class ExpressionError(ValueError):
    """A `when` that cannot be compiled or evaluated."""


@cache
def compile_expression(text: str) -> tuple[Callable[..., Any], bool]:
    """Compile an expression; return it and whether it depends on the object. Raises ExpressionError."""
    try:
        names = meta.find_undeclared_variables(_ENVIRONMENT.parse("{{ " + text + " }}"))
        compiled = _ENVIRONMENT.compile_expression(text, undefined_to_none=False)
    except TemplateError as problem:
        raise ExpressionError(f"expression {text!r}: {problem}") from None
    unknown = sorted(names - NAMES)
    if unknown:
        raise ExpressionError(f"expression {text!r}: unknown name {unknown[0]!r}; known are {', '.join(sorted(NAMES))}")
    return compiled, bool(names & OBJECT_NAMES)


def evaluate(text: str, names: dict[str, Any]) -> bool:
    """Evaluate a compiled expression; raises ExpressionError with the expression and the problem."""
    compiled, _ = compile_expression(text)
    try:
        return bool(compiled(**names))
    except (TemplateError, TypeError, KeyError, AttributeError) as problem:
        raise ExpressionError(f"expression {text!r}: {problem}") from None
