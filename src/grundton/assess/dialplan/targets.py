"""What `Dial` and its relatives call: lines to the outside, own phones, other extensions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from grundton.assess.dialplan.expand import UNKNOWN, is_known

TRUNK, PHONE, LOCAL, OPAQUE = "trunk", "phone", "local", "unknown"
_OPTION = re.compile(r"([A-Za-z])(?:\(((?:[^()]|\([^()]*\))*)\))?")


@dataclass(frozen=True, slots=True)
class Target:
    """One party of a Dial: what it is, the peer's name, the number sent to it."""

    kind: str
    peer: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Peers:
    """Names the configuration gives to lines and to phones."""

    trunks: frozenset[str]
    phones: frozenset[str]
    patterns: tuple[str, ...] = field(default=())

    def is_trunk(self, name: str) -> bool:
        """Whether a peer is a line to the outside."""
        return name in self.trunks or any(fnmatchcase(name, pattern) for pattern in self.patterns)


def targets(text: str, peers: Peers) -> list[Target]:
    """The parties of a Dial's first argument."""
    return [_target(part.strip(), peers) for part in text.split("&") if part.strip()]


def _target(text: str, peers: Peers) -> Target:
    technology, slash, rest = text.partition("/")
    technology = technology.upper()
    if not slash or not is_known(technology):
        return Target(OPAQUE, "", "", text)
    if technology == "LOCAL":
        number, _at, context = rest.partition("@")
        return Target(LOCAL, context.split("/", 1)[0], number, text)
    if technology == "DAHDI":
        group, _slash, number = rest.partition("/")
        return Target(TRUNK if group[:1].lower() in ("g", "r") else PHONE, group, number, text)
    if technology not in ("PJSIP", "SIP", "IAX2", "MOTIF", "OOH323"):
        return Target(PHONE, rest, "", text)
    return _peer(rest, text, peers)


def _peer(rest: str, text: str, peers: Peers) -> Target:
    first, slash, second = rest.partition("/")
    if slash and not second.lower().startswith(("sip:", "sips:")) and "@" not in second:
        peer, number = first.rpartition("@")[2], second
    elif slash:
        peer, number = first, re.sub(r"^sips?:", "", second, flags=re.I).partition("@")[0]
    elif "@" in first:
        number, _at, peer = first.partition("@")
    else:
        peer, number = first, ""
    if peers.is_trunk(peer):
        return Target(TRUNK, peer, number, text)
    if UNKNOWN in peer and number:
        return Target(OPAQUE, peer, number, text)
    if number and peer not in peers.phones:
        return Target(TRUNK, peer, number, text)
    return Target(PHONE, peer, number, text)


def options(text: str) -> dict[str, str]:
    """Options of an application: letter to its parameter (empty without one)."""
    return {letter: parameter or "" for letter, parameter in _OPTION.findall(text)}
