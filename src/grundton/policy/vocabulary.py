"""The closed lists of words a policy may use, and the shapes of its free texts."""

from __future__ import annotations

from typing import Literal, get_args

Level = Literal["basic", "standard", "elevated"]
ZoneKind = Literal[
    "management",
    "servers",
    "endpoints",
    "softphones",
    "data",
    "dmz",
    "outside",
    "trunk",
    "remote",
    "wlan",
    "public",
]
Encryption = Literal["none", "optional", "required", "vpn"]
Reachability = Literal["none", "pstn_only", "central", "remote_access"]
Protocol = Literal["sip-tls", "sip-tcp", "sip-udp", "ws", "wss", "iax2", "h323", "mgcp", "sccp"]
TrunkTransport = Literal["sip-tls", "sip-tcp", "sip-udp", "iax2"]
TlsVersion = Literal["1.2", "1.3"]
KeyExchange = Literal["sdes", "dtls"]
Digest = Literal["MD5", "SHA-256", "SHA-512-256"]
NatMethod = Literal["none", "sbc", "media_relay", "ice", "vpn", "static_mapping", "alg"]
Separation = Literal["none", "vlan", "physical"]
ClientCertificates = Literal["none", "trunks", "all"]
RepositoryKind = Literal["any", "restic", "borg", "other"]
Dscp = Literal["cs0", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "af21", "af31", "af41", "ef"]
Scenario = Literal[
    "internal",
    "pbx_coupling",
    "provider_trunk",
    "remote_workers",
    "branch",
    "hosted",
    "wlan_handsets",
    "webrtc",
    "call_centre",
    "public_phones",
]

LEVELS: tuple[str, ...] = get_args(Level)
ZONE_KINDS: tuple[str, ...] = get_args(ZoneKind)
PROTECTED_PROTOCOLS = frozenset({"sip-tls", "wss"})
"""Protocols whose signalling is encrypted by themselves."""
UNSAFE_KINDS = frozenset({"outside", "remote", "wlan"})
"""Kinds a pair of zones may never touch with encryption ``none`` (M 2.374, demands c and e)."""
ANY = "any"

SHAPES: dict[str, tuple[str, str]] = {
    "name": (r"[A-Za-z][A-Za-z0-9_-]{0,62}", "a letter, then letters, digits, '-' or '_'"),
    "zone_or_kind": (r"[A-Za-z][A-Za-z0-9_-]{0,62}", "a zone name, a zone kind, or any"),
    "pattern": (r"[^\s\x00-\x1f]{1,128}", "a name with * and ? as wild cards and no blanks"),
    "object": (r"[^\x00-\x1f]{1,256}", "an object name with * and ? as wild cards"),
    "domain": (
        r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        r"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*",
        "a DNS name such as example.org",
    ),
    "host": (r"[A-Za-z0-9_.:\[\]-]{1,253}", "a host name or an address"),
    "digits": (r"[0-9]{1,20}", "digits only; quote it in YAML so that leading zeros stay"),
    "prefix": (r"\+?[0-9*#]{1,20}", "a dialled prefix such as '0900' or '+881'; quote it in YAML"),
    "dial_pattern": (
        r"_?[0-9A-Za-z*#+.!\[\]-]{1,80}",
        "a number or an Asterisk pattern such as _2XX; quote it",
    ),
    "cipher": (r"[A-Z0-9][A-Za-z0-9_-]{2,63}", "one OpenSSL cipher name, not a cipher string"),
    "module": (r"[A-Za-z0-9_*?.-]{1,80}", "a module name such as chan_iax2.so"),
    "group": (r"[a-z_][a-z0-9_-]{0,31}\$?", "a local group name"),
    "mode": (r"0[0-7]{3}", "an octal file mode such as '0660'; quote it in YAML"),
    "id": (r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}", "an id without blanks such as W-2026-01"),
    "demand": (r"[2-6]\.[0-9]{1,3}-[a-z]", "a demand such as 5.135-a"),
    "measure": (r"M [2-6]\.[0-9]{1,3}", "a measure such as M 5.135"),
    "control": (r"[a-z0-9_*?-]+(\.[a-z0-9_*?-]+)*", "a control id such as asterisk.endpoint.srtp"),
    "text": (r"(?=.*\S)[\s\S]{1,4000}", "some text"),
}
"""Name of a text shape → (expression for all of it, what to write). An empty text passes where it is the default."""
