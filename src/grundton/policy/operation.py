# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""Decisions about logging, time, backup, administration and upkeep."""

from __future__ import annotations

from dataclasses import dataclass

from grundton.policy.nets import IPNetwork
from grundton.policy.option import opt
from grundton.policy.vocabulary import RepositoryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long records are kept. Ask a lawyer for the figures of your case."""

    security_log_days: int = opt(
        90,
        "Security logs.",
        unit="days",
        demands="4.292-b 4.292-g",
        minimum=1,
        maximum=3650,
        weaker="lower",
        secure="Long enough to look back after a late discovery.",
    )
    cdr_days: int = opt(
        90,
        "Call records.",
        unit="days",
        demands="4.292-f 4.292-i",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="Long enough for an invoice, short enough for privacy.",
    )
    voicemail_days: int = opt(
        90,
        "Voicemail messages.",
        unit="days",
        demands="2.373-h 4.292-i",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="Messages are personal data.",
    )
    recordings_days: int = opt(
        30,
        "Recorded calls.",
        unit="days",
        demands="2.373-h 4.292-i",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="Speech is the most personal record of all.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """What is logged and where it goes."""

    central_server: str = opt(
        "",
        "Log server; empty: not decided.",
        demands="4.292-g 4.292-h",
        shape="host",
        example="log.example.org",
    )
    central_port: int = opt(
        6514,
        "Its port.",
        unit="port",
        demands="4.292-g",
        minimum=1,
        maximum=65535,
        secure="The port of syslog over TLS (RFC 5425).",
    )
    tls_required: bool = opt(
        True,
        "Logs travel over TLS only.",
        demands="4.292-f 4.292-g",
        weaker="false",
        secure="They tell who called whom.",
    )
    security_events: bool = opt(
        True,
        "Security events are written.",
        demands="4.292-a 4.292-b",
        weaker="false",
        secure="Without them nobody sees an attack.",
    )
    cdr: bool = opt(
        True,
        "Call records are written.",
        demands="4.292-b 4.292-h",
        weaker="false",
        secure="Fraud shows in call records first.",
    )
    cel: bool = opt(
        False,
        "Channel events (transfers, forwards) are written too.",
        demands="4.292-h",
        secure="No more personal data than needed.",
    )
    arrival_max_s: int = opt(
        60,
        "A marked event reaches the server within this time.",
        unit="seconds",
        demands="4.292-g",
        minimum=1,
        maximum=3600,
        weaker="higher",
        secure="An attacker must not have time to delete it.",
    )
    queue_limit: int = opt(
        1000,
        "Smallest queue of log messages in Asterisk.",
        unit="messages",
        demands="4.292-h",
        minimum=100,
        maximum=1_000_000,
        weaker="lower",
        secure="Events get lost under attack.",
    )
    review_days: int = opt(
        7,
        "Somebody reads the logs at least this often.",
        unit="days",
        demands="4.292-e",
        minimum=1,
        maximum=365,
        weaker="higher",
        secure="The weekly review of older DISA rules.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Clocks."""

    servers: tuple[str, ...] = opt((), "Time servers; empty: any.", demands="2.376-g", shape="host")
    min_sources: int = opt(
        2,
        "Time sources in use at least.",
        unit="sources",
        demands="4.292-b",
        minimum=1,
        maximum=10,
        weaker="lower",
        secure="One wrong clock must be noticed.",
    )
    max_offset_ms: int = opt(
        100,
        "Largest offset.",
        unit="milliseconds",
        demands="4.292-b",
        minimum=1,
        maximum=60_000,
        weaker="higher",
        secure="Events of several hosts stay in order.",
    )
    nts_required: bool = opt(
        False,
        "Time is authenticated (NTS).",
        demands="4.292-b",
        secure="Wanted, but few servers inside a company speak it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Backups."""

    max_age_hours: int = opt(
        26,
        "Age of the newest backup.",
        unit="hours",
        demands="6.101-a",
        minimum=1,
        maximum=8760,
        weaker="higher",
        secure="Daily, with two hours of grace.",
    )
    repository_kind: RepositoryKind = opt("any", "Tool that must hold the backup.", demands="6.101-h")
    remote_required: bool = opt(
        True,
        "The backup lies on another host.",
        demands="6.101-f",
        weaker="false",
        secure="A backup on the PBX dies with it.",
    )
    encryption_required: bool = opt(
        True, "The backup is encrypted.", demands="6.101-f", weaker="false", secure="It holds every secret."
    )
    min_versions: int = opt(
        7,
        "Generations kept at least.",
        unit="versions",
        demands="6.101-d",
        minimum=1,
        maximum=1000,
        weaker="lower",
        secure="A wrong setting is often found days later.",
    )
    restore_drill_max_age_days: int = opt(
        100,
        "Age of the last restore drill.",
        unit="days",
        demands="6.101-g",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="Each quarter, with some grace.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """What must work when VoIP does not."""

    second_path_required: bool = opt(
        False,
        "A second trunk or gateway carries emergency calls.",
        demands="6.100-h",
        secure="Asked for with elevated need only; decide it there.",
    )
    drill_max_age_days: int = opt(
        365,
        "Age of the last exercise.",
        unit="days",
        demands="6.100-f",
        minimum=1,
        maximum=3650,
        weaker="higher",
        secure="Once a year.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Who may administer, from where and how."""

    networks: tuple[IPNetwork, ...] = opt(
        (), "Networks administration comes from, beside those of management zones.", demands="4.287-c"
    )
    ami_allowed: bool = opt(
        False,
        "AMI may be reachable beyond loopback (from management, over TLS).",
        demands="4.287-c 4.287-f",
        weaker="true",
        secure="AMI is a remote shell.",
    )
    ari_allowed: bool = opt(
        False,
        "ARI may be enabled.",
        demands="4.287-c 4.287-f",
        weaker="true",
        secure="An unused programming interface is off.",
    )
    http_allowed: bool = opt(
        False,
        "The PBX web server may listen beyond loopback (over TLS).",
        demands="4.287-a 4.287-f",
        weaker="true",
        secure="No web server, no web flaw.",
    )
    web_gui_allowed: bool = opt(
        False,
        "A web front end (FreePBX and the like) may run.",
        demands="4.287-a 4.287-f",
        weaker="true",
        secure="The most attacked part of a PBX.",
    )
    snmp_allowed: bool = opt(
        False,
        "SNMP may be enabled (version 3 only).",
        demands="5.136-g",
        weaker="true",
        secure="Off unless watched.",
    )
    ssh_password_login: bool = opt(
        False, "SSH accepts passwords.", demands="4.287-d", weaker="true", secure="Keys cannot be guessed."
    )
    ssh_root_login: bool = opt(
        False,
        "SSH lets root in directly with a key.",
        demands="4.287-d",
        weaker="true",
        secure="Personal accounts show who did it.",
    )
    groups: tuple[str, ...] = opt(
        (), "Groups whose members may administer; empty: not decided.", demands="4.287-d", shape="group"
    )
    socket_mode_max: str = opt(
        "0660",
        "Widest mode of a control socket; quote it in YAML.",
        demands="4.287-c",
        shape="mode",
        secure="The socket is the console.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchDays:
    """How soon a published fix is installed."""

    critical: int = opt(
        3,
        "Critical flaws.",
        unit="days",
        demands="2.373-f 4.287-e",
        minimum=0,
        maximum=365,
        weaker="higher",
        secure="SIP scanners try new flaws within days.",
    )
    high: int = opt(
        14,
        "High severity.",
        unit="days",
        demands="2.373-f 4.287-e",
        minimum=0,
        maximum=365,
        weaker="higher",
        secure="One maintenance window.",
    )
    other: int = opt(
        60,
        "Everything else.",
        unit="days",
        demands="2.373-f 4.287-e",
        minimum=0,
        maximum=730,
        weaker="higher",
        secure="Regular upkeep.",
    )
