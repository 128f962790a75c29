"""Where Asterisk takes the first value of a key and not the last one.

Modules that ask for a key by name (``ast_variable_retrieve``) get its first value in every release of 16 to 23; those
that walk through the section (``ast_variable_browse``, the option framework, the object store) keep the last. A later
``[general](+)`` therefore changes nothing for the keys below: the earlier line has to go out of force.

Proof ``daemon``: written twice on an Asterisk 22.10.1, reloaded and asked; ``source``: read in the module named.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, NamedTuple, Optional, Tuple


class FirstWins(NamedTuple):
    """``keys`` None: every key of the section but ``except_``. ``reader`` and ``proof`` say how we know."""

    keys: Optional[FrozenSet[str]]
    except_: FrozenSet[str]
    reader: str
    proof: str


_RTP_LISTS = frozenset("ice_acl ice_deny ice_permit stun_acl stun_deny stun_permit".split())  # noqa: SIM905

TABLE: Dict[str, FirstWins] = {
    "rtp.general": FirstWins(None, _RTP_LISTS, "res_rtp_asterisk.c", "daemon: strictrtp, probation"),
    "logger.general": FirstWins(None, frozenset(), "logger.c", "daemon: logger_queue_limit, dateformat"),
    "voicemail.general": FirstWins(None, frozenset(), "app_voicemail.c", "source: every option"),
    "extensions.general": FirstWins(None, frozenset(), "pbx_config.c", "source: static, writeprotect, ..."),
    "queues.general": FirstWins(None, frozenset(), "app_queue.c", "source: every option"),
    "modules.modules": FirstWins(frozenset(("autoload",)), frozenset(), "loader.c", "source: autoload"),
    "acl.acl": FirstWins(
        frozenset(("rule_order", "sense", "rule")), frozenset(), "named_acl.c", "source: realtime only"
    ),
    "indications.general": FirstWins(frozenset(("country",)), frozenset(), "indications.c", "source: country"),
}


def first_wins(kind: str, key: str) -> bool:
    """Whether the first value of this key counts."""
    found = TABLE.get(kind)
    if found is None or key in found.except_:
        return False
    return found.keys is None or key in found.keys


def rows() -> Tuple[Tuple[str, str, str, str], ...]:
    """The table for people: kind, keys, module, proof."""
    return tuple(
        (kind, "all" if one.keys is None else ", ".join(sorted(one.keys)), one.reader, one.proof)
        for kind, one in TABLE.items()
    )
