"""What the daemon says about everything but PJSIP and the dialplan, in the spelling of the files.

Every function takes answers as text and returns items; which command gives which answer is ``runtime``'s business.
"""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show import (
    codecs,
    columns,
    labels,
    plain_number,
    rules,
    yes_no,
)
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import RUNTIME, Item, PlainValues, Text

_OPTIONS = {
    "maximum calls": "maxcalls",
    "maximum open file handles": "maxfiles",
    "root console verbosity": "verbose",
    "debug level": "debug",
    "dump core on crash": "dumpcore",
    "maximum load average": "maxload",
    "minimum free memory": "minmemfree",
    "system name": "systemname",
    "default language": "defaultlanguage",
    "language prefix": "languageprefix",
    "executable includes": "execincludes",
    "transcode via slin": "transcode_via_sln",
    "transmit silence during rec": "transmit_silence",
    "generic plc": "genericplc",
    "hide msg chan ami events": "hide_messaging_ami_events",
    "min dtmf duration": "mindtmfduration",
    "cache media frames": "cache_media_frames",
    "sounds search custom dir": "sounds_search_custom_dir",
}
_DIRECTORIES = {
    "configuration directory": "astetcdir",
    "module directory": "astmoddir",
    "spool directory": "astspooldir",
    "log directory": "astlogdir",
    "run/sockets directory": "astrundir",
    "varlib directory": "astvarlibdir",
    "data directory": "astdatadir",
    "astdb": "astdbdir",
    "iax2 keys directory": "astkeydir",
    "agi scripts directory": "astagidir",
    "cache directory": "astcachedir",
}
_SUBSYSTEMS = {
    "manager (ami)": "manager",
    "web manager (ami/http)": "webmanager",
    "call data records": "cdr",
    "realtime architecture (ara)": "realtime",
}


def core(settings: str, version: str, channels: str, uptime: str) -> List[Item]:
    """``core show settings``, ``... version``, ``... channels count``, ``... uptime seconds``."""
    known = labels(settings)
    options: PlainValues = {}
    for label, key in _OPTIONS.items():
        if label in known:
            value = re.sub(r"\s*(\(Current \d+\)|MB)$", "", known[label])
            options[key] = "" if value == "Not set" else plain_number(yes_no(value))
    user, slash, group = known.get("user name and group", "").partition("/")
    if slash:
        options["runuser"], options["rungroup"] = user.strip(), group.strip()
    if "shell on remote consoles" in known:
        shell = yes_no(known["shell on remote consoles"])
        options["disable_remote_console_shell"] = "no" if shell == "yes" else "yes"
    directories: PlainValues = {key: known[label] for label, key in _DIRECTORIES.items() if label in known}
    about: PlainValues = {key: yes_no(known[label]) for label, key in _SUBSYSTEMS.items() if label in known}
    about["version"] = known.get("version") or version.strip().partition(" built by ")[0]
    about["build_options"] = known.get("all build options", known.get("build options", ""))
    about["config_file"] = known.get("configuration file", "")
    for pattern, key in (
        ("active channel", "channels"),
        ("active call", "calls"),
        ("calls? processed", "calls_processed"),
    ):
        found = re.search(r"(?m)^(\d+) {0}s?$".format(pattern), channels)
        if found:
            about[key] = found.group(1)
    found = re.search(r"System uptime: (\d+)", uptime)
    if found:
        about["uptime_s"] = found.group(1)
    found = re.search(r"Last reload: (\d+)", uptime)
    if found:
        about["last_reload_s"] = found.group(1)
    return [
        Item(RUNTIME, "asterisk.options", "options", options),
        Item(RUNTIME, "asterisk.directories", "directories", directories),
        Item(RUNTIME, "asterisk.core", "core", about),
    ]


def modules(answer: str) -> List[Item]:
    """``module show``: one ``module.loaded`` per module that is there, with ``use_count`` and ``status``."""
    items = []
    for line in answer.split("\n"):
        found = re.match(r"^(\S+\.so)\s+(.*?)\s+(\d+)\s+(Running|Not Running)\s+(\S+)?\s*$", line)
        if found:
            name, description, use_count, status, support = found.groups()
            items.append(
                Item(
                    RUNTIME,
                    "module.loaded",
                    name,
                    {
                        "use_count": use_count,
                        "status": status.lower().replace(" ", "_"),
                        "support": support or "",
                        "description": description,
                    },
                )
            )
    return items


