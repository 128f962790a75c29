"""What a PJSIP object is for: role (phone, trunk, webrtc) and zone, from the whole configuration."""

from __future__ import annotations

from typing import Protocol

from grundton.assess.values import host_of, is_true, items
from grundton.model.snapshot import Object, Snapshot


class ZonePolicy(Protocol):
    """What facets need from the policy."""

    def zone_of_endpoint(self, name: str, role: str, contact_address: str | None = None) -> str:
        """Return the zone of an endpoint."""

    def zone_of_address(self, address: str) -> str | None:
        """Return the zone an address is in."""


#: Roles, by the order in which an endpoint is recognised.
PHONE, TRUNK, WEBRTC = "phone", "trunk", "webrtc"


def trunk_endpoints(snapshot: Snapshot) -> set[str]:
    """Names of endpoints that are trunks.

    An endpoint is a trunk when an `identify` matches it by address, when it authenticates outwards, or when
    an outbound registration names it (`endpoint=`) or shares its `outbound_auth`.
    """
    names: set[str] = set()
    for place in ("config", "runtime"):
        for identify in snapshot.objects(place, "pjsip.identify"):
            names.update(identify.texts("endpoint"))
        registered: set[str] = set()
        for registration in snapshot.objects(place, "pjsip.registration"):
            names.update(registration.texts("endpoint"))
            registered.update(items(registration.values("outbound_auth")))
        for endpoint in snapshot.objects(place, "pjsip.endpoint"):
            if "outbound_auth" not in endpoint.raw_values:
                continue
            auths = items(endpoint.values("outbound_auth"))
            if auths or registered.intersection(auths):
                names.add(endpoint.name)
    return names


def set_facets(snapshot: Snapshot, policy: ZonePolicy) -> None:
    """Put `role` and `zone` on every pjsip endpoint and on the auths and aors it uses, config and runtime."""
    trunks = trunk_endpoints(snapshot)
    contacts = _contact_addresses(snapshot)
    roles: dict[str, tuple[str, str]] = {}
    for place in ("config", "runtime"):
        for endpoint in snapshot.objects(place, "pjsip.endpoint"):
            known = roles.get(endpoint.name)
            if known is None:
                role = _role(endpoint, trunks)
                known = roles[endpoint.name] = (
                    role,
                    policy.zone_of_endpoint(endpoint.name, role, contacts.get(endpoint.name)),
                )
            _put(endpoint, known)
    users: dict[tuple[str, str], tuple[str, str]] = {}
    for endpoint in snapshot.objects("config", "pjsip.endpoint"):
        for kind, key in (("pjsip.auth", "auth"), ("pjsip.auth", "outbound_auth"), ("pjsip.aor", "aors")):
            if key in endpoint.raw_values:
                for name in items(endpoint.values(key)):
                    users[(kind, name)] = roles[endpoint.name]
    for place in ("config", "runtime"):
        for kind in ("pjsip.auth", "pjsip.aor"):
            for item in snapshot.objects(place, kind):
                _put(item, users.get((kind, item.name), ("", "")))


def _put(item: Object, known: tuple[str, str]) -> None:
    item.facets["role"], item.facets["zone"] = known


def _role(endpoint: Object, trunks: set[str]) -> str:
    if endpoint.name in trunks:
        return TRUNK
    if "webrtc" in endpoint.raw_values and is_true(endpoint.text("webrtc")):
        return WEBRTC
    return PHONE


def _contact_addresses(snapshot: Snapshot) -> dict[str, str]:
    by_aor = {
        contact.text("aor"): host_of(contact.text("address"))
        for contact in snapshot.objects("runtime", "pjsip.contact")
        if contact.text("address")
    }
    addresses: dict[str, str] = {}
    if not by_aor:
        return addresses
    for place in ("runtime", "config"):
        for endpoint in snapshot.objects(place, "pjsip.endpoint"):
            for aor in items(endpoint.values("aors")):
                if aor in by_aor:
                    addresses.setdefault(endpoint.name, by_aor[aor])
    return addresses
