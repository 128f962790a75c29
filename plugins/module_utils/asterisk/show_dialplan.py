"""The running dialplan as ``dialplan show`` prints it."""

from __future__ import annotations

import re
from typing import Dict, List, Optional

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.dialplan import redact_application
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import RUNTIME, Item, PlainValues

_CONTEXT = re.compile(r"^\[ Context '(?P<name>.*)' created by '(?P<by>.*)' \]$")
_EXTENSION = re.compile(
    r"^  '(?P<pattern>(?:[^']|'(?! (?:=>|\(CID)))*)' (?:\(CID match '(?P<cid>.*?)'\) )?=>\s+(?P<rest>.*)$"
)
_STEP = re.compile(r"^(?:(?P<number>\d+)\. |(?P<hint>hint): )(?P<what>.*?)\s*(?:\[[^\[\]]*\])?$")
_MORE = re.compile(r"^\s+(?:\[(?P<label>[^\]]*)\]\s+)?(?P<rest>\d+\. .*)$")
_QUOTED = re.compile(r"^  (?P<what>Include|Ignore pattern|Alt\. Switch) =>\s+'(?P<value>.*)'\s+(?:\[[^\[\]]*\])?\s*$")

_KEYS = {"Include": "include", "Ignore pattern": "ignorepat", "Alt. Switch": "switch"}


def parse_dialplan(text: str, redactor: Redactor) -> List[Item]:
    """One ``dialplan.context`` per context, with the keys of its twin from the files and ``created_by``."""
    items: List[Item] = []
    lists: Dict[str, List[object]] = {}
    pattern = ""
    for line in text.split("\n"):
        found = _CONTEXT.match(line)
        if found:
            lists = {}
            values: PlainValues = {"created_by": found.group("by")}
            items.append(Item(RUNTIME, "dialplan.context", found.group("name"), values))
            continue
        if not items:
            continue
        quoted = _QUOTED.match(line)
        if quoted:
            value = redactor.text(quoted.group("value"))
            _add(items[-1], lists, _KEYS[quoted.group("what")], value.rstrip("/") if value.endswith("/") else value)
            continue
        label = ""
        rest: Optional[str] = None
        extension = _EXTENSION.match(line)
        if extension:
            pattern = extension.group("pattern")
            if extension.group("cid") is not None:
                pattern = "{0}/{1}".format(pattern, extension.group("cid"))
            rest = extension.group("rest")
        else:
            more = _MORE.match(line)
            if more:
                label, rest = more.group("label") or "", more.group("rest")
        step = _STEP.match(rest) if rest is not None else None
        if step is None:
            continue
        priority = step.group("number") or "hint"
        if label:
            priority = "{0}({1})".format(priority, label)
        what = redact_application(redactor, step.group("what"))
        _add(items[-1], lists, "exten", "{0},{1},{2}".format(pattern, priority, what))
    return items


def _add(item: Item, lists: Dict[str, List[object]], key: str, value: str) -> None:
    found = lists.get(key)
    if found is None:
        found = lists[key] = []
        item.values[key] = found  # type: ignore[assignment]
    found.append(value)
