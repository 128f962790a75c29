"""Which signalling really answers, where, and how devices really come in."""

from __future__ import annotations

from collections.abc import Iterator

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.sip_transport import PROTOCOLS, planned_protocols
from grundton.assess.rules.sip_view import (
    Verdicts,
    accepted,
    everywhere,
    is_local,
    is_wildcard,
    transport_protocol,
)
from grundton.assess.values import host_of, items
from grundton.model.snapshot import Object

SOCKET, CONTACT = "socket", "pjsip.contact"

#: (protocol, port) → word of voip_signalling; unistim has no word because nobody should plan it.
_WELL_KNOWN = {
    ("udp", 5060): "sip-udp",
    ("tcp", 5060): "sip-tcp",
    ("tcp", 5061): "sip-tls",
    ("udp", 4569): "iax2",
    ("tcp", 1720): "h323",
    ("udp", 2427): "mgcp",
    ("udp", 2727): "mgcp",
    ("tcp", 2000): "sccp",
    ("udp", 5000): "unistim",
    ("udp", 4520): "dundi",
}
#: Kinds of zones where phones and their servers live.
_VOICE = frozenset({"servers", "endpoints", "softphones", "dmz", "trunk", "wlan"})
_OUTSIDE = frozenset({"outside", "remote", "public"})


def _ports(context: Context) -> dict[tuple[str, int], str]:
    """Ports of signalling on this host: well-known ones and those the transports name."""
    ports = dict(_WELL_KNOWN)
    for item in everywhere(context, "pjsip.transport"):
        protocol = transport_protocol(context, item)
        if protocol not in ("udp", "tcp", "tls"):
            continue
        port = _port_of(item.text("bind")) or (5061 if protocol == "tls" else 5060)
        ports[("udp" if protocol == "udp" else "tcp", port)] = PROTOCOLS[protocol]
    for item in context.objects("config", "iax.general"):
        if item.text("bindport").isdigit():
            ports[("udp", int(item.text("bindport")))] = "iax2"
    return ports


def _port_of(bind: str) -> int | None:
    tail = bind.rsplit("]", 1)[-1]
    if tail.count(":") != 1:
        return None
    port = tail.rsplit(":", 1)[1]
    return int(port) if port.isdigit() else None


def _signalling_sockets(context: Context) -> Iterator[tuple[Object, str]]:
    """Sockets of Asterisk that speak signalling, with their protocol. Media ports are left out."""
    ports = _ports(context)
    media = _media_ports(context)
    for item in context.objects("system", SOCKET):
        if item.text("process") != "asterisk" or not item.text("port").isdigit():
            continue
        place = (item.text("protocol"), int(item.text("port")))
        word = ports.get(place)
        if word is None or (word == "unistim" and place[1] in media):
            continue
        yield item, word


def _media_ports(context: Context) -> range:
    for place in ("runtime", "config"):
        for item in context.objects(place, "rtp.general"):
            start, end = item.text("rtpstart"), item.text("rtpend")
            if start.isdigit() and end.isdigit():
                return range(int(start), int(end) + 1)
    return range(5000, 31001)


@rule("planned_listeners")
def planned_listeners(context: Context) -> list[Judgement]:
    """Asterisk listens for planned signalling protocols and for no other."""
    source = context.source("system", SOCKET)
    if source.status != "ok":
        return [unchecked(SOCKET, source.reason)]
    planned = planned_protocols(context)
    expected = " or ".join(sorted(planned)) + " (voip_signalling, voip_trunks)"
    verdicts = Verdicts(SOCKET)
    for item, word in _signalling_sockets(context):
        if word in planned:
            verdicts.good(item, "protocol", expected, word)
        elif is_local(item.text("address")):
            verdicts.good(item, "protocol", expected, f"{word} on loopback only")
        else:
            verdicts.bad(item, "protocol", expected, word)
    return _with_doubt(verdicts, source.incomplete, expected)


def _with_doubt(verdicts: Verdicts, incomplete: tuple[str, ...], expected: str) -> list[Judgement]:
    judgements = verdicts.done()
    if verdicts.failed:
        return judgements
    if incomplete:
        return [*judgements, unchecked(SOCKET, f"there may be more listeners: {'; '.join(incomplete)}")]
    return judgements or [accepted(SOCKET, "protocol", expected, "no signalling port is open")]


