"""Where logs go: kinds ``log`` and ``log.target`` (rsyslog, journald)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable, Iterator, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .cmdline import redact
from .proc import running
from .sheet import Sheet
from .tree import Tree

PREFIXES = ("log",)

#: Objects of the configuration language that are read.
_OBJECTS = re.compile(
    r"\b(action|global|module|input|include|ruleset|template|main_queue|parser|lookup_table)\s*\(", re.I
)
_PARAMETER = re.compile(
    r"([A-Za-z][\w.]*)\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|(\[[^\]]*\])|([^\s\")]+))"
)
_LEGACY = re.compile(
    r"(?P<filter>\S.*?)\s+-?(?P<tcp>@@?)(?:\((?P<options>[^)]*)\))?"
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:;\[\]]+)(?::(?P<port>\w+))?(?:;\S*)?\s*$"
)

MAX_FILES, MAX_DEPTH = 200, 10


@dataclass
class Target:
    """One forwarding action."""

    host: str
    port: str
    protocol: str
    tls: bool = False
    driver: str = ""
    auth_mode: str = ""
    peers: list[str] = field(default_factory=list)
    queue: str = "none"
    filter: str = ""
    file: str = ""

    @property
    def label(self) -> str:
        """``host:port/tcp+tls``."""
        return f"{self.host}:{self.port}/{self.protocol}{'+tls' if self.tls else ''}"


@dataclass
class Rsyslog:
    """What the rsyslog configuration sets up."""

    targets: list[Target] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def strip_comments(text: str) -> str:
    """The text without ``#`` and ``/* */`` comments outside of quotes; line breaks are kept."""
    out: list[str] = []
    at, quote = 0, ""
    while at < len(text):
        sign = text[at]
        if quote:
            if sign == "\\" and at + 1 < len(text):
                out.append(text[at : at + 2])
                at += 2
                continue
            if sign == quote or sign == "\n":
                quote = ""
        elif sign == '"' or (sign == "'" and out and out[-1] in "=([, \t"):
            quote = sign
        elif sign == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        elif text.startswith("/*", at) and (at == 0 or text[at - 1] in " \t\r\n);{}"):  # not the one of a glob
            end = text.find("*/", at + 2)
            stop = len(text) if end < 0 else end + 2
            out.append("\n" * text.count("\n", at, stop))
            at = stop
            continue
        out.append(sign)
        at += 1
    return "".join(out)


def _closing(text: str, start: int) -> int:
    """The position of the parenthesis that closes the one before ``start``; the end when there is none."""
    depth, quote = 1, ""
    at = start
    while at < len(text):
        sign = text[at]
        if quote:
            if sign == "\\":
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in "\"'":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return len(text)


def parameters(text: str) -> dict[str, str]:
    """``name="value"`` pairs, names in lower case."""
    return {
        match.group(1).lower(): next((group for group in match.groups()[1:] if group is not None), "")
        for match in _PARAMETER.finditer(text)
    }


