"""Databases and web front ends beside the telephony: kinds ``database`` and ``frontend``."""

from __future__ import annotations

import re
from typing import Callable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .proc import running
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("database", "frontend")

_MYSQL_SECTIONS = re.compile(r"(?:mysqld|mariadbd?|server|galera|mysqld-[\d.]+|mariadb-[\d.]+)$")

#: Front end, paths that give it away, file with the version, pattern of the version.
FRONTENDS = (
    ("freepbx", ("/etc/freepbx.conf", "/usr/sbin/fwconsole", "/var/www/html/admin/modules/framework"),
     "/var/www/html/admin/modules/framework/module.xml", r"<version>([^<]+)</version>"),
    ("fusionpbx", ("/etc/fusionpbx", "/var/www/fusionpbx", "/usr/share/fusionpbx"),
     "/var/www/fusionpbx/resources/classes/software.php", r"return ['\"]([\d.]+)['\"]"),
    ("wazo", ("/usr/bin/wazo-service", "/etc/wazo-confd", "/etc/xivo"), "/usr/share/wazo/WAZO-VERSION", r"([\d.]+)"),
    ("issabel", ("/etc/issabel.conf", "/var/www/html/modules/issabel"), "/etc/issabel-release", r"([\d.]+)"),
    ("vitalpbx", ("/usr/share/vitalpbx", "/etc/vitalpbx"), "/etc/vitalpbx-release", r"([\d.]+)"),
    ("ombutel", ("/usr/share/ombutel", "/etc/ombutel"), "/etc/ombutel-release", r"([\d.]+)"),
    ("elastix", ("/etc/elastix.conf",), "/etc/elastix-release", r"([\d.]+)"),
)  # fmt: skip


def parse_mysql(
    path: str, read: Callable[[str], Optional[str]], glob: Callable[[str], list[str]], depth: int = 0
) -> dict[str, str]:
    """The server's settings of a ``my.cnf`` with its ``!include`` and ``!includedir``; names with dashes, last wins."""
    found: dict[str, str] = {}
    text = read(path)
    if text is None or depth > 5:
        return found
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        include = re.match(r"!include(dir)?\s+(\S+)", line)
        if include:
            target = include.group(2)
            for name in glob(f"{target.rstrip('/')}/*.cnf") if include.group(1) else [target]:
                found.update(parse_mysql(name, read, glob, depth + 1))
        elif line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and line[0] not in "#;" and _MYSQL_SECTIONS.match(section):
            key, _, value = line.partition("=")
            value = re.sub(r"\s+#.*$", "", value).strip().strip("\"'")
            found[key.strip().lower().replace("_", "-")] = value
    return found


