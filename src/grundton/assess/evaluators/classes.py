"""Objects that no control can tell apart are judged once: 200 phones of one template cost as much as one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grundton.assess.context import Context
from grundton.model.snapshot import Object


@dataclass(slots=True)
class ObjectClass:
    """Objects of one kind that are equal in every key any control looks at, in role, zone and running values.

    `item` stands for all `members`; `twin` is the running daemon's answer for `item`, when there is one.
    """

    item: Object
    twin: Object | None
    members: list[Object] = field(default_factory=list)


def classes(context: Context, place: str, kind: str) -> list[ObjectClass]:
    """Classes of the objects of `kind` at `place`; for `config` the running twin belongs to the class.

    Worked out once per host and kind.
    """
    memo = context.host.memo
    key = f"classes:{place}:{kind}"
    if key not in memo:
        memo[key] = _classes(context, place, kind)
    return memo[key]  # type: ignore[no-any-return]


def _classes(context: Context, place: str, kind: str) -> list[ObjectClass]:
    keys = context.host.knowledge.keys_of_kind.get(kind, {})
    running = {item.name: item for item in context.objects("runtime", kind)} if place == "config" else {}
    found: dict[Hashable, ObjectClass] = {}
    for item in context.objects(place, kind):
        twin = running.get(item.name)
        signature = (
            item.facets.get("role"),
            item.facets.get("zone"),
            _signature(item.raw_values, keys, place == "config"),
            None if twin is None else _signature(twin.raw_values, keys, False),
        )
        group = found.get(signature)
        if group is None:
            group = found[signature] = ObjectClass(item, twin)
        group.members.append(item)
    return list(found.values())


def _signature(values: Mapping[str, Any], keys: Mapping[str, bool], located: bool) -> frozenset[Hashable]:
    parts: list[Hashable] = []
    for key, raw in values.items():
        only_presence = keys.get(key)
        if only_presence is None:
            continue
        if only_presence:
            parts.append((key, any((entry[0] if located else entry) != "" for entry in raw)))
        elif not located:
            parts.append((key, _hashable(raw)))
        elif len(raw) == 1:
            parts.append((key, _hashable(raw[0][0])))
        else:
            parts.append((key, tuple(_hashable(entry[0]) for entry in raw)))
    return frozenset(parts)


def _hashable(value: Any) -> Hashable:
    if type(value) is str:
        return value
    if isinstance(value, list):
        return tuple(_hashable(entry) for entry in value)
    if isinstance(value, Mapping):
        secret = value.get("secret", {})
        return (secret.get("length"), secret.get("classes"), tuple(secret.get("flags", ())))
    return str(value)
