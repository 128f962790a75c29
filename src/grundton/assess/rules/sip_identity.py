"""Who a SIP request is taken for: anonymous callers, address matches, names, access lists."""

from __future__ import annotations

import re
from collections.abc import Hashable

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.modules import is_loaded
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import (
    Verdicts,
    accepted,
    access_list,
    blocked,
    closed_families,
    doubts,
    everywhere,
    in_order,
    known,
    networks_in,
    refused,
)
from grundton.assess.values import items
from grundton.model.snapshot import Object

ENDPOINT, IDENTIFY = "pjsip.endpoint", "pjsip.identify"
_ANONYMOUS = re.compile(r"^anonymous(@.*)?$", re.IGNORECASE)
_ACCESS = frozenset({"deny", "permit", "acl", "_order"})
_ANONYMOUS_MODULE = "res_pjsip_endpoint_identifier_anonymous.so"


@rule("anonymous_endpoint")
def anonymous_endpoint(context: Context) -> list[Judgement]:
    """No endpoint that takes callers nobody knows, unless nothing can select it."""
    if found := blocked(context, ENDPOINT):
        return found
    endpoints = everywhere(context, ENDPOINT)
    anonymous = [item for item in endpoints if _ANONYMOUS.match(item.name)]
    if not anonymous:
        if reason := doubts(context, ENDPOINT):
            return [unchecked(ENDPOINT, f"no anonymous endpoint in what could be read, but: {reason}")]
        return [accepted(ENDPOINT, "anonymous", "no such endpoint", "no such endpoint")] if endpoints else []
    verdicts = Verdicts(ENDPOINT)
    for item in anonymous:
        if is_loaded(context.snapshot, _ANONYMOUS_MODULE) is False:
            verdicts.good(item, "endpoint", "not selectable", f"{_ANONYMOUS_MODULE} is not loaded")
        elif "anonymous" not in _identifier_order(context):
            verdicts.good(item, "endpoint", "not selectable", "endpoint_identifier_order does not contain anonymous")
        else:
            verdicts.bad(item, "endpoint", "no anonymous endpoint", "accepts callers that nothing else matched")
    return verdicts.done()


def _identifier_order(context: Context) -> list[str]:
    for place in ("runtime", "config"):
        for item in context.objects(place, "pjsip.global"):
            if item.values("endpoint_identifier_order"):
                return [word.lower() for word in items(item.values("endpoint_identifier_order"))]
    default = context.default("pjsip.global", "endpoint_identifier_order")
    return items([default.value]) if default is not None and default.value else ["anonymous"]


@rule("identify_breadth")
def identify_breadth(context: Context) -> list[Judgement]:
    """An address match is as narrow as a peer's networks are, or planned in voip_trunks."""
    if found := blocked(context, IDENTIFY):
        return found
    limits = {4: int(context.options["ipv4_prefix"]), 6: int(context.options["ipv6_prefix"])}
    planned = [network for trunk in context.policy.trunks for network in trunk.networks]
    # Where the operator has planned the peers' networks, a guess at what is narrow would be worse than the plan.
    expected = (
        "within the networks of voip_trunks" if planned else f"/{limits[4]} (IPv4) and /{limits[6]} (IPv6) or narrower"
    )
    verdicts = Verdicts(IDENTIFY)
    for item in everywhere(context, IDENTIFY):
        networks, _ = networks_in(item.texts("match"))
        wide = [
            network
            for network in networks
            if not (
                any(network.version == own.version and network in own for own in planned)
                if planned
                else network.prefixlen >= limits[network.version]
            )
        ]
        if wide:
            verdicts.bad(item, "match", expected, ", ".join(str(network) for network in wide))
        elif networks:
            verdicts.good(item, "match", expected, "narrow enough")
    return verdicts.done()


@rule("identify_hostname")
def identify_hostname(context: Context) -> list[Judgement]:
    """Address matches do not depend on a name resolved at load time."""
    if found := blocked(context, IDENTIFY):
        return found
    verdicts = Verdicts(IDENTIFY)
    for item in context.objects("config", IDENTIFY):
        networks, names = networks_in(item.texts("match"))
        if names:
            verdicts.bad(item, "match", "addresses or networks", ", ".join(names))
        elif networks:
            verdicts.good(item, "match", "addresses or networks", "addresses")
    return verdicts.done()


@rule("identify_by_content")
def identify_by_content(context: Context) -> list[Judgement]:
    """Whoever is recognised by text in the message has to show a password as well."""
    if found := blocked(context, IDENTIFY):
        return found
    endpoints = {item.name: item for item in everywhere(context, ENDPOINT)}
    verdicts = Verdicts(IDENTIFY)
    for item in everywhere(context, IDENTIFY):
        for key in ("match_header", "match_request_uri"):
            text = item.text(key)
            if not text:
                continue
            endpoint = endpoints.get(item.text("endpoint"))
            if endpoint is None:
                verdicts.unsure(item, key, "an endpoint with auth", "its endpoint is not in what could be read")
            elif items(endpoint.values("auth")):
                verdicts.good(item, key, "an endpoint with auth", "the endpoint has auth")
            else:
                verdicts.bad(item, key, "an endpoint with auth", f"{text}, and {endpoint.name} has no auth")
    return verdicts.done()


