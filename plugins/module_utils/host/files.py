"""Modes and owners of the files that matter: kinds ``file`` and ``file.tree``. No content is read.

A place is either listed (every entry one object, bounded) or summed up (one ``file.tree`` object), because
a recording folder may hold a million files.
"""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import dataclass
from typing import Callable, Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .names import Names
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("file",)

#: Most entries listed below one place, and most entries looked at for a summary.
MAX_LISTED = 2000
MAX_SUMMED = 200_000

#: Names that hold secrets, wherever they lie below a configuration or key folder.
_SECRET_NAME = re.compile(
    r"(?:.*\.(?:key|pem|p12|pfx|jks|kdbx|htpasswd|ovpn)|(?:pjsip|sip|iax|manager|ari|voicemail|res_odbc|res_pgsql|"
    r"res_config_\w+|cdr_\w+|cel_\w+|extconfig|ooh323|skinny|unistim|phoneprov|users|agents|queues|dundi|xmpp|jabber|"
    r"res_ldap|res_corosync|stir_shaken|prometheus|http|res_snmp|minivm|chan_mobile|motif|meetme|confbridge|cli_permissions|"
    r"amportal|freepbx)(?:[._-].*)?\.conf|.*(?:secret|passw|credential|token|auth).*|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|"
    r"ssh_host_\w+_key|kamctlrc|turnserver\.conf|rtpengine(?:-recording)?\.conf|shadow-?|gshadow-?|\.my\.cnf|"
    r"debian\.cnf|odbc\.ini|\.pgpass|\.netrc|kamailio(?:-.*)?\.cfg|tls\.cfg|opensips\.cfg|restic.*|borg.*|env)",
    re.IGNORECASE,
)

#: Names below key folders that are public.
_PUBLIC_NAME = re.compile(
    r".*\.(?:crt|cer|cert|csr|pub|md|txt)|README.*|(?:cert|chain|fullchain)\d*\.pem|.*cert.*\.pem|ca\.pem"
)


@dataclass(frozen=True)
class Place:
    """One path, glob or folder to look at. ``depth`` 0 is the path itself, 1 its entries, and so on."""

    path: str
    role: str
    component: str
    depth: int = 0
    summed: bool = False
    named: bool = False


def _place(line: str) -> Place:
    path, role, component, *rest = line.split()
    depth = next((int(word) for word in rest if word.isdigit()), 0)
    return Place(path, role, component, depth, "sum" in rest, "named" in rest)


