# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""Decisions about TLS, SRTP, RTP and secrets."""

from __future__ import annotations

from dataclasses import dataclass

from grundton.policy.option import opt
from grundton.policy.vocabulary import ClientCertificates, Digest, KeyExchange, TlsVersion

MODERN_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """TLS of every listener and client."""

    minimum: TlsVersion = opt(
        "1.2",
        "Lowest TLS version that may be negotiated; quote it in YAML.",
        demands="5.134-h",
        secure="TLS 1.0 and 1.1 are dead (RFC 8996).",
    )
    ciphers: tuple[str, ...] = opt(
        MODERN_CIPHERS,
        "OpenSSL names of the TLS 1.2 suites that may be offered, best first.",
        demands="5.134-h",
        shape="cipher",
        min_items=1,
        secure="Forward secrecy and authenticated encryption only (RFC 9325).",
    )
    rsa_bits: int = opt(
        3072,
        "Smallest RSA key of a certificate.",
        unit="bits",
        demands="5.134-f 5.134-h",
        minimum=2048,
        maximum=16384,
        weaker="lower",
        secure="BSI TR-02102 asks for 3000 bits or more.",
    )
    ec_bits: int = opt(
        256,
        "Smallest elliptic curve key of a certificate.",
        unit="bits",
        demands="5.134-f 5.134-h",
        minimum=224,
        maximum=521,
        weaker="lower",
        secure="P-256 is the smallest curve in common advice (BSI TR-02102).",
    )
    certificate_warn_days: int = opt(
        30,
        "Warn when a certificate expires in fewer days.",
        unit="days",
        demands="6.100-i",
        minimum=1,
        maximum=365,
        weaker="lower",
        secure="Leaves time to renew before phones fall off.",
    )
    certificate_critical_days: int = opt(
        3,
        "An expiry nearer than this fails outright.",
        unit="days",
        demands="6.100-i",
        minimum=0,
        maximum=90,
        weaker="lower",
        secure="An expired certificate is a total outage of TLS phones.",
    )
    certificate_max_days: int = opt(
        825,
        "Longest validity of a certificate.",
        unit="days",
        demands="5.134-f",
        minimum=1,
        maximum=7300,
        weaker="higher",
        secure="There is no revocation list in Asterisk; short life replaces it.",
    )
    verify_server: bool = opt(
        True,
        "Connections we open check name and chain of the peer's certificate.",
        demands="5.134-g 5.134-h",
        weaker="false",
        secure="TLS that trusts everybody protects against nobody on the path.",
    )
    client_certificates: ClientCertificates = opt(
        "none",
        "Who has to show a certificate to us.",
        demands="5.134-g",
        secure="Passwords over TLS are the floor; certificates per peer are better where phones have them.",
    )
    wildcards: bool = opt(
        False,
        "Wild card certificates are accepted for SIP.",
        demands="5.134-f",
        weaker="true",
        secure="RFC 5922 forbids wild cards for SIP identities.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Srtp:
    """SRTP where the matrix asks for it."""

    allowed: tuple[KeyExchange, ...] = opt(
        ("sdes", "dtls"),
        "Key exchanges that may be used. `sdes` counts only where signalling is protected.",
        demands="5.135-d",
        min_items=1,
        secure="Both are sound when SDES keys travel inside TLS.",
    )
    tag_32: bool = opt(
        False,
        "The short 32 bit authentication tag may be offered.",
        demands="5.135-d",
        weaker="true",
        secure="The 80 bit tag is the default of RFC 4568.",
    )
    optimistic: bool = opt(
        False,
        "Best-effort SRTP counts where the matrix says `required`.",
        demands="2.374-b 5.135-d",
        weaker="true",
        secure="Whoever sits on the path can talk both sides out of it.",
    )
    replay_protection: bool = opt(
        True,
        "Replayed SRTP packets are dropped.",
        demands="5.135-d",
        weaker="false",
        secure="Recorded packets must not be playable into a call.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rtp:
    """RTP ports and timers; the same numbers hold for PBX, relay and gateway."""

    start: int = opt(
        10000,
        "First UDP port of the media range.",
        unit="port",
        demands="4.289-g 4.291-a",
        minimum=1024,
        maximum=65534,
        secure="Asterisk without a file uses 5000 to 31000, across the SIP ports.",
    )
    end: int = opt(
        20000,
        "Last UDP port of the media range.",
        unit="port",
        demands="4.289-g 4.291-a",
        minimum=1025,
        maximum=65535,
        secure="The firewall opens this range and no more.",
    )
    strict: bool = opt(
        True,
        "Media is accepted from the learnt address only.",
        demands="4.291-f",
        weaker="false",
        secure="Without it every packet from anywhere is played into the call.",
    )
    timeout_max_s: int = opt(
        120,
        "A call without media ends after at most this time.",
        unit="seconds",
        demands="4.291-f",
        minimum=10,
        maximum=7200,
        weaker="higher",
        secure="Hung calls keep ports open and cost money.",
    )
    hold_timeout_max_s: int = opt(
        1800,
        "The same for a held call.",
        unit="seconds",
        demands="4.291-f",
        minimum=60,
        maximum=86400,
        weaker="higher",
        secure="Long enough for a patient caller.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Rules for secrets. The secrets themselves never stand in a policy."""

    min_length: int = opt(
        20,
        "Shortest SIP secret.",
        unit="characters",
        demands="4.291-c",
        hidden=True,
        minimum=8,
        maximum=256,
        weaker="lower",
        secure="Digest answers can be guessed offline; 20 random characters cannot.",
    )
    classes: int = opt(
        3,
        "Character classes a secret shows at least: lower, upper, digits, symbols.",
        unit="classes",
        demands="4.291-c",
        hidden=True,
        minimum=1,
        maximum=4,
        weaker="lower",
        secure="A machine made secret of that length has three anyway.",
    )
    admin_min_length: int = opt(
        24,
        "Shortest secret of an administration interface (AMI, ARI).",
        unit="characters",
        demands="4.287-d",
        hidden=True,
        minimum=12,
        maximum=256,
        weaker="lower",
        secure="One of them is as good as a root shell.",
    )
    unique: bool = opt(
        True,
        "No two devices share a secret.",
        demands="4.291-c",
        hidden=True,
        weaker="false",
        secure="One opened phone must not open the others.",
    )
    pin_min_length: int = opt(
        6,
        "Shortest voicemail or conference PIN.",
        unit="digits",
        demands="4.291-c 3.13-e",
        hidden=True,
        minimum=4,
        maximum=32,
        weaker="lower",
        secure="Four digits fall in an evening of dialling.",
    )
    pin_max_attempts: int = opt(
        3,
        "Wrong PINs before the line is hung up.",
        unit="attempts",
        demands="4.291-c",
        hidden=True,
        minimum=1,
        maximum=20,
        weaker="higher",
        secure="Slows guessing to what a log shows.",
    )
    digests: tuple[Digest, ...] = opt(
        ("SHA-256", "MD5"),
        "Digest algorithms that may be offered, best first.",
        demands="4.291-f 5.134-f",
        hidden=True,
        min_items=1,
        secure="Many phones only speak MD5, which needs TLS around it (RFC 8760).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How devices register."""

    max_contacts: int = opt(
        1,
        "Devices per endpoint unless the endpoint is listed as shared.",
        unit="devices",
        demands="4.291-d",
        minimum=1,
        maximum=100,
        weaker="higher",
        secure="A second device on a stolen secret is refused or noticed.",
    )
    max_expiry_s: int = opt(
        3600,
        "Longest registration.",
        unit="seconds",
        demands="4.291-k",
        minimum=60,
        maximum=86400,
        weaker="higher",
        secure="A removed phone disappears within the hour.",
    )
    min_expiry_s: int = opt(
        60,
        "Shortest registration.",
        unit="seconds",
        demands="4.291-k",
        minimum=10,
        maximum=3600,
        weaker="lower",
        secure="Faster renewals are a flood.",
    )
    bind_to_network: bool = opt(
        True,
        "Stationary devices register only from the networks of their zone.",
        demands="4.291-d",
        weaker="false",
        secure="A stolen secret is worthless from elsewhere.",
    )
    idle_days: int = opt(
        35,
        "Endpoints not registered for longer are leavers.",
        unit="days",
        demands="4.291-k",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="DISA's figure for idle users.",
    )