def rtp(answer: str) -> List[Item]:
    """``rtp show settings``."""
    known = labels(answer)
    names = {
        "port start": "rtpstart",
        "port end": "rtpend",
        "checksums": "rtpchecksums",
        "dtmf timeout": "dtmftimeout",
        "strict rtp": "strictrtp",
        "replay protect": "srtpreplayprotection",
        "ice support": "icesupport",
    }
    values: PlainValues = {key: yes_no(known[label]) for label, key in names.items() if label in known}
    if "probation" in known:
        values["probation"] = known["probation"].split(" ")[0]
    stun = known.get("stun address", known.get("address", ""))
    if known.get("stun", "").lower() == "disabled" or stun.startswith(("0.0.0.0:", "(null)")):
        stun = ""
    values["stunaddr"] = stun
    return [Item(RUNTIME, "rtp.general", "general", values)]


def manager(answer: str) -> List[Item]:
    """``manager show settings``."""
    known = labels(answer)
    values: PlainValues = {}
    for label, key in (
        ("manager (ami)", "enabled"),
        ("web manager (ami/http)", "webenabled"),
        ("http timeout (seconds)", "httptimeout"),
        ("tls enable", "tlsenable"),
        ("tls certfile", "tlscertfile"),
        ("tls privatekey", "tlsprivatekey"),
        ("tls cipher", "tlscipher"),
        ("allow multiple login", "allowmultiplelogin"),
        ("display connects", "displayconnects"),
        ("timestamp events", "timestampevents"),
        ("channel vars", "channelvars"),
        ("disabled events", "disabledevents"),
        ("debug", "debug"),
    ):
        if label in known:
            values[key] = yes_no(known[label])
    address, port = _address(known.get("tcp bindaddress", ""))
    values["bindaddr"], values["port"] = address, port
    address, port = _address(known.get("tls bindaddress", ""))
    values["tlsbindaddr"] = "{0}:{1}".format(address, port) if port else address
    return [Item(RUNTIME, "manager.general", "general", values)]


def manager_users(answer: str) -> List[str]:
    """Names in ``manager show users``."""
    found = re.search(r"username\s*\n-+\s*\n(.*?)\n-+\s*\n", answer, re.S)
    return [line.strip() for line in found.group(1).split("\n") if line.strip()] if found else []


def manager_user(name: str, answer: str) -> Item:
    """``manager show user X``; the secret itself is never shown, only whether there is one."""
    known = labels(answer)
    values: PlainValues = {
        "secret_set": "yes" if known.get("secret", "").startswith("<Set>") else "no",
        "read": _permissions(known.get("read perm", "")),
        "write": _permissions(known.get("write perm", "")),
        "displayconnects": known.get("displayconnects", ""),
        "allowmultiplelogin": known.get("allowmultiplelogin", ""),
    }
    _acl(values, rules(answer))
    return Item(RUNTIME, "manager.user", name, values)


def _permissions(text: str) -> str:
    if text == "<none>":
        return ""
    return "all" if text.endswith(",all") else text


def _acl(values: PlainValues, found: List[Tuple[str, str]]) -> None:
    if found:
        for sense in ("deny", "permit"):
            listed: List[Text] = [net for one, net in found if one == sense]
            if listed:
                values[sense] = listed
        values["_order"] = ["{0}={1}".format(sense, net) for sense, net in found]


def _address(text: str) -> Tuple[str, str]:
    if not text or text.lower().startswith("disabled"):
        return "", ""
    address, _colon, port = text.strip().rpartition(":")
    return address.strip("[]"), port