@rule("listener_zones")
def listener_zones(context: Context) -> list[Judgement]:
    """Signalling listens on addresses of voice zones; outside only where the policy lets the outside in."""
    source = context.source("system", SOCKET)
    if source.status != "ok":
        return [unchecked(SOCKET, source.reason)]
    policy = context.policy
    if not any(zone.networks for zone in policy.zones):
        return [unchecked(SOCKET, "voip_zones names no networks, so nobody can tell which zone an address is in")]
    allowed = set(_VOICE)
    if str(policy.reachability) in ("central", "remote_access"):
        allowed |= _OUTSIDE
    expected = "an address in a voice zone"
    verdicts = Verdicts(SOCKET)
    for item, word in _signalling_sockets(context):
        if is_local(item.text("address")):
            verdicts.good(item, "address", expected, "loopback")
            continue
        addresses = _addresses(context, item.text("address"))
        if not addresses:
            verdicts.unsure(item, "address", expected, "it listens everywhere, and the host's addresses are not known")
            continue
        zones = {address: policy.zone_of_address(address) for address in addresses}
        wrong = [
            f"{address} ({zone})"
            for address, zone in zones.items()
            if zone is not None and policy.kind_of(zone) not in allowed
        ]
        lost = [address for address, zone in zones.items() if zone is None]
        if wrong:
            verdicts.bad(item, "address", expected, f"{word} on " + ", ".join(wrong))
        elif lost:
            verdicts.unsure(item, "address", expected, f"in no zone of voip_zones: {', '.join(lost)}")
        else:
            verdicts.good(
                item, "address", expected, ", ".join(str(zone) for zone in sorted(set(zones.values()), key=str))
            )
    return _with_doubt(verdicts, source.incomplete, expected)


def _addresses(context: Context, address: str) -> list[str]:
    if not is_wildcard(address):
        return [address.strip("[]")]
    version = 6 if ":" in address else 4
    found = []
    for interface in context.objects("system", "interface"):
        for text in items(interface.values("addresses")):
            host = text.split("/", 1)[0]
            local = is_local(host) or host.lower().startswith("fe80")
            if not local and (6 if ":" in host else 4) == version:
                found.append(host)
    return found


# registered devices


def _endpoint_of(context: Context) -> dict[str, Object]:
    """AOR name → endpoint that uses it."""
    owners: dict[str, Object] = {}
    for item in everywhere(context, "pjsip.endpoint"):
        for aor in items(item.values("aors")):
            owners.setdefault(aor, item)
    return owners


def _protocol_of(context: Context, contact: Object) -> str:
    """Transport a contact came in on: `tls`, `udp` …; empty when nothing tells."""
    text = contact.text("transport").lower()
    if text in PROTOCOLS:
        return text
    for place in ("config", "runtime"):
        transport = context.snapshot.find(place, "pjsip.transport", contact.text("transport"))
        if transport is not None:
            return transport_protocol(context, transport)
    uri = contact.text("uri").lower()
    if uri.startswith("sips:"):
        return "tls"
    for part in uri.split(";")[1:]:
        if part.startswith("transport="):
            return part.removeprefix("transport=").split("?", 1)[0]
    return "udp" if uri.startswith("sip:") else ""


@rule("contact_transport")
def contact_transport(context: Context) -> list[Judgement]:
    """Devices that are registered now came in as the cell of their zone demands."""
    source = context.source("runtime", CONTACT)
    if source.status != "ok":
        return [unchecked(CONTACT, source.reason or "the daemon does not run")]
    owners = _endpoint_of(context)
    expected = "TLS or WSS (encryption matrix)"
    verdicts = Verdicts(CONTACT)
    for item in context.objects("runtime", CONTACT):
        if item.text("registered") == "no":
            continue
        owner = owners.get(item.text("aor"))
        zone = owner.facets.get("zone", "") if owner is not None else _zone_of(context, item)
        if context.policy.cell(zone).signalling != "required":
            continue
        protocol = _protocol_of(context, item)
        if not protocol:
            verdicts.unsure(item, "transport", expected, "the daemon does not tell the transport")
        elif protocol in ("tls", "wss"):
            verdicts.good(item, "transport", expected, protocol)
        else:
            verdicts.bad(item, "transport", expected, f"{protocol} in zone {zone}")
    return verdicts.done()


def _zone_of(context: Context, contact: Object) -> str:
    return context.policy.zone_of_endpoint(contact.text("aor"), "phone", host_of(contact.text("address")) or None)


@rule("contact_zone")
def contact_zone(context: Context) -> list[Judgement]:
    """Devices that are registered now sit in zones devices may come from."""
    source = context.source("runtime", CONTACT)
    if source.status != "ok":
        return [unchecked(CONTACT, source.reason or "the daemon does not run")]
    policy = context.policy
    if not any(zone.networks for zone in policy.zones):
        return [unchecked(CONTACT, "voip_zones names no networks, so nobody can tell which zone an address is in")]
    owners = _endpoint_of(context)
    remote = str(policy.reachability) == "remote_access"
    expected = "an address in a zone of devices"
    verdicts = Verdicts(CONTACT)
    for item in context.objects("runtime", CONTACT):
        if item.text("registered") == "no":
            continue
        owner = owners.get(item.text("aor"))
        if owner is not None and owner.facets.get("role") == "trunk":
            continue
        address = host_of(item.text("address"))
        if not address:
            verdicts.unsure(item, "address", expected, "the daemon does not tell the address")
            continue
        zone = policy.zone_of_address(address)
        kind = policy.kind_of(zone) if zone is not None else ""
        if kind in _VOICE or (kind in _OUTSIDE and remote) or is_local(address):
            verdicts.good(item, "address", expected, str(zone or "loopback"))
        else:
            verdicts.bad(item, "address", expected, f"{address} ({zone or 'in no zone'})")
    return verdicts.done()
