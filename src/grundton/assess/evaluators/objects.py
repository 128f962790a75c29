"""Which objects a record means, and at which place they are to be judged."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.evaluators.classes import ObjectClass, classes
from grundton.assess.matchers import Matcher
from grundton.model.snapshot import Datum, Location, Object


def places(context: Context, kind: str) -> list[str]:
    """Places to judge: `where` of the record, else wherever the snapshot has such a source."""
    where = context.control.spec.get("where")
    if where:
        return [where]
    prefix = kind.split(".", 1)[0]
    reports = context.snapshot.reports
    if reports(f"config:{prefix}"):
        return ["config", "runtime"] if reports(f"runtime:{prefix}") else ["config"]
    if reports(f"runtime:{prefix}"):
        return ["runtime"]
    return ["system"]


def satisfies(item: Object, matchers: dict[str, Matcher], context: Context) -> bool:
    """Tell whether every matcher holds; an absent key counts with its code default."""
    return all(matcher(effective(item, key, context)) for key, matcher in matchers.items())


def effective(item: Object, key: str, context: Context) -> list[Datum]:
    """Values of a key; a facet, or the code default, when the object does not set it."""
    if key in ("role", "zone") and key in item.facets:
        return [item.facets[key]]
    if key == "name":
        return [item.name]
    values = item.values(key)
    if values:
        return values
    if item.place == "system":
        return []
    default = context.default(item.kind, key)
    return [default.value] if default is not None and default.value is not None else []


def selected(context: Context, place: str, kind: str) -> list[ObjectClass]:
    """Classes of objects at `place` that `name`, `match`, `unless` and `when` of the record choose."""
    return chosen(context, classes(context, place, kind))


def chosen(context: Context, groups: list[ObjectClass]) -> list[ObjectClass]:
    """Those of the classes, and of their members, that the record means."""
    name = context.matcher("name")
    match, unless = context.matchers("match"), context.matchers("unless")
    found = []
    for group in groups:
        item = group.item
        if not satisfies(item, match, context) or (unless and satisfies(item, unless, context)):
            continue
        if not context.applies(item.facets.get("role", ""), item.facets.get("zone", "")):
            continue
        members = group.members if name is None else [member for member in group.members if name([member.name])]
        if members:
            found.append(ObjectClass(item, group.twin, members))
    return found


def where_text(location: Location | None) -> str:
    """A location for a detail; empty for runtime and system objects."""
    return str(location) if location else ""