def http(answer: str) -> List[Item]:
    """``http show status``, with the URIs it serves and the path restrictions."""
    values: PlainValues = {"enabled": "no", "tlsenable": "no"}
    for label, key in (("Prefix", "prefix"), ("Server", "servername")):
        found = re.search(r"(?m)^{0}: ?(.*)$".format(label), answer)
        if found:
            values[key] = found.group(1).strip().strip("/") if key == "prefix" else found.group(1).strip()
    found = re.search(r"(?m)^Server Enabled and Bound to (\S+)", answer)
    if found:
        values["enabled"] = "yes"
        values["bindaddr"], values["bindport"] = _address(found.group(1))
    found = re.search(r"(?m)^HTTPS Server Enabled and Bound to (\S+)", answer)
    if found:
        values["tlsenable"], values["tlsbindaddr"] = "yes", found.group(1)
    uris = re.search(r"Enabled URI's:\n(.*?)\n\n", answer, re.S)
    if uris:
        values["uris"] = [line.split(" =>")[0] for line in uris.group(1).split("\n") if " => " in line]
    items = [Item(RUNTIME, "http.general", "general", values)]
    _head, mark, tail = answer.partition("Path Restrictions:")
    if mark:
        for line in tail.split("\n"):
            found = re.match(r"^\s+Path: (\S+)|^\s*(/\S+)", line)
            if found:
                items.append(Item(RUNTIME, "http.restriction", (found.group(1) or found.group(2)).strip(), {}))
    return items


def ari(status: str, users: str) -> List[Item]:
    """``ari show status`` and ``ari show users``."""
    known = labels(status)
    values: PlainValues = {
        "enabled": yes_no(known.get("enabled", "")),
        "pretty": "yes" if known.get("output format") == "pretty" else "no",
        "auth_realm": known.get("auth realm", ""),
        "allowed_origins": known.get("allowed origins", ""),
    }
    items = [Item(RUNTIME, "ari.general", "general", values)]
    rows = columns(users, ("r/o?", "ACL?", "Username")) or columns(users, ("r/o?", "Username"))
    for row in rows:
        if row["Username"]:
            entry: PlainValues = {"type": "user", "read_only": yes_no(row["r/o?"])}
            if "ACL?" in row:
                entry["acl_set"] = yes_no(row["ACL?"])
            items.append(Item(RUNTIME, "ari.user", row["Username"], entry))
    return items


_CHANNEL = re.compile(
    r"^(?P<name>.*?)\s+(?P<type>File|Console|Syslog|Dynamic)\s+(?P<format>\S+)\s+(?P<status>\S+)"
    r"\s+- (?P<levels>.*)$"
)


def logger(answer: str, log_directory: str) -> List[Item]:
    """``logger show channels``; a file below the log directory has the name it has in logger.conf."""
    known = labels(answer)
    general: PlainValues = {"logger_queue_limit": known.get("logger queue limit", "")}
    items = [Item(RUNTIME, "logger.general", "general", general)]
    for line in answer.split("\n"):
        found = _CHANNEL.match(line)
        if not found:
            continue
        name = found.group("name").strip() or "console"
        if name.startswith(log_directory.rstrip("/") + "/"):
            name = name[len(log_directory.rstrip("/")) + 1 :]
        items.append(
            Item(
                RUNTIME,
                "logger.channel",
                name,
                {
                    "levels": [level.lower() for level in found.group("levels").split()],
                    "type": found.group("type").lower(),
                    "formatter": found.group("format"),
                    "enabled": yes_no(found.group("status")),
                },
            )
        )
    return items


def cdr(answer: str) -> List[Item]:
    """``cdr show status``."""
    known = labels(answer)
    values: PlainValues = {"enable": yes_no(known.get("logging", ""))}
    for label, key in (
        ("log unanswered calls", "unanswered"),
        ("log congestion", "congestion"),
        ("log calls by default", "channeldefaultenabled"),
        ("ignore bridging changes", "ignorestatechanges"),
        ("ignore dial state changes", "ignoredialchanges"),
        ("cancel disposition enabled", "canceldispositionenabled"),
    ):
        if label in known:
            values[key] = yes_no(known[label])
    if "mode" in known:
        values["batch"] = "no" if known["mode"].lower() == "simple" else "yes"
    _head, _mark, tail = answer.partition("Registered Backends")
    values["backends"] = [line.strip() for line in tail.split("\n") if line.strip() and set(line.strip()) != {"-"}]
    return [Item(RUNTIME, "cdr.general", "general", values)]


