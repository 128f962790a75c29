"""Who breaks: named queries over the snapshot. A record says `breaks: <name>`; the query names the victims.

A victim is somebody the snapshot really shows (a registered contact, an identify, a connected session), never a
guess. What no query can see is said in words in the record's `why`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundton.assess.values import is_loopback, items
from grundton.model.finding import Finding
from grundton.model.snapshot import Object, Snapshot
from grundton.plan.model import Victim

if TYPE_CHECKING:
    from grundton.policy import Policy

ENCRYPTED = frozenset({"tls", "wss"})


@dataclass(frozen=True, slots=True)
class Breaks:
    """What a query looks at: the snapshot, the policy and the finding that would be put right."""

    snapshot: Snapshot
    policy: Policy
    finding: Finding


Query = Callable[[Breaks], Iterator[Victim]]


def victims_of(name: str, about: Breaks) -> tuple[Victim, ...]:
    """The victims a named query finds; none when there is no query of that name."""
    query = QUERIES.get(name)
    return tuple(dict.fromkeys(query(about))) if query else ()


def _contacts(about: Breaks) -> Iterator[tuple[Object, set[str]]]:
    """Registered contacts of the finding's endpoints (all contacts when it names none), with their endpoints."""
    names = set(about.finding.objects)
    users: dict[str, set[str]] = {}
    for place in ("config", "runtime"):
        for endpoint in about.snapshot.objects(place, "pjsip.endpoint"):
            for aor in items(endpoint.values("aors")):
                users.setdefault(aor, set()).add(endpoint.name)
    about_endpoints = about.finding.kind in ("pjsip.endpoint", "pjsip.aor", "pjsip.auth")
    for contact in about.snapshot.objects("runtime", "pjsip.contact"):
        endpoints = users.get(contact.text("aor"), {contact.text("aor")})
        if not about_endpoints or not names or names & (endpoints | {contact.text("aor")}):
            yield contact, endpoints


def _contact(contact: Object, endpoints: set[str], why: str) -> Victim:
    agent = contact.text("user_agent") or "unknown device"
    name = ", ".join(sorted(endpoints)) or contact.text("aor")
    return Victim("contact", name, f"{agent} at {contact.text('address')} {why}".strip())


def _contacts_without_tls(about: Breaks) -> Iterator[Victim]:
    for contact, endpoints in _contacts(about):
        transport = contact.text("transport").lower() or "udp"
        if transport not in ENCRYPTED:
            yield _contact(contact, endpoints, f"is registered over {transport.upper()}")


def _contacts_without_srtp(about: Breaks) -> Iterator[Victim]:
    """Whether a phone can do SRTP is seen in what it uses: a contact over plain signalling has no safe key."""
    configured = {item.name: item for item in about.snapshot.objects("config", "pjsip.endpoint")}
    for contact, endpoints in _contacts(about):
        for name in endpoints:
            endpoint = configured.get(name)
            media = endpoint.text("media_encryption", "no") if endpoint else "no"
            if media in ("no", ""):
                yield _contact(contact, {name}, "has no encrypted media configured and may not offer it")


def _contacts_outside_zone(about: Breaks) -> Iterator[Victim]:
    for contact, endpoints in _contacts(about):
        address = contact.text("address")
        if address and about.policy.zone_of_address(address.rsplit(":", 1)[0].strip("[]")) is None:
            yield _contact(contact, endpoints, "is in no zone of the policy")


def _aors_with_more_contacts(about: Breaks) -> Iterator[Victim]:
    seen: dict[str, int] = {}
    for contact, _ in _contacts(about):
        seen[contact.text("aor")] = seen.get(contact.text("aor"), 0) + 1
    for aor, count in seen.items():
        if count > 1:
            yield Victim("aor", aor, f"has {count} devices registered")


def _ami_sessions_from_outside(about: Breaks) -> Iterator[Victim]:
    for session in about.snapshot.objects("runtime", "manager.session"):
        if not is_loopback(session.text("address")):
            yield Victim("AMI session", session.name, f"connected from {session.text('address')}")


def _channels(about: Breaks) -> Iterator[Victim]:
    for core in about.snapshot.objects("runtime", "asterisk.core"):
        calls = core.text("calls", "0")
        if calls.isdigit() and int(calls) > 0:
            yield Victim("calls", f"{calls} calls", "are up right now")


def _iax_peers(about: Breaks) -> Iterator[Victim]:
    for peer in about.snapshot.objects("runtime", "iax.peer"):
        status = peer.text("status")
        if status.upper().startswith("OK"):
            yield Victim("IAX2 peer", peer.name, f"is reachable ({status})")


QUERIES: dict[str, Query] = {
    "contacts_without_tls": _contacts_without_tls,
    "contacts_without_srtp": _contacts_without_srtp,
    "contacts_outside_zone": _contacts_outside_zone,
    "contacts_outside_acl": _contacts_outside_zone,
    "aors_with_more_contacts": _aors_with_more_contacts,
    "ami_sessions_from_outside": _ami_sessions_from_outside,
    "iax_peers": _iax_peers,
    "calls_on_old_ports": _channels,
}
