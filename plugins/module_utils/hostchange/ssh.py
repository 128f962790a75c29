"""Would these settings of sshd shut out the very connection this change comes over?"""

from __future__ import annotations

import base64
import binascii
import glob
import grp
import hashlib
import ipaddress
import os
import pwd
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Dict, List, Optional, Sequence, Tuple

Effective = Dict[str, List[str]]

#: Keywords with one value that a drop-in of ours may set and that must then be the effective one.
_SINGLE = re.compile(r"^(?:permit\w+|\w+authentication|x11forwarding|maxauthtries|loglevel|logingracetime|usepam)$")


@dataclass(frozen=True)
class Connection:
    """How the controller came in.

    :ivar method: ``publickey``, ``password`` …, empty when the log does not tell.
    :ivar fingerprint: of the key, ``SHA256:…``; empty when it is not known.
    """

    user: str
    address: str
    port: str
    server_address: str
    server_port: str
    method: str = ""
    fingerprint: str = ""

    def spec(self) -> str:
        """For ``sshd -T -C``."""
        return (
            f"user={self.user},host={self.address},addr={self.address},"
            f"laddr={self.server_address},lport={self.server_port}"
        )


def this_connection(proc: str = "/proc", pid: Optional[int] = None) -> Optional[Connection]:
    """The ssh connection this process descends from; also below sudo, which cleans the environment."""
    number = os.getpid() if pid is None else pid
    found = None
    while number > 1:
        try:
            with open(f"{proc}/{number}/environ", "rb") as stream:
                environment = dict(
                    part.split("=", 1) for part in stream.read().decode("utf-8", "replace").split("\0") if "=" in part
                )
            with open(f"{proc}/{number}/stat", "rb") as stream:
                above = int(stream.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
        words = environment.get("SSH_CONNECTION", "").split()
        user = environment.get("SUDO_USER") or environment.get("USER") or environment.get("LOGNAME")
        if len(words) == 4 and user:
            found = Connection(user, words[0], words[1], words[2], words[3])
        number = above
    return found


def with_login(connection: Connection, log: str) -> Connection:
    """The connection, and how it logged in, from lines of sshd's log."""
    pattern = re.compile(
        r"Accepted (\S+) for {0} from {1} port {2} ssh2(?:: \S+ (SHA256:\S+))?".format(
            re.escape(connection.user), re.escape(connection.address), connection.port
        )
    )
    for method, fingerprint in reversed(pattern.findall(log)):
        return Connection(
            connection.user, connection.address, connection.port, connection.server_address, connection.server_port,
            method, fingerprint,
        )  # fmt: skip
    return connection


def effective(text: str) -> Effective:
    """What ``sshd -T`` prints: lower-case keyword → values."""
    found: Effective = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key:
            found.setdefault(key.lower(), []).append(value.strip())
    return found


def without_effect(candidate: str, general: Effective) -> List[str]:
    """Lines of the candidate (before any Match) that another file overrules."""
    wrong = []
    seen = set()
    for line in candidate.splitlines():
        words = line.split("#", 1)[0].replace("=", " ", 1).split(None, 1)
        if len(words) < 2:
            continue
        key = words[0].lower()
        if key == "match":
            break
        if not _SINGLE.match(key) or key in seen or key not in general:
            continue
        seen.add(key)
        if _plain(general[key][-1]) != _plain(words[1]):
            wrong.append(f"{words[0]} stays {general[key][-1]}")
    return wrong


def _plain(value: str) -> str:
    value = value.strip().strip('"').lower()
    return "prohibit-password" if value == "without-password" else value


def shut_out(connection: Connection, settings: Effective) -> List[str]:
    """Why the connection could not be made again under these effective settings; empty when it could."""
    account = _account(connection.user)
    wrong = _listed(connection, settings)
    ports = {value.rpartition(":")[2] for value in settings.get("listenaddress", [])} | set(settings.get("port", []))
    if ports and connection.server_port not in ports:
        wrong.append(f"sshd would no longer listen on port {connection.server_port}")
    root = _plain(_one(settings, "permitrootlogin", "prohibit-password"))
    is_root = account is not None and account.pw_uid == 0
    if is_root and root in ("no", "forced-commands-only"):
        wrong.append(f"this connection logs in as {connection.user}, and PermitRootLogin would be {root}")
        return wrong
    passwords = any(_one(settings, key) == "yes" for key in ("passwordauthentication", "kbdinteractiveauthentication"))
    if is_root and root == "prohibit-password":
        passwords = False
    by_key = _one(settings, "pubkeyauthentication", "yes") == "yes"
    why_no_key = _no_key(connection, settings, account) if by_key else "login by key would be off"
    if connection.method in ("password", "keyboard-interactive/pam") and not passwords:
        wrong.append(
            "this connection logged in with a password, and passwords would be refused: log in with a key first"
        )
    elif why_no_key and (connection.method == "publickey" or not passwords):
        wrong.append(f"passwords would be refused and {why_no_key}" if not passwords else why_no_key)
    ways = " ".join(settings.get("authenticationmethods", [])).split()
    alone = {"publickey"} if connection.method != "password" else {"password", "keyboard-interactive"}
    if ways and ways != ["any"] and not alone & set(ways):
        wrong.append(f"AuthenticationMethods would demand {' or '.join(ways)}")
    return wrong


def _listed(connection: Connection, settings: Effective) -> List[str]:
    wrong = []
    groups = _groups(connection.user)

    def user_in(key: str) -> bool:
        return any(_user_matches(connection, pattern) for pattern in _words(settings, key))

    def group_in(key: str) -> bool:
        return any(fnmatchcase(group, pattern) for group in groups for pattern in _words(settings, key))

    if user_in("denyusers"):
        wrong.append(f"DenyUsers names {connection.user}")
    if settings.get("allowusers") and not user_in("allowusers"):
        wrong.append(f"AllowUsers does not name {connection.user} from {connection.address}")
    if group_in("denygroups"):
        wrong.append(f"DenyGroups names a group of {connection.user}")
    if settings.get("allowgroups") and not group_in("allowgroups"):
        allowed = ", ".join(_words(settings, "allowgroups"))
        wrong.append(
            f"AllowGroups lets in {allowed} only, and {connection.user} is in {', '.join(groups) or 'no group'}"
        )
    return wrong


def _user_matches(connection: Connection, pattern: str) -> bool:
    name, at, host = pattern.partition("@")
    if not fnmatchcase(connection.user, name):
        return False
    if not at:
        return True
    try:
        return ipaddress.ip_address(connection.address) in ipaddress.ip_network(host, strict=False)
    except ValueError:
        return fnmatchcase(connection.address, host)


def _no_key(connection: Connection, settings: Effective, account: Optional[pwd.struct_passwd]) -> str:
    """Why no key of the account would do; empty when one would."""
    if _one(settings, "authorizedkeyscommand", "none") != "none":
        return ""
    if account is None:
        return f"the account {connection.user} has no authorized_keys on this host"
    keys: List[Tuple[str, str]] = []
    for pattern in _words(settings, "authorizedkeysfile") or [".ssh/authorized_keys"]:
        path = pattern.replace("%h", account.pw_dir).replace("%u", connection.user).replace("%U", str(account.pw_uid))
        for file in glob.glob(os.path.join(account.pw_dir, path.replace("%%", "%"))):
            keys += _keys(file)
    if not keys:
        return f"{connection.user} has no key in {' or '.join(_words(settings, 'authorizedkeysfile'))}"
    accepted = ",".join(settings.get("pubkeyacceptedalgorithms", settings.get("pubkeyacceptedkeytypes", []))).split(",")
    usable = [
        (kind, mark)
        for kind, mark in keys
        if accepted == [""]
        or kind in accepted
        or (kind == "ssh-rsa" and any(one.startswith("rsa-") for one in accepted))
    ]
    if not usable:
        return f"no key of {connection.user} would be of an accepted kind"
    if connection.fingerprint and connection.fingerprint not in {mark for _, mark in usable}:
        return f"the key this connection uses ({connection.fingerprint}) would not be accepted"
    return ""


def _keys(path: str) -> List[Tuple[str, str]]:
    found = []
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                match = re.search(r"(?:^|\s)((?:ssh|ecdsa|sk)-[\w@.-]+)\s+(AAAA[A-Za-z0-9+/=]+)", line)
                if match and not line.lstrip().startswith("#"):
                    digest = hashlib.sha256(base64.b64decode(match.group(2))).digest()
                    found.append((match.group(1), "SHA256:" + base64.b64encode(digest).decode().rstrip("=")))
    except (OSError, binascii.Error):
        return found
    return found


def _account(user: str) -> Optional[pwd.struct_passwd]:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        return None


def _groups(user: str) -> Sequence[str]:
    account = _account(user)
    if account is None:
        return ()
    numbers = set(os.getgrouplist(user, account.pw_gid))
    return sorted(group.gr_name for group in grp.getgrall() if group.gr_gid in numbers)


def _words(settings: Effective, key: str) -> List[str]:
    return [word for value in settings.get(key, []) for word in value.split()]


def _one(settings: Effective, key: str, default: str = "") -> str:
    values = settings.get(key)
    return values[-1].lower() if values else default
