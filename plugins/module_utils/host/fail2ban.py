"""fail2ban: kinds ``fail2ban.server`` and ``fail2ban.jail``.

The files are merged the way the server does it; a running server is asked over its socket. The protocol
carries pickles: answers are read with a loader that accepts plain lists, tuples, texts and numbers only.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import re
import socket
from typing import Any, Callable, Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .cmdline import redact
from .sheet import Sheet, yes
from .tree import Tree, reason

PREFIXES = ("fail2ban",)

SOCKETS = ("/run/fail2ban/fail2ban.sock", "/var/run/fail2ban/fail2ban.sock")

_END = b"<F2B_END_COMMAND>"
_CLOSE = b"<F2B_CLOSE_COMMAND><F2B_END_COMMAND>"

#: Most bytes of one answer, most jails asked.
MAX_ANSWER, MAX_JAILS = 4 * 1024 * 1024, 100

Sections = dict[str, dict[str, str]]


def parse_ini(text: str) -> Sections:
    """Sections of an INI text with continuation lines; later keys win. Comments at line starts only."""
    sections: Sections = {}
    section: Optional[dict[str, str]] = None
    key = ""
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip()[0] in "#;":
            continue
        if raw[0] in " \t" and key and section is not None:
            section[key] += "\n" + re.sub(r"\s;.*$", "", raw).strip()
            continue
        line = raw.strip()
        if line.startswith("[") and "]" in line:
            section = sections.setdefault(line[1 : line.index("]")], {})
            key = ""
            continue
        match = re.match(r"([^=:]+?)\s*[=:]\s*(.*)$", line)
        if match and section is not None:
            key = match.group(1).strip().lower()
            section[key] = re.sub(r"(?:^|\s);.*$", "", match.group(2)).strip()
        else:
            key = ""
    return sections


def merge(base: Sections, more: Sections) -> None:
    """Lay ``more`` over ``base``; what it replaces stays reachable as ``known/<key>``."""
    for name, keys in more.items():
        target = base.setdefault(name, {})
        for key, value in keys.items():
            if key in target:
                target[f"known/{key}"] = target[key]
            target[key] = value


def load(path: str, read: Callable[[str], Optional[str]], depth: int = 0) -> Sections:
    """One file with the files its ``[INCLUDES]`` name before and after it."""
    text = read(path)
    if text is None or depth > 8:
        return {}
    own = parse_ini(text)
    includes = own.pop("INCLUDES", {})
    folder = path.rpartition("/")[0]
    result: Sections = {}
    for word in ("before", "after"):
        for name in includes.get(word, "").split():
            name = name if name.startswith("/") else f"{folder}/{name}"
            if word == "before":
                merge(result, load(name, read, depth + 1))
        if word == "before":
            merge(result, own)
    for name in includes.get("after", "").split():
        name = name if name.startswith("/") else f"{folder}/{name}"
        merge(result, load(name, read, depth + 1))
    return result


def load_all(base: str, read: Callable[[str], Optional[str]], names: Callable[[str], list[str]]) -> Sections:
    """``base.conf``, ``base.d/*.conf``, ``base.local``, ``base.d/*.local`` laid over each other."""
    parts = names(f"{base}.d")
    paths = [
        f"{base}.conf",
        *(f"{base}.d/{name}" for name in parts if name.endswith(".conf")),
        f"{base}.local",
        *(f"{base}.d/{name}" for name in parts if name.endswith(".local")),
    ]
    result: Sections = {}
    for path in paths:
        merge(result, load(path, read))
    return result


def interpolate(value: str, lookup: Callable[[str], Optional[str]]) -> str:
    """``%(name)s`` replaced by what ``lookup`` knows; unknown names and endless chains stay as written."""

    def put(match: re.Match[str]) -> str:
        found = lookup(match.group(1).lower())
        return match.group(0) if found is None else found

    for _ in range(10):
        replaced = re.sub(r"%\(([^)]+)\)s", put, value)
        if replaced == value or len(replaced) > 20000:
            break
        value = replaced
    return value


class Jail:
    """The settings of one jail with defaults and interpolation."""

    def __init__(self, name: str, sections: Sections) -> None:
        self.name = name
        self._own = sections.get(name, {})
        self._default = sections.get("DEFAULT", {})

    def _raw(self, key: str) -> Optional[str]:
        if key == "__name__":
            return self.name
        section, slash, bare = key.partition("/")
        if slash and section == "default":
            return self._default.get(bare)
        if slash and section != "known":
            return None
        return self._own.get(key, self._default.get(key))

    def get(self, key: str) -> Optional[str]:
        """The value of a key, interpolated, ``None`` when it is not set."""
        value = self._raw(key)
        return None if value is None else interpolate(value, self._raw)

    def lines(self, key: str) -> list[str]:
        """A value as its non-empty lines."""
        return [line.strip() for line in (self.get(key) or "").split("\n") if line.strip()]

    @property
    def enabled(self) -> bool:
        """Whether the jail is switched on."""
        return (self.get("enabled") or "false").lower() in ("true", "yes", "on", "1")


def log_paths(lines: Iterable[str]) -> list[str]:
    """The paths of ``logpath`` lines; ``tail`` and ``head`` behind them are dropped."""
    return [re.sub(r"\s+(?:tail|head)$", "", line) for line in lines]


def block_type(banaction: str, read: Callable[[str], Optional[str]]) -> Optional[str]:
    """What a ban does to packets: the ``blocktype`` of an action, from its options or its file."""
    match = re.match(r"([\w.-]+)(?:\[(.*)\])?", banaction)
    if not match:
        return None
    given = re.search(r"blocktype\s*=\s*\"?([^\",\]]+)", match.group(2) or "")
    if given:
        return given.group(1).strip()
    sections: Sections = {}
    for ending in ("conf", "local"):
        merge(sections, load(f"/etc/fail2ban/action.d/{match.group(1)}.{ending}", read))
    init = {**sections.get("DEFAULT", {}), **sections.get("Init", {})}
    return init.get("blocktype")


# -- the running server -------------------------------------------------------------------------------


class _PlainLoader(pickle.Unpickler):
    """Loads nothing that needs a class or a function."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")

    def persistent_load(self, pid: Any) -> Any:  # noqa: ARG002
        raise pickle.UnpicklingError("persistent objects are not plain data")


def load_plain(data: bytes) -> Any:
    """Plain data from a pickle; raises ``ValueError`` for anything else."""
    try:
        return _PlainLoader(io.BytesIO(data)).load()
    except Exception as error:
        raise ValueError("not plain data") from error


class Server:
    """A connection to a running server."""

    def __init__(self, path: str, deadline: Deadline) -> None:
        self._deadline = deadline
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(max(0.05, deadline.within(1.0)))
        self._socket.connect(path)

    def ask(self, *command: str) -> Any:
        """The answer to one command; raises ``ValueError`` when the server refuses, ``OSError`` when it is mute."""
        self._socket.settimeout(max(0.05, self._deadline.within(1.0)))
        self._socket.sendall(pickle.dumps(list(command), 2) + _END)
        received = b""
        while not received.endswith(_END):
            chunk = self._socket.recv(65536)
            if not chunk or len(received) > MAX_ANSWER:
                raise ValueError("the answer broke off")
            received += chunk
        answer = load_plain(received[: -len(_END)])
        if not isinstance(answer, (list, tuple)) or len(answer) != 2 or answer[0] != 0:
            raise ValueError("refused")
        return answer[1]

    def close(self) -> None:
        """Say goodbye."""
        with contextlib.suppress(OSError):
            self._socket.sendall(_CLOSE)
        self._socket.close()


def pairs(answer: object) -> dict[str, object]:
    """A status answer (lists of name and value, nested) as one flat dictionary."""
    found: dict[str, object] = {}
    if isinstance(answer, (list, tuple)):
        for entry in answer:
            if isinstance(entry, (list, tuple)) and len(entry) == 2 and isinstance(entry[0], str):
                nested = pairs(entry[1])
                if nested:
                    found.update(nested)
                else:
                    found[entry[0]] = entry[1]
    return found


def texts(value: object) -> list[str]:
    """A list answer as texts."""
    return [str(entry) for entry in value] if isinstance(value, (list, tuple)) else []


def _ask_jail(server: Server, name: str) -> dict[str, object]:
    status = pairs(server.ask("status", name))
    values: dict[str, object] = {
        "total_failed": _number(status.get("Total failed")),
        "currently_banned": _number(status.get("Currently banned")),
        "total_banned": _number(status.get("Total banned")),
        "effective_logpath": texts(status.get("File list")),
        "actions": texts(server.ask("get", name, "actions")),
        "effective_ignoreip": texts(server.ask("get", name, "ignoreip")),
    }
    for key in ("bantime", "maxretry", "findtime"):
        values[f"effective_{key}"] = _number(server.ask("get", name, key))
    return values


def _number(value: object) -> Optional[str]:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


# -- collector ----------------------------------------------------------------------------------------


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
    """The contribution ``system:fail2ban``."""
    tree, sheet = Tree(root), Sheet("fail2ban")
    if not tree.is_dir("/etc/fail2ban"):
        if tree.problems:
            sheet.not_checked("; ".join(tree.problems))
        else:
            sheet.absent("fail2ban is not installed")
        return [sheet.contribution()]
    sections = load_all("/etc/fail2ban/jail", tree.text, tree.names)
    server = load_all("/etc/fail2ban/fail2ban", tree.text, tree.names)
    names = [name for name in sections if name not in ("DEFAULT", "INCLUDES")]
    configured = [name for name in names if Jail(name, sections).enabled]
    asked, running, version = _runtime(sheet, deadline) if live else ({}, None, None)
    main = {**server.get("DEFAULT", {}), **server.get("Definition", {})}
    sheet.add(
        "fail2ban.server",
        "fail2ban",
        {
            "installed": tree.exists("/usr/bin/fail2ban-server"),
            "running": running,
            "version": version,
            "configured": configured,
            "jails": sorted(asked) if running == "yes" else None,
            "dbpurgeage": main.get("dbpurgeage"),
            "loglevel": main.get("loglevel"),
            "logtarget": main.get("logtarget"),
            "allowipv6": main.get("allowipv6"),
        },
    )
    for name in sorted({*configured, *asked, *(n for n in names if n.startswith(("asterisk", "kamailio", "sshd")))}):
        values = jail_values(Jail(name, sections), tree)
        if running in ("yes", "no"):
            values["running"] = yes(name in asked)
        values.update(asked.get(name, {}))
        sheet.add("fail2ban.jail", name, values)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def jail_values(jail: Jail, tree: Tree) -> dict[str, object]:
    """The keys a jail's files set."""
    paths = log_paths(jail.lines("logpath"))
    banaction = jail.get("banaction") or ""
    backend = jail.get("backend") or ""
    reads_files = not backend.startswith("systemd")  # that one reads the journal, whatever logpath says
    return {
        "enabled": yes(jail.enabled),
        "filter": jail.get("filter"),
        "backend": backend,
        "logpath": paths,
        "logpath_missing": [path for path in paths if reads_files and path.startswith("/") and not tree.glob(path)],
        "maxretry": jail.get("maxretry"),
        "findtime": jail.get("findtime"),
        "bantime": jail.get("bantime"),
        "ignoreip": (jail.get("ignoreip") or "").replace(",", " ").split(),
        "ignoreself": jail.get("ignoreself"),
        "banaction": banaction,
        "port": jail.get("port"),
        "protocol": jail.get("protocol"),
        "action": [redact(line) for line in jail.lines("action")],
        "blocktype": block_type(banaction, tree.text),
    }


def _runtime(sheet: Sheet, deadline: Deadline) -> tuple[dict[str, dict[str, object]], Optional[str], Optional[str]]:
    """(values per running jail, running yes/no/unknown, version)."""
    failure = ""
    for path in SOCKETS[:1]:
        try:
            server = Server(path, deadline)
        except (FileNotFoundError, ConnectionRefusedError):
            continue
        except OSError as error:
            failure = reason(error)
            continue
        try:
            return _ask_all(sheet, server, deadline)
        except (OSError, ValueError) as error:
            failure = str(error).lower()
        finally:
            server.close()
    if failure:
        sheet.incomplete(f"the running server was not asked: {failure}")
        return {}, "unknown", None
    return {}, "no", None


def _ask_all(
    sheet: Sheet, server: Server, deadline: Deadline
) -> tuple[dict[str, dict[str, object]], Optional[str], Optional[str]]:
    try:
        version: Optional[str] = str(server.ask("version"))
    except ValueError:
        version = None
    listed = str(pairs(server.ask("status")).get("Jail list", ""))
    asked: dict[str, dict[str, object]] = {}
    for name in [part.strip() for part in listed.split(",") if part.strip()][:MAX_JAILS]:
        if deadline.expired():
            sheet.incomplete("no time left to ask every jail")
            break
        try:
            asked[name] = _ask_jail(server, name)
        except ValueError as error:
            sheet.incomplete(f"jail {name}: {error}")
            asked[name] = {}
    return asked, "yes", version