#: path, role, component, depth; ``sum`` one summary object; ``named`` reported as absent when it is not there.
PLACES = tuple(
    _place(line)
    for line in """
    /etc/asterisk config asterisk 6
    /etc/asterisk/keys key asterisk 3
    /etc/default/asterisk config asterisk
    /var/lib/asterisk state asterisk 1
    /var/lib/asterisk/keys key asterisk 3
    /var/lib/asterisk/astdb.sqlite3 astdb asterisk
    /var/lib/asterisk/agi-bin agi asterisk 3
    /usr/share/asterisk/agi-bin agi asterisk 3
    /var/lib/asterisk/phoneprov config asterisk sum
    /usr/lib/asterisk/modules module asterisk
    /usr/lib/*/asterisk/modules module asterisk
    /var/log/asterisk log asterisk 1
    /var/log/asterisk/cdr-csv cdr asterisk sum
    /var/log/asterisk/cdr-custom cdr asterisk sum
    /var/log/asterisk/cel-custom cdr asterisk sum
    /var/spool/asterisk spool asterisk 1
    /var/spool/asterisk/voicemail voicemail asterisk sum
    /var/spool/asterisk/monitor recording asterisk sum
    /var/spool/asterisk/recording recording asterisk sum
    /var/spool/asterisk/meetme recording asterisk sum
    /var/spool/asterisk/outgoing callfile asterisk sum
    /var/spool/asterisk/tmp spool asterisk sum
    /var/spool/asterisk/fax spool asterisk sum
    /run/asterisk control asterisk 1
    /etc/kamailio config kamailio 3
    /etc/default/kamailio config kamailio
    /run/kamailio control kamailio 1
    /var/lib/kamailio state kamailio 1
    /etc/opensips config opensips 3
    /etc/rtpengine config rtpengine 2
    /etc/default/rtpengine* config rtpengine
    /etc/default/ngcp-rtpengine* config rtpengine
    /var/spool/rtpengine recording rtpengine sum
    /var/lib/rtpengine* recording rtpengine sum
    /etc/turnserver.conf config coturn
    /etc/coturn config coturn 2
    /etc/default/coturn config coturn
    /var/lib/turn state coturn 1
    /etc/odbc.ini secret host
    /etc/freepbx.conf config asterisk
    /etc/amportal.conf config asterisk
    /etc/fusionpbx config frontend 2
    /srv/tftp config provisioning sum
    /tftpboot config provisioning sum
    /var/lib/tftpboot config provisioning sum
    /etc/ssh/sshd_config ssh host named
    /etc/ssh/sshd_config.d ssh host 1
    /etc/ssh/ssh_host_*_key ssh host
    /root/.ssh ssh host 1
    /home/*/.ssh ssh host 1
    /var/lib/asterisk/.ssh ssh asterisk 1
    /etc/sudoers sudo host named
    /etc/sudoers.d sudo host 1
    /etc/passwd config host named
    /etc/group config host named
    /etc/shadow secret host named
    /etc/gshadow secret host
    /etc/crontab cron host named
    /etc/cron.d cron host 1
    /etc/cron.hourly cron host 1
    /etc/cron.daily cron host 1
    /etc/cron.weekly cron host 1
    /etc/cron.monthly cron host 1
    /var/spool/cron/crontabs cron host 1
    /etc/cron.allow cron host
    /etc/cron.deny cron host
    /etc/ssl/private key host 2
    /etc/letsencrypt/live key host 2
    /etc/letsencrypt/archive key host 2
    /etc/nftables.conf config host named
    /etc/nftables.d config host 2
    /etc/iptables config host 1
    /etc/fail2ban config host 2
    /etc/rsyslog.conf config host named
    /etc/rsyslog.d config host 1
    /etc/logrotate.conf config host named
    /etc/logrotate.d config host 1
    /etc/sysctl.conf config host
    /etc/sysctl.d config host 1
    /etc/systemd/system unit host 2
    /etc/mysql/debian.cnf secret host
    /etc/restic secret host 2
    /etc/borgmatic secret host 2
    /etc/borgmatic.d secret host 1
    /root/.my.cnf secret host
    /root/.pgpass secret host
    /var/backups backup host 1
    /var/backups/asterisk backup asterisk 2
    /srv/backup backup host 1
    /backup backup host 1
    /var/log/auth.log log host
    /var/log/syslog log host
    /var/log/messages log host
    /var/log/journal log host
    /var/log/kamailio* log kamailio 1
    /var/log/rtpengine* log rtpengine 1
    /var/log/turn* log coturn
    /var/crash state host
    /var/lib/systemd/coredump state host sum
    /boot/grub/grub.cfg boot host
    /boot boot host
    /tmp state host
    """.splitlines()
    if line.strip()
)  # fmt: skip

#: Paths that are a place of their own: a walk from above leaves them to it.
_OWN_PLACE = frozenset(place.path for place in PLACES)

_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "fifo"),
)


def type_name(mode: int) -> str:
    """``file``, ``directory``, ``symlink``, ``socket``, ``fifo`` or ``device``."""
    return next((name for test, name in _TYPES if test(mode)), "device")


def may(mode: int, owner: str, group: str, bit: int) -> list[str]:
    """Who but root may do what ``bit`` (4 read, 2 write) says, from the mode alone."""
    found = []
    if mode & (bit << 6) and owner != "root":
        found.append(owner)
    if mode & (bit << 3) and group != "root":
        found.append(f"group:{group}")
    if mode & bit:
        found.append("others")
    return found