def parse_postgresql(text: str) -> dict[str, str]:
    """``postgresql.conf``: names in lower case, last wins."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([A-Za-z_]+)\s*(?:=|\s)\s*(?:'((?:[^']|'')*)'|([^#\s]+))", line)
        if match and not line.lstrip().startswith("#"):
            found[match.group(1).lower()] = (match.group(2) if match.group(2) is not None else match.group(3)).strip()
    return found


def open_hba(text: str) -> list[str]:
    """Lines of ``pg_hba.conf`` that let everybody in without a password, or from everywhere."""
    found = []
    for line in text.splitlines():
        fields = line.split("#", 1)[0].split()
        if len(fields) < 4 or fields[0] not in ("local", "host", "hostssl", "hostnossl", "hostgssenc"):
            continue
        method = (
            fields[3]
            if fields[0] == "local"
            else fields[5]
            if len(fields) > 5 and "." in fields[4]
            else (fields[4:5] or [""])[0]
        )
        everywhere = fields[0] != "local" and fields[3] in ("0.0.0.0/0", "::/0", "all")
        if method == "trust" or (everywhere and method != "reject"):
            found.append(" ".join(fields[:6]))
    return found


def parse_redis(text: str) -> dict[str, list[str]]:
    """``redis.conf``: arguments of the last line of each directive."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            found[words[0].lower()] = [word.strip("\"'") for word in words[1:]]
    return found


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contributions ``system:database`` and ``system:frontend``."""
    return [_databases(root, live), _frontends(root)]


def _databases(root: str, live: bool) -> Contribution:
    tree, sheet = Tree(root), Sheet("database")
    alive = running(tree) if live else set()

    def is_running(*names: str) -> Optional[bool]:
        return any(name in alive for name in names) if live else None

    if tree.exists("/usr/sbin/mariadbd") or tree.exists("/usr/sbin/mysqld"):
        conf = parse_mysql("/etc/mysql/my.cnf", tree.text, tree.glob) or parse_mysql(
            "/etc/my.cnf", tree.text, tree.glob
        )
        bind = conf.get("bind-address")
        sheet.add(
            "database",
            "mariadb",
            {
                "installed": "yes",
                "running": is_running("mariadbd", "mysqld"),
                "bind": [part.strip() for part in bind.split(",")] if bind else None,
                "port": conf.get("port", "3306"),
                "socket": conf.get("socket"),
                "networking": yes("skip-networking" not in conf or conf["skip-networking"].lower() in ("0", "off")),
                "tls": yes(bool(conf.get("ssl-cert") or conf.get("ssl-key"))),
                "require_tls": yes(conf.get("require-secure-transport", "off").lower() in ("1", "on")),
            },
        )
    for path in tree.glob("/etc/postgresql/*/*/postgresql.conf"):
        conf = parse_postgresql(tree.text(path) or "")
        folder = path.rpartition("/")[0]
        for part in tree.glob(f"{folder}/conf.d/*.conf"):
            conf.update(parse_postgresql(tree.text(part) or ""))
        hba = tree.text(f"{folder}/pg_hba.conf")
        cluster = "/".join(folder.split("/")[-2:])
        sheet.add(
            "database",
            f"postgresql {cluster}",
            {
                "installed": "yes",
                "running": is_running("postgres"),
                "cluster": cluster,
                "bind": [p.strip() for p in conf.get("listen_addresses", "localhost").split(",") if p.strip()],
                "port": conf.get("port", "5432"),
                "networking": yes(conf.get("listen_addresses", "localhost") != ""),
                "tls": yes(conf.get("ssl", "off").lower() in ("on", "true", "yes", "1")),
                "password_encryption": conf.get("password_encryption"),
                "hba_open": open_hba(hba) if hba is not None else None,
            },
        )
    for name, path in (("redis", "/etc/redis/redis.conf"), ("valkey", "/etc/valkey/valkey.conf")):
        text = tree.text(path)
        if text is None:
            continue
        redis = parse_redis(text)
        port = (redis.get("port") or ["6379"])[0]
        sheet.add(
            "database",
            name,
            {
                "installed": "yes",
                "running": is_running(f"{name}-server"),
                "bind": redis.get("bind"),
                "port": port,
                "socket": (redis.get("unixsocket") or [""])[0],
                "networking": yes(port != "0"),
                "tls": yes("tls-port" in redis and redis["tls-port"] != ["0"]),
                "password": yes("requirepass" in redis or "aclfile" in redis),
                "protected_mode": (redis.get("protected-mode") or ["yes"])[0],
            },
        )
    if tree.exists("/etc/mongod.conf"):
        sheet.add("database", "mongodb", {"installed": "yes", "running": is_running("mongod")})
    sheet.cut(tree.problems)
    return sheet.contribution()


def _frontends(root: str) -> Contribution:
    tree, sheet = Tree(root), Sheet("frontend")
    for name, paths, file, pattern in FRONTENDS:
        markers = [path for path in paths if tree.exists(path)]
        if markers:
            match = re.search(pattern, tree.text(file, 65536) or "")
            sheet.add("frontend", name, {"markers": markers, "version": match.group(1) if match else None})
    sheet.cut(tree.problems)
    return sheet.contribution()