@rule("endpoint_authentication")
def endpoint_authentication(context: Context) -> list[Judgement]:
    """Every endpoint has a password, an address match or a closed access list."""
    if found := blocked(context, ENDPOINT):
        return found
    matched = _matched_by_address(context)
    doubt = doubts(context, ENDPOINT)
    expected = "auth, identify or a closed access list"
    verdicts = Verdicts(ENDPOINT)
    for item in verdicts.each(context, whether=("auth", "aors"), by=lambda row: _identified(row, matched)):
        if _ANONYMOUS.match(item.name):
            continue
        auths = items(item.values("auth"))
        if auths:
            verdicts.good(item, "auth", expected, "auth")
        elif item.name in matched:
            verdicts.good(item, "identify", expected, "identify")
        elif access_list(context, item).closed:
            verdicts.good(item, "acl", expected, "access list")
        elif doubt:
            verdicts.unsure(item, "auth", expected, f"neither in what could be read, but: {doubt}")
        elif item.place == "runtime" and not item.values("aors"):
            verdicts.unsure(item, "auth", expected, "the running daemon does not report auth")
        else:
            verdicts.bad(item, "auth", expected, "none of them: the name in From is enough")
    return verdicts.done()


def _identified(item: Object, matched: set[str]) -> Hashable:
    """What beside `auth` makes a difference; an access list makes an endpoint one of its own."""
    own = not _ACCESS.isdisjoint(item.raw_values) or item.name[:9].lower() == "anonymous"
    return (item.name if own else "", item.name in matched)


def _matched_by_address(context: Context) -> set[str]:
    return {name for item in everywhere(context, IDENTIFY) if item.texts("match") for name in item.texts("endpoint")}


@rule("identify_by_name")
def identify_by_name(context: Context) -> list[Judgement]:
    """An endpoint known by its address, without password, is not found by the name in From as well."""
    if found := blocked(context, ENDPOINT, IDENTIFY):
        return found
    matched = _matched_by_address(context)
    expected = "ip only, or auth, or a closed access list"
    verdicts = Verdicts(ENDPOINT)
    for item in everywhere(context, ENDPOINT):
        if item.name not in matched or _ANONYMOUS.match(item.name):
            continue
        if items(item.values("auth")):
            verdicts.good(item, "identify_by", expected, "auth")
            continue
        if access_list(context, item).closed:
            verdicts.good(item, "identify_by", expected, "access list")
            continue
        value = known(context, item, "identify_by")
        by_name = {"username", "auth_username"}.intersection(value.words)
        verdicts.judge(item, "identify_by", expected, value, not by_name)
    return verdicts.done()


@rule("signalling_acl")
def signalling_acl(context: Context) -> list[Judgement]:
    """A global access list denies strangers, in each IP version the transports speak."""
    if found := blocked(context, "pjsip.acl"):
        return found
    wanted = _families(context)
    words = " and ".join(f"IPv{version}" for version in sorted(wanted))
    expected = f"everything denied for {words}, known networks permitted"
    lists = context.objects("config", "pjsip.acl")
    relevant = [item for item in lists if access_list(context, item).present]
    if not relevant:
        if reason := doubts(context, "pjsip.acl"):
            return [unchecked("pjsip.acl", f"no access list in what could be read, but: {reason}")]
        return [refused("pjsip.acl", "acl", expected, "there is no section with type=acl")]
    closed: set[int] = set()
    missing: list[str] = []
    for item in relevant:
        found_list = access_list(context, item)
        closed |= found_list.closed
        missing += found_list.missing
    verdicts = Verdicts("pjsip.acl")
    open_words = ", ".join(f"IPv{version}" for version in sorted(wanted - closed))
    for item in relevant:
        if not open_words:
            verdicts.good(item, "deny", expected, "closed")
        elif missing and context.source("config", "acl.acl").status != "ok":
            verdicts.unsure(item, "acl", expected, f"acl.conf could not be read for {', '.join(missing)}")
        else:
            lost = f"; there is no access list named {', '.join(missing)}" if missing else ""
            verdicts.bad(item, "deny", expected, f"{open_words} is open to everybody{lost}")
    return verdicts.done()


def _families(context: Context) -> set[int]:
    """IP versions the transports listen on; both when nothing is known."""
    families: set[int] = set()
    for item in everywhere(context, "pjsip.transport"):
        bind = item.text("bind")
        families.add(6 if bind.startswith("[") or bind.count(":") > 1 else 4)
    return families or {4, 6}


@rule("contact_acl")
def contact_acl(context: Context) -> list[Judgement]:
    """Phones may register only from addresses that are written down."""
    if found := blocked(context, ENDPOINT):
        return found
    expected = "an access list that denies by default"
    verdicts = Verdicts(ENDPOINT)
    for item in everywhere(context, ENDPOINT):
        if item.facets.get("role") != "phone" or _ANONYMOUS.match(item.name):
            continue
        if 4 in _closed_for_phone(context, item):
            verdicts.good(item, "acl", expected, "closed")
        elif reason := doubts(context, ENDPOINT):
            verdicts.unsure(item, "acl", expected, f"none in what could be read, but: {reason}")
        else:
            verdicts.bad(item, "acl", expected, "none, or one that denies nothing")
    return verdicts.done()


def _closed_for_phone(context: Context, item: Object) -> set[int]:
    source = access_list(context, item)
    contact = access_list(context, item, "contact_deny", "contact_permit", "contact_acl")
    return set(source.closed | contact.closed | closed_families(in_order(item, ("deny", "permit"))))
