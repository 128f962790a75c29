"""The queries behind `breaks:`. Each looks at what the snapshot shows, and says so when that is not enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundton.assess.values import host_of, is_false, items
from grundton.model.finding import Finding
from grundton.model.snapshot import Object, Snapshot
from grundton.plan.model import Victim

if TYPE_CHECKING:
    from grundton.policy import Policy

ENCRYPTED = frozenset({"tls", "wss"})
#: Finding kinds whose objects are endpoints, or named like them.
_ENDPOINT_KINDS = ("pjsip.endpoint", "pjsip.aor", "pjsip.auth")


@dataclass(frozen=True, slots=True)
class Breaks:
    """What a query looks at: the snapshot, the policy and the finding that would be put right."""

    snapshot: Snapshot
    policy: Policy
    finding: Finding


class UnseenError(Exception):
    """The snapshot shows that there may be somebody, but not who; `victims` are those it does show."""

    def __init__(self, why: str, victims: tuple[Victim, ...] = ()) -> None:
        super().__init__(why)
        self.victims = victims


Find = Callable[[Breaks], Iterator[Victim]]


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the sources without which its silence means nothing."""

    needs: tuple[str, ...]
    find: Find


# --- contacts: phones and trunks ---


@dataclass(frozen=True, slots=True)
class _Contact:
    """A contact with the endpoints that use it."""

    item: Object
    endpoints: tuple[str, ...]

    @property
    def registered(self) -> bool:
        """False for an address that stands in the configuration."""
        return not is_false(self.item.text("registered", "yes"))

    @property
    def transport(self) -> str:
        """The transport of its address."""
        return self.item.text("transport").lower() or "udp"

    @property
    def address(self) -> str:
        """The address alone, without its port; empty when it is a name or not known."""
        return host_of(self.item.text("address"))

    def victim(self, said: str) -> Victim:
        """The contact as a victim."""
        name = ", ".join(self.endpoints) or self.item.text("aor")
        if not self.registered:
            return Victim("trunk or fixed device", name, f"{self.item.text('uri')} {said}")
        agent = self.item.text("user_agent") or "unknown device"
        return Victim("contact", name, f"{agent} at {self.item.text('address')} {said}")


def _contacts(about: Breaks) -> Iterator[_Contact]:
    """Contacts of the finding's endpoints, AORs or accounts; all contacts when it names none of them."""
    aors, auths = _users(about.snapshot, "aors"), _users(about.snapshot, "auth")
    names = set(about.finding.objects) if about.finding.kind in _ENDPOINT_KINDS else set()
    if about.finding.kind == "pjsip.auth":
        names = {endpoint for auth in names for endpoint in auths.get(auth, {auth})}
    for contact in about.snapshot.objects("runtime", "pjsip.contact"):
        aor = contact.text("aor")
        endpoints = aors.get(aor, {aor})
        if not names or names & (endpoints | {aor}):
            yield _Contact(contact, tuple(sorted(endpoints)))


def _users(snapshot: Snapshot, key: str) -> dict[str, set[str]]:
    """Which endpoints name an object in this key."""
    users: dict[str, set[str]] = {}
    for place in ("config", "runtime"):
        for endpoint in snapshot.objects(place, "pjsip.endpoint"):
            for name in items(endpoint.values(key)):
                users.setdefault(name, set()).add(endpoint.name)
    return users


def _endpoint(snapshot: Snapshot, name: str) -> Object | None:
    """The endpoint as it runs, or as it is configured."""
    return snapshot.find("runtime", "pjsip.endpoint", name) or snapshot.find("config", "pjsip.endpoint", name)


def _contacts_without_tls(about: Breaks) -> Iterator[Victim]:
    for contact in _contacts(about):
        if contact.transport not in ENCRYPTED:
            does = "is registered" if contact.registered else "is called"
            yield contact.victim(f"{does} over {contact.transport.upper()}")


