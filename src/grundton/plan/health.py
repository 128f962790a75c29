"""What got worse between two looks at a host: somebody lost, something gone, something that no longer answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from grundton.assess.values import is_false
from grundton.model.snapshot import Object, Snapshot

#: Runtime objects that may not go, and what people call them.
_KEPT = {
    "pjsip.transport": "transport",
    "pjsip.endpoint": "endpoint",
    "pjsip.aor": "AOR",
    "pjsip.identify": "identify",
    "iax.peer": "IAX2 peer",
    "sip.peer": "chan_sip peer",
    "dialplan.context": "dialplan context",
    "voicemail.mailbox": "mailbox",
    "manager.user": "AMI user",
    "module.loaded": "module",
}


def got_worse(before: Snapshot, after: Snapshot, announced: Iterable[str] = ()) -> list[str]:
    """Return what is worse after the changes, in words; empty when telephony is as it was.

    Args:
        before: the host before the changes.
        after: the host after them, seen over a new connection.
        announced: endpoints whose loss the plan had announced and the operator accepted.
    """
    return list(_worse(before, after, frozenset(announced)))


def _worse(before: Snapshot, after: Snapshot, announced: frozenset[str]) -> Iterator[str]:
    for name, component in before.components.items():
        now = after.components.get(name)
        if component.running and (now is None or not now.running):
            yield f"{name} does not run any more"
            return
    for kind, word in _KEPT.items():
        source = f"runtime:{kind.split('.')[0]}"
        had, state = before.sources.get(source), after.sources.get(source)
        if had is None or had.status != "ok":
            continue
        if state is None or state.status != "ok":
            reason = state.reason if state else "no answer"
            yield f"the daemon no longer answers for {source.partition(':')[2]}: {reason}"
            continue
        gone = _names(before, kind) - _names(after, kind)
        if gone:
            yield f"{word} {', '.join(sorted(gone))} is gone"
    yield from _lost_contacts(before, after, announced)
    yield from _lost_registrations(before, after)


def _names(snapshot: Snapshot, kind: str) -> set[str]:
    return {item.name for item in snapshot.objects("runtime", kind)}


def _lost_contacts(before: Snapshot, after: Snapshot, announced: frozenset[str]) -> Iterator[str]:
    now = {contact.text("aor"): contact for contact in _registered(after)}
    end = _seconds(after.taken_at)
    for contact in _registered(before):
        aor = contact.text("aor")
        agent = contact.text("user_agent") or "device"
        expires = contact.text("expires_at")
        if aor in announced or contact.text("endpoint") in announced or (expires.isdigit() and int(expires) <= end):
            continue
        if aor not in now:
            yield f"{aor} ({agent} at {contact.text('address')}) is not registered any more"
        elif contact.text("status") == "Avail" and now[aor].text("status") == "Unavail":
            yield f"{aor} ({agent} at {contact.text('address')}) does not answer any more"


def _registered(snapshot: Snapshot) -> list[Object]:
    found = snapshot.objects("runtime", "pjsip.contact")
    return [contact for contact in found if not is_false(contact.text("registered", "yes"))]


def _lost_registrations(before: Snapshot, after: Snapshot) -> Iterator[str]:
    for registration in before.objects("runtime", "pjsip.registration"):
        now = after.find("runtime", "pjsip.registration", registration.name)
        state = now.text("_state") if now else "gone"
        if registration.text("_state") == "Registered" and state != "Registered":
            yield f"the PBX is no longer registered with trunk {registration.name} ({state})"


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
