"""SIP transports: planned protocols, addresses, certificates, and what travels over them."""

from __future__ import annotations

from netaddr import IPNetwork

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import (
    Verdicts,
    accepted,
    blocked,
    doubts,
    everywhere,
    is_local,
    is_wildcard,
    known,
    networks_in,
    transport_protocol,
)
from grundton.assess.values import is_true, items, network_of
from grundton.model.snapshot import Object

TRANSPORT, ENDPOINT, HTTP = "pjsip.transport", "pjsip.endpoint", "http.general"

#: Protocol of a transport → word of voip_signalling.
PROTOCOLS = {"udp": "sip-udp", "tcp": "sip-tcp", "tls": "sip-tls", "ws": "ws", "wss": "wss", "flow": "sip-tls"}
#: Transports whose signalling is readable on the way.
PLAIN = frozenset({"udp", "tcp", "ws"})


def planned_protocols(context: Context) -> set[str]:
    """Protocols of voip_signalling and of the planned trunks."""
    return {str(word) for word in context.policy.signalling} | {str(trunk.transport) for trunk in context.policy.trunks}


@rule("planned_transports")
def planned_transports(context: Context) -> list[Judgement]:
    """Only transports the policy plans, apart from those on loopback."""
    if found := blocked(context, TRANSPORT):
        return found
    planned = planned_protocols(context)
    expected = " or ".join(sorted(planned)) + " (voip_signalling, voip_trunks)"
    verdicts = Verdicts(TRANSPORT)
    for item in everywhere(context, TRANSPORT):
        protocol = transport_protocol(context, item)
        word = PROTOCOLS.get(protocol, protocol)
        if word in planned:
            verdicts.good(item, "protocol", expected, word)
        elif is_local(item.text("bind")):
            verdicts.good(item, "protocol", expected, f"{word} on loopback only")
        else:
            verdicts.bad(item, "protocol", expected, word)
    judgements = verdicts.done()
    if judgements and not verdicts.failed and (reason := doubts(context, TRANSPORT)):
        judgements.append(unchecked(TRANSPORT, f"there may be more transports: {reason}"))
    return judgements


@rule("transport_bind")
def transport_bind(context: Context) -> list[Judgement]:
    """Each transport is bound to one address."""
    if found := blocked(context, TRANSPORT):
        return found
    expected = "one address"
    verdicts = Verdicts(TRANSPORT)
    for item in everywhere(context, TRANSPORT):
        if transport_protocol(context, item) in ("ws", "wss"):
            continue
        value = known(context, item, "bind")
        actual = f"{value.text or 'nothing'}: every address of the host" if is_wildcard(value.text) else value.text
        verdicts.judge(item, "bind", expected, value, not is_wildcard(value.text), actual)
    return verdicts.done()


@rule("client_certificates")
def client_certificates(context: Context) -> list[Judgement]:
    """TLS transports of the peers the policy names demand a certificate."""
    if found := blocked(context, TRANSPORT):
        return found
    only = None
    if str(context.policy.tls.client_certificates) == "trunks":
        only = {item.text("transport") for item in everywhere(context, ENDPOINT) if item.facets.get("role") == "trunk"}
    expected = "verify_client and require_client_cert, with a list of CAs"
    verdicts = Verdicts(TRANSPORT)
    for item in everywhere(context, TRANSPORT):
        if transport_protocol(context, item) != "tls" or (only is not None and item.name not in only):
            continue
        missing = [
            key for key in ("verify_client", "require_client_cert") if not is_true(known(context, item, key).text)
        ]
        if not item.text("ca_list_file") and not item.text("ca_list_path"):
            missing.append("ca_list_file")
        if missing:
            verdicts.bad(item, missing[0], expected, "without " + ", ".join(missing))
        else:
            verdicts.good(item, "verify_client", expected, "all set")
    return verdicts.done()


@rule("plain_websocket")
def plain_websocket(context: Context) -> list[Judgement]:
    """Where browsers connect, the plain HTTP server stays on loopback."""
    if found := blocked(context, ENDPOINT):
        return found
    browsers = [item.name for item in everywhere(context, ENDPOINT) if is_true(item.text("webrtc"))]
    sockets = [
        item.name for item in everywhere(context, TRANSPORT) if transport_protocol(context, item) in ("ws", "wss")
    ]
    if not browsers and not sockets:
        return []
    source = context.source("config", HTTP)
    if source.status in ("not_checked", "error"):
        return [unchecked(HTTP, source.reason)]
    servers = context.objects("config", HTTP) + context.objects("runtime", HTTP)
    if not servers:
        return [accepted(HTTP, "enabled", "off, or on loopback", "no http.conf: the server is off")]
    expected = "the plain server off, or on loopback"
    verdicts = Verdicts(HTTP)
    for item in servers:
        address = item.text("bindaddr")
        if not is_true(item.text("enabled")):
            verdicts.good(item, "enabled", expected, "off")
        elif is_local(address):
            verdicts.good(item, "bindaddr", expected, address)
        else:
            verdicts.bad(item, "bindaddr", expected, address or "not set: every address")
    return verdicts.done()