def cel(answer: str) -> List[Item]:
    """``cel show status``."""
    known = labels(answer)
    values: PlainValues = {"enable": yes_no(known.get("cel logging", ""))}
    if values["enable"] == "yes":  # switched off, the daemon does not tell the rest
        values["events"] = ",".join(re.findall(r"(?m)^CEL Tracking Event: (\S+)", answer))
        values["apps"] = ",".join(re.findall(r"(?m)^CEL Tracking Application: (\S+)", answer))
        values["backends"] = [line.strip() for line in re.findall(r"(?m)^CEL Event Subscriber: (.+)$", answer)]
    return [Item(RUNTIME, "cel.general", "general", values)]


def voicemail(answer: str) -> List[Item]:
    """``voicemail show users``: boxes without PINs, which the daemon does not show."""
    items = []
    for line in answer.split("\n"):
        # Fields of at least 10, 5, 25 and 10 characters, then a number.
        found = re.match(r"^(?P<context>\S+) +(?P<box>\S+) ", line)
        if not found or not re.search(r" \d+\s*$", line):
            continue
        context, box = found.group("context"), found.group("box")
        rest = line[max(10, len(context)) + 1 + max(5, len(box)) + 1 :]
        values: PlainValues = {"fullname": rest[:25].strip(), "new": rest.split()[-1]}
        items.append(Item(RUNTIME, "voicemail.mailbox", "{0}@{1}".format(box, context), values))
    return items


def acl_names(answer: str) -> List[str]:
    """Names in ``acl show``."""
    lines = [line.strip() for line in answer.split("\n")]
    return [line for line in lines if line and line != "acl" and set(line) != {"-"}]


def acl(name: str, answer: str) -> Item:
    """``acl show X``."""
    values: PlainValues = {}
    _acl(values, rules(answer))
    return Item(RUNTIME, "acl.acl", name, values)


def features(answer: str) -> List[Item]:
    """``features show``: the feature map as it is now, and the names of dynamic features."""
    names = {
        "Blind Transfer": "blindxfer",
        "Attended Transfer": "atxfer",
        "One Touch Monitor": "automon",
        "One Touch MixMonitor": "automixmon",
        "Disconnect Call": "disconnect",
        "Park Call": "parkcall",
    }
    values: PlainValues = {}
    general: PlainValues = {}
    head, _mark, tail = answer.partition("Dynamic Feature")
    for row in columns(head, ("Builtin Feature", "Default", "Current")):
        if row["Builtin Feature"] in names:
            values[names[row["Builtin Feature"]]] = row["Current"]
        elif row["Builtin Feature"] == "Pickup":
            general["pickupexten"] = row["Current"]
    dynamic: PlainValues = {}
    for line in tail.partition("Feature Groups")[0].split("\n")[2:]:
        words = line.split()
        if words and not words[0].startswith(("(none)", "-")):
            dynamic[words[0]] = words[-1]
    return [
        Item(RUNTIME, "features.featuremap", "featuremap", values),
        Item(RUNTIME, "features.general", "general", general),
        Item(RUNTIME, "features.applicationmap", "applicationmap", dynamic),
    ]


def iax(users: str, peers: str) -> List[Item]:
    """``iax2 show users`` and ``iax2 show peers``. The secrets column is looked at, never kept."""
    items = []
    for row in columns(users, ("Username", "Secret", "Authen", "Def.Context", "A/C", "Codec Pref")):
        if row["Username"]:
            values: PlainValues = {
                "secret_set": "no" if row["Secret"] in ("", "-no secret-") else "yes",
                "context": row["Def.Context"],
                "acl_set": yes_no(row["A/C"]),
            }
            items.append(Item(RUNTIME, "iax.user", row["Username"], values))
    for row in columns(peers, ("Name/Username", "Host", "Mask", "Port", "Status")):
        if row["Mask"]:
            name = row["Name/Username"].partition("/")[0]
            entry: PlainValues = {key.lower(): row[key] for key in ("Host", "Mask", "Port", "Status")}
            items.append(
                Item(
                    RUNTIME,
                    "iax.peer",
                    name,
                    entry,
                )
            )
    return items


