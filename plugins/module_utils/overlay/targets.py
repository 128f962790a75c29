"""Where a setting goes: the configuration file, and the lines that open its section in the overlay."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Tuple, Union

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.first_wins import first_wins
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Section
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip_keys import LISTS
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.spec import COMMON_LISTS, SPECS, Spec
from ansible_collections.grundton.voip.plugins.module_utils.overlay import databases
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import Refusal, Setting
from ansible_collections.grundton.voip.plugins.module_utils.overlay.view import Sections, View
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import ABSENT, OK, Item

#: Kinds whose lines are no single options.
_BY_HAND = {
    "dialplan.context": "the dialplan is not rewritten",
    "extensions.globals": "the dialplan is not rewritten",
    "logger.channel": "the levels of a log file stand in one line, which is the operator's",
    "voicemail.mailbox": "a mailbox stands in one line",
    "voicemail.context": "mailboxes are not rewritten",
    "realtime.mapping": "where objects are kept is not changed",
    "asterisk.directories": "directories are not changed",
}
#: Sections that may be made when they are missing, beside the roles of `SPECS`: kind to name.
_SINGLE = {
    "pjsip.global": "global",
    "pjsip.system": "system",
    "extensions.general": "general",
    "voicemail.general": "general",
    "logger.general": "general",
}
_OWN_STEMS = ("pjsip", "extensions", "voicemail", "logger")
_WIZARD = {"endpoint": "endpoint/", "aor": "aor/", "identify": "identify/", "registration": "registration/"}


@dataclass(frozen=True)
class Target:
    """``setting`` with the object's real name; ``config`` is the whole configuration's path (``…/pjsip.conf``).

    ``earlier`` are the lines that would win over ours (`first_wins`).
    """

    setting: Setting
    config: str
    opening: Tuple[str, ...]
    prefix: str = ""
    earlier: Tuple[Tuple[str, int], ...] = ()


def find(view: View, setting: Setting) -> Union[Target, Refusal]:
    """Where a setting goes in these files, or why it cannot go anywhere."""
    if setting.kind in _BY_HAND:
        return Refusal(setting, _BY_HAND[setting.kind])
    if setting.stem not in SPECS and setting.stem not in _OWN_STEMS:
        return Refusal(setting, "no configuration file of Asterisk holds this kind")
    moved = databases.whole_file(setting, view.mappings())
    if moved is not None:
        return Refusal(setting, *moved)
    top = config_path(view, setting.stem)
    source = view.source(setting.stem)
    if source is not None and source.status not in (OK, ABSENT):
        return Refusal(setting, source.reason)
    item = view.item(setting.kind, setting.object)
    if item is None:
        return _missing(view, setting, top)
    return _existing(view, replace(setting, object=item.name), item, top)


def config_path(view: View, stem: str) -> str:
    """The path of ``<stem>.conf``."""
    return view.found.config if stem == "asterisk" else posixpath.join(view.found.directory, stem + ".conf")


def is_list(kind: str, key: str) -> bool:
    """Whether values of this key add up."""
    stem, _dot, role = kind.partition(".")
    if stem == "pjsip":
        return key in LISTS
    spec = SPECS.get(stem)
    return spec is not None and (role in spec.all_lists or key in spec.lists | COMMON_LISTS)


def _missing(view: View, setting: Setting, top: str) -> Union[Target, Refusal]:
    stored = databases.one_object(setting, view.mappings())
    if stored is not None:
        return Refusal(setting, *stored)
    name = _SINGLE.get(setting.kind) or _role_section(setting)
    if not name or setting.object.lower() not in (name, "general", setting.role):
        return Refusal(setting, "there is no such object in the files")
    opening = ["[{0}]".format(name)]
    if setting.stem == "pjsip":
        opening.append("type = " + setting.role)
    elif view.sections(top).active(name):
        return Refusal(setting, "[{0}] is there, but is not what Asterisk reads".format(name))
    return Target(replace(setting, object=name), top, tuple(opening))


def _role_section(setting: Setting) -> str:
    spec = SPECS.get(setting.stem)
    names = [name for name, role in spec.roles.items() if role == setting.role] if spec else []
    return names[0] if names else ""


def _existing(view: View, setting: Setting, item: Item, top: str) -> Union[Target, Refusal]:
    place = view.place(item)
    sections = view.sections(top)
    section = sections.at(place)
    if section is None and setting.stem == "pjsip":
        return _wizard(view, setting, place)
    if section is None:
        return Refusal(setting, "its section could not be found again")
    opening = _opening(sections, section, setting)
    if opening is None:
        return Refusal(setting, "another section of this name comes first; it cannot be added to")
    earlier: List[Tuple[str, int]] = []
    if first_wins(setting.kind, setting.key):
        places = [(sections.table.paths[at[1]], at[2]) for key, at in section.variables if key.lower() == setting.key]
        earlier = list(dict.fromkeys(places))
    return Target(setting, top, opening, earlier=tuple(earlier))


def _wizard(view: View, setting: Setting, place: Tuple[str, int]) -> Union[Target, Refusal]:
    top = config_path(view, "pjsip_wizard")
    sections = view.sections(top)
    section = sections.at(place)
    prefix = _WIZARD.get(setting.role)
    if setting.role == "auth":
        prefix = "outbound_auth/" if setting.object.endswith("-oauth") else "inbound_auth/"
    if section is None or prefix is None:
        return Refusal(setting, "its section could not be found again")
    selector = _selector(sections, section, "wizard")
    if selector is None:
        return Refusal(setting, "another section of this name comes first; it cannot be added to")
    return Target(setting, top, _lines(sections, section, "wizard", selector), prefix)


def _opening(sections: Sections, section: Section, setting: Setting) -> Optional[Tuple[str, ...]]:
    kind = ""
    if setting.stem == "pjsip":
        kind = section.first("type") or ""
    spec = SPECS.get(setting.stem) or Spec(setting.stem)
    if spec.typed and setting.role in spec.typed:
        kind = section.last("type") or ""
    if not kind and setting.role in {*spec.roles.values(), "general"}:
        same = sections.active(section.name)
        if len(same) > 1 and spec.merge_general:
            return ("[{0}]".format(section.name),)
        return ("[{0}](+)".format(section.name),) if same and same[0] is section else None
    selector = _selector(sections, section, kind)
    return None if selector is None else _lines(sections, section, kind, selector)


def _lines(sections: Sections, section: Section, kind: str, selector: str) -> Tuple[str, ...]:
    """With a template of the same name behind it, an addition stays valid when the section goes one day."""
    if any(one.template for one in sections.named(section.name)) or kind in ("global", "system"):
        return ("[{0}](+{1})".format(section.name, selector),)
    lines = ["[{0}](!)".format(section.name)]
    if kind:
        lines.append("type = " + kind)
    parts = [part for part in (selector, "TEMPLATES=include") if part]
    lines.append("[{0}](+{1})".format(section.name, "&".join(parts)))
    return tuple(lines)


def _selector(sections: Sections, section: Section, kind: str) -> Optional[str]:
    """What ``(+…)`` needs between its brackets so that Asterisk finds this section and no other."""
    choices: Dict[str, Tuple[str, str]] = {"": ("", "")} if not kind else {}
    if kind:
        choices["type=" + kind] = ("type", kind)
        choices["^type$=^{0}$".format(kind)] = ("^type$", "^{0}$".format(kind))
    for selector, (key, value) in choices.items():
        for one in sections.active(section.name):
            if not key or any(re.search(key, name) and re.search(value, at[0]) for name, at in one.variables):
                if one is section:
                    return selector
                break
    return None
