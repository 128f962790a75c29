"""Who else on the host can read or write what belongs to the telephony."""

from __future__ import annotations

import re
from posixpath import dirname

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, number, unread, weakened
from grundton.model.snapshot import Object

FILE, TREE = "file", "file.tree"

#: Users the telephony runs as.
DAEMONS = frozenset({"asterisk", "kamailio", "opensips", "rtpengine", "turnserver", "coturn", "freeswitch"})


def _mode(item: Object | None) -> int | None:
    try:
        return int(item.text("mode"), 8) if item is not None else None
    except ValueError:
        return None


def _closed_above(context: Context, path: str) -> str:
    """The nearest folder above (or the path itself) that keeps others out; empty when none is known to."""
    while path not in ("/", ""):
        mode = _mode(context.snapshot.find(SYSTEM, FILE, path))
        found = context.snapshot.find(SYSTEM, FILE, path)
        if mode is not None and found is not None and found.text("type") == "directory" and not mode & 0o1:
            return path
        path = dirname(path)
    return ""


@rule("files_private")
def files_private(context: Context) -> list[Judgement]:
    """Files of the given roles are out of reach of other users: by their own mode or by a closed folder above."""
    if missing := unread(context, FILE):
        return missing
    roles = set(context.options["roles"])
    component = context.options.get("component")
    only_secret = bool(context.options.get("secret"))
    ignored = re.compile(str(context.options.get("ignore", "$^")))
    answers = Answers(FILE)
    for item in context.objects(SYSTEM, FILE):
        if item.text("role") not in roles or item.text("type") not in ("file", "directory"):
            continue
        if component and item.text("component") != component:
            continue
        if (only_secret and item.text("secret") != "yes") or ignored.match(item.name):
            continue
        mode = _mode(item)
        if mode is None:
            continue
        closed = item.text("type") == "file" and _closed_above(context, dirname(item.name))
        ok = not mode & 0o7 or (bool(closed) and not mode & 0o2)
        answers.say(item.name, "mode", "nothing for others", f"{mode:04o}", ok)
    for item in [] if only_secret else context.objects(SYSTEM, TREE):
        if item.text("role") not in roles or (component and item.text("component") != component):
            continue
        open_files = int(number(item, "world_readable") or 0) + int(number(item, "world_writable") or 0)
        ok = not open_files or bool(_closed_above(context, item.name))
        answers.say(item.name, "world_readable", "0 files for others", f"{open_files} files", ok)
    return _or_nothing(context, answers)


@rule("files_not_written_by_daemon")
def files_not_written_by_daemon(context: Context) -> list[Judgement]:
    """Files of the given roles cannot be changed by the daemon that obeys them, nor by everybody."""
    if missing := unread(context, FILE):
        return missing
    roles, exempt = set(context.options["roles"]), set(context.options.get("except", ()))
    answers = Answers(FILE)
    for item in context.objects(SYSTEM, FILE):
        if item.text("role") not in roles or item.text("type") not in ("file", "directory") or item.name in exempt:
            continue
        if item.text("component") == "host" or _mode(item) is None:
            continue
        writers = item.texts("writable_by")
        bad = [who for who in writers if who == "others" or who.removeprefix("group:") in DAEMONS]
        actual = f"{item.text('owner')}:{item.text('group')} {item.text('mode')}"
        answers.say(item.name, "writable_by", "root only", f"{actual}: {', '.join(bad)}" if bad else actual, not bad)
    return _or_nothing(context, answers)


def _or_nothing(context: Context, answers: Answers) -> list[Judgement]:
    found = answers.judgements()
    why = weakened(context, FILE)
    return found or ([unchecked(FILE, f"no such file seen, but: {why}")] if why else [])


@rule("disks_encrypted")
def disks_encrypted(context: Context) -> list[Judgement]:
    """What holds calls, messages and secrets lies on an encrypted disk."""
    if missing := unread(context, "mount"):
        return missing
    answers = Answers("mount")
    for item in context.objects(SYSTEM, "mount"):
        used = [
            path
            for path in item.texts("used_by")
            if path in ("/", "/etc") or path.startswith(("/var", "/srv", "/backup"))
        ]
        if not used:
            continue
        state = item.text("encrypted", "unknown")
        ok = None if state == "unknown" else state in ("yes", "memory")
        reason = "what lies below the file system could not be seen" if ok is None else ""
        answers.say(item.name, "encrypted", "yes", state, ok, reason)
    return answers.judgements()
