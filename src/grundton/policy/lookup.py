"""Reading a policy by dotted path, and turning it into plain data."""

from __future__ import annotations

import dataclasses
import datetime as dt
from difflib import get_close_matches
from typing import Any

from grundton.policy.nets import IPNetwork
from grundton.policy.option import MISSING, Option, options_of, walk


class UnknownPathError(KeyError):
    """A dotted path that does not exist in the policy."""

    def __str__(self) -> str:
        return str(self.args[0])


def to_plain(value: Any) -> Any:
    """Return plain data: networks and dates as text, groups and keyed lists as mappings, lists as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {option.name: plain_option(option, getattr(value, option.name)) for option in options_of(type(value))}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, IPNetwork):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def plain_option(option: Option, value: Any) -> Any:
    """Return the plain form of one option's value."""
    if option.kind == "map":
        return {item.name: to_plain(item) for item in sorted(value, key=lambda item: str(item.name))}
    return to_plain(value)


def find(root: Any, path: str, extra: dict[str, Any]) -> Any:
    """Return the plain value at a dotted path below ``root``; ``extra`` holds derived values by path."""
    if path in extra:
        return extra[path]
    value: Any = root
    option: Option | None = None
    for position, step in enumerate(path.split(".")):
        names = _names(value, option)
        if step not in names:
            raise UnknownPathError(_unknown(path, position, step, names, extra))
        if option is not None and option.kind == "map":
            value, option = next(item for item in value if item.name == step), None
            continue
        option = next(found for found in options_of(type(value)) if found.name == step)
        value = getattr(value, step)
    return plain_option(option, value) if option is not None else to_plain(value)


def paths_of(cls: type[Any]) -> tuple[str, ...]:
    """Return every dotted path of a policy class that does not need a name chosen by the operator."""
    return tuple(option.path for option in walk(options_of(cls)) if "[]" not in option.path and "<" not in option.path)


def default_of(option: Option) -> Any:
    """Return the default of an option as plain data, or MISSING."""
    return MISSING if option.default is MISSING else plain_option(option, option.default)


def _names(value: Any, option: Option | None) -> tuple[str, ...]:
    if option is not None and option.kind == "map":
        return tuple(item.name for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(found.name for found in options_of(type(value)))
    return ()


def _unknown(path: str, position: int, step: str, names: tuple[str, ...], extra: dict[str, Any]) -> str:
    parent = ".".join(path.split(".")[:position])
    where = f"below '{parent}'" if parent else "in the policy"
    message = f"policy path '{path}': there is no '{step}' {where}"
    candidates = [f"{parent}.{name}" if parent else name for name in names] + list(extra)
    close = get_close_matches(path, candidates, n=1, cutoff=0.6) or get_close_matches(step, names, n=1, cutoff=0.6)
    return f"{message}. Did you mean '{close[0]}'?" if close else message
