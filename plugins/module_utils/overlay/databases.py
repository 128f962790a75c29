"""What to run where a setting lives in a database and no file can change it."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple, cast

from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import Setting
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import ConfigValues, Item

#: Families of extconfig.conf by kind: (family, column that names the object).
_FAMILIES: Dict[str, Tuple[str, str]] = {
    "sip.peer": ("sippeers", "name"),
    "iax.peer": ("iaxpeers", "name"),
    "queues.queue": ("queues", "name"),
    "voicemail.mailbox": ("voicemail", "mailbox"),
    "acl.acl": ("acls", "name"),
    "musiconhold.class": ("musiconhold", "name"),
}

# Shown to a person, never run here.
_OBJECT = "UPDATE {0} SET {1}={2} WHERE {3}={4};"
_FILE = "UPDATE {0} SET var_val={1} WHERE filename={2} AND category={3} AND var_name={4};"


def whole_file(setting: Setting, mappings: List[Item]) -> Optional[Tuple[str, str]]:
    """(reason, statement) when extconfig.conf takes the whole configuration file from a database."""
    name = setting.stem + ".conf"
    found = _mapping(mappings, name, "extconfig.conf")
    if found is None:
        return None
    parts = (found["table"], _quoted(setting.value), _quoted(name), _quoted(setting.object), _quoted(setting.key))
    statement = _FILE.format(*parts)
    return "{0} comes from a database ({1}, extconfig.conf)".format(name, found["driver"]), statement


def one_object(setting: Setting, mappings: List[Item]) -> Optional[Tuple[str, str]]:
    """(reason, statement) when objects of this kind also live in a database."""
    if setting.stem == "pjsip":
        return _sorcery(setting, mappings)
    family, column = _FAMILIES.get(setting.kind, ("", ""))
    found = _mapping(mappings, family, "extconfig.conf") if family else None
    if found is None:
        return None
    reason = "{0} is not in the files; {1} come from {2} (extconfig.conf)".format(
        setting.object, family, found["driver"]
    )
    return reason, _update(found["table"], setting, column)


def _sorcery(setting: Setting, mappings: List[Item]) -> Optional[Tuple[str, str]]:
    for item in mappings:
        if not item.name.endswith("/" + setting.role) or _first(item, "of") != "sorcery.conf":
            continue
        for wizard, _file, _line in cast("ConfigValues", item.values).get("wizard", []):
            parts = [part.strip() for part in str(wizard).split(",")]
            if parts[0] == "realtime":
                family = parts[1] if len(parts) > 1 else ""
                found = _mapping(mappings, family, "extconfig.conf")
                table, driver = (found["table"], found["driver"]) if found else (family, "realtime")
                reason = "{0} is not in the files; objects of type {1} come from {2} (sorcery.conf)".format(
                    setting.object, setting.role, driver
                )
                return reason, _update(table, setting, "id")
            if parts[0] in ("astdb", "memory"):
                return "{0} is kept by Asterisk itself ({1}, sorcery.conf)".format(setting.object, parts[0]), ""
    return None


def _update(table: str, setting: Setting, column: str) -> str:
    parts = (table, setting.key, _quoted(setting.value), column, _quoted(setting.object))
    return _OBJECT.format(*parts)


def _mapping(mappings: List[Item], name: str, of: str) -> Optional[Dict[str, str]]:
    for item in mappings:
        if item.name == name and _first(item, "of") == of:
            return {key: _first(item, key) for key in ("driver", "database", "table")}
    return None


def _first(item: Item, key: str) -> str:
    occurrences = cast("ConfigValues", item.values).get(key)
    return str(occurrences[0][0]) if occurrences else ""


def _quoted(text: str) -> str:
    return "'{0}'".format(text.replace("'", "''"))