def _contacts_without_srtp(about: Breaks) -> Iterator[Victim]:
    """Whether a phone can do SRTP is not seen before a call; one that must not use it today may not offer it."""
    for contact in _contacts(about):
        for name in contact.endpoints:
            endpoint = _endpoint(about.snapshot, name)
            media = endpoint.text("media_encryption", "no") if endpoint else "no"
            optional = endpoint is not None and endpoint.text("media_encryption_optimistic") in ("yes", "true")
            if media in ("no", ""):
                yield contact.victim("speaks without encrypted media today")
            elif optional:
                yield contact.victim("may speak without encrypted media today")


def _contacts_outside_zone(about: Breaks) -> Iterator[Victim]:
    for contact in _contacts(about):
        if contact.address and about.policy.zone_of_address(contact.address) is None:
            yield contact.victim("is in no zone of the policy")


def _contacts_behind_nat(about: Breaks) -> Iterator[Victim]:
    for contact in _contacts(about):
        if not contact.registered:
            continue
        named = host_of(contact.item.text("uri").split("@")[-1].split(";")[0])
        if contact.address and named and named != contact.address:
            yield contact.victim(f"is reached at {named}, which is not its own address")


def _contacts_without_auth(about: Breaks) -> Iterator[Victim]:
    for contact in _contacts(about):
        for name in contact.endpoints:
            endpoint = _endpoint(about.snapshot, name)
            if contact.registered and endpoint is not None and not endpoint.text("auth"):
                yield contact.victim("is registered without a password")


def _registered_contacts(about: Breaks) -> Iterator[Victim]:
    for contact in _contacts(about):
        if contact.registered:
            yield contact.victim("is registered with the present password")


def _aors_with_more_contacts(about: Breaks) -> Iterator[Victim]:
    names = set(about.finding.objects)
    seen = Counter(
        contact.text("aor")
        for contact in about.snapshot.objects("runtime", "pjsip.contact")
        if not is_false(contact.text("registered", "yes"))
    )
    for aor, count in seen.items():
        if count > 1 and (not names or aor in names):
            yield Victim("AOR", aor, f"has {count} devices registered")


def _encrypted_contacts(reason: str) -> Find:
    """Contacts over TLS show neither their TLS version nor their certificate: with any of them, nobody knows."""

    def find(about: Breaks) -> Iterator[Victim]:
        encrypted = [contact for contact in _contacts(about) if contact.transport in ENCRYPTED]
        if encrypted:
            names = sorted({name for contact in encrypted for name in contact.endpoints})
            raise UnseenError(f"over TLS are {', '.join(names)}; {reason}")
        return iter(())

    return find


# --- trunks ---


def _trunk_uris(about: Breaks) -> Iterator[tuple[str, str]]:
    """Name and address of every trunk: registrations and addresses that stand in the configuration."""
    for registration in about.snapshot.objects("runtime", "pjsip.registration"):
        yield registration.name, registration.text("server_uri")
    for contact in _contacts(about):
        if not contact.registered:
            yield ", ".join(contact.endpoints), contact.item.text("uri")


def _transport_of_uri(uri: str) -> str:
    head, _, parameters = uri.lower().partition(";")
    if head.startswith("sips:"):
        return "tls"
    named = [part.partition("=")[2] for part in parameters.split(";") if part.startswith("transport=")]
    return named[0] if named else "udp"


def _trunks_on_udp(about: Breaks) -> Iterator[Victim]:
    for name, uri in _trunk_uris(about):
        if uri and _transport_of_uri(uri) == "udp":
            yield Victim("trunk", name, f"is reached over UDP ({uri})")


def _trunks_over_tls(about: Breaks) -> Iterator[Victim]:
    over_tls = sorted({name for name, uri in _trunk_uris(about) if _transport_of_uri(uri) in ENCRYPTED})
    if over_tls:
        raise UnseenError(f"over TLS are {', '.join(over_tls)}; who signed their certificates is not in the snapshot")
    return iter(())


# --- calls, and what is configured ---


def _calls(about: Breaks) -> Iterator[Victim]:
    for core in about.snapshot.objects("runtime", "asterisk.core"):
        calls = core.text("calls", "0")
        if calls.isdigit() and int(calls) > 0:
            yield Victim("calls", f"{calls} calls", "are up right now")


