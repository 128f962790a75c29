"""From sections to the objects of the snapshot, for files without a logic of their own."""

from __future__ import annotations

from typing import Dict, Iterable, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.first_wins import first_wins
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Section, Variable
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import redact, resembling
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.spec import COMMON_LISTS, Spec
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    CONFIG,
    ConfigValues,
    Item,
    Occurrence,
)

#: Families of keys whose order among each other decides (first deny, then permit; first !all, then alaw).
_ORDERED = (
    frozenset(("permit", "deny", "acl")),
    frozenset(("contact_permit", "contact_deny", "contact_acl")),
    frozenset(("contactpermit", "contactdeny", "contactacl")),
    frozenset(("allow", "disallow")),
)

#: All keys of these families.
ORDERED = frozenset(key for family in _ORDERED for key in family)


def resolve(spec: Spec, sections: Iterable[Section], redactor: Redactor) -> List[Item]:
    """The objects of one file, in the order of their first section.

    ``sections`` are the ones that are not templates. Sections of one name and role become one object, except a
    second ``[general]`` that Asterisk never looks at.
    """
    groups: Dict[Tuple[str, str], List[Section]] = {}
    for section in sections:
        role = role_of(spec, section)
        key = (role, section.name.lower())
        if key in groups and role == "general" and not spec.merge_general:
            continue
        groups.setdefault(key, []).append(section)
    items = []
    for (role, _name), members in groups.items():
        first = members[0]
        kind = "{0}.{1}".format(spec.stem, role)
        variables: List[Variable] = []
        for member in members:
            variables.extend(member.variables)
        values = effective(
            variables,
            spec.stem,
            COMMON_LISTS | spec.lists,
            redactor,
            first.name,
            every=role in spec.all_lists,
            keep_case=role in spec.keep_case,
            kind=kind,
        )
        items.append(Item(CONFIG, kind, first.name, values, at=(first.file, first.line)))
    return items


def role_of(spec: Spec, section: Section) -> str:
    """The second part of the kind for a section."""
    role = spec.roles.get(section.name.lower())
    if role is not None:
        return role
    if spec.typed:
        kind = (section.last("type") or "").lower()
        if kind in spec.typed:
            return kind
    return spec.other


def effective(
    variables: List[Variable],
    stem: str,
    lists: "frozenset[str]",
    redactor: Redactor,
    section: str,
    every: bool = False,
    keep_case: bool = False,
    kind: str = "",
) -> ConfigValues:
    """What counts of a section's values: the last of a scalar, all of a list, secrets redacted.

    Keys are lower case unless ``keep_case``; ``every`` takes every key for a list. For some keys of a ``kind``
    Asterisk takes the first value instead of the last (`first_wins`).
    """
    raw: Dict[str, List[Tuple[str, int, int]]] = {}
    for name, written in variables:
        key = name if keep_case else name.lower()
        found = raw.get(key)
        if found is None:
            raw[key] = [written]
        elif every or key in lists:
            found.append(written)
        elif not (kind and first_wins(kind, key)):
            found[0] = written
    names: Tuple[str, ...] = ()
    values: ConfigValues = {}
    for key, written_list in raw.items():
        done: List[Occurrence] = []
        for written in written_list:
            text = written[0]
            if not names:
                names = resembling([(key, texts[-1][0]) for key, texts in raw.items()], section)
            kept = redact(redactor, stem, key, text, names)
            done.append(written if kept is text else (kept, written[1], written[2]))
        values[key] = done
    order = combined_order(variables, raw)
    if order:
        values["_order"] = order
    return values


def combined_order(variables: List[Variable], raw: Dict[str, List[Tuple[str, int, int]]]) -> List[Occurrence]:
    """For access lists and codecs that come from several places: all entries as ``key=text`` in their real order.

    Empty when reading each key by file and line already gives that order, which is the usual case.
    """
    result: List[Occurrence] = []
    for family in _ORDERED:
        if len(family.intersection(raw)) < 2:
            continue
        entries = [(name.lower(), written) for name, written in variables if name.lower() in family]
        places = [written[1:] for _name, written in entries]
        if places != sorted(places):
            result.extend(("{0}={1}".format(name, text), file, line) for name, (text, file, line) in entries)
    return result