def is_secret(path: str, role: str) -> bool:
    """Whether a file holds secrets by its name or place."""
    name = path.rsplit("/", 1)[-1]
    if role == "secret":
        return True
    if role in ("key", "config", "ssh", "astdb", "state", "agi", "backup"):
        if role == "astdb":
            return True
        if _PUBLIC_NAME.fullmatch(name):
            return False
        return role == "key" or _SECRET_NAME.fullmatch(name) is not None
    return False


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 UTC."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return ""


class Lister:
    """Adds ``file`` objects to a sheet, each path once (the first role wins)."""

    def __init__(self, tree: Tree, sheet: Sheet, live: bool, deadline: Deadline) -> None:
        self._tree, self._sheet, self._live, self._deadline = tree, sheet, live, deadline
        self._names = Names(tree)
        self._done: set[str] = set()

    def add(self, path: str, role: str, component: str, named: bool = False) -> Optional[os.stat_result]:
        """Add one path; returns what was found so that a caller can descend."""
        if path in self._done:
            return None
        link = self._tree.link(path)
        info = self._tree.stat(path)
        if info is None and link is not None:
            info = self._tree.stat(path, follow=False)
        if info is None:
            if named and not any(problem.startswith(f"{path}:") for problem in self._tree.problems):
                self._done.add(path)
                self._sheet.add("file", path, {"type": "absent", "role": role, "component": component})
            return None
        self._done.add(path)
        mode = stat.S_IMODE(info.st_mode)
        owner, group = self._names.user(info.st_uid), self._names.group(info.st_gid)
        kind = type_name(info.st_mode)
        self._sheet.add(
            "file",
            path,
            {
                "type": kind,
                "mode": f"{mode:04o}",
                "owner": owner,
                "group": group,
                "size": info.st_size if kind == "file" else None,
                "mtime": iso(info.st_mtime),
                "target": link,
                "role": role,
                "component": component,
                "readable_by": may(mode, owner, group, 4),
                "writable_by": may(mode, owner, group, 2),
                "secret": "yes" if kind == "file" and is_secret(path, role) else None,
                "acl": self._acl(path) if self._live and kind in ("file", "directory") else None,
            },
        )
        return info

    def _acl(self, path: str) -> Optional[str]:
        try:
            return "yes" if "system.posix_acl_access" in os.listxattr(self._tree.real(path)) else None
        except OSError:
            return None

    def walk(self, place: Place, path: str) -> None:
        """Add a path and its entries down to the depth of the place; links are not descended."""
        info = self.add(path, place.role, place.component, place.named)
        if not place.depth or info is None or not stat.S_ISDIR(info.st_mode):
            return
        count = 0
        level = [path]
        for _ in range(place.depth):
            deeper: list[str] = []
            for folder in level:
                if self._deadline.expired():
                    self._sheet.incomplete(f"{path}: no time left, the listing is cut")
                    return
                for name in self._tree.names(folder):
                    count += 1
                    if count > MAX_LISTED:
                        self._sheet.incomplete(f"{path}: more than {MAX_LISTED} entries, the listing is cut")
                        return
                    entry = f"{folder}/{name}"
                    if entry in _OWN_PLACE:
                        continue
                    role = key_role(entry, place.role)
                    found = self.add(entry, role, place.component)
                    if found and stat.S_ISDIR(found.st_mode) and self._tree.link(entry) is None:
                        deeper.append(entry)
            level = deeper
            if not level:
                return

    def summarise(self, place: Place, path: str, now: float) -> None:
        """Add the folder itself and one ``file.tree`` object about everything below it."""
        self.add(path, place.role, place.component)
        if not self._tree.is_dir(path):
            return
        try:
            top = self._tree.real(path)
        except OSError:
            return
        total = Total()
        failed = total.walk(top, self._deadline)
        if failed:
            self._sheet.incomplete(f"{path}: {failed} folders below it could not be listed")
        if total.truncated:
            self._sheet.incomplete(f"{path}: the summary is cut after {total.files + total.directories} entries")
        self._sheet.add(
            "file.tree", path, {**total.values(self._names, now), "role": place.role, "component": place.component}
        )