def _iax_peers(about: Breaks) -> Iterator[Victim]:
    """A peer that is not monitored may be in use all the same."""
    reachable = []
    silent = []
    answers = {peer.name: peer for peer in about.snapshot.objects("runtime", "iax.peer")}
    for name in sorted({*answers, *(peer.name for peer in about.snapshot.objects("config", "iax.peer"))}):
        status = answers[name].text("status") if name in answers else ""
        if status.upper().startswith("OK"):
            reachable.append(Victim("IAX2 peer", name, f"is reachable ({status})"))
        else:
            silent.append(name)
    if silent:
        raise UnseenError(f"{', '.join(silent)} may be in use: nobody monitors it", tuple(reachable))
    return iter(reachable)


def _chan_sip_peers(about: Breaks) -> Iterator[Victim]:
    for peer in about.snapshot.objects("runtime", "sip.peer"):
        address = peer.text("address")
        if address and address not in ("(Unspecified)", "(null)"):
            yield Victim("chan_sip peer", peer.name, f"is at {address}")


def _endpoints_in_default(about: Breaks) -> Iterator[Victim]:
    for endpoint in about.snapshot.objects("config", "pjsip.endpoint"):
        if endpoint.text("context", "default") == "default":
            yield Victim("endpoint", endpoint.name, "begins its calls in the context default")


def _prehashed(about: Breaks) -> Iterator[Victim]:
    for auth in about.snapshot.objects("config", "pjsip.auth"):
        if auth.values("md5_cred"):
            yield Victim("account", auth.name, "has its password only as an MD5 hash")


def _mailboxes(about: Breaks) -> Iterator[Victim]:
    names = set(about.finding.objects) if about.finding.kind == "voicemail.mailbox" else set()
    for mailbox in about.snapshot.objects("config", "voicemail.mailbox"):
        if not names or mailbox.name in names:
            yield Victim("mailbox", mailbox.name, "is configured")


def _virtual_interfaces(about: Breaks) -> Iterator[Victim]:
    for interface in about.snapshot.objects("system", "interface"):
        if interface.name.startswith(("docker", "br-", "virbr", "veth", "wg", "tun", "tap", "lxc", "cni")):
            yield Victim("interface", interface.name, "routes for containers or a VPN")


_PJSIP = ("runtime:pjsip",)

QUERIES: dict[str, Query] = {
    "contacts_without_tls": Query(_PJSIP, _contacts_without_tls),
    "contacts_without_srtp": Query(_PJSIP, _contacts_without_srtp),
    "contacts_outside_zone": Query(_PJSIP, _contacts_outside_zone),
    "contacts_outside_acl": Query(_PJSIP, _contacts_outside_zone),
    "contacts_behind_nat": Query(_PJSIP, _contacts_behind_nat),
    "contacts_without_auth": Query(_PJSIP, _contacts_without_auth),
    "contacts_with_old_tls": Query(_PJSIP, _encrypted_contacts("which version they speak is not in the snapshot")),
    "contacts_with_old_ciphers": Query(_PJSIP, _encrypted_contacts("which ciphers they speak is not in the snapshot")),
    "peers_without_certificate": Query(_PJSIP, _encrypted_contacts("whether they have one is not in the snapshot")),
    "phones_need_new_secret": Query(_PJSIP, _registered_contacts),
    "aors_with_more_contacts": Query(_PJSIP, _aors_with_more_contacts),
    "trunks_on_udp": Query(_PJSIP, _trunks_on_udp),
    "trunks_with_unknown_ca": Query(_PJSIP, _trunks_over_tls),
    "endpoints_in_default": Query(("config:pjsip",), _endpoints_in_default),
    "prehashed_credentials": Query(("config:pjsip",), _prehashed),
    "mailbox_users": Query(("config:voicemail",), _mailboxes),
    "chan_sip_peers": Query(("runtime:sip",), _chan_sip_peers),
    "iax_peers": Query(("runtime:iax", "config:iax"), _iax_peers),
    "calls_on_old_ports": Query(("runtime:asterisk",), _calls),
    "channels_of_driver": Query(("runtime:asterisk",), _calls),
    "long_calls": Query(("runtime:asterisk",), _calls),
    "containers_and_vpn": Query(("system:interface",), _virtual_interfaces),
}
