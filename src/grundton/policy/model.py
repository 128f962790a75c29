# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""The policy of one host: every decision of the operator, with secure defaults."""

from __future__ import annotations

import hashlib
import json
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from grundton.policy.crypto import Registration, Rtp, Secrets, Srtp, Tls
from grundton.policy.entries import Attestation, Decision, Waiver
from grundton.policy.lookup import find, plain_option, to_plain
from grundton.policy.matrix import EncryptionCell, find_cell
from grundton.policy.nets import IPNetwork
from grundton.policy.network import EncryptionRule, Trunk, Zone
from grundton.policy.operation import Admin, Backup, Emergency, Logging, PatchDays, Retention, Time
from grundton.policy.option import opt, options_of
from grundton.policy.problems import Problem
from grundton.policy.telephony import Capacity, Features, Limits, NumberPlan, Qos
from grundton.policy.vocabulary import (
    LEVELS,
    ZONE_KINDS,
    Level,
    NatMethod,
    Protocol,
    Reachability,
    Scenario,
    Separation,
)
from grundton.policy.zoning import FALLBACK_KIND, ZoneIndex, build_index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """The operator's decisions for one host. Each declared field is the variable ``voip_<field>``."""

    protection_level: Level = opt(
        "standard",
        "Protection need of telephony here; it switches controls of higher levels on.",
        decides="2.372-c 2.373-d",
        demands="2.372-c 2.373-d 4.291-f",
        secure="The level the successor module asks of everybody.",
    )
    scenarios: tuple[Scenario, ...] = opt(
        (), "What VoIP is used for; empty: not decided.", decides="2.372-b 3.57-a", demands="3.57-a 2.372-b"
    )
    zones: tuple[Zone, ...] = opt(
        (),
        "Networks by level of trust, by zone name. Without zones an endpoint's zone follows from its role.",
        demands="2.376-a 2.376-d 2.374-b",
        keyed=True,
        shape="name",
    )
    separation: Separation = opt(
        "vlan",
        "How voice and data networks are separated.",
        decides="2.376-a",
        demands="2.376-a 2.376-b 2.376-c",
        secure="One flat network lets every PC listen.",
    )
    encryption: tuple[EncryptionRule, ...] = opt(
        (),
        "Encryption matrix between zones. Pairs not listed are `required` for signalling and media.",
        decides="2.374-b",
        demands="2.374-b 2.374-c 2.374-d 2.374-e 2.374-f",
        secure="Everything is encrypted unless somebody says why not.",
    )
    reachability: Reachability = opt(
        "none",
        "How the outside reaches us by VoIP: not at all, through the telephone network (gateway or listed "
        "provider addresses), through one authorised system, or remote workers too.",
        decides="2.372-f 4.289-b",
        demands="4.289-b 4.289-c 2.372-f",
        secure="Direct reachability is advisable in the fewest cases.",
    )
    signalling: tuple[Protocol, ...] = opt(
        ("sip-tls",),
        "Planned signalling protocols; anything else that listens is a finding.",
        decides="2.372-d 5.133-e",
        demands="5.133-b 5.133-d 5.133-e 2.372-d",
        min_items=1,
        secure="One protocol, encrypted.",
    )
    tls: Tls = opt(Tls(), "TLS.", demands="5.134-h")
    srtp: Srtp = opt(Srtp(), "SRTP.", demands="5.135-d")
    rtp: Rtp = opt(Rtp(), "RTP ports and timers.", demands="4.289-g 4.291-a")
    secrets: Secrets = opt(Secrets(), "Rules for secrets (never the secrets).", demands="4.291-c", hidden=True)
    registration: Registration = opt(Registration(), "Registration of devices.", demands="4.291-d 4.291-k")
    number_plan: NumberPlan = opt(NumberPlan(), "What may be dialled.", demands="4.291-e 6.100-c")
    trunks: tuple[Trunk, ...] = opt(
        (),
        "Planned lines to providers and other PBXs, by name.",
        demands="2.372-f 4.289-g 5.134-c",
        keyed=True,
        shape="name",
    )
    domain: str = opt(
        "",
        "Own SIP domain, used for realms and certificate names; empty: not decided.",
        demands="5.134-f",
        shape="domain",
        example="example.org",
    )
    codecs: tuple[str, ...] = opt(
        ("opus", "g722", "alaw", "ulaw"),
        "Codecs that may be offered, best first.",
        demands="2.372-d 4.291-h",
        shape="pattern",
        min_items=1,
        secure="Each further codec is a parser more.",
    )
    capacity: Capacity = opt(Capacity(), "Planned size.", decides="2.372-e", demands="2.372-e 5.136-c")
    limits: Limits = opt(Limits(), "Limits per endpoint, call and source.", demands="4.291-f")
    nat_method: NatMethod = opt(
        "none",
        "How VoIP crosses NAT; `none`: no NAT on the way.",
        decides="5.137-b",
        demands="5.137-b",
        secure="What is not opened needs no trick.",
    )
    qos: Qos = opt(Qos(), "Quality of service.", demands="5.136-a 5.136-f")
    retention: Retention = opt(Retention(), "How long records are kept.", demands="4.292-g 4.292-i")
    logging: Logging = opt(Logging(), "Logging.", demands="4.292-a 4.292-g")
    time: Time = opt(Time(), "Clocks.", demands="4.292-b")
    backup: Backup = opt(Backup(), "Backups.", demands="6.101-a 6.101-d 6.101-f 6.101-g")
    emergency: Emergency = opt(Emergency(), "Emergency preparedness.", demands="6.100-a 6.100-h")
    admin: Admin = opt(Admin(), "Administration.", demands="4.287-c 4.287-d")
    features: Features = opt(Features(), "Functions that may be offered.", demands="2.373-g 4.291-h 4.291-j")
    modules_allowed: tuple[str, ...] = opt(
        (),
        "Asterisk modules accepted although a control forbids them; `*` is a wild card.",
        demands="4.291-h",
        shape="module",
        example="[res_phoneprov.so]",
        secure="Unneeded modules stay out.",
    )
    patch_days: PatchDays = opt(PatchDays(), "Time to install a fix.", demands="2.373-f 4.287-e")
    waivers: tuple[Waiver, ...] = opt((), "Accepted exceptions; each needs an end date.", demands="2.373-h")
    attestations: tuple[Attestation, ...] = opt((), "Confirmations by people.", demands="2.373-c")
    decisions: tuple[Decision, ...] = opt((), "Recorded choices.", demands="2.372-h")

    host: str = ""
    stated: frozenset[str] = frozenset()
    origins: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Problem, ...] = ()
    fingerprint: str = field(init=False, repr=False, default="")
    index: ZoneIndex = field(init=False, repr=False)
    cells: dict[tuple[str, str], EncryptionCell] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", _fingerprint(self))
        object.__setattr__(self, "index", build_index(self.zones, self.trunks))
        object.__setattr__(self, "cells", {})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return (self.fingerprint, self.host) == (other.fingerprint, other.host)

    def __hash__(self) -> int:
        return hash((self.fingerprint, self.host))

    # zones

    def zone_of_address(self, address: str) -> str | None:
        """Return the zone an address lies in (longest network wins), or None."""
        return self.index.of_address(address)

    def zone_of_endpoint(self, name: str, role: str = "", contact_address: str | None = None) -> str:
        """Return the zone of a pjsip endpoint.

        In this order: planned trunk, pinned by name, address of its contact, role. A contact outside every
        declared network is in the zone of kind ``outside``. A trunk with its own encryption is a zone
        of its own, ``<zone>/<trunk>``.
        """
        index = self.index
        trunk = index.trunk_of(name, role, contact_address)
        if trunk is not None:
            zone = index.trunk_zones[trunk]
            own = next(item for item in self.trunks if item.name == trunk).encryption
            return f"{zone}/{trunk}" if own is not None else zone
        pinned = index.of_pattern(name)
        if pinned is not None:
            return pinned
        if contact_address:
            found = index.of_address(contact_address)
            if found is not None:
                return found
            if role != "trunk" and any(zone.networks for zone in self.zones):
                return index.of_kind("outside")
        return index.of_kind(FALLBACK_KIND.get(role, "endpoints"))

    def kind_of(self, zone: str) -> str:
        """Return the kind of a zone; a kind is its own zone, an unknown name is ``outside``."""
        name = zone.partition("/")[0]
        found = self.index.kinds.get(name)
        if found is not None:
            return found
        return name if name in ZONE_KINDS else "outside"

    def networks_of(self, name: str) -> tuple[IPNetwork, ...]:
        """Return the networks of a zone or kind; administration networks count as management."""
        found = [net for zone in self.zones if name in (zone.name, zone.kind) for net in zone.networks]
        if name == "trunk":
            found += [net for trunk in self.trunks for net in trunk.networks]
        if name == "management" or self.index.kinds.get(name) == "management":
            found += self.admin.networks
        return tuple(dict.fromkeys(found))

    # encryption

    def cell(self, zone: str, other: str = "servers") -> EncryptionCell:
        """Return what holds between a zone and the servers (or another zone or kind)."""
        key = (zone, other)
        found = self.cells.get(key)
        if found is None:
            found = self.cells[key] = self._cell(zone, other)
        return found

    def _cell(self, zone: str, other: str) -> EncryptionCell:
        name, _, trunk = zone.partition("/")
        if trunk:
            own = next((item.encryption for item in self.trunks if item.name == trunk), None)
            if own is not None:
                return EncryptionCell(own.signalling, own.media, own.reason)
        return find_cell(self.encryption, (name, self.kind_of(name)), (self.index.of_kind(other), self.kind_of(other)))

    # reading

    def lookup(self, path: str) -> Any:
        """Return the plain value at a dotted path such as ``secrets.min_length``.

        Beside the declared paths there are ``networks.<zone or kind>``. Raises UnknownPathError, a KeyError.
        """
        head, _, rest = path.partition(".")
        if head == "networks" and (rest in self.index.kinds or rest in ZONE_KINDS):
            return [str(network) for network in self.networks_of(rest)]
        return find(self, path, {})

    def includes(self, level: str) -> bool:
        """Return True when controls of that level apply here."""
        return LEVELS.index(level) <= LEVELS.index(self.protection_level)

    def decided(self, path: str) -> bool:
        """Return True when the operator wrote the variable himself instead of leaving the default."""
        return path.partition(".")[0] in self.stated

    def decided_demands(self) -> dict[str, str]:
        """Return the demands decided by a variable the operator wrote, with the variable's path."""
        return {
            demand: option.name
            for option in options_of(Policy)
            if option.name in self.stated
            for demand in option.meta.decides
        }

    def origin(self, path: str) -> str:
        """Return ``file:line`` where the operator wrote the value, or an empty text."""
        known = dict(self.origins)
        parts = path.split(".")
        return next((known[name] for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in known), "")

    def with_warnings(self, warnings: tuple[Problem, ...]) -> Policy:
        """Return the same policy carrying what was noticed while reading it."""
        if not warnings:
            return self
        copied = copy(self)
        object.__setattr__(copied, "warnings", warnings)
        return copied

    def to_dict(self) -> dict[str, Any]:
        """Return all decisions as plain data with stable order, keyed without the ``voip_`` prefix."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def _fingerprint(policy: Policy) -> str:
    """Return a digest of all decisions and of which were stated; the host does not count."""
    differing = {
        option.name: plain_option(option, value)
        for option in options_of(Policy)
        if (value := getattr(policy, option.name)) != option.default
    }
    text = json.dumps([_defaults(), differing, sorted(policy.stated)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _defaults() -> str:
    """Return a digest of the defaults of this version, so that a changed default shows."""
    plain = {option.name: plain_option(option, option.default) for option in options_of(Policy)}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
