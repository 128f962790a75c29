"""Where an operator decided for less than the secure default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grundton.policy.option import Option, options_of


@dataclass(frozen=True, slots=True)
class Deviation:
    """One value that protects less than the default; the path is dotted, without prefix."""

    path: str
    value: bool | int
    default: bool | int
    demands: tuple[str, ...]


def deviations(policy: Any) -> tuple[Deviation, ...]:
    """Return every value weaker than its default, in declaration order. What counts as weaker is declared."""
    return tuple(_below(policy, options_of(type(policy)), ""))


def _below(holder: Any, options: tuple[Option, ...], parent: str) -> Iterator[Deviation]:
    for option in options:
        path = parent + option.name
        value = getattr(holder, option.name)
        if option.kind == "group" and value is not None:
            yield from _below(value, option.fields, f"{path}.")
        elif option.kind == "map" and option.item is not None:
            for item in value:
                yield from _below(item, option.item.fields, f"{path}.{item.name}.")
        elif _is_weaker(option, value):
            yield Deviation(path, value, option.default, option.meta.demands)


def _is_weaker(option: Option, value: Any) -> bool:
    match option.meta.weaker:
        case "lower":
            return bool(value < option.default)
        case "higher":
            return bool(value > option.default)
        case "true":
            return value is True and option.default is False
        case "false":
            return value is False and option.default is True
        case _:
            return False
