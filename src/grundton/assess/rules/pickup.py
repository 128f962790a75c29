"""Who may pick up whose call."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import Verdicts, everywhere
from grundton.assess.values import items

_KEYS = ("pickup_group", "named_pickup_group")


@rule("pickup_by_department")
def pickup_by_department(context: Context) -> list[Judgement]:
    """No pickup group spans nearly all phones; a firm of a few phones may be one department."""
    smallest = int(context.options["from_phones"])
    phones = [item for item in everywhere(context, "pjsip.endpoint") if item.facets.get("role") == "phone"]
    if len(phones) < smallest:
        return []
    groups: dict[tuple[str, str], int] = {}
    for phone in phones:
        for key in _KEYS:
            for group in items(phone.values(key)):
                groups[key, group] = groups.get((key, group), 0) + 1
    wide = {place: count for place, count in groups.items() if count * 3 >= len(phones) * 2}
    verdicts = Verdicts("pjsip.endpoint")
    expected = "a group for each department"
    for phone in phones:
        for key in _KEYS:
            for group in items(phone.values(key)):
                if (key, group) in wide:
                    verdicts.bad(
                        phone, key, expected, f"group {group} spans {wide[key, group]} of {len(phones)} phones"
                    )
                else:
                    verdicts.good(phone, key, expected, f"group {group}")
    return verdicts.done()
