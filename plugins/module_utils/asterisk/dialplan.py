"""extensions.conf as pbx_config reads it: contexts with every priority resolved to a number.

Facts followed (pbx_config.c, 16 to 23): sections of one name add up; ``n``, ``s``, ``n+2`` and labels count from
the previous line of the section; ``same`` repeats the extension of the line before; the first of two equal
priorities wins; ``${GLOBAL}`` in an extension, an include or a switch is replaced when the file is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Remark, Section
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import assignment, redact
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor, is_reference
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    CONFIG,
    ConfigValues,
    Item,
    Occurrence,
)

_SWITCHES = frozenset(("switch", "lswitch", "eswitch"))
_VARIABLE = re.compile(r"\$\{([A-Za-z_][\w]*)\}")
_NUMBER = re.compile(r"\s*([+-]?\d{1,30})")


@dataclass
class DialplanView:
    """``general`` and ``globals`` items of stem ``extensions``, ``context`` items of ``dialplan``, remarks."""

    items: List[Item] = field(default_factory=list)
    remarks: List[Remark] = field(default_factory=list)
    realtime: bool = False


@dataclass
class _Context:
    name: str
    at: Tuple[int, int]
    values: ConfigValues = field(default_factory=dict)
    taken: Dict[Tuple[str, str, int], bool] = field(default_factory=dict)
    labels: Dict[Tuple[str, str], int] = field(default_factory=dict)

    def add(self, key: str, occurrence: Occurrence) -> None:
        self.values.setdefault(key, []).append(occurrence)


def resolve_dialplan(sections: Iterable[Section], redactor: Redactor) -> DialplanView:
    """The effective dialplan of extensions.conf."""
    view = DialplanView()
    sections = list(sections)
    variables: Dict[str, str] = {}
    contexts: Dict[str, _Context] = {}
    general: Optional[Item] = None
    globals_: Optional[Item] = None
    global_values: ConfigValues = {}
    for section in sections:
        low = section.name.lower()
        at = (section.file, section.line)
        if low == "globals":
            if globals_ is None:
                globals_ = Item(CONFIG, "extensions.globals", "globals", global_values, at=at)
            for name, (text, file, line) in section.variables:
                variables[name] = _substitute(text, variables)
                kept = redact(redactor, "extensions", name, text, (name,))
                global_values[name] = [(kept, file, line)]
        elif low == "general" and general is None:
            values: ConfigValues = {}
            for name, (text, file, line) in section.variables:
                # pbx_config.c asks for these by name and gets the first (see first_wins).
                values.setdefault(name.lower(), [(redact(redactor, "extensions", name, text, ()), file, line)])
            general = Item(CONFIG, "extensions.general", "general", values, at=at)
    for section in sections:
        if section.name.lower() in ("general", "globals"):
            continue
        context = contexts.get(section.name)
        if context is None:
            context = contexts[section.name] = _Context(section.name, (section.file, section.line))
        _read(section, context, variables, redactor, view)
    view.items.extend(item for item in (general, globals_) if item is not None)
    view.items.extend(
        Item(CONFIG, "dialplan.context", context.name, context.values, at=context.at) for context in contexts.values()
    )
    return view


def _read(
    section: Section, context: _Context, variables: Dict[str, str], redactor: Redactor, view: DialplanView
) -> None:
    last_extension = ""
    last_priority = -2
    for name, (text, file, line) in section.variables:
        key = name.lower()
        if key[:4] == "same":
            if not last_extension:
                view.remarks.append(Remark("warning", "'same' without an extension before it; ignored", file, line))
                continue
            rest = text
        elif key == "exten":
            extension, rest = split_argument(text)
            last_extension = _substitute(extension, variables).strip()
        else:
            _other(key, text, (file, line), context, variables, redactor, view)
            continue
        extension, slash, caller = last_extension.partition("/")
        priority, _comma, application = rest.partition(",")
        number, label, problem = _priority(priority.strip(), last_priority, extension, context)
        if number is None:
            view.remarks.append(Remark("warning", problem + "; Asterisk ignores the line", file, line))
            continue
        last_priority = number
        taken = (extension, caller, number)
        if taken in context.taken:
            view.remarks.append(
                Remark(
                    "warning",
                    "priority {0} of {1} is already there; the first one counts".format(
                        priority_text(number), extension
                    ),
                    file,
                    line,
                )
            )
            continue
        context.taken[taken] = True
        if label:
            context.labels[(extension, label)] = number
        shown = "{0}{1}{2},{3}{4},{5}".format(
            extension,
            slash,
            caller,
            priority_text(number),
            "({0})".format(label) if label else "",
            redact_application(redactor, _called(application.strip(), number)),
        )
        context.add("exten", (shown, file, line))


def _other(
    key: str,
    text: str,
    place: Tuple[int, int],
    context: _Context,
    variables: Dict[str, str],
    redactor: Redactor,
    view: DialplanView,
) -> None:
    file, line = place
    if key in ("include", "ignorepat"):
        context.add(key, (_substitute(text, variables), file, line))
    elif key in _SWITCHES:
        shown = _substitute(text, variables) if key == "switch" else text
        if shown.lower().startswith("realtime"):
            view.realtime = True
        context.add("switch", (redactor.text(shown), file, line))
    elif key == "autohints":
        context.values[key] = [(text, file, line)]
    else:
        view.remarks.append(Remark("warning", "'{0}' is no directive of the dialplan; ignored".format(key), file, line))


#: The priority of a hint, as Asterisk counts it.
HINT = -1


def priority_text(number: int) -> str:
    """How a priority is written: a number or ``hint``."""
    return "hint" if number == HINT else str(number)


def _priority(text: str, last: int, extension: str, context: _Context) -> Tuple[Optional[int], str, str]:
    """(number, label, what is wrong with it)."""
    label = ""
    if "(" in text:
        text, _paren, rest = text.partition("(")
        label, closed, _rest = rest.partition(")")
        if not closed:
            return None, "", "label without ')'"
    text, _plus, plus = text.partition("+")
    if text == "hint":
        number = HINT
    elif text in ("n", "next", "s", "same"):
        if last <= -2:
            return None, "", "'{0}' on the first entry".format(text)
        number = last + 1 if text in ("n", "next") else last
        if number == 0:
            return None, "", "'{0}' behind a hint counts to 0".format(text)
    else:
        found = _NUMBER.match(text)
        labelled = context.labels.get((extension, text))
        if found:
            number = int(found.group(1))
        elif labelled is not None:
            number = labelled
        else:
            return None, "", "no such priority or label"
        if number < 1:
            return None, "", "priority below 1"
    more = _NUMBER.match(plus)
    if more and number != HINT:
        number += int(more.group(1))
    return number, label, ""


def split_argument(text: str) -> Tuple[str, str]:
    """The part before the first comma that is not inside ``${}``, ``$[]`` or ``[]`` or escaped, and the rest."""
    depth = 0
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 2
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        elif char == "," and depth == 0:
            return text[:position], text[position + 1 :]
        position += 1
    return text, ""


def _called(application: str, number: int) -> str:
    """An application without arguments in the same shape as one with; hints stay as they are."""
    return application if number == HINT or "(" in application or not application else application + "()"


def _substitute(text: str, variables: Dict[str, str]) -> str:
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda match: variables.get(match.group(1), ""), text)[:8192]


# -- secrets in applications -----------------------------------------------------------------------

_SET = re.compile(r"(?is)^\s*(?:set|setvar|setglobalvar)\s*\((?P<rest>.*)\)\s*$")
_MSET = re.compile(r"(?is)^\s*mset\s*\((?P<rest>.*)\)\s*$")
_ARGUMENTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?i)\bauthenticate[(,](?P<secret>[^),]+)",
        r"(?i)\bdisa[(,](?P<secret>[^),]+)",
        r"(?i)\bsenddtmf[(,](?P<secret>[^),]+)",
        r"(?i)\bmeetme\((?:[^),]*,){2}(?P<secret>[^),]+)",
        r"(?i)\bmysql\(connect\s+\S+\s+\S+\s+\S+\s+(?P<secret>[^\s)]+)",
        r"(?i)^\s*(?:retry)?dial\(.*?[,A-Za-z)](?<!CALLERI)D\((?P<secret>[^)]+)\)",
    )
)


def redact_application(redactor: Redactor, text: str) -> str:
    """``App(args)`` without the secrets that stand in it as literals."""
    found = _SET.match(text)
    if found:
        rest = found.group("rest")
        return text[: found.start("rest")] + assignment(redactor, "extensions", rest) + text[found.end("rest") :]
    found = _MSET.match(text)
    if found:
        parts = [assignment(redactor, "extensions", part) for part in found.group("rest").split(",")]
        return text[: found.start("rest")] + ",".join(parts) + text[found.end("rest") :]
    if "(" in text or "," in text:
        for pattern in _ARGUMENTS:
            text = pattern.sub(lambda match: _mark(redactor, match), text)
    return redactor.text(text)


def _mark(redactor: Redactor, match: "re.Match[str]") -> str:
    secret = match.group("secret")
    if secret.startswith("/") or is_reference(secret) or secret.lower() == "no-password" or "«" in secret:
        return match.group(0)
    start = match.start("secret") - match.start()
    return match.group(0)[:start] + redactor.mark(secret) + match.group(0)[start + len(secret) :]
