"""Decisions that cannot all be meant. Errors stop the run; warnings are shown and travel with the policy.

An error is what makes a verdict wrong or breaks a rule of the measures; a warning is what a careful
reader would ask about. Warnings speak only of variables somebody wrote: a host without a policy is quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from grundton.policy.entries import Attestation, Decision, Waiver
from grundton.policy.network import EncryptionRule, Trunk, Zone
from grundton.policy.problems import Problem
from grundton.policy.vocabulary import ANY, PROTECTED_PROTOCOLS, UNSAFE_KINDS, ZONE_KINDS

if TYPE_CHECKING:
    from grundton.policy.model import Policy

Rule = Callable[["Policy"], Iterator[Problem]]
_SIP_PORTS = (5060, 5061, 4569)
_WEAK = ("none", "optional")


def contradictions(policy: Policy) -> Iterator[Problem]:
    """Yield every contradiction, in the order of the rules below."""
    for rule in RULES:
        yield from rule(policy)


def _error(path: str, message: str) -> Problem:
    return Problem(path, message)


def _warning(path: str, message: str) -> Problem:
    return Problem(path, message, severity="warning")


def zone_names(policy: Policy) -> Iterator[Problem]:
    """Error: a zone is called `any` or like a kind it is not of. Warning: a zone without networks and endpoints."""
    for zone in policy.zones:
        if zone.name == ANY or (zone.name in ZONE_KINDS and zone.name != zone.kind):
            meaning = "every zone" if zone.name == ANY else f"the kind {zone.name}"
            yield _error(f"zones.{zone.name}", f"in the matrix this name means {meaning}. Choose another name.")
        if not zone.networks and not zone.endpoints and not (zone.kind == "trunk" and policy.trunks):
            yield _warning(f"zones.{zone.name}", "has neither networks nor endpoints; nothing will belong to it.")


def zone_networks(policy: Policy) -> Iterator[Problem]:
    """Error: two zones hold the same network. Warning: a network lies inside one of another zone (the longest
    prefix counts; inside a zone of kind `outside` it is silent).
    """
    for one, two in combinations(policy.zones, 2):
        for net in one.networks:
            for other in two.networks:
                if net == other:
                    yield _error(f"zones.{two.name}.networks", f"{other} is already a network of zone {one.name}.")
                elif net in other or other in net:
                    yield from _nested(one, two, str(net), str(other), net in other)


def _nested(one: Zone, two: Zone, net: str, other: str, first_inside: bool) -> Iterator[Problem]:
    inner, outer = (one, two) if first_inside else (two, one)
    inner_net, outer_net = (net, other) if first_inside else (other, net)
    if outer.kind != "outside":
        yield _warning(
            f"zones.{inner.name}.networks",
            f"{inner_net} lies inside {outer_net} of zone {outer.name}; its addresses count as {inner.name}.",
        )


def zone_endpoints(policy: Policy) -> Iterator[Problem]:
    """Error: two zones pin the same endpoint pattern."""
    seen: dict[str, str] = {}
    for zone in policy.zones:
        for pattern in zone.endpoints:
            if pattern in seen:
                yield _error(f"zones.{zone.name}.endpoints", f"'{pattern}' already belongs to zone {seen[pattern]}.")
            seen.setdefault(pattern, zone.name)


def management_zone(policy: Policy) -> Iterator[Problem]:
    """Error: level `elevated` without management networks. Warning: zones are declared, none of kind `management`."""
    if policy.networks_of("management"):
        return
    if policy.protection_level == "elevated":
        yield _error("zones", "level elevated needs a zone of kind management with networks, or voip_admin.networks.")
    elif policy.zones:
        yield _warning("zones", "no zone of kind management: where administration comes from cannot be checked.")


def management_outside(policy: Policy) -> Iterator[Problem]:
    """Error: administration from everywhere (`0.0.0.0/0`, `::/0`)."""
    for zone in policy.zones:
        for index, net in enumerate(zone.networks if zone.kind == "management" else ()):
            if net.prefixlen == 0:
                yield _error(f"zones.{zone.name}.networks[{index}]", f"{net} is everybody. Name the admin networks.")
    for index, net in enumerate(policy.admin.networks):
        if net.prefixlen == 0:
            yield _error(f"admin.networks[{index}]", f"{net} is everybody. Name the admin networks.")


def matrix_sides(policy: Policy) -> Iterator[Problem]:
    """Error: the matrix names an unknown zone, or the same pair twice."""
    names = {zone.name for zone in policy.zones}
    seen: dict[tuple[str, ...], int] = {}
    for index, rule in enumerate(policy.encryption):
        for side in rule.between:
            if side not in names and side not in ZONE_KINDS and side != ANY:
                known = ", ".join(sorted(names)) or "none"
                yield _error(
                    f"encryption[{index}].between",
                    f"there is no zone or kind '{side}'. Declared zones: {known}; kinds: {', '.join(ZONE_KINDS)}.",
                )
        pair = tuple(sorted(rule.between))
        if pair in seen:
            yield _error(f"encryption[{index}].between", f"this pair already stands in encryption[{seen[pair]}].")
        seen.setdefault(pair, index)


def matrix_reasons(policy: Policy) -> Iterator[Problem]:
    """Error: `none` or `optional` without a reason; `none` towards `outside`, `remote`, `wlan`, `any` or a trunk
    over public networks (M 2.374). Warning: `optional` towards them.
    """
    for index, rule in enumerate(policy.encryption):
        path = f"encryption[{index}]"
        if (rule.signalling in _WEAK or rule.media in _WEAK) and not rule.reason.strip():
            yield _error(f"{path}.reason", "none and optional need a reason (M 2.374).")
        unsafe = _unsafe_side(policy, rule)
        for part, word in (("signalling", rule.signalling), ("media", rule.media)):
            if unsafe and word == "none":
                yield _error(
                    f"{path}.{part}",
                    f"'none' is not allowed towards {unsafe} (M 2.374): outsiders can listen there. Require "
                    "encryption or a VPN; what cannot do it yet gets a waiver with an end date.",
                )
            elif unsafe and word == "optional":
                yield _warning(f"{path}.{part}", f"'optional' protects nobody towards {unsafe}.")


def _unsafe_side(policy: Policy, rule: EncryptionRule) -> str:
    for side in rule.between:
        kind = policy.kind_of(side)
        if side == ANY:
            return "any zone, which includes the outside"
        if kind in UNSAFE_KINDS:
            return side
        if kind == "trunk" and _public_trunks(policy, side):
            return f"{side} (a trunk over public networks)"
    return ""


def _public_trunks(policy: Policy, side: str) -> bool:
    zones = policy.index.trunk_zones
    lines = [trunk for trunk in policy.trunks if side == "trunk" or zones[trunk.name] == side]
    return not lines or any(trunk.public for trunk in lines)


def trunks(policy: Policy) -> Iterator[Problem]:
    """Error: a trunk in an unknown zone, with a peer network wider than /8 (IPv6 /16), with a transport that is
    not planned or that is readable where encryption is required, with `none` over public networks, or with less
    than required without a reason. Warning: a trunk in no zone or without peer addresses.
    """
    names = {zone.name for zone in policy.zones}
    for trunk in policy.trunks:
        path = f"trunks.{trunk.name}"
        if trunk.zone and trunk.zone not in names and trunk.zone not in ZONE_KINDS:
            yield _error(f"{path}.zone", f"there is no zone '{trunk.zone}'.")
        elif not trunk.zone and policy.zones and policy.index.trunk_zones[trunk.name] not in names:
            yield _warning(path, "lies in no declared zone; it counts as a zone named trunk.")
        if not trunk.networks:
            yield _warning(f"{path}.networks", "no peer addresses: nobody can check who identifies as this trunk.")
        for index, net in enumerate(trunk.networks):
            if net.prefixlen < (8 if net.version == 4 else 16):
                yield _error(f"{path}.networks[{index}]", f"{net} is far too wide for a peer. Name its addresses.")
        if trunk.transport not in policy.signalling:
            yield _error(
                f"{path}.transport",
                f"{trunk.transport} is not a planned protocol. Add it to voip_signalling or change the trunk.",
            )
        yield from _trunk_encryption(policy, trunk, path)


def _trunk_encryption(policy: Policy, trunk: Trunk, path: str) -> Iterator[Problem]:
    own = trunk.encryption
    if own is not None:
        if (own.signalling in _WEAK or own.media in _WEAK) and not own.reason.strip():
            yield _error(f"{path}.encryption.reason", "none and optional need a reason (M 2.374).")
        for part, word in (("signalling", own.signalling), ("media", own.media)):
            if trunk.public and word == "none":
                yield _error(
                    f"{path}.encryption.{part}",
                    "'none' is not allowed over public networks (M 2.374). Require encryption or a VPN, set"
                    " public: false for a private line, or record a waiver with an end date.",
                )
    zone = policy.index.trunk_zones[trunk.name]
    cell = policy.cell(f"{zone}/{trunk.name}" if own is not None else zone)
    if cell.signalling == "required" and trunk.transport != "sip-tls":
        yield _error(
            f"{path}.transport",
            f"{trunk.transport} is readable, but signalling is required to be encrypted here. Use sip-tls, or"
            " say why not in the trunk's encryption.",
        )


def signalling(policy: Policy) -> Iterator[Problem]:
    """Error: encrypted signalling is required and no planned protocol can do it. Warning: a readable protocol is
    planned that no zone may use; `wss` without `webrtc`.
    """
    planned = set(policy.signalling)
    cells = [policy.cell(kind) for kind in ("endpoints", "softphones", "trunk", "remote")]
    cells += [policy.cell(zone.name) for zone in policy.zones if zone.kind not in ("servers", "management", "data")]
    if not planned & PROTECTED_PROTOCOLS and any(cell.signalling == "required" for cell in cells):
        yield _error("signalling", "encrypted signalling is required, but neither sip-tls nor wss is planned.")
    readable = sorted(planned & {"sip-tcp", "sip-udp", "ws"})
    cells += [policy.cell(f"{zone}/{name}") for name, zone in policy.index.trunk_zones.items()]
    if readable and all(cell.signalling == "required" for cell in cells):
        yield _warning("signalling", f"{', '.join(readable)} is planned, but every zone requires encryption.")
    if "wss" in planned and not policy.features.webrtc and "features" in policy.stated:
        yield _warning("signalling", "wss is planned, but voip_features.webrtc is false.")


def reachability(policy: Policy) -> Iterator[Problem]:
    """Error when `voip_reachability` is written, warning while it is only the default: `none` with public trunks;
    `none` or `pstn_only` with a zone of remote workers. Warning: `none` with a matrix pair for the outside.
    """
    if policy.reachability == "remote_access":
        return
    severity: Callable[[str, str], Problem] = _error if "reachability" in policy.stated else _warning
    remote = [zone.name for zone in policy.zones if zone.kind == "remote"]
    if remote and policy.reachability in ("none", "pstn_only"):
        text = f"is {policy.reachability}, but zone {remote[0]} holds remote workers. Decide remote_access or central."
        yield severity("reachability", text)
    if policy.reachability == "none":
        public = [trunk.name for trunk in policy.trunks if trunk.public]
        if public:
            text = f"is none, but trunk {public[0]} comes over public networks. Decide pstn_only or central."
            yield severity("reachability", text)
        for index, rule in enumerate(policy.encryption):
            if any(policy.kind_of(side) == "outside" for side in rule.between if side != ANY):
                yield _warning(f"encryption[{index}]", "speaks of the outside, but voip_reachability is none.")


def scenarios(policy: Policy) -> Iterator[Problem]:
    """Warning: scenarios that disagree with trunks, protocols or reachability."""
    chosen = set(policy.scenarios)
    if "provider_trunk" in chosen and not policy.trunks:
        yield _warning("scenarios", "names provider_trunk, but voip_trunks is empty.")
    if "webrtc" in chosen and not {"wss", "ws"} & set(policy.signalling):
        yield _warning("scenarios", "names webrtc, but voip_signalling has no wss.")
    if "remote_workers" in chosen and policy.reachability in ("none", "pstn_only"):
        yield _warning("scenarios", f"names remote_workers, but voip_reachability is {policy.reachability}.")
    if chosen and policy.trunks and chosen <= {"internal", "public_phones", "wlan_handsets"}:
        yield _warning("scenarios", "names no line to the outside, but voip_trunks is not empty.")


def separation(policy: Policy) -> Iterator[Problem]:
    """Warning: level `elevated` without physical separation (M 2.376)."""
    if policy.protection_level == "elevated" and policy.separation != "physical":
        yield _warning("separation", "elevated need asks for physical separation (M 2.376). Record the decision.")


def ports(policy: Policy) -> Iterator[Problem]:
    """Error: an empty media range, or one that covers a signalling port. Warning: fewer than four ports per
    planned call.
    """
    start, end = policy.rtp.start, policy.rtp.end
    if start >= end:
        yield _error("rtp.end", f"the range {start} to {end} is empty.")
        return
    hit = [port for port in _SIP_PORTS if start <= port <= end]
    if hit:
        yield _error("rtp.start", f"the range {start} to {end} covers the signalling port {hit[0]}.")
    calls = policy.capacity.concurrent_calls
    if calls and end - start + 1 < 4 * calls:
        yield _warning("rtp.end", f"{calls} calls need {4 * calls} ports, the range has {end - start + 1}.")


def numbers(policy: Policy) -> Iterator[Problem]:
    """Error: a blocked or premium prefix would block an emergency number."""
    plan = policy.number_plan
    for name, prefixes in (("blocked", plan.blocked), ("premium", plan.premium)):
        for index, prefix in enumerate(prefixes):
            hit = [number for number in plan.emergency if number.startswith(prefix)]
            if hit:
                yield _error(f"number_plan.{name}[{index}]", f"'{prefix}' would block emergency number {hit[0]}.")


def registration(policy: Policy) -> Iterator[Problem]:
    """Error: timers or certificate limits in the wrong order."""
    if policy.registration.min_expiry_s > policy.registration.max_expiry_s:
        yield _error("registration.min_expiry_s", "is larger than max_expiry_s.")
    if policy.tls.certificate_critical_days > policy.tls.certificate_warn_days:
        yield _error("tls.certificate_critical_days", "is larger than certificate_warn_days.")


def capacity(policy: Policy) -> Iterator[Problem]:
    """Error: the emergency reserve leaves no call. Warning: more calls than users."""
    size = policy.capacity
    if size.users and size.concurrent_calls > size.users:
        yield _warning("capacity.concurrent_calls", "more calls than users.")
    if size.concurrent_calls and size.emergency_reserve_calls >= size.concurrent_calls:
        yield _error("capacity.emergency_reserve_calls", "leaves no call for anything else.")


def srtp(policy: Policy) -> Iterator[Problem]:
    """Warning: SDES without protected signalling; best-effort SRTP."""
    if policy.srtp.allowed == ("sdes",) and not set(policy.signalling) & PROTECTED_PROTOCOLS:
        yield _warning("srtp.allowed", "SDES keys are readable without sip-tls or wss.")
    if policy.srtp.optimistic:
        yield _warning("srtp.optimistic", "best-effort SRTP is no protection against an attacker on the path.")


def unsafe_words(policy: Policy) -> Iterator[Problem]:
    """Warning: an application-layer gateway for NAT; logs without TLS; MD5 digests without TLS."""
    if policy.nat_method == "alg":
        yield _warning("nat_method", "an application-layer gateway rewrites SIP it does not understand (M 5.137).")
    if policy.logging.central_server and not policy.logging.tls_required:
        yield _warning("logging.tls_required", "call data travels readable to the log server (M 4.292).")
    if "MD5" in policy.secrets.digests and not set(policy.signalling) & PROTECTED_PROTOCOLS:
        yield _warning("secrets.digests", "MD5 digests without TLS can be guessed offline.")


def entries(policy: Policy) -> Iterator[Problem]:
    """Error: a record id used twice, a waiver that names not exactly one of control, demand and measure, an end
    before its beginning.
    """
    yield from entry_problems(policy.waivers, policy.attestations, policy.decisions)


def entry_problems(
    waivers: tuple[Waiver, ...], attestations: tuple[Attestation, ...], decisions: tuple[Decision, ...]
) -> Iterator[Problem]:
    """Yield what is wrong with records beyond their shape."""
    seen: set[str] = set()
    groups: tuple[tuple[str, tuple[Waiver | Attestation | Decision, ...]], ...] = (
        ("waivers", waivers),
        ("attestations", attestations),
        ("decisions", decisions),
    )
    for name, records in groups:
        for index, record in enumerate(records):
            path = f"{name}[{index}]"
            if record.id in seen:
                yield _error(f"{path}.id", f"'{record.id}' is used twice.")
            seen.add(record.id)
    for index, waiver in enumerate(waivers):
        path = f"waivers[{index}]"
        if sum(map(bool, (waiver.control, waiver.demand, waiver.measure))) != 1:
            yield _error(path, "name exactly one of control, demand and measure.")
        if waiver.until < waiver.date:
            yield _error(f"{path}.until", "lies before the date of approval.")
    for index, attestation in enumerate(attestations):
        if attestation.until < attestation.date:
            yield _error(f"attestations[{index}].until", "lies before the date of the attestation.")
    for index, decision in enumerate(decisions):
        if decision.review < decision.date:
            yield _error(f"decisions[{index}].review", "lies before the date of the decision.")


RULES: tuple[Rule, ...] = (
    zone_names,
    zone_networks,
    zone_endpoints,
    management_zone,
    management_outside,
    matrix_sides,
    matrix_reasons,
    trunks,
    signalling,
    reachability,
    scenarios,
    separation,
    ports,
    numbers,
    registration,
    capacity,
    srtp,
    unsafe_words,
    entries,
)