class Total:
    """What is below a folder: counts, bytes, modes, owners, ages. Links are counted, not followed."""

    def __init__(self) -> None:
        self.files = self.directories = self.bytes = 0
        self.world_readable = self.world_writable = 0
        self.modes: set[int] = set()
        self.uids: set[int] = set()
        self.gids: set[int] = set()
        self.oldest = self.newest = 0.0
        self.truncated = False

    def walk(self, top: str, deadline: Deadline) -> int:
        """Take in everything below ``top``; returns how many folders could not be listed."""
        failed, todo = 0, [top]
        while todo:
            try:
                entries = os.scandir(todo.pop())
            except OSError:
                failed += 1
                continue
            with entries:
                for entry in entries:
                    if self.files + self.directories >= MAX_SUMMED or deadline.expired():
                        self.truncated = True
                        return failed
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISDIR(info.st_mode):
                        self.directories += 1
                        todo.append(entry.path)
                    else:
                        self._file(info)
        return failed

    def _file(self, info: os.stat_result) -> None:
        self.files += 1
        if stat.S_ISLNK(info.st_mode):
            return
        mode = stat.S_IMODE(info.st_mode)
        self.bytes += info.st_size
        self.modes.add(mode)
        self.uids.add(info.st_uid)
        self.gids.add(info.st_gid)
        self.world_readable += bool(mode & 4)
        self.world_writable += bool(mode & 2)
        self.oldest = min(self.oldest or info.st_mtime, info.st_mtime)
        self.newest = max(self.newest, info.st_mtime)

    def values(self, names: Names, now: float) -> dict[str, object]:
        """The keys of a ``file.tree`` object."""
        return {
            "files": self.files,
            "directories": self.directories,
            "bytes": self.bytes,
            "modes": [f"{mode:04o}" for mode in sorted(self.modes)[:32]],
            "owners": sorted({names.user(uid) for uid in self.uids})[:32],
            "groups": sorted({names.group(gid) for gid in self.gids})[:32],
            "world_readable": self.world_readable,
            "world_writable": self.world_writable,
            "oldest_age_d": max(0, int((now - self.oldest) // 86400)) if self.oldest else None,
            "newest_age_d": max(0, int((now - self.newest) // 86400)) if self.newest else None,
            "truncated": yes(self.truncated),
        }


def key_role(path: str, role: str) -> str:
    """Key files inside configuration folders are keys, databases are databases."""
    name = path.rsplit("/", 1)[-1]
    if role in ("config", "state", "secret") and re.search(r"\.(?:key|p12|pfx)$|privkey\d*\.pem$", name):
        return "key"
    if role == "state" and re.fullmatch(r"astdb(?:\.sqlite3)?", name):
        return "astdb"
    return role


def collect(
    root: str,
    live: bool,
    deadline: Deadline,
    extra: Optional[Callable[[], Optional[Iterable[tuple[str, str, str]]]]] = None,
    now: Optional[float] = None,
) -> list[Contribution]:
    """The contribution ``system:file``.

    ``extra`` is asked, after the known places, for paths the configuration names: (path, role, component);
    ``None`` means the configuration could not be resolved in time.
    """
    tree, sheet = Tree(root), Sheet("file")
    now = time.time() if now is None else now
    lister = Lister(tree, sheet, live, deadline)
    for place in sorted(PLACES, key=lambda place: place.summed):  # what can be long comes last
        globbed = any(sign in place.path for sign in "*?[")
        for path in tree.glob(place.path) if globbed else [place.path]:
            if place.summed:
                lister.summarise(place, path, now)
            else:
                lister.walk(place, path)
    if extra is not None:
        more = extra()
        if more is None:
            sheet.incomplete("files named by the configuration were not looked at: it was not resolved in time")
        for path, role, component in more or ():
            if path.startswith("/"):
                lister.add(os.path.normpath(path), role, component, named=True)
    sheet.cut(tree.problems)
    return [sheet.contribution()]
