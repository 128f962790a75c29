# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""Decisions about numbers, features, limits, quality and size."""

from __future__ import annotations

from dataclasses import dataclass

from grundton.policy.option import opt
from grundton.policy.vocabulary import Dscp


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPlan:
    """What may be dialled."""

    country: str = opt("49", "Own country code without prefix.", demands="4.291-e", shape="digits")
    international_prefix: str = opt("00", "What is dialled before a country code.", demands="4.291-j", shape="digits")
    national_prefix: str = opt("0", "What is dialled before an area code.", demands="4.291-j", shape="digits")
    emergency: tuple[str, ...] = opt(
        ("110", "112"),
        "Numbers every endpoint context must reach without any barrier.",
        demands="6.100-c 6.100-g",
        shape="digits",
        min_items=1,
        secure="German police and the European emergency number.",
    )
    internal: tuple[str, ...] = opt(
        (), "Internal numbers and patterns.", demands="4.291-e", shape="dial_pattern", example='["_2XX"]'
    )
    owned: tuple[str, ...] = opt(
        (), "Numbers and patterns the trunks deliver to us.", demands="4.289-h", shape="dial_pattern"
    )
    blocked: tuple[str, ...] = opt(
        ("00881", "00882", "00883", "00870"),
        "Dialled prefixes nobody may reach.",
        demands="4.289-h 4.291-j",
        shape="prefix",
        secure="Satellite and international networks are where stolen minutes are sold.",
    )
    premium: tuple[str, ...] = opt(
        ("0900", "0137"),
        "Premium rate prefixes; blocked unless an endpoint context is meant for them.",
        demands="4.289-h 4.291-j",
        shape="prefix",
        secure="Toll fraud earns its money here.",
    )
    international: bool = opt(
        False,
        "Ordinary endpoints may dial abroad.",
        demands="4.289-h 4.291-j",
        weaker="true",
        secure="Fraud goes abroad at night; allow it where it is needed.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much is planned. 0 means not planned."""

    users: int = opt(0, "People to be served.", unit="users", demands="2.372-e", minimum=0, maximum=10_000_000)
    concurrent_calls: int = opt(
        0,
        "Calls at the same time.",
        unit="calls",
        demands="2.372-e 5.136-c 5.136-f",
        minimum=0,
        maximum=1_000_000,
    )
    emergency_reserve_calls: int = opt(
        2,
        "Calls kept free for emergency numbers.",
        unit="calls",
        demands="6.100-c",
        minimum=0,
        maximum=1000,
        weaker="lower",
        secure="A full PBX must still reach 112.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one endpoint, call or source may use."""

    calls_per_endpoint: int = opt(
        4,
        "Calls at the same time per endpoint.",
        unit="calls",
        demands="4.291-f",
        minimum=1,
        maximum=1000,
        weaker="higher",
        secure="A stolen account earns little with few channels.",
    )
    call_max_minutes: int = opt(
        240,
        "Longest outside call.",
        unit="minutes",
        demands="4.291-f",
        minimum=1,
        maximum=10080,
        weaker="higher",
        secure="Ends forgotten and fraudulent calls.",
    )
    ban_after: int = opt(
        10,
        "Failed logins before a source is banned.",
        unit="attempts",
        demands="4.291-f",
        minimum=2,
        maximum=1000,
        weaker="higher",
        secure="A phone with a typing error survives, a guesser does not.",
    )
    ban_minutes: int = opt(
        60,
        "How long a ban lasts.",
        unit="minutes",
        demands="4.291-f",
        minimum=1,
        maximum=525600,
        weaker="lower",
        secure="Makes guessing slow without permanent lists.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Qos:
    """Marks and targets of service quality."""

    signalling: Dscp = opt(
        "cs3", "DSCP mark of signalling.", demands="5.136-f", secure="Common practice; RFC 4594 names CS5."
    )
    media: Dscp = opt("ef", "DSCP mark of speech.", demands="5.136-f", secure="RFC 4594.")
    video: Dscp = opt("af41", "DSCP mark of video.", demands="5.136-f", secure="RFC 4594.")
    max_delay_ms: int = opt(
        150,
        "One-way delay.",
        unit="milliseconds",
        demands="5.136-f",
        minimum=1,
        maximum=2000,
        weaker="higher",
        secure="ITU-T G.114.",
    )
    max_jitter_ms: int = opt(
        30,
        "Jitter.",
        unit="milliseconds",
        demands="5.136-f",
        minimum=1,
        maximum=2000,
        weaker="higher",
        secure="What a jitter buffer hides without being heard.",
    )
    max_loss_percent: int = opt(
        1,
        "Packet loss.",
        unit="percent",
        demands="5.136-f",
        minimum=0,
        maximum=100,
        weaker="higher",
        secure="Above it speech suffers audibly.",
    )
    ef_share_percent: int = opt(
        33,
        "Largest share of a link for the EF class.",
        unit="percent",
        demands="5.136-b 5.136-f",
        minimum=1,
        maximum=100,
        weaker="higher",
        secure="Priority for everything is priority for nothing.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Functions the PBX may offer. What is not allowed should not be loaded."""

    voicemail: bool = opt(
        True,
        "Voicemail.",
        demands="2.373-g",
        weaker="true",
        secure="A usual function; its PIN rules stand in voip_secrets.",
    )
    conference: bool = opt(True, "Conference rooms.", demands="2.373-g", weaker="true", secure="A usual function.")
    transfer: bool = opt(
        True,
        "Call transfer by internal users.",
        demands="4.291-j",
        weaker="true",
        secure="A usual function; never offered to outside callers.",
    )
    pickup: bool = opt(
        True, "Picking up a colleague's call.", demands="4.291-j", weaker="true", secure="A usual function."
    )
    recording: bool = opt(
        False,
        "Recording of calls.",
        demands="2.373-h 3.12-b",
        weaker="true",
        secure="Needs a legal ground and announcement.",
    )
    webrtc: bool = opt(
        False,
        "Browser phones over WSS.",
        demands="2.372-d",
        weaker="true",
        secure="Opens a web server on the PBX.",
    )
    fax: bool = opt(False, "Fax over T.38.", demands="4.291-h", weaker="true", secure="An extra parser and port range.")
    video: bool = opt(False, "Video calls.", demands="4.291-h", weaker="true", secure="More codecs, more parsers.")
    messaging: bool = opt(
        False, "SIP text messages.", demands="4.291-h", weaker="true", secure="Sender names can be forged."
    )
    listening_in: bool = opt(
        False,
        "Silent or whispering supervision.",
        demands="3.12-b 4.291-j",
        weaker="true",
        secure="Secret listening is a crime without a legal ground.",
    )
    intercom: bool = opt(
        False,
        "Phones that answer by themselves.",
        demands="3.12-b 4.291-j",
        weaker="true",
        secure="An open microphone in a room.",
    )
    dial_through: bool = opt(
        False,
        "Outside callers may dial out again (DISA, callback, follow-me).",
        demands="4.289-h 4.291-j",
        weaker="true",
        secure="The classic way to steal calls.",
    )
