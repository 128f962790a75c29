"""Do the new files mean what is wanted, and nothing else? Compares two readings of the snapshot's own resolver."""

from __future__ import annotations

from typing import AbstractSet, Dict, List, Mapping, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.first_wins import first_wins
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.resolve import ORDERED
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import Place, Setting
from ansible_collections.grundton.voip.plugins.module_utils.overlay.targets import config_path, is_list
from ansible_collections.grundton.voip.plugins.module_utils.overlay.view import View, texts
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import Text

_SHOWN = 20


def problems(before: View, after: View, wanted: Mapping[Place, Setting], free: AbstractSet[Place]) -> List[str]:
    """What is not as it should be; empty when all is well. Names objects and keys, never values.

    ``free`` are places that may change to anything: settings that are taken back.
    """
    found = _sources(before, after, wanted)
    found.extend(_notes(before, after))
    old, new = before.items(), after.items()
    made = {place[:2] for place in wanted}
    loose = made | {place[:2] for place in free}
    for one in sorted(old.keys() - new.keys() - loose):
        found.append("{0} {1} would be gone".format(*one))
    for one in sorted(new.keys() - old.keys() - loose):
        found.append("{0} {1} would come into being".format(*one))
    for one in sorted(old.keys() & new.keys()):
        found.extend(_changed(one, texts(old[one]), texts(new[one]), wanted, free))
    for setting in wanted.values():
        item = new.get((setting.kind, setting.object))
        if item is None or not _holds(setting, texts(item).get(setting.key, [])):
            found.append("{0} {1}: {2} would not be what is wanted".format(*setting.place))
        elif first_wins(setting.kind, setting.key) and not _first(after, setting):
            found.append("{0} {1}: another {2} comes first and would win".format(*setting.place))
    return found[:_SHOWN] + (["{0} more".format(len(found) - _SHOWN)] if len(found) > _SHOWN else [])


def _changed(
    name: Tuple[str, str],
    old: Dict[str, List[Text]],
    new: Dict[str, List[Text]],
    wanted: Mapping[Place, Setting],
    free: AbstractSet[Place],
) -> List[str]:
    found = []
    for key in sorted({*old, *new}) if old != new else []:
        if key == "_order" and any((*name, one) in wanted or (*name, one) in free for one in ORDERED):
            continue
        setting = wanted.get((*name, key))
        if setting is not None and is_list(name[0], key):
            if [text for text in old.get(key, []) if text != setting.value] != [
                text for text in new.get(key, []) if text != setting.value
            ]:
                found.append("{0} {1}: other values of {2} would change".format(*name, key))
        elif setting is None and (*name, key) not in free and old.get(key) != new.get(key):
            found.append("{0} {1}: {2} would change as well".format(*name, key))
    return found


def _holds(setting: Setting, values: List[Text]) -> bool:
    if is_list(setting.kind, setting.key):
        return setting.value in values
    return values[-1:] == [setting.value]


def _first(after: View, setting: Setting) -> bool:
    found = after.sections(config_path(after, setting.stem)).active(setting.object)
    return bool(found) and found[0].first(setting.key) == setting.value


def _sources(before: View, after: View, wanted: Mapping[Place, Setting]) -> List[str]:
    found = []
    stems = {setting.stem for setting in wanted.values()}
    for key, source in after.sources().items():
        old = before.sources().get(key)
        if old is None or (old.status == source.status and set(source.incomplete) <= set(old.incomplete)):
            continue
        if old.status == "absent" and source.status == "ok" and key.partition(":")[2] in stems:
            continue
        if old.status == "ok" and source.status == "absent" and not source.incomplete:
            continue  # a file that was ours alone goes
        found.append("{0}: {1}".format(key, source.reason or "; ".join(source.incomplete) or source.status))
    return found


def _notes(before: View, after: View) -> List[str]:
    known = {(note.source, note.text) for note in before.contribution.notes}
    return [
        note.text
        for note in after.contribution.notes
        if note.level == "error" and (note.source, note.text) not in known
    ]
