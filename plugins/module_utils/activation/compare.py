"""What counts as worse. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, List

from ansible_collections.grundton.voip.plugins.module_utils.activation.state import State

#: Share of the registered devices that may be gone (their registrations end now and then by themselves).
CONTACTS_LOST = 0.05
#: Share of the calls that may have ended meanwhile.
CALLS_ENDED = 0.5
_SHOWN = 5


@dataclass(frozen=True)
class Allowed:
    """What a change was meant to do: ports that close, modules that go, whether the dialplan changes."""

    ports: FrozenSet[int] = frozenset()
    modules: FrozenSet[str] = frozenset()
    dialplan: bool = False
    restarted: bool = False


def worse(before: State, after: State, allowed: Allowed) -> List[str]:
    """Everything that got worse, in words; empty when nothing did."""
    found = []
    if not allowed.restarted and after.uptime < before.uptime:
        found.append("the daemon started anew by itself")
    for kind, names in before.objects.items():
        found.extend(_gone("{0}s gone".format(kind), names, after.objects.get(kind, [])))
    lost = sorted(
        name
        for name, state in before.registrations.items()
        if state == "Registered" and after.registrations.get(name, "Registered") != "Registered"
    )
    if lost:
        found.append("no longer registered at the provider: {0}".format(_some(lost)))
    gone = sorted(set(before.contacts) - set(after.contacts))
    before_devices = {one.partition("/")[0] for one in before.contacts}
    lost_devices = before_devices - {one.partition("/")[0] for one in after.contacts}
    if lost_devices and len(gone) > CONTACTS_LOST * len(before.contacts):
        found.append("registered devices lost: {0}".format(_some(sorted(lost_devices))))
    found.extend(_gone("modules gone", before.modules, [*after.modules, *allowed.modules]))
    if not allowed.dialplan:
        changed = sorted(
            name
            for name in {*before.dialplan, *after.dialplan}
            if before.dialplan.get(name) != after.dialplan.get(name)
        )
        if changed:
            found.append("the dialplan changed, which was not meant: {0}".format(_some(changed)))
    closed = [one for one in before.sockets if int(one.rpartition(" ")[2]) not in allowed.ports]
    found.extend(_gone("no longer listening", closed, after.sockets))
    silent = sorted(name for name, answered in before.answers.items() if answered and after.answers.get(name) is False)
    if silent:
        found.append("no answer any more on: {0}".format(_some(silent)))
    ended = set(before.channels) - set(after.channels)
    if not allowed.restarted and ended and len(ended) > CALLS_ENDED * len(before.channels):
        found.append("{0} of {1} channels ended".format(len(ended), len(before.channels)))
    return found


def _gone(what: str, before: List[str], after: List[str]) -> List[str]:
    missing = sorted(set(before) - set(after))
    return ["{0}: {1}".format(what, _some(missing))] if missing else []


def _some(names: List[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (" and {0} more".format(more) if more > 0 else "")
