"""The edge: reads this host, writes the new files through the journal, shows what changes."""

from __future__ import annotations

import difflib
import os
import posixpath
import stat
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import AskError, Control
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation, detect
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import is_secret
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show_core import ciphers
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.journal.changes import Changes, Why
from ansible_collections.grundton.voip.plugins.module_utils.overlay import asterisk
from ansible_collections.grundton.voip.plugins.module_utils.overlay.limits import Limits
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import (
    NewFile,
    Outcome,
    OverlayError,
    Setting,
    read_settings,
)
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline


def present(journal: Changes, wanted: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Set values on this host; the module's result. Raises `OverlayError` or ``JournalError``."""
    settings = read_settings(wanted)
    found = _installation()
    outcome = asterisk.put(Tree(), found, settings, _limits(found, settings), Redactor())
    return _write(journal, outcome)


def absent(
    journal: Changes, wanted: Sequence[Dict[str, Any]], controls: Sequence[str], measures: Sequence[str]
) -> Dict[str, Any]:
    """Take settings back: those named, and what is set for these controls and measures alone."""
    places = {(one["kind"], one["object"], str(one["key"]).lower()) for one in wanted}

    def leave(setting: Setting) -> Optional[Setting]:
        return None if setting.place in places else setting.without(controls, measures)

    return _write(journal, asterisk.take(Tree(), _installation(), leave, Redactor()))


def _installation() -> Installation:
    found = detect("/", True)
    if not found.present:
        raise OverlayError("there is no Asterisk on this host")
    return found


def _limits(found: Installation, settings: Sequence[Setting]) -> Limits:
    """What the installed version takes; the daemon is asked only when a setting depends on it."""
    known = None
    if found.running and any(setting.key == "cipher" for setting in settings):
        try:
            control = Control(found.socket, Deadline.after(10.0))
            known = frozenset(ciphers(control.ask("pjsip list ciphers")))
        except AskError:
            known = None
    return Limits(found.version or "", found.command_line, found.command_line_from, known)


def _write(journal: Changes, outcome: Outcome) -> Dict[str, Any]:
    changes: List[Dict[str, Any]] = []
    diff: List[Dict[str, str]] = []
    all_settings = [setting for new in outcome.files for setting in new.settings]
    for new in outcome.files:
        why = _why(new.settings or all_settings)
        if not _write_one(journal, new, why):
            continue
        changes.append(
            {
                "path": new.path,
                "action": "removed" if new.after is None else "created" if new.before is None else "changed",
                "settings": [
                    {"kind": one.kind, "object": one.object, "key": one.key, "value": one.value,
                     "controls": list(one.controls), "measures": list(one.measures)}
                    for one in new.settings
                ],
            }
        )  # fmt: skip
        diff.append({"prepared": shown_diff(new)})
    return {
        "changed": bool(changes),
        "changes": changes,
        "refused": [refusal.to_json() for refusal in outcome.refused],
        "diff": diff,
    }


def _write_one(journal: Changes, new: NewFile, why: Why) -> bool:
    if new.after is None:
        return journal.remove_file(new.path, why=why)
    if new.before is not None:
        return journal.write_file(new.path, new.after, why=why, links="follow", was=new.before)
    like = os.stat(new.like)
    mode = stat.S_IMODE(like.st_mode) & 0o666
    if new.ours:
        folder = posixpath.dirname(new.path)
        above = os.stat(posixpath.dirname(folder))
        journal.make_directory(
            folder, why=why, mode=stat.S_IMODE(above.st_mode) & 0o777, owner=above.st_uid, group=above.st_gid
        )
    return journal.write_file(new.path, new.after, why=why, mode=mode, owner=like.st_uid, group=like.st_gid)


def _why(settings: Sequence[Setting]) -> Why:
    return Why(
        tuple(sorted({name for one in settings for name in one.controls})),
        tuple(sorted({name for one in settings for name in one.measures})),
    )


def shown_diff(new: NewFile) -> str:
    """A unified diff for people: an overlay as it is, of a user's file only the lines that change, secrets hidden."""
    stem = posixpath.basename(new.path).partition(".")[0]
    before, after = _lines(new.before), _lines(new.after)
    lines = difflib.unified_diff(
        before, after, new.path + " (before)", new.path + " (after)", n=3 if new.ours else 0, lineterm=""
    )
    return "\n".join(line if new.ours else _safe(line, stem) for line in lines) + "\n"


def _safe(line: str, stem: str) -> str:
    redactor = Redactor()
    head, equals, value = line.partition("=")
    key = head.strip().rpartition(" ")[2].lstrip("+-;")
    if equals and is_secret(stem, key.lower(), value.strip()):
        return "{0}= {1}".format(head, redactor.mark(value.strip()))
    return redactor.text(line)


def _lines(data: Optional[bytes]) -> List[str]:
    if data is None:
        return []
    return data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")
