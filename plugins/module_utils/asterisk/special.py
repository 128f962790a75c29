"""Files whose lines mean more than key and value: voicemail.conf, logger.conf."""

from __future__ import annotations

from typing import Dict, Iterable, List, Set, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Remark, Section
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.resolve import effective
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import redact
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import CONFIG, ConfigValues, Item

_VOICEMAIL = ("general", "zonemessages")


def resolve_voicemail(sections: Iterable[Section], redactor: Redactor) -> Tuple[List[Item], List[Remark]]:
    """``voicemail.general``, ``.zonemessages``, ``.aliases``, one ``.context`` per context, ``.mailbox`` per box.

    ``aliases`` is the section that ``aliasescontext`` names. A box is ``1234@context``; of two equal ones the first
    counts. Its options become keys of their own; ``pin_locked`` says that the user cannot change the PIN (a
    leading ``-``).
    """
    items: List[Item] = []
    remarks: List[Remark] = []
    contexts: Dict[str, ConfigValues] = {}
    seen: Set[Tuple[str, str]] = set()
    done: Set[str] = set()
    sections = list(sections)
    aliases = next((one.last("aliasescontext") or "" for one in sections if one.name.lower() == "general"), "").lower()
    for section in sections:
        low = section.name.lower()
        at = (section.file, section.line)
        if low in _VOICEMAIL or (aliases and low == aliases):
            if low not in done:
                done.add(low)
                keep = low != "general"
                low = "aliases" if low == aliases else low
                kind = "voicemail." + low
                values = effective(
                    section.variables, "voicemail", frozenset(), redactor, section.name, keep_case=keep, kind=kind
                )
                items.append(Item(CONFIG, kind, section.name, values, at=at))
            continue
        context = contexts.get(low)
        if context is None:
            context = contexts[low] = {}
            items.append(Item(CONFIG, "voicemail.context", section.name, context, at=at))
        for box, (text, file, line) in section.variables:
            key = (low, box.lower())
            if key in seen or box.startswith("*"):
                remarks.append(Remark("warning", "mailbox {0}: ignored by Asterisk".format(box), file, line))
                continue
            seen.add(key)
            name = "{0}@{1}".format(box, section.name)
            context.setdefault("mailboxes", []).append((box, file, line))
            items.append(
                Item(CONFIG, "voicemail.mailbox", name, _mailbox(text, file, line, box, redactor), (file, line))
            )
    return items, remarks


def _mailbox(text: str, file: int, line: int, box: str, redactor: Redactor) -> ConfigValues:
    parts = [*text.split(",", 4), "", "", "", ""][:5]
    pin, fullname, email, pager, options = (part.strip() for part in parts)
    values: ConfigValues = {}
    for option in options.split("|") if options else []:
        key, equals, value = option.partition("=")
        if equals and key.strip():
            kept = redact(redactor, "voicemail", key.strip(), value.strip(), (box, fullname))
            values[key.strip().lower()] = [(kept, file, line)]
    locked = pin.startswith("-")
    names = (box, *fullname.split())
    values["pin"] = [(redactor.secret(pin[1:] if locked else pin, *names), file, line)]
    values["pin_locked"] = [("yes" if locked else "no", file, line)]
    for key, value in (("fullname", fullname), ("email", email), ("pager", pager)):
        if value:
            values[key] = [(redactor.text(value), file, line)]
    return values


def resolve_logger(sections: Iterable[Section], redactor: Redactor) -> List[Item]:
    """``logger.general`` and one ``logger.channel`` per line of ``[logfiles]``: ``levels``, ``formatter``."""
    items: List[Item] = []
    channels: Dict[str, ConfigValues] = {}
    done: Set[str] = set()
    for section in sections:
        low = section.name.lower()
        at = (section.file, section.line)
        if low != "logfiles":
            role = "general" if low == "general" else "section"
            if low not in done:
                done.add(low)
                kind = "logger." + role
                values = effective(section.variables, "logger", frozenset(), redactor, section.name, kind=kind)
                items.append(Item(CONFIG, kind, section.name, values, at=at))
            continue
        if low in done:
            continue
        done.add(low)
        for name, (text, file, line) in section.variables:
            formatter, levels = split_levels(text)
            channel = channels.get(name)
            if channel is None:
                channel = channels[name] = {"levels": []}
                items.append(Item(CONFIG, "logger.channel", name, channel, at=(file, line)))
            channel["levels"].extend((level, file, line) for level in levels)
            channel["formatter"] = [(formatter or "default", file, line)]
    return items


def split_levels(text: str) -> Tuple[str, List[str]]:
    """``[json]notice,verbose(3)`` becomes ``("json", ["notice", "verbose(3)"])``."""
    formatter = ""
    if text.startswith("["):
        formatter, _close, text = text[1:].partition("]")
    return formatter.strip(), [level.strip() for level in text.split(",") if level.strip()]