@rule("sdes_path")
def sdes_path(context: Context) -> list[Judgement]:
    """Endpoints with SDES keys can be reached over protected signalling only."""
    if found := blocked(context, ENDPOINT, TRANSPORT):
        return found
    plain = [
        f"{item.name} ({transport_protocol(context, item)})"
        for item in everywhere(context, TRANSPORT)
        if transport_protocol(context, item) in PLAIN and not is_local(item.text("bind"))
    ]
    doubt = doubts(context, TRANSPORT)
    expected = "TLS or WSS transports only"
    verdicts = Verdicts(ENDPOINT)
    for item in verdicts.each(context, "media_encryption", "webrtc"):
        if known(context, item, "media_encryption").text.lower() != "sdes" or is_true(item.text("webrtc")):
            continue
        if context.policy.cell(item.facets.get("zone", "")).signalling == "vpn":
            verdicts.good(item, "media_encryption", expected, "the path is inside a VPN")
        elif plain:
            verdicts.bad(item, "media_encryption", expected, "sdes, and there is " + ", ".join(plain))
        elif doubt:
            verdicts.unsure(item, "media_encryption", expected, f"there may be more transports: {doubt}")
        else:
            verdicts.good(item, "media_encryption", expected, "no plain transport")
    return verdicts.done()


@rule("nat_addresses")
def nat_addresses(context: Context) -> list[Judgement]:
    """Transports behind a static mapping know the public address and the inside networks."""
    if found := blocked(context, TRANSPORT):
        return found
    expected = "external_signaling_address, external_media_address and local_net"
    verdicts = Verdicts(TRANSPORT)
    for item in everywhere(context, TRANSPORT):
        bind = item.text("bind")
        if is_local(bind) or transport_protocol(context, item) in ("ws", "wss") or _is_public(bind):
            continue
        missing = [
            key for key in ("external_signaling_address", "external_media_address", "local_net") if not item.values(key)
        ]
        if not missing:
            local, _ = networks_in(item.texts("local_net"))
            outside = [
                str(inside)
                for kind in ("servers", "endpoints", "softphones")
                for inside in context.policy.networks_of(kind)
                if not any(inside.version == own.version and inside in own for own in local)
                and inside.version == _version(bind)
            ]
            if outside:
                verdicts.bad(item, "local_net", "every inside network of voip_zones", "without " + ", ".join(outside))
            else:
                verdicts.good(item, "external_media_address", expected, "all set")
        elif reason := doubts(context, TRANSPORT):
            verdicts.unsure(item, missing[0], expected, f"not in what could be read, but: {reason}")
        else:
            verdicts.bad(item, missing[0], expected, "without " + ", ".join(missing))
    return verdicts.done()


def _version(bind: str) -> int:
    network = network_of(bind)
    return network.version if network is not None else 4


def _is_public(bind: str) -> bool:
    network = network_of(bind)
    return network is not None and not is_wildcard(bind) and bool(network.ip.is_global())


@rule("trunk_signalling")
def trunk_signalling(context: Context) -> list[Judgement]:
    """Trunks whose cell demands protected signalling are called over TLS."""
    if found := blocked(context, ENDPOINT):
        return found
    expected = "sips: or ;transport=tls, over a TLS transport"
    verdicts = Verdicts(ENDPOINT)
    for item in everywhere(context, ENDPOINT):
        if item.facets.get("role") != "trunk":
            continue
        if context.policy.cell(item.facets.get("zone", "")).signalling != "required":
            continue
        plain = [uri for uri in _uris(context, item) if not _is_protected(uri)]
        transport = context.snapshot.find("config", TRANSPORT, item.text("transport"))
        protocol = transport_protocol(context, transport) if transport is not None else ""
        if plain:
            verdicts.bad(item, "contact", expected, ", ".join(plain))
        elif protocol in PLAIN:
            verdicts.bad(item, "transport", expected, f"{item.text('transport')} ({protocol})")
        elif _uris(context, item) or protocol:
            verdicts.good(item, "contact", expected, "protected")
        else:
            verdicts.unsure(item, "contact", expected, "nothing tells how this trunk is reached")
    return verdicts.done()


def _uris(context: Context, endpoint: Object) -> list[str]:
    uris: list[str] = []
    for name in items(endpoint.values("aors")):
        aor = context.snapshot.find("config", "pjsip.aor", name)
        uris += aor.texts("contact") if aor is not None else []
    auths = set(items(endpoint.values("outbound_auth")))
    for registration in context.objects("config", "pjsip.registration"):
        same = auths.intersection(items(registration.values("outbound_auth")))
        if registration.text("endpoint") == endpoint.name or same:
            uris += registration.texts("server_uri")
    return list(dict.fromkeys(uris))


def _is_protected(uri: str) -> bool:
    text = uri.lower()
    return text.startswith("sips:") or "transport=tls" in text or "transport=wss" in text


@rule("trunk_planned")
def trunk_planned(context: Context) -> list[Judgement]:
    """Every trunk stands in voip_trunks, by name or by address."""
    if found := blocked(context, ENDPOINT):
        return found
    planned = [network for trunk in context.policy.trunks for network in trunk.networks]
    expected = "listed in voip_trunks"
    verdicts = Verdicts(ENDPOINT)
    for item in everywhere(context, ENDPOINT):
        if item.facets.get("role") != "trunk":
            continue
        if context.policy.index.trunk_of(item.name, "trunk", None) is not None or _lies_in(context, item, planned):
            verdicts.good(item, "endpoint", expected, "listed")
        else:
            verdicts.bad(item, "endpoint", expected, "not listed")
    return verdicts.done()


def _lies_in(context: Context, endpoint: Object, planned: list[IPNetwork]) -> bool:
    for identify in everywhere(context, "pjsip.identify"):
        if endpoint.name in identify.texts("endpoint"):
            networks = [
                network for text in items(identify.values("match")) if (network := network_of(text)) is not None
            ]
            if networks and all(any(network in own for own in planned) for network in networks):
                return True
    return False
