"""Synthetic assessments: believable, deterministic, of any size, with hostile strings on demand.

`python tests/unit/report/synthetic.py 1000 out.json` writes a document;
tests load this file through `conftest.py`.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

from grundton.catalog import Catalog
from grundton.model.assessment import Assessment, DemandResult, HostResult, MeasureResult
from grundton.model.control import Control
from grundton.model.finding import Detail, Finding, finding_id
from grundton.model.measure import Demand, Measure, Successor, Text
from grundton.model.verdict import DemandVerdict, Level, MeasureVerdict, Severity, Verdict, worst

HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=2</script>",
    "<img src=x onerror=window.pwned=3>",
    "\"'><svg onload=window.pwned=4>",
    "line\u2028separator\u2029end",
    "{{ 7*7 }} {% raw %} ${7*7} &amp; &lt;b&gt;",
    "\x1b[31mred\x1b]0;title\x07",
    "right\u202eto left",
    "bytes \udcff\udc80",
    "__proto__",
    "javascript:alert(1)",
)

MEASURES = (
    ("M 2.372", "Planning the use of VoIP", "Planung des VoIP-Einsatzes", "organisational", 7),
    (
        "M 2.373",
        "Drawing up a security policy for VoIP",
        "Erstellung einer Sicherheitsrichtlinie für VoIP",
        "organisational",
        5,
    ),
    ("M 2.374", "Scope of VoIP encryption", "Umfang der Verschlüsselung von VoIP", "both", 7),
    (
        "M 2.375",
        "Suitable choice of VoIP systems",
        "Geeignete Auswahl von VoIP-Systemen",
        "organisational",
        5,
    ),
    (
        "M 2.376",
        "Separating the data and the VoIP network",
        "Trennung des Daten- und VoIP-Netzes",
        "technical",
        5,
    ),
    (
        "M 2.377",
        "Taking VoIP components out of service safely",
        "Sichere Außerbetriebnahme von VoIP-Komponenten",
        "organisational",
        4,
    ),
    (
        "M 3.12",
        "Telling all staff about warning displays, symbols and tones",
        "Information aller Mitarbeiter über mögliche TK-Warnanzeigen, -symbole und -töne",
        "organisational",
        2,
    ),
    (
        "M 3.13",
        "Making staff aware of possible telephony threats",
        "Sensibilisierung der Mitarbeiter für mögliche TK-Gefährdungen",
        "organisational",
        2,
    ),
    (
        "M 3.56",
        "Training administrators in the use of VoIP",
        "Schulung der Administratoren für die Nutzung von VoIP",
        "organisational",
        3,
    ),
    ("M 3.57", "Scenarios for the use of VoIP", "Szenarien für den Einsatz von VoIP", "organisational", 2),
    (
        "M 4.287",
        "Secure administration of the VoIP middleware",
        "Sichere Administration der VoIP-Middleware",
        "technical",
        7,
    ),
    (
        "M 4.288",
        "Secure administration of VoIP end devices",
        "Sichere Administration von VoIP-Endgeräten",
        "technical",
        7,
    ),
    (
        "M 4.289",
        "Restricting reachability through VoIP",
        "Einschränkung der Erreichbarkeit über VoIP",
        "technical",
        8,
    ),
    (
        "M 4.290",
        "Demands on a security gateway for the use of VoIP",
        "Anforderungen an ein Sicherheitsgateway für den Einsatz von VoIP",
        "technical",
        5,
    ),
    (
        "M 4.291",
        "Secure configuration of the VoIP middleware",
        "Sichere Konfiguration der VoIP-Middleware",
        "technical",
        11,
    ),
    ("M 4.292", "Logging of VoIP", "Protokollierung bei VoIP", "technical", 7),
    (
        "M 5.133",
        "Choice of a VoIP signalling protocol",
        "Auswahl eines VoIP-Signalisierungsprotokolls",
        "both",
        4,
    ),
    ("M 5.134", "Secure signalling for VoIP", "Sichere Signalisierung bei VoIP", "technical", 5),
    ("M 5.135", "Secure media transport with SRTP", "Sicherer Medientransport mit SRTP", "technical", 4),
    (
        "M 5.136",
        "Quality of service and network management for VoIP",
        "Dienstgüte und Netzmanagement bei VoIP",
        "technical",
        4,
    ),
    ("M 5.137", "Use of NAT for VoIP", "Einsatz von NAT für VoIP", "technical", 4),
    (
        "M 6.100",
        "Emergency plan for the failure of VoIP",
        "Erstellung eines Notfallplans für den Ausfall von VoIP",
        "organisational",
        5,
    ),
    ("M 6.101", "Backing up data of VoIP", "Datensicherung bei VoIP", "both", 4),
)

# id, English, German, demands, severity, impact, kind, key, expected, bad value, file
CONTROLS = (
    (
        "asterisk.endpoint.anonymous",
        "No endpoint accepts calls from anybody",
        "Kein Endpunkt nimmt Anrufe von jedermann an",
        ("4.289-f", "4.291-g"),
        "critical",
        "R1",
        "pjsip.endpoint",
        "context",
        "no endpoint named anonymous",
        "from-internal",
        "pjsip.conf",
        "Whoever reaches the port can place calls in the context of this endpoint without a password. In an "
        "ordinary dialplan that means calls abroad on the bill of the house.",
        "Delete the endpoint [anonymous], or unload res_pjsip_endpoint_identifier_anonymous.so.",
    ),
    (
        "asterisk.manager.bind",
        "The manager interface listens on loopback only",
        "Die Manager-Schnittstelle lauscht nur auf Loopback",
        ("4.287-c", "4.289-f"),
        "critical",
        "R1",
        "manager.general",
        "bindaddr",
        "a loopback address",
        "0.0.0.0",
        "manager.conf",
        "AMI has no encryption and no limit on password attempts, and one command on it starts calls or "
        "programs. Nobody outside the machine needs it.",
        "Set bindaddr = 127.0.0.1 in the section [general] of manager.conf and reload the manager.",
    ),
    (
        "asterisk.auth.secret_strength",
        "Account passwords are long and hard to guess",
        "Kontopasswörter sind lang und schwer zu raten",
        ("4.291-c", "5.134-b"),
        "critical",
        "R1",
        "pjsip.auth",
        "password",
        "20 characters or more, 3 classes, not the name",
        "secret of 4 characters (digits), equals the name",
        "pjsip.d/phones.conf",
        "Scanners on the internet try number = password first. A guessed account is a toll-fraud bill the same night.",
        "Generate a random password per device and roll it out with the provisioning in the same window.",
    ),
    (
        "asterisk.endpoint.srtp",
        "Endpoints accept SRTP only",
        "Endpunkte nehmen nur SRTP an",
        ("5.135-a", "5.135-b", "2.374-e"),
        "high",
        "R1",
        "pjsip.endpoint",
        "media_encryption",
        "one of sdes, dtls",
        "no",
        "pjsip.d/phones.conf",
        "Without SRTP everybody on the path can record the conversation with a free program.",
        "Set media_encryption = sdes on the phone template once every phone speaks SRTP.",
    ),
    (
        "asterisk.endpoint.srtp_mandatory",
        "SRTP is not optional",
        "SRTP ist nicht optional",
        ("5.135-d",),
        "medium",
        "R1",
        "pjsip.endpoint",
        "media_encryption_optimistic",
        "no",
        "yes",
        "pjsip.d/phones.conf",
        "Optional encryption is switched off by whoever sits on the path, and nobody notices.",
        "Set media_encryption_optimistic = no.",
    ),
    (
        "asterisk.transport.tls_method",
        "TLS 1.2 or newer on every transport",
        "TLS 1.2 oder neuer auf jedem Transport",
        ("5.134-a", "2.374-d"),
        "high",
        "R4",
        "pjsip.transport",
        "method",
        "tlsv1_2 or tlsv1_3",
        "tlsv1",
        "pjsip.conf",
        "TLS 1.0 has known attacks and is refused by current phones; the default of this branch is TLS 1.0.",
        "Set method = tlsv1_2 on the transport. It takes a restart: plan a window.",
    ),
    (
        "asterisk.transport.no_udp",
        "Signalling is encrypted where the policy demands it",
        "Signalisierung ist verschlüsselt, wo die Policy es verlangt",
        ("5.134-a", "2.374-d"),
        "high",
        "R4",
        "pjsip.transport",
        "protocol",
        "tls or wss",
        "udp",
        "pjsip.conf",
        "Over UDP the numbers, the times and the password exchange of each call are readable for "
        "everybody on the path.",
        "Add a TLS transport, move the phones, then close UDP.",
    ),
    (
        "asterisk.modules.iax2",
        "IAX2 is not loaded when nobody uses it",
        "IAX2 ist nicht geladen, wenn es niemand nutzt",
        ("4.291-h",),
        "high",
        "R1",
        "module.loaded",
        "status",
        "not loaded",
        "running, 0 users",
        "modules.conf",
        "A protocol nobody uses is a door nobody watches. chan_iax2 listens on UDP 4569 as soon as it is loaded.",
        "Add noload = chan_iax2.so to modules.conf.",
    ),
    (
        "asterisk.dialplan.demo",
        "No demo context of the sample configuration is reachable",
        "Kein Demo-Kontext der Beispielkonfiguration ist erreichbar",
        ("4.291-g",),
        "high",
        "R1",
        "dialplan.context",
        "include",
        "no demo, no default",
        "demo",
        "extensions.conf",
        "The sample dialplan holds extensions that dial out to the internet and read files.",
        "Delete the context [demo] and the include that leads to it.",
    ),
    (
        "asterisk.voicemail.pin",
        "Voicemail PINs are not the mailbox number",
        "Voicemail-PINs sind nicht die Nummer des Postfachs",
        ("4.291-c",),
        "high",
        "R1",
        "voicemail.mailbox",
        "pin",
        "6 digits or more, not the number",
        "secret of 4 characters (digits), equals the name",
        "voicemail.conf",
        "Mailboxes are called from outside; a guessed PIN gives the messages, and with dial-out the line.",
        "Give new PINs of six digits and switch on forcename and minpassword.",
    ),
    (
        "asterisk.http.tls",
        "The web server speaks TLS or listens on loopback",
        "Der Webserver spricht TLS oder lauscht auf Loopback",
        ("4.287-b",),
        "high",
        "R1",
        "http.general",
        "bindaddr",
        "a loopback address, or tlsenable = yes",
        "0.0.0.0",
        "http.conf",
        "Passwords of ARI users travel in clear on plain HTTP.",
        "Bind to 127.0.0.1, or set tlsenable = yes with a certificate.",
    ),
    (
        "asterisk.logger.security",
        "Security events are logged",
        "Sicherheitsereignisse werden protokolliert",
        ("4.292-a", "4.292-b"),
        "medium",
        "R1",
        "logger.channel",
        "levels",
        "contains security",
        "notice, warning, error",
        "logger.conf",
        "Without the security channel nobody sees failed registrations, and fail2ban has nothing to read.",
        "Add security to the levels of a log file.",
    ),
    (
        "asterisk.rtp.strict",
        "RTP is only accepted from the learnt source",
        "RTP wird nur von der gelernten Quelle angenommen",
        ("5.135-a",),
        "medium",
        "R1",
        "rtp.general",
        "strictrtp",
        "yes or seqno",
        "no",
        "rtp.conf",
        "Otherwise anybody who guesses a port can speak into a call.",
        "Set strictrtp = yes.",
    ),
    (
        "asterisk.cdr.enabled",
        "Call records are kept",
        "Verbindungsdaten werden aufgezeichnet",
        ("4.292-c",),
        "low",
        "R1",
        "cdr.general",
        "enable",
        "yes",
        "yes",
        "cdr.conf",
        "After fraud the call records are what tells when it began.",
        "Set enable = yes in cdr.conf.",
    ),
    (
        "asterisk.files.mode",
        "Configuration with secrets is not readable by others",
        "Konfiguration mit Geheimnissen ist nicht für andere lesbar",
        ("4.287-d",),
        "medium",
        "R0",
        "file",
        "mode",
        "0640 or stricter",
        "0644",
        "pjsip.conf",
        "Every local user, and every web application on the machine, reads all passwords of all phones.",
        "chmod 0640 and chown root:asterisk.",
    ),
    (
        "asterisk.version.supported",
        "The branch still gets security updates",
        "Der Zweig erhält noch Sicherheitsaktualisierungen",
        ("4.287-e",),
        "high",
        "R3",
        "component",
        "version",
        "a supported branch",
        "16.28.0, end of life 2023-10-09",
        "",
        "Holes found after the end of support stay open.",
        "Plan the upgrade to a long-term branch.",
    ),
    (
        "host.sshd.password",
        "No password logins over SSH",
        "Keine Anmeldung mit Passwort über SSH",
        ("4.287-a",),
        "high",
        "R1",
        "sshd",
        "passwordauthentication",
        "no",
        "yes",
        "",
        "Passwords get guessed by the thousand every night.",
        "Put PasswordAuthentication no into a drop-in below sshd_config.d.",
    ),
    (
        "host.nft.default_drop",
        "The firewall drops what nobody allowed",
        "Die Firewall verwirft, was niemand erlaubt hat",
        ("4.290-a", "2.376-b"),
        "high",
        "R1",
        "nft",
        "input policy",
        "drop",
        "no ruleset",
        "",
        "Without a default drop each new service is public the moment it starts.",
        "Load a ruleset with policy drop that admits SIP, RTP and administration.",
    ),
    (
        "host.time.synchronised",
        "The clock is synchronised",
        "Die Uhr ist synchronisiert",
        ("4.292-e",),
        "medium",
        "R0",
        "time",
        "synchronised",
        "yes",
        "no",
        "",
        "Logs of several machines cannot be put in order, certificates seem expired.",
        "Enable systemd-timesyncd or chrony with a reachable source.",
    ),
    (
        "host.backup.age",
        "There is a backup of the last day",
        "Es gibt eine Sicherung vom letzten Tag",
        ("6.101-a", "6.101-b"),
        "medium",
        "R0",
        "backup",
        "last_snapshot_age_h",
        "24 or less",
        "no backup tool found",
        "",
        "A dead disk takes the telephony of the house with it for as long as it takes to type it in again.",
        "Set up restic with a timer.",
    ),
    (
        "host.unit.hardening",
        "The service runs with few privileges",
        "Der Dienst läuft mit wenigen Rechten",
        ("4.287-f",),
        "low",
        "R3",
        "unit",
        "NoNewPrivileges",
        "yes",
        "no",
        "asterisk.service",
        "A hole in Asterisk is then a hole in Asterisk, not in the machine.",
        "Add a drop-in with NoNewPrivileges=yes.",
    ),
    (
        "host.qos.dscp",
        "Voice packets carry their DSCP mark",
        "Sprachpakete tragen ihre DSCP-Markierung",
        ("5.136-a",),
        "low",
        "R1",
        "pjsip.endpoint",
        "tos_audio",
        "ef",
        "0",
        "pjsip.conf",
        "A large download makes calls stutter.",
        "Set tos_audio = ef and cos_audio = 5.",
    ),
    (
        "asterisk.nat.external_address",
        "Behind NAT the public address is announced",
        "Hinter NAT wird die öffentliche Adresse genannt",
        ("5.137-a",),
        "medium",
        "R4",
        "pjsip.transport",
        "external_media_address",
        "present",
        "(absent)",
        "pjsip.conf",
        "Calls stay silent in one direction and somebody opens the firewall wide to make it work.",
        "Set external_media_address, external_signaling_address and local_net.",
    ),
    (
        "asterisk.options.live_dangerously",
        "Dialplan functions cannot be abused from outside",
        "Dialplan-Funktionen sind von außen nicht missbrauchbar",
        ("4.291-f",),
        "high",
        "RP",
        "asterisk.options",
        "live_dangerously",
        "no",
        "yes",
        "asterisk.conf",
        "With it, every AMI user can read and write files and start programs.",
        "Set live_dangerously = no, after looking for dialplan that needs it.",
    ),
)

SETTINGS = (
    "qualify_timeout",
    "max_contacts",
    "trust_id_inbound",
    "allow_transfer",
    "allow_subscribe",
    "rtp_timeout",
)


def catalog(controls: int = len(CONTROLS)) -> Catalog:
    """All 23 measures, and as many controls as asked for: the written ones first, made-up ones after."""
    measures = {}
    for ident, english, german, kind, count in MEASURES:
        number = ident.removeprefix("M ")
        demands = tuple(
            Demand(
                id=f"{number}-{letter}",
                title=Text(f"Demand {letter} of {english.lower()}", f"Forderung {letter} zu „{german}“"),
                text=Text(
                    f"What demand {number}-{letter} asks for, said in one sentence of our own.",
                    f"Was Forderung {number}-{letter} verlangt, in einem eigenen Satz.",
                ),
                force=("must", "should", "plain")[(index + count) % 3],
                checked_by=("config", "runtime") if kind != "organisational" else ("attestation",),
                needs="decision"
                if letter == "b" and kind != "technical"
                else ("attestation" if kind == "organisational" else None),
                sources=("NET.4.2",),
            )
            for index, letter in enumerate("abcdefghijk"[:count])
        )
        measures[ident] = Measure(
            id=ident,
            slug=english.lower().replace(" ", "-"),
            title=Text(english, german),
            stage="planning",
            kind=kind,
            successor=Successor(("A8",), (), ("KONF.10.2",), "standard", ""),
            components=("asterisk",),
            summary=Text(
                f"{english}: what it is for, in a sentence a manager understands.",
                f"{german}: wozu das gut ist, in einem Satz, den die Leitung versteht.",
            ),
            forbidden=(),
            questions=(),
            documents=(),
            attestations=(),
            responsible={},
            demands=demands,
        )
    known = [demand.id for measure in measures.values() for demand in measure.demands]
    made = {row[0]: _control(row, known) for row in CONTROLS[:controls]}
    for number in range(len(CONTROLS), controls):
        base = CONTROLS[number % len(CONTROLS)]
        key = SETTINGS[number % len(SETTINGS)]
        row = (
            f"{base[0]}_{number}",
            f"{base[1]} ({key}, rule {number})",
            f"{base[2]} ({key}, Regel {number})",
            base[3],
            ("low", "medium", "medium", "high")[number % 4],
            *base[5:7],
            key,
            *base[8:],
        )
        made[row[0]] = _control(row, known)
    return Catalog(version="5yn7he71c000", measures=measures, controls=made, defaults={}, advisories={}, support={})


def _control(row: tuple, known: list[str]) -> Control:  # type: ignore[type-arg]
    ident, english, german, demands, severity, impact, kind, key, expected, _, _, why, remedy = row
    return Control(
        id=ident,
        title=Text(english, german),
        demands=tuple(demand for demand in demands if demand in known),
        component=ident.split(".")[0],
        severity=Severity(severity),
        level=Level.STANDARD,
        evaluator="setting",
        spec={"kind": kind, "want": {key: expected}},
        refs=("AS-01",),
        since={},
        until={},
        when=None,
        fix={key: expected} if impact != "R4" else None,
        activate=None,
        impact=impact,
        breaks=None,
        why=why,
        remedy=remedy,
        sources=("RFC 3711", "Asterisk documentation: Secure Calling"),
        file="synthetic.yml",
        line=1,
    )


def assessment(
    hosts: int = 3,
    controls: int = len(CONTROLS),
    *,
    seed: int = 1,
    hostile: bool = False,
    endpoints: int = 40,
) -> tuple[Assessment, Catalog]:
    """A deterministic assessment of that many hosts; the last of ten or more cannot be reached."""
    texts = catalog(controls)
    rows = {row[0]: row for row in CONTROLS}
    dice = random.Random(seed)
    width = len(str(hosts))
    names = ["pbx", "sbc", "pbx-berlin"][:hosts] if hosts <= 3 else [f"pbx-{n:0{width}d}" for n in range(1, hosts + 1)]
    if hostile:
        names = [*names[: -len(HOSTILE)], *HOSTILE] if hosts > len(HOSTILE) else [*names, *HOSTILE]
    findings: list[Finding] = []
    results: dict[str, HostResult] = {}
    for position, name in enumerate(names):
        quality = dice.betavariate(2, 2)
        if len(names) >= 10 and position == len(names) - 1 and not hostile:
            results[name] = HostResult(
                name, "", False, "ssh: connect to host: No route to host", True, {}, {}, "", {}, {}, {}
            )
            continue
        own = [
            finding
            for control in texts.controls.values()
            for finding in _judge(control, rows, name, dice, quality, hostile, endpoints)
        ]
        findings.extend(own)
        by_control: dict[str, list[Verdict]] = {}
        for finding in own:
            by_control.setdefault(finding.control, []).append(finding.verdict)
        verdicts = {key: worst(found) for key, found in by_control.items()}
        unread = (
            {"runtime:pjsip": "control socket /run/asterisk/asterisk.ctl: permission denied"} if quality < 0.3 else {}
        )
        results[name] = HostResult(
            name=name,
            hostname=name,
            reached=True,
            reason="",
            live=position % 17 != 16,
            components={
                "asterisk": dice.choice(("22.10.1", "22.10.1", "20.15.2", "16.28.0")),
                "host": dice.choice(("debian 14", "debian 12")),
            },
            unread=unread,
            policy_digest="ab12cd34ef56",
            controls=verdicts,
            measures={},
            counts=dict(Counter(verdict.value for verdict in verdicts.values())),
        )
    return _roll_up(texts, results, findings), texts


def _judge(
    control: Control,
    rows: dict,  # type: ignore[type-arg]
    host: str,
    dice: random.Random,
    quality: float,
    hostile: bool,
    endpoints: int,
) -> list[Finding]:
    row = rows.get(control.id) or rows[control.id.rsplit("_", 1)[0]]
    kind, bad, file = row[6], row[9], row[10]
    key, expected = next(iter(control.spec["want"].items()))
    per_phone = kind in ("pjsip.endpoint", "pjsip.auth", "voicemail.mailbox")
    objects = tuple(str(6001 + n) for n in range(endpoints)) if per_phone else (kind.split(".")[0],)
    if hostile and per_phone:
        objects = (*objects, *HOSTILE)
        bad = dice.choice(HOSTILE)
    place = (
        "system"
        if control.component == "host" or kind in ("file", "component")
        else ("runtime" if kind == "module.loaded" else "config")
    )
    location = f"/etc/asterisk/{file}:{dice.randint(1, 60)}" if file and place == "config" else ""

    def finding(verdict: Verdict, names: tuple[str, ...], actual: str, reason: str = "", waiver: str = "") -> Finding:
        ok = {Verdict.PASS: True, Verdict.FAIL: False, Verdict.WAIVED: False}.get(verdict)
        details = (
            (Detail(key, place, expected, actual, ok, location, is_default=not location and place == "config"),)
            if ok is not None
            else ()
        )
        return Finding(
            finding_id(control.id, host, names),
            control.id,
            host,
            verdict,
            kind,
            names,
            details,
            reason,
            waiver,
        )

    roll = dice.random()
    if control.id == "asterisk.cdr.enabled":
        return [finding(Verdict.PASS, objects, "yes")]
    if roll < 0.05:
        return [finding(Verdict.NOT_APPLICABLE, (), "", reason=f"{control.component} is older than this setting")]
    if roll < 0.05 + 0.12 * (1 - quality):
        return [
            finding(
                Verdict.NOT_CHECKED,
                (),
                "",
                reason="control socket /run/asterisk/asterisk.ctl: permission denied",
            )
        ]
    if roll < 0.055 + 0.12 * (1 - quality):
        return [finding(Verdict.ERROR, (), "", reason="rule dialplan_reach: the dialplan includes itself")]
    if roll < 0.20 * (1 - quality):
        return [
            finding(
                Verdict.WAIVED,
                objects,
                bad,
                waiver="W-2026-07: old fax gateway, replaced in spring; Erika Muster, until 2027-03-31",
            )
        ]
    if roll < 0.3 + 0.5 * quality:
        return [finding(Verdict.PASS, objects, expected)]
    if per_phone:
        cut = dice.randint(1, len(objects) - 1)
        failing, passing = (*objects[:cut], objects[-1]), objects[cut:-1]
        found = [finding(Verdict.FAIL, failing, bad)]
        return [*found, finding(Verdict.PASS, passing, expected)] if passing else found
    return [finding(Verdict.FAIL, objects, bad)]


def _demand(verdicts: list[Verdict], demand: Demand) -> DemandVerdict:
    if verdicts and (verdict := worst(verdicts)) is not Verdict.NOT_APPLICABLE:
        return DemandVerdict(verdict.value)
    if demand.needs == "decision":
        return DemandVerdict.DECISION_MISSING
    if demand.needs == "attestation":
        return DemandVerdict.ATTESTATION_MISSING if demand.id.endswith("a") else DemandVerdict.ATTESTED
    return DemandVerdict.NOT_ASSESSED


def _measure(verdicts: list[DemandVerdict]) -> MeasureVerdict:
    good = {
        DemandVerdict.PASS,
        DemandVerdict.WAIVED,
        DemandVerdict.ATTESTED,
        DemandVerdict.NOT_APPLICABLE,
        DemandVerdict.DECIDED,
    }
    if all(verdict in good for verdict in verdicts):
        return MeasureVerdict.FULFILLED
    if DemandVerdict.FAIL in verdicts:
        return MeasureVerdict.NOT_FULFILLED if verdicts.count(DemandVerdict.FAIL) > 1 else MeasureVerdict.PARTLY
    return MeasureVerdict.PARTLY if any(verdict in good for verdict in verdicts) else MeasureVerdict.NOT_ASSESSED


def _roll_up(texts: Catalog, hosts: dict[str, HostResult], findings: list[Finding]) -> Assessment:
    demands: dict[str, DemandResult] = {}
    measures: dict[str, MeasureResult] = {}
    reached = {name: host for name, host in hosts.items() if host.reached}
    for measure in texts.measures.values():
        for demand in measure.demands:
            answering = [control.id for control in texts.controls_of(demand.id)]
            by_host = {
                name: _demand([host.controls[key] for key in answering if key in host.controls], demand)
                for name, host in reached.items()
            }
            everything = [host.controls[key] for host in reached.values() for key in answering if key in host.controls]
            demands[demand.id] = DemandResult(demand.id, _demand(everything, demand), tuple(answering), by_host)
        ids = [demand.id for demand in measure.demands]
        estate = [demands[key].verdict for key in ids]
        measures[measure.id] = MeasureResult(
            id=measure.id,
            verdict=_measure(estate),
            hosts={name: _measure([demands[key].hosts[name] for key in ids]) for name in reached},
            demands=tuple(ids),
            counts=dict(Counter(verdict.value for verdict in estate)),
        )
    rolled = {
        name: HostResult(
            name=host.name,
            hostname=host.hostname,
            reached=host.reached,
            reason=host.reason,
            live=host.live,
            components=host.components,
            unread=host.unread,
            policy_digest=host.policy_digest,
            controls=host.controls,
            measures={key: result.hosts[name] for key, result in measures.items()} if host.reached else {},
            counts=host.counts,
        )
        for name, host in hosts.items()
    }
    if "M 2.375" in measures:  # one measure with an accepted exception
        first = measures["M 2.375"]
        measures["M 2.375"] = MeasureResult(
            first.id,
            MeasureVerdict.DISPENSABLE,
            dict.fromkeys(first.hosts, MeasureVerdict.DISPENSABLE),
            first.demands,
            first.counts,
            "No system is bought before 2028 (W-2026-02, Erika Muster, until 2027-12-31)",
        )
        for host in rolled.values():
            if host.reached:
                host.measures["M 2.375"] = MeasureVerdict.DISPENSABLE  # type: ignore[index]
    return Assessment(
        catalog_version=texts.version,
        generator="grundton 0.1.0",
        hosts=rolled,
        findings=findings,
        demands=demands,
        measures=measures,
        counts=dict(Counter(finding.verdict.value for finding in findings)),
        warnings=["waiver W-2025-11 covers nothing any more"],
        run={
            "id": "20261123-180000-ab12",
            "started": "2026-11-23T18:00:00Z",
            "finished": "2026-11-23T18:00:02Z",
        },
    )


def document(hosts: int = 3, controls: int = len(CONTROLS), **options: object) -> dict:  # type: ignore[type-arg]
    """The same as a document."""
    from grundton.report import to_document

    return to_document(*assessment(hosts, controls, **options))  # type: ignore[arg-type]


if __name__ == "__main__":
    from grundton.report import to_json

    Path(sys.argv[2]).write_text(
        to_json(document(int(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else len(CONTROLS))),
        encoding="utf-8",
    )
