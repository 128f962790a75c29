"""What an absent key means: the default in the code of the installed version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grundton.model.snapshot import Component
from grundton.model.version import at_least


@dataclass(frozen=True, slots=True)
class Default:
    """A known default; `value` None means the code leaves the key unset."""

    value: str | None


def default_of(table: Mapping[str, Any], kind: str, key: str, component: Component | None) -> Default | None:
    """Return the default of `key` for the installed version, or None when it is not known.

    `table` is `catalog/defaults/<component>.yml`: kind → key → text | null |
    {default | value, since?, ranges?}.
    """
    keys = table.get(kind)
    if keys is None or key not in keys:
        return None
    raw = keys[key]
    if not isinstance(raw, Mapping):
        return Default(_text(raw))
    ranges = raw.get("ranges")
    fallback = raw.get("value", raw.get("default"))
    if not ranges:
        return Default(_text(fallback))
    if component is None or component.branch is None or component.version is None:
        known = {_text(entry["value"]) for entry in ranges} | {_text(fallback)}
        return Default(known.pop()) if len(known) == 1 else None
    for entry in ranges:
        if _fits(entry, component.branch, component.version):
            return Default(_text(entry["value"]))
    return Default(_text(fallback))


def _fits(entry: Mapping[str, Any], branch: str, version: str) -> bool:
    if "branch" in entry and str(entry["branch"]) != branch:
        return False
    if "from" in entry and not at_least(version, str(entry["from"])):
        return False
    return not ("until" in entry and at_least(version, str(entry["until"])))


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
