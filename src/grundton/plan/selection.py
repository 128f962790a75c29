"""What the operator asked for, from words typed on a command line or given as Ansible variables."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from grundton.plan.model import Selection


class SelectionError(ValueError):
    """A measure or control that does not exist."""


def measure_id(text: str) -> str:
    """Return the id of a measure however it was typed: `M 5.135`, `M5.135`, `m5.135`, `5.135`."""
    number = text.strip().upper().removeprefix("M").strip()
    return f"M {number}"


def names_in(given: Any) -> list[str]:
    """Names from a list, or from text with commas; both may be mixed."""
    if given is None:
        return []
    parts = given.split(",") if isinstance(given, str) else [name for item in given for name in names_in(str(item))]
    return [part.strip() for part in parts if part.strip()]


def read_selection(
    measures: Any,
    controls: Any,
    known_measures: Mapping[str, Any],
    known_controls: Mapping[str, Any],
    *,
    restart: bool = False,
    accept_breaks: bool = False,
    without: Any = None,
) -> Selection:
    """Return the selection; raises SelectionError for a name nobody knows, with the nearest ones."""
    chosen = [measure_id(name) for name in names_in(measures)]
    named = names_in(controls)
    _check(chosen, known_measures, "measure")
    left_out = names_in(without)
    _check([*named, *left_out], known_controls, "control")
    return Selection(frozenset(chosen), frozenset(named), restart, accept_breaks, frozenset(left_out))


def _check(names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            hint = f": did you mean {' or '.join(near)}?" if near else ""
            raise SelectionError(f"there is no {what} {name}{hint}")
