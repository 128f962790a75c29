"""From an address or an endpoint to the zone it belongs to, fast enough for 200,000 questions."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from grundton.policy.nets import IPNetwork
from grundton.policy.network import Trunk, Zone

FALLBACK_KIND = {"phone": "endpoints", "trunk": "trunk", "webrtc": "softphones"}
"""Kind of zone an endpoint belongs to when nothing else tells, by role."""

Table = tuple[tuple[int, dict[int, str]], ...]
Patterns = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True, slots=True)
class ZoneIndex:
    """Lookup tables built once per policy."""

    kinds: dict[str, str]
    by_kind: dict[str, tuple[str, ...]]
    tables: dict[int, Table]
    trunk_zones: dict[str, str]
    endpoints: dict[str, str]
    patterns: Patterns
    trunk_endpoints: dict[str, str]
    trunk_patterns: Patterns
    trunk_tables: dict[int, Table]

    def of_address(self, address: str) -> str | None:
        """Return the zone with the longest network around the address, or None."""
        return _search(self.tables, address)

    def of_pattern(self, endpoint: str) -> str | None:
        """Return the zone an endpoint name is pinned to; exact names first, then the longest pattern."""
        return _match(self.endpoints, self.patterns, endpoint)

    def trunk_of(self, endpoint: str, role: str, address: str | None) -> str | None:
        """Return the planned trunk an endpoint is: by name, or for a trunk by the peer's address."""
        named = _match(self.trunk_endpoints, self.trunk_patterns, endpoint)
        if named is not None or role != "trunk" or not address:
            return named
        return _search(self.trunk_tables, address)

    def of_kind(self, kind: str) -> str:
        """Return the only zone of that kind, else the kind itself, which is a zone name of its own."""
        names = self.by_kind.get(kind, ())
        return names[0] if len(names) == 1 else kind


def build_index(zones: tuple[Zone, ...], trunks: tuple[Trunk, ...]) -> ZoneIndex:
    """Build the tables of a policy."""
    kinds: dict[str, str] = {zone.name: zone.kind for zone in zones}
    by_kind: dict[str, tuple[str, ...]] = {}
    for zone in zones:
        by_kind[zone.kind] = (*by_kind.get(zone.kind, ()), zone.name)
    declared = _tables((network, zone.name) for zone in zones for network in zone.networks)
    trunk_zones = {trunk.name: _trunk_zone(trunk, declared, kinds, by_kind) for trunk in trunks}
    pairs = [(network, trunk_zones[trunk.name]) for trunk in trunks for network in trunk.networks]
    pairs += [(network, zone.name) for zone in zones for network in zone.networks]
    exact, patterns = _patterns((pattern, zone.name) for zone in zones for pattern in zone.endpoints)
    trunk_exact, trunk_patterns = _patterns(
        (pattern, trunk.name) for trunk in trunks for pattern in (trunk.endpoints or (trunk.name,))
    )
    return ZoneIndex(
        kinds=kinds,
        by_kind=by_kind,
        tables=_tables(pairs),
        trunk_zones=trunk_zones,
        endpoints=exact,
        patterns=patterns,
        trunk_endpoints=trunk_exact,
        trunk_patterns=trunk_patterns,
        trunk_tables=_tables((network, trunk.name) for trunk in trunks for network in trunk.networks),
    )


def address_number(text: str) -> tuple[int, int] | None:
    """Return (IP version, number) of an address; brackets and scopes are dropped, mapped IPv4 is IPv4."""
    text = text.strip().strip("[]").partition("%")[0]
    try:
        if ":" not in text:
            return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
        raw = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    if raw[:12] == b"\0" * 10 + b"\xff\xff":
        return 4, int.from_bytes(raw[12:], "big")
    return 6, int.from_bytes(raw, "big")


def _trunk_zone(
    trunk: Trunk, declared: dict[int, Table], kinds: dict[str, str], by_kind: dict[str, tuple[str, ...]]
) -> str:
    if trunk.zone:
        return trunk.zone
    for network in trunk.networks:
        found = _search(declared, str(network.ip))
        if found is not None and kinds[found] != "outside":
            return found
    names = by_kind.get("trunk", ())
    return names[0] if len(names) == 1 else "trunk"


def _tables(pairs: Iterable[tuple[IPNetwork, str]]) -> dict[int, Table]:
    grouped: dict[int, dict[int, dict[int, str]]] = {4: {}, 6: {}}
    for network, name in pairs:
        bits = 32 if network.version == 4 else 128
        shift = bits - network.prefixlen
        grouped[network.version].setdefault(shift, {})[int(network.first) >> shift] = name
    return {version: tuple(sorted(found.items(), key=lambda item: item[0])) for version, found in grouped.items()}


def _search(tables: dict[int, Table], address: str) -> str | None:
    parsed = address_number(address)
    if parsed is None:
        return None
    version, number = parsed
    for shift, networks in tables[version]:
        name = networks.get(number >> shift)
        if name is not None:
            return name
    return None


def _patterns(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], Patterns]:
    exact: dict[str, str] = {}
    wild: list[tuple[str, str]] = []
    for pattern, name in pairs:
        if any(sign in pattern for sign in "*?["):
            wild.append((pattern, name))
        else:
            exact.setdefault(pattern, name)
    wild.sort(key=lambda item: (-len(item[0].replace("*", "")), item))
    return exact, tuple((re.compile(translate(pattern)), name) for pattern, name in wild)


def _match(exact: dict[str, str], patterns: Patterns, name: str) -> str | None:
    found = exact.get(name)
    if found is not None:
        return found
    return next((target for pattern, target in patterns if pattern.match(name)), None)
