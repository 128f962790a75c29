"""Who breaks: a record says `breaks: <name>`, a query of that name finds them in the snapshot.

A victim is somebody the snapshot really shows (a registered contact, a trunk, a session), never a guess. Who cannot be
seen, because there is no query or because a source was not read, is said in words: an empty answer always means that
somebody looked and found nobody.
"""

from __future__ import annotations

from grundton.plan.model import NOBODY, Affected
from grundton.plan.queries import QUERIES, Breaks, UnseenError

__all__ = ["Breaks", "affected_by", "without_query"]


def affected_by(name: str | None, about: Breaks) -> Affected:
    """Return who would notice, by the name a record gives them."""
    if name is None:
        return NOBODY
    query = QUERIES.get(name)
    words = in_words(name)
    if query is None:
        return Affected(unseen=words)
    for source in query.needs:
        state = about.snapshot.sources.get(source)
        if state is None or state.status not in ("ok", "absent"):
            why = state.reason if state is not None and state.reason else f"{source} was not read"
            return Affected(unseen=f"{words} ({why})")
    try:
        return Affected(tuple(dict.fromkeys(query.find(about))))
    except UnseenError as problem:
        return Affected(tuple(dict.fromkeys(problem.victims)), f"{words} ({problem})")


def in_words(name: str) -> str:
    """The name as a person reads it: `callers dialling through`."""
    return " ".join(_WORDS.get(part, part) for part in name.split("_"))


_WORDS = {
    "ami": "AMI", "ael": "AEL", "ari": "ARI", "iax": "IAX2", "tls": "TLS", "srtp": "SRTP", "acl": "ACL", "nat": "NAT",
    "ca": "CA", "pin": "PIN", "http": "HTTP", "ssh": "SSH", "vpn": "VPN", "cdr": "CDR", "udp": "UDP", "aors": "AORs",
    "md5": "MD5", "sip": "SIP",
}  # fmt: skip


def without_query(names: set[str]) -> set[str]:
    """Which of these names no query answers."""
    return names - set(QUERIES)