def statements(text: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(object name or ``line``, text before it or the line, parameters) in order."""
    text = strip_comments(text)
    at = 0
    while True:
        match = _OBJECTS.search(text, at)
        stop = match.start() if match else len(text)
        before = text[at:stop]
        lines = before.split("\n")
        kept = lines[:-1] if match else lines
        for line in kept:
            if line.strip():
                yield "line", line.strip(), {}
        if not match:
            return
        end = _closing(text, match.end())
        yield match.group(1).lower(), lines[-1].strip(), parameters(text[match.end() : end])
        at = end + 1


def parse(path: str, read: Callable[[str], Optional[str]], glob: Callable[[str], list[str]]) -> Rsyslog:
    """The rsyslog configuration starting at ``path``; ``read`` and ``glob`` reach the host's files."""
    result = Rsyslog()
    _feed(result, path, read, glob, {}, 0)
    return result


def _feed(
    result: Rsyslog,
    path: str,
    read: Callable[[str], Optional[str]],
    glob: Callable[[str], list[str]],
    legacy: dict[str, str],
    depth: int,
) -> None:
    text = read(path)
    if text is None or depth > MAX_DEPTH or len(result.files) >= MAX_FILES:
        return
    result.files.append(path)
    for kind, line, given in statements(text):
        if kind == "line":
            directive = re.match(r"\$([A-Za-z]\w*)\s+(.*)$", line)
            if directive and directive.group(1).lower() == "includeconfig":
                for name in _sorted_glob(directive.group(2).strip(), glob):
                    _feed(result, name, read, glob, legacy, depth + 1)
            elif directive:
                _directive(result, legacy, directive.group(1).lower(), directive.group(2).strip().strip('"'))
            else:
                _legacy_action(result, legacy, line, path)
        elif kind == "include":
            for name in _sorted_glob(given.get("file", ""), glob):
                _feed(result, name, read, glob, legacy, depth + 1)
        elif kind == "global":
            result.settings.update(given)
        elif kind == "module":
            result.modules.append(given.get("load", ""))
            result.settings.update(
                {f"{given.get('load', '').lower()}.{key}": value for key, value in given.items() if key != "load"}
            )
        elif kind == "input":
            result.inputs.append(f"{given.get('type', '')}/{given.get('port', '')}".rstrip("/"))
        elif kind == "action":
            _action(result, given, line, path)


def _sorted_glob(pattern: str, glob: Callable[[str], list[str]]) -> list[str]:
    if not pattern.startswith("/"):
        return []
    return glob(f"{pattern}*" if pattern.endswith("/") else pattern)


_DIRECTIVES = {
    "defaultnetstreamdriver": "defaultnetstreamdriver",
    "defaultnetstreamdrivercafile": "defaultnetstreamdrivercafile",
    "defaultnetstreamdrivercertfile": "defaultnetstreamdrivercertfile",
    "defaultnetstreamdriverkeyfile": "defaultnetstreamdriverkeyfile",
    "workdirectory": "workdirectory",
}

#: Legacy directives that only hold for the action after them.
_ONE_ACTION = (
    "actionqueuetype", "actionqueuefilename", "actionqueuesaveonshutdown", "actionqueuemaxdiskspace",
    "actionresumeretrycount",
)  # fmt: skip


def _directive(result: Rsyslog, legacy: dict[str, str], name: str, value: str) -> None:
    if name in _DIRECTIVES:
        result.settings[_DIRECTIVES[name]] = value
    elif name == "modload":
        result.modules.append(value)
    elif name in ("udpserverrun", "inputtcpserverrun", "inputrelpserverrun"):
        kind = {"u": "imudp", "i": "imtcp"}[name[0]] if "relp" not in name else "imrelp"
        result.inputs.append(f"{kind}/{value}")
    elif name.startswith("actionsendstreamdriver") or name in _ONE_ACTION:
        legacy[name] = value


def queue_kind(kind: str, filename: str) -> str:
    """``disk`` when the queue survives on disk, ``memory``, or ``none`` for a direct action."""
    lowered = kind.lower()
    if lowered == "disk" or (lowered in ("linkedlist", "fixedarray") and filename):
        return "disk"
    return "memory" if lowered in ("linkedlist", "fixedarray") else "none"


def _is_tls(driver: str, mode: str) -> bool:
    return driver.lower() in ("gtls", "ossl", "mbedtls") and mode.strip() == "1"


def _legacy_action(result: Rsyslog, legacy: dict[str, str], line: str, path: str) -> None:
    match = _LEGACY.match(line)
    if match:
        tcp = match.group("tcp") == "@@"
        driver = result.settings.get("defaultnetstreamdriver", "ptcp")
        peer = legacy.get("actionsendstreamdriverpermittedpeer", "")
        host = match.group("host").strip("[]")
        result.targets.append(
            Target(
                host=host,
                port=match.group("port") or "514",
                protocol="tcp" if tcp else "udp",
                tls=tcp and _is_tls(driver, legacy.get("actionsendstreamdrivermode", "0")),
                driver=driver if tcp else "",
                auth_mode=legacy.get("actionsendstreamdriverauthmode", ""),
                peers=[entry.strip() for entry in peer.split(",") if entry.strip()],
                queue=queue_kind(legacy.get("actionqueuetype", ""), legacy.get("actionqueuefilename", "")),
                filter=match.group("filter"),
                file=path,
            )
        )
    if match or re.match(r"[\w*,.;!=:]+\s+\S", line):
        for name in _ONE_ACTION:
            legacy.pop(name, None)


def _action(result: Rsyslog, given: dict[str, str], before: str, path: str) -> None:
    kind = given.get("type", "").lower()
    if kind not in ("omfwd", "omrelp"):
        return
    driver = given.get(
        "streamdriver", given.get("streamdriver.name", result.settings.get("defaultnetstreamdriver", "ptcp"))
    )
    mode = given.get("streamdrivermode", given.get("streamdriver.mode", "0"))
    protocol = "relp" if kind == "omrelp" else given.get("protocol", "udp").lower()
    tls = given.get("tls", "off").lower() == "on" if kind == "omrelp" else protocol == "tcp" and _is_tls(driver, mode)
    peers = given.get(
        "streamdriverpermittedpeers", given.get("streamdriver.permittedpeers", given.get("tls.permittedpeer", ""))
    )
    result.targets.append(
        Target(
            host=given.get("target", ""),
            port=given.get("port", "514"),
            protocol=protocol,
            tls=tls,
            driver="" if protocol == "udp" else driver,
            auth_mode=given.get(
                "streamdriverauthmode", given.get("streamdriver.authmode", given.get("tls.authmode", ""))
            ),
            peers=[entry.strip(" \"'") for entry in peers.strip("[]").split(",") if entry.strip(" \"'")],
            queue=queue_kind(given.get("queue.type", ""), given.get("queue.filename", "")),
            filter=before,
            file=path,
        )
    )


def parse_ini_section(texts: list[str], section: str) -> dict[str, str]:
    """The last value of every key in one section of systemd-style files."""
    found: dict[str, str] = {}
    for text in texts:
        current = ""
        for line in text.splitlines():
            line = line.strip()
            if line.startswith("[") and line.endswith("]"):
                current = line[1:-1]
            elif current == section and line[:1] not in ("#", ";", ""):
                key, equals, value = line.partition("=")
                if equals:
                    found[key.strip()] = value.strip()
    return found


def dropins(tree: Tree, name: str) -> list[str]:
    """The texts of ``/etc/systemd/<name>`` and its drop-ins, in the order they apply."""
    paths: dict[str, str] = {}
    for folder in ("/usr/lib/systemd", "/usr/local/lib/systemd", "/run/systemd", "/etc/systemd"):
        for path in tree.glob(f"{folder}/{name}.d/*.conf"):
            paths[path.rsplit("/", 1)[-1]] = path
    main = next((p for p in (f"/etc/systemd/{name}", f"/usr/lib/systemd/{name}") if tree.exists(p)), "")
    ordered = [main, *(paths[entry] for entry in sorted(paths))]
    return [text for text in map(tree.text, filter(None, ordered)) if text]


def some(flags: list[bool]) -> Optional[str]:
    """``all``, ``some``, ``none``; ``None`` for no flags."""
    if not flags:
        return None
    return "all" if all(flags) else "some" if any(flags) else "none"


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contribution ``system:log``."""
    tree, sheet = Tree(root), Sheet("log")
    _add_rsyslog(sheet, tree, live)
    _add_journald(sheet, tree)
    if tree.exists("/usr/sbin/syslog-ng"):
        sheet.incomplete("syslog-ng is installed; its configuration is not read")
        sheet.add("log", "syslog-ng", {"installed": True})
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _add_rsyslog(sheet: Sheet, tree: Tree, live: bool) -> None:
    installed = tree.exists("/usr/sbin/rsyslogd")
    result = parse("/etc/rsyslog.conf", tree.text, tree.glob) if installed else Rsyslog()
    tls = [target.tls for target in result.targets]
    queues = {target.queue for target in result.targets}
    sheet.add(
        "log",
        "rsyslog",
        {
            "installed": installed,
            "running": "rsyslogd" in running(tree) if live else None,
            "forwarding": bool(result.targets),
            "targets": [target.label for target in result.targets],
            "tls": some(tls),
            "auth_mode": sorted({target.auth_mode for target in result.targets if target.auth_mode}),
            "queue": next((kind for kind in ("none", "memory", "disk") if kind in queues), None),
            "ca_file": result.settings.get("defaultnetstreamdrivercafile"),
            "inputs": result.inputs,
            "files": result.files,
        },
    )
    used: dict[str, int] = {}
    for target in result.targets:
        name = f"{target.host}:{target.port}"
        used[name] = used.get(name, 0) + 1
        sheet.add(
            "log.target",
            name if used[name] == 1 else f"{name} ({used[name]})",
            {
                "host": target.host,
                "port": target.port,
                "protocol": target.protocol,
                "tls": target.tls,
                "driver": target.driver,
                "auth_mode": target.auth_mode,
                "permitted_peer": target.peers,
                "queue": target.queue,
                "filter": redact(target.filter),
                "file": target.file,
                "by": "rsyslog",
            },
        )


def _add_journald(sheet: Sheet, tree: Tree) -> None:
    if not tree.exists("/lib/systemd/systemd-journald"):
        return
    conf = parse_ini_section(dropins(tree, "journald.conf"), "Journal")
    storage = conf.get("Storage", "auto")
    kept = storage == "persistent" or (storage == "auto" and tree.is_dir("/var/log/journal"))
    upload = parse_ini_section(dropins(tree, "journal-upload.conf"), "Upload")
    url = upload.get("URL", "")
    sheet.add(
        "log",
        "journald",
        {
            "storage": storage,
            "persistent": kept,
            "forward_to_syslog": conf.get("ForwardToSyslog"),
            "max_retention": conf.get("MaxRetentionSec"),
            "max_file": conf.get("MaxFileSec"),
            "system_max_use": conf.get("SystemMaxUse"),
            "rate_limit_burst": conf.get("RateLimitBurst"),
            "seal": conf.get("Seal"),
            "upload": redact(url) if url else None,
        },
    )
    match = re.match(r"(https?)://([^/:]+|\[[^\]]+\])(?::(\d+))?", url)
    if match:
        port = match.group(3) or "19532"
        sheet.add(
            "log.target",
            f"{match.group(2)}:{port}",
            {
                "host": match.group(2),
                "port": port,
                "protocol": "tcp",
                "tls": match.group(1) == "https",
                "queue": "disk",
                "filter": "journal",
                "by": "systemd-journal-upload",
            },
        )
