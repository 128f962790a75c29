"""Objects that no control can tell apart are judged once: 200 phones of one template cost as much as one."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from grundton.assess.columns import Columns, alike, columns
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
    _names: list[str] | None = None

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        if self._names is None:
            self._names = [item.name for item in self.members]
        return self._names


def classes(context: Context, place: str, kind: str) -> list[ObjectClass]:
    """Classes of the objects of `kind` at `place`; for `config` the running twin belongs to the class.

    Worked out once per host and kind.
    """
    return context.host.once(f"classes:{place}:{kind}", lambda: _classes(context, place, kind))


def _classes(context: Context, place: str, kind: str) -> list[ObjectClass]:
    looked_at = context.host.knowledge.keys_of_kind.get(kind, {})
    objects = context.objects(place, kind)
    running = {item.name: item for item in context.objects("runtime", kind)} if place == "config" else {}
    written, twins = columns(context, place, kind), Columns([running.get(item.name) for item in objects])
    cells: list[list[Hashable]] = [written.origin(), [twin is None for twin in twins.objects]]
    for side in (written, twins):
        keys = sorted(side.keys() & looked_at.keys())
        cells += [side.filled(key) if looked_at[key] else side.values(key) for key in keys]
    return [ObjectClass(members[0], running.get(members[0].name), members) for members in alike(objects, *cells)]


def leftovers(context: Context, kind: str) -> list[ObjectClass]:
    """Classes of the objects that only the running daemon has. Worked out once per host and kind."""
    return context.host.once(f"leftovers:{kind}", lambda: _leftovers(context, kind))


def _leftovers(context: Context, kind: str) -> list[ObjectClass]:
    configured = {item.name for item in context.objects("config", kind)}
    if all(item.name in configured for item in context.objects("runtime", kind)):
        return []
    found = []
    for group in classes(context, "runtime", kind):
        members = [item for item in group.members if item.name not in configured]
        if members:
            found.append(ObjectClass(group.item, group.twin, members))
    return found
