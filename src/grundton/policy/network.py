# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""Decisions about networks, encryption, reachability and trunks."""

from __future__ import annotations

from dataclasses import dataclass

from grundton.policy.nets import IPNetwork
from grundton.policy.option import need, opt
from grundton.policy.vocabulary import Encryption, TrunkTransport, ZoneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the network with one level of trust."""

    name: str
    kind: ZoneKind = need(
        "What lives in the zone. Controls and the matrix speak of kinds, so a zone may have any name.",
        demands="2.376-a 2.376-d",
    )
    networks: tuple[IPNetwork, ...] = opt(
        (),
        "IPv4 and IPv6 networks of the zone. The longest prefix wins.",
        demands="2.376-d 2.376-g",
        example="[192.0.2.0/24, '2001:db8:1::/64']",
    )
    endpoints: tuple[str, ...] = opt(
        (),
        "PJSIP endpoint names that belong here wherever they register from; `*` and `?` are wild cards.",
        demands="2.374-b",
        shape="pattern",
        example='["60*"]',
    )
    description: str = opt("", "A sentence for people.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionRule:
    """One pair of zones in the encryption matrix."""

    between: tuple[str, ...] = need(
        "The two sides: zone names, zone kinds or `any`. Order does not matter.",
        demands="2.374-b",
        shape="zone_or_kind",
        min_items=2,
        max_items=2,
    )
    signalling: Encryption = opt(
        "required",
        "Protection of signalling between the two. `vpn`: the path below is encrypted.",
        demands="2.374-b 2.374-d 5.134-a",
        secure="Readable signalling shows passwords and who calls whom.",
    )
    media: Encryption = opt(
        "required",
        "Protection of speech between the two. `vpn`: the path below is encrypted.",
        demands="2.374-b 5.135-a 5.135-b",
        secure="Readable media is a recorded call for anyone on the path.",
    )
    reason: str = opt(
        "",
        "Why less than `required` or `vpn` is accepted. Mandatory for `none` and `optional`.",
        demands="2.374-c",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkEncryption:
    """What a trunk does instead of the matrix cell of its zone."""

    signalling: Encryption = opt("required", "Protection of signalling on this trunk.", demands="2.374-e 2.374-f")
    media: Encryption = opt("required", "Protection of speech on this trunk.", demands="2.374-e 2.374-f")
    reason: str = opt("", "Why less is accepted. Mandatory for `none` and `optional`.", demands="2.374-f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A planned line to a provider or to another PBX."""

    name: str
    networks: tuple[IPNetwork, ...] = opt(
        (),
        "Addresses and networks the peer sends from; nothing else may identify as this trunk.",
        demands="4.289-d 4.289-g 5.134-c",
        example="[198.51.100.0/28]",
    )
    endpoints: tuple[str, ...] = opt(
        (),
        "PJSIP endpoint names of the trunk. Empty: the endpoint has the trunk's name.",
        demands="4.289-g",
        shape="pattern",
    )
    zone: str = opt(
        "",
        "Zone of the peer. Empty: the zone its networks lie in, else the zone of kind trunk.",
        demands="2.374-f",
        shape="zone_or_kind",
    )
    transport: TrunkTransport = opt(
        "sip-tls",
        "How the trunk signals.",
        demands="5.133-d 5.134-a",
        secure="Trunk credentials are worth money to whoever reads them.",
    )
    public: bool = opt(
        True,
        "The way to the peer leads over public networks.",
        demands="2.374-e",
        secure="Unless you know of a private line, the path is public.",
        weaker="false",
    )
    encryption: TrunkEncryption | None = opt(
        None, "Overrides the matrix cell of the trunk's zone for this trunk only.", demands="2.374-f"
    )
    max_calls: int = opt(
        0,
        "Calls at the same time on this trunk; 0: not planned.",
        unit="calls",
        demands="2.372-e 5.136-e",
        minimum=0,
        maximum=1_000_000,
    )
