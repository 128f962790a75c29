"""What each of Asterisk's configuration files holds: which sections mean what, which keys add up.

One `Spec` per file. Files with a logic of their own (pjsip.conf, extensions.conf, voicemail.conf,
logger.conf, extconfig.conf, sorcery.conf) have readers of their own and are not described here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, FrozenSet, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.words import words

#: Keys that add up in most files: access lists, codecs, variables.
COMMON_LISTS = words("""
    acl allow contact_acl contact_deny contact_permit contactacl contactdeny contactpermit deny directmediaacl
    directmediadeny directmediapermit disallow permit register setvar set_var
    """)


@dataclass(frozen=True)
class Spec:
    """How to read ``<stem>.conf``.

    * ``roles``: lower-case section name to the role in the kind (``general`` to ``<stem>.general``).
    * ``other``: role of every other section; with ``typed`` the section's ``type``, if it is one of these.
    * ``lists``: keys that add up beside `COMMON_LISTS`; ``all_lists``: roles in which every key does;
      ``keep_case``: roles whose keys are names of the user's own.
    * ``merge_general``: whether a second ``[general]`` adds to the first (Asterisk's newer option code)
      or is never looked at (most of the older modules).
    """

    stem: str
    roles: Dict[str, str] = field(default_factory=dict)
    other: str = "section"
    typed: Tuple[str, ...] = ()
    lists: FrozenSet[str] = frozenset()
    all_lists: FrozenSet[str] = frozenset()
    keep_case: FrozenSet[str] = frozenset()
    merge_general: bool = False

    @property
    def file(self) -> str:
        """The file's name in the configuration directory."""
        return self.stem + ".conf"


def _same(*names: str) -> Dict[str, str]:
    return {name: name for name in names}


_GENERAL = _same("general")

_SPECS = (
    Spec("manager", _GENERAL, other="user", lists=frozenset(("eventfilter",))),
    Spec("http", _same("general", "post_mappings"), typed=("restriction",), keep_case=frozenset(("post_mappings",))),
    Spec("ari", _GENERAL, typed=("user", "outbound_websocket"), merge_general=True),
    Spec(
        "rtp",
        _same("general", "ice_host_candidates"),
        lists=words("ice_acl ice_deny ice_permit stun_acl stun_deny stun_permit"),
    ),
    Spec("cdr", _same("general", "csv", "custom", "radius", "manager", "sqlite"), merge_general=True),
    Spec("cel", _same("general", "manager", "radius"), merge_general=True),
    Spec("asterisk", _same("directories", "options", "files", "compat")),
    Spec("modules", _same("modules", "global"), all_lists=frozenset(("modules",))),
    Spec(
        "features",
        _same("general", "featuremap", "applicationmap"),
        other="group",
        keep_case=frozenset(("applicationmap",)),
        merge_general=True,
    ),
    Spec("acl", other="acl"),
    Spec(
        "iax",
        _same("general", "callnumberlimits"),
        other="peer",
        lists=words("bindaddr calltokenoptional context secret mailbox"),
        all_lists=frozenset(("callnumberlimits",)),
    ),
    Spec("sip", _same("general", "authentication"), other="peer", lists=words("auth domain localnet mailbox")),
    Spec("confbridge", _GENERAL, typed=("user", "bridge", "menu"), merge_general=True),
    Spec("queues", _GENERAL, other="queue", lists=frozenset(("member",))),
    Spec("udptl", _GENERAL, merge_general=True),
    Spec("res_snmp", _GENERAL),
    Spec("prometheus", _GENERAL, typed=("connectivity",), merge_general=True),
    Spec(
        "stir_shaken",
        _same("general", "attestation", "verification"),
        typed=("tn", "profile", "certificate", "store", "attestation", "verification"),
        lists=words("x5u_acl x5u_deny x5u_permit"),
    ),
    Spec("hep", _GENERAL, merge_general=True),
    Spec("phoneprov", _GENERAL, other="profile", all_lists=frozenset(("profile",)), keep_case=frozenset(("profile",))),
    Spec("cli_permissions", _GENERAL, other="user"),
    Spec("musiconhold", _GENERAL, other="class", lists=frozenset(("entry",))),
    Spec("users", _GENERAL, other="user"),
    Spec("res_parking", _GENERAL, other="lot", merge_general=True),
    Spec("agents", _same("general", "agents"), other="agent", lists=frozenset(("agent",))),
    Spec("meetme", _same("general", "rooms"), lists=frozenset(("conf",))),
    Spec("dundi", _same("general", "mappings"), other="peer", keep_case=frozenset(("mappings",))),
    Spec(
        "res_odbc",
        {"env": "env"},
        other="connection",
        lists=frozenset(("pre-connect", "preconnect")),
        keep_case=frozenset(("env",)),
    ),
    Spec("func_odbc", _GENERAL, other="function"),
    Spec("res_ldap", {"_general": "general"}, other="section", lists=frozenset(("attribute", "additionalfilter"))),
    Spec("cli_aliases", _same("general"), other="template", keep_case=frozenset(("template",))),
    Spec("cli", _same("startup_commands"), keep_case=frozenset(("startup_commands",))),
    Spec("dnsmgr", _GENERAL),
    Spec("ccss", _GENERAL),
    Spec(
        "stasis",
        _same("threadpool", "taskpool", "declined_message_types"),
        all_lists=frozenset(("declined_message_types",)),
    ),
    Spec("pjproject", _same("startup"), typed=("log_mappings",)),
    Spec("websocket_client", other="client"),
    Spec("minivm", _GENERAL, other="mailbox"),
    Spec("followme", _GENERAL, other="profile", lists=frozenset(("number",))),
    Spec("chan_dahdi", _same("channels", "trunkgroups"), all_lists=frozenset(("channels", "trunkgroups"))),
)

_PLAIN = """
    adsi aeap alarmreceiver amd calendar cdr_adaptive_odbc cdr_beanstalkd cdr_custom cdr_manager cdr_odbc cdr_pgsql
    cdr_sqlite3_custom cdr_tds cel_beanstalkd cel_custom cel_odbc cel_pgsql cel_sqlite3_custom cel_tds chan_mobile
    chan_websocket codecs console dsp enum festival geolocation gtalk indications jabber jingle mgcp misdn motif ooh323
    osp phone pjsip_notify queuerules res_config_mysql res_config_odbc res_config_sqlite res_config_sqlite3
    res_corosync res_curl res_fax res_http_media_cache res_pgsql res_pktccops res_stun_monitor resolver_unbound skinny
    sla smdi statsd unistim xmpp
"""

#: Every file read by the general reader, by stem. Files not named here are read only when included.
SPECS: Dict[str, Spec] = {spec.stem: spec for spec in _SPECS}
SPECS.update(
    (stem, Spec(stem, _GENERAL, all_lists=frozenset(("section",)), keep_case=frozenset(("section",))))
    for stem in _PLAIN.split()
)