_SIP = {
    "udp bindaddress": "udpbindaddr",
    "tcp sip bindaddress": "tcpbindaddr",
    "tls sip bindaddress": "tlsbindaddr",
    "autocreate peer": "autocreatepeer",
    "match auth username": "match_auth_username",
    "allow unknown access": "allowguest",
    "allow subscriptions": "allowsubscribe",
    "allow overlap dialing": "allowoverlap",
    "allow promisc. redir": "promiscredir",
    "enable call counters": "callcounter",
    "use domains as realms": "domainsasrealm",
    "call to non-local dom.": "allowexternaldomains",
    "always auth rejects": "alwaysauthreject",
    "user agent": "useragent",
    "sdp session name": "sdpsession",
    "sdp owner name": "sdpowner",
    "trust rpid": "trustrpid",
    "send rpid": "sendrpid",
    "legacy userfield parse": "legacy_useroption_parsing",
    "record sip history": "recordhistory",
    "ip tos sip": "tos_sip",
    "ip tos rtp audio": "tos_audio",
    "ip tos rtp video": "tos_video",
    "802.1p cos sip": "cos_sip",
    "802.1p cos rtp audio": "cos_audio",
    "rtp timeout": "rtptimeout",
    "rtp hold timeout": "rtpholdtimeout",
    "sip transfer mode": "allowtransfer",
    "context": "context",
    "allowed transports": "transport",
    "pedantic sip support": "pedantic",
    "session timers": "session-timers",
    "max forwards": "maxforwards",
}


def sip(settings: str, peers: str, redactor: Redactor) -> List[Item]:
    """``sip show settings`` and ``sip show peers`` of chan_sip (16 to 20)."""
    known = labels(settings)
    values: PlainValues = {}
    for label, key in _SIP.items():
        if label in known:
            text = re.sub(r" \(Disabled\)$", "", known[label])
            values[key] = "" if key.endswith("bindaddr") and text == "Disabled" else yes_no(text)
    for address, switch in (("tcpbindaddr", "tcpenable"), ("tlsbindaddr", "tlsenable")):
        if address in values:
            values[switch] = "yes" if values[address] else "no"
    if values.get("allowtransfer") in ("open", "closed"):
        values["allowtransfer"] = "yes" if values["allowtransfer"] == "open" else "no"
    found = re.search(r"(?m)^\s*Our auth realm\s+(.*)$", settings)
    if found:
        values["realm"] = found.group(1).strip()
    if "codecs" in known:
        values["allow"] = list(codecs(known["codecs"]))
    items = [Item(RUNTIME, "sip.general", "general", values)]
    for row in columns(peers, ("Name/username", "Host", "Dyn", "Forcerport", "Comedia", "ACL", "Port", "Status")):
        if row["Port"]:
            entry: PlainValues = {
                "host": "dynamic" if row["Dyn"] else redactor.text(row["Host"]),
                "address": row["Host"],
                "acl_set": "yes" if row["ACL"] else "no",
                "port": row["Port"],
                "status": row["Status"],
            }
            items.append(Item(RUNTIME, "sip.peer", row["Name/username"].partition("/")[0], entry))
    return items


def udptl(answer: str) -> List[Item]:
    """``udptl show config``."""
    values: PlainValues = {key: yes_no(value) for key, value in labels(answer).items() if value and " " not in key}
    return [Item(RUNTIME, "udptl.general", "general", values)]


def buildopts(answer: str) -> List[Item]:
    """``pjproject show buildopts``: the version and the few options that matter for security."""
    known = labels(answer)
    values: PlainValues = {}
    for label, key in (
        ("pj_version", "version"),
        ("pj_has_ssl_sock", "tls"),
        ("pj_ssl_sock_imp", "tls_library"),
        ("pj_has_ipv6", "ipv6"),
        ("supported digest algorithms (iana name/openssl name)", "digest_algorithms"),
    ):
        if label in known:
            values[key] = known[label]
    return [Item(RUNTIME, "pjproject.buildopts", "buildopts", values)]


def ciphers(answer: str) -> List[str]:
    """``pjsip list ciphers``: the names a transport's ``cipher`` may use."""
    found = re.search(r"'([^']*)'", answer)
    return [name.strip() for name in found.group(1).split(",") if name.strip()] if found else []


def permissions(answer: str) -> Dict[str, List[str]]:
    """``cli show permissions``: user or group to lines as printed."""
    result: Dict[str, List[str]] = {}
    name = ""
    for line in answer.split("\n"):
        found = re.match(r"^(?:User|Group):\s*(.*)$", line)
        if found:
            name = found.group(1).strip()
        elif name and line.strip():
            result.setdefault(name, []).append(" ".join(line.split()))
    return result
