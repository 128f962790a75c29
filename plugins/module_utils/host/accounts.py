"""Who may log in and become root: kinds ``account``, ``sudo.rule``, ``sudo.defaults``, ``pam``.

Password hashes are read only to say locked, set or none, and which algorithm; they go nowhere.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .cmdline import redact
from .names import Names, User
from .sheet import Sheet, yes
from .tree import Tree
from .words import words

PREFIXES = ("account", "sudo", "pam")

#: Accounts of daemons that become objects even though nobody can log in.
SERVICES = frozenset(
    words(
        """
    asterisk kamailio opensips rtpengine ngcp turnserver coturn freeswitch www-data apache nginx mysql
    postgres redis backup restic borg syslog chrony _chrony sshd grundton
    """
    )
)

MAX_ACCOUNTS = 2000

_NO_SHELL = re.compile(r"(?:^$|/(?:nologin|false|sync|halt|shutdown|true)$)")

_HASHES = (
    ("$y$", "yescrypt"), ("$gy$", "gost-yescrypt"), ("$7$", "scrypt"), ("$2", "bcrypt"), ("$6$", "sha512"),
    ("$5$", "sha256"), ("$1$", "md5"), ("$sha1", "sha1"), ("_", "bsdicrypt"),
)  # fmt: skip


def can_log_in(shell: str) -> bool:
    """Whether a shell is one; an empty field means ``/bin/sh``, but no distribution writes that."""
    return _NO_SHELL.search(shell) is None


def password_state(text: str) -> tuple[str, str]:
    """(``locked``/``set``/``none``, algorithm) for the second field of ``shadow``."""
    if text == "":
        return "none", ""
    bare = text.lstrip("!*")
    algorithm = next((word for sign, word in _HASHES if bare.startswith(sign)), "des" if len(bare) == 13 else "")
    if text[0] in "!*" or not algorithm:
        return "locked", algorithm
    return "set", algorithm


def parse_shadow(text: str) -> dict[str, tuple[str, str, Optional[int], Optional[int]]]:
    """Per account (state, algorithm, day of last change, day of expiry); days since 1970."""
    found = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) < 2 or not fields[0]:
            continue

        def day(position: int, fields: list[str] = fields) -> Optional[int]:
            number = fields[position] if len(fields) > position else ""
            return int(number) if re.fullmatch(r"[0-9]{1,7}", number) else None

        found[fields[0]] = (*password_state(fields[1]), day(2), day(7))
    return found


# -- sudo --------------------------------------------------------------------------------------------


@dataclass
class SudoRule:
    """One user specification of ``sudoers``. ``where`` is ``file:line``."""

    where: str
    who: list[str]
    hosts: list[str]
    runas: str
    nopasswd: bool
    commands: list[str]
    setenv: bool = False


@dataclass
class Sudoers:
    """Everything read from ``sudoers`` and its includes."""

    rules: list[SudoRule] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


_INCLUDE = re.compile(r"[#@](include|includedir)\s+\"?([^\"]+?)\"?\s*$")
_TAG = re.compile(r"\s*((?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT))\s*:\s*")


def _items(text: str, separator: str = ",") -> list[str]:
    parts = re.split(rf"(?<!\\){separator}(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text)
    return [part.strip() for part in parts if part.strip()]


def parse_rule(text: str, where: str) -> list[SudoRule]:
    """The rules of one logical line: ``who hosts = (runas) TAG: command, …[ : hosts = …]``."""
    match = re.match(r"((?:\"[^\"]*\"|\\.|[^\s,\"]+)(?:\s*,\s*(?:\"[^\"]*\"|\\.|[^\s,\"]+))*)\s+(.*)$", text)
    if not match or "=" not in match.group(2):
        return []
    who = _items(match.group(1))
    rules: list[SudoRule] = []
    for part in re.split(r"(?<!\\)\s:\s(?=[^=]*=)", match.group(2)):
        hosts, equals, commands = part.partition("=")
        if not equals:
            continue
        runas, nopasswd, setenv = "root", False, False
        groups: dict[tuple[str, bool, bool], list[str]] = {}
        for command in _items(commands):
            given = re.match(r"\(([^)]*)\)\s*", command)
            if given:
                runas = given.group(1).strip() or "root"
                command = command[given.end() :]
            tag = _TAG.match(command)
            while tag:
                word = tag.group(1)
                nopasswd = {"NOPASSWD": True, "PASSWD": False}.get(word, nopasswd)
                setenv = {"SETENV": True, "NOSETENV": False}.get(word, setenv)
                command = command[tag.end() :]
                tag = _TAG.match(command)
            groups.setdefault((runas, nopasswd, setenv), []).append(command.strip())
        rules.extend(
            SudoRule(where, who, _items(hosts), user, free, found, environment)
            for (user, free, environment), found in groups.items()
        )
    return rules


def parse_sudoers(path: str, read: Callable[[str], Optional[str]], names: Callable[[str], list[str]]) -> Sudoers:
    """``sudoers(5)`` starting at ``path``; ``names`` lists a folder. Unknown lines are left out."""
    result = Sudoers()
    _sudoers(result, path, read, names, 0)
    return result


def _sudoers(
    result: Sudoers, path: str, read: Callable[[str], Optional[str]], names: Callable[[str], list[str]], depth: int
) -> None:
    text = read(path)
    if text is None or depth > 8 or path in result.files:
        return
    result.files.append(path)
    logical, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        first = first if logical else number
        logical += raw
        if raw.endswith("\\"):
            logical = logical[:-1] + " "
            continue
        line, logical = logical.strip(), ""
        include = _INCLUDE.match(line)
        if include:
            target = include.group(2)
            target = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
            if include.group(1) == "include":
                _sudoers(result, target, read, names, depth + 1)
                continue
            for name in names(target):
                if "." not in name and not name.endswith("~"):
                    _sudoers(result, f"{target.rstrip('/')}/{name}", read, names, depth + 1)
            continue
        line = re.sub(r"(?<![\\\w])#(?!\d).*$", "", line).strip()
        if not line:
            continue
        if re.match(r"Defaults(?:[@:!>]\S+)?\s", line):
            result.defaults.append(line)
        elif re.match(r"(?:User|Host|Cmnd|Cmd|Runas)_Alias\s", line):
            for name, _, members in (part.partition("=") for part in re.split(r"\s:\s", line.split(None, 1)[1])):
                result.aliases[name.strip()] = _items(members)
        else:
            result.rules.extend(parse_rule(line, f"{path}:{first}"))


def expand(commands: list[str], aliases: dict[str, list[str]], depth: int = 0) -> list[str]:
    """Commands with aliases replaced by their members."""
    found: list[str] = []
    for command in commands:
        if command in aliases and depth < 8:
            found.extend(expand(aliases[command], aliases, depth + 1))
        else:
            found.append(command)
    return list(dict.fromkeys(found))[:200]


# -- PAM ---------------------------------------------------------------------------------------------


def parse_pam(text: str) -> list[tuple[str, str, str, str]]:
    """(type, control, module, arguments) of a PAM file; ``@include x`` comes as ``("@include", "", x, "")``."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        line = line.split("#", 1)[0].strip()
        include = re.match(r"@include\s+(\S+)", line)
        if include:
            found.append(("@include", "", include.group(1), ""))
            continue
        match = re.match(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)$", line)
        if match:
            found.append((match.group(1), match.group(2), match.group(3).rsplit("/", 1)[-1], match.group(4)))
    return found


def pam_stack(tree: Tree, service: str, depth: int = 0) -> list[tuple[str, str, str, str]]:
    """The modules of one service with its includes."""
    stack: list[tuple[str, str, str, str]] = []
    for kind, control, module, arguments in parse_pam(tree.text(f"/etc/pam.d/{service}") or ""):
        inner = module if kind == "@include" else module if control in ("include", "substack") else ""
        if inner and depth < 8:
            wanted = pam_stack(tree, inner, depth + 1)
            stack.extend(entry for entry in wanted if kind in ("@include", entry[0]))
        elif not inner:
            stack.append((kind, control, module, arguments))
    return stack


def option(arguments: str, name: str) -> Optional[str]:
    """The value of ``name=value`` in module arguments or a ``key = value`` file."""
    match = re.search(rf"(?:^|\s){re.escape(name)}\s*=\s*(\S+)", arguments)
    return match.group(1) if match else None


_SECOND_FACTOR = {
    "pam_google_authenticator.so": "google_authenticator",
    "pam_oath.so": "oath",
    "pam_u2f.so": "u2f",
    "pam_yubico.so": "yubico",
    "pam_duo.so": "duo",
    "pam_radius_auth.so": "radius",
    "pam_privacyidea.so": "privacyidea",
    "privacyidea_pam.py": "privacyidea",
    "pam_pkcs11.so": "pkcs11",
}


def pam_values(stack: list[tuple[str, str, str, str]], faillock: str, pwquality: str) -> dict[str, object]:
    """The keys of a ``pam`` object. ``faillock`` and ``pwquality`` are texts of the files in ``/etc/security``."""
    modules = {module: arguments for _, _, module, arguments in stack}
    plain = re.sub(r"#.*", "", faillock)
    lockout = next((m for m in ("pam_faillock.so", "pam_tally2.so", "pam_tally.so") if m in modules), "")
    quality = next((m for m in ("pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so") if m in modules), "")
    arguments = modules.get(lockout, "")
    is_faillock = lockout == "pam_faillock.so"
    return {
        "lockout": lockout[:-3] or "none",
        "deny": (option(arguments, "deny") or (option(plain, "deny") or "3" if is_faillock else None))
        if lockout
        else None,
        "unlock_time": (
            option(arguments, "unlock_time") or (option(plain, "unlock_time") or "600" if is_faillock else None)
        )
        if lockout
        else None,
        "quality": quality[:-3] or "none",
        "minlen": (option(modules.get(quality, ""), "minlen") or option(re.sub(r"#.*", "", pwquality), "minlen"))
        if quality
        else None,
        "nullok": yes(
            any("nullok" in arguments.split() for _, _, module, arguments in stack if module == "pam_unix.so")
        ),
        "mfa": sorted({_SECOND_FACTOR[module] for module in modules if module in _SECOND_FACTOR}),
        "wheel": yes("pam_wheel.so" in modules),
        "modules": [f"{kind} {control} {module}" for kind, control, module, _ in stack],
    }


# -- collectors --------------------------------------------------------------------------------------


def collect(root: str, live: bool, deadline: Deadline, now: Optional[float] = None) -> list[Contribution]:  # noqa: ARG001
    """The contributions ``system:account``, ``system:sudo`` and ``system:pam``."""
    now = time.time() if now is None else now
    return [_accounts(root, now), _sudo(root), _pam(root)]


def _accounts(root: str, now: float) -> Contribution:
    tree, sheet = Tree(root), Sheet("account")
    names = Names(tree)
    if not names.users:
        sheet.not_checked("; ".join(tree.problems) or "/etc/passwd does not exist")
        return sheet.contribution()
    text = tree.text("/etc/shadow")
    shadow = parse_shadow(text) if text is not None else None
    today = int(now // 86400)
    listed = [user for user in names.users if user.uid == 0 or can_log_in(user.shell) or user.name in SERVICES]
    if len(listed) > MAX_ACCOUNTS:
        sheet.incomplete(f"more than {MAX_ACCOUNTS} accounts, the rest is not listed")
    for user in listed[:MAX_ACCOUNTS]:
        sheet.add("account", user.name, _account(user, names, shadow, today))
    nsswitch = re.search(r"^passwd:\s*(.*)$", tree.text("/etc/nsswitch.conf") or "", re.MULTILINE)
    others = set(nsswitch.group(1).split()) - {"files", "compat", "systemd"} if nsswitch else set()
    if others:
        sheet.incomplete(f"accounts from {', '.join(sorted(others))} are not listed")
    sheet.cut(tree.problems)
    return sheet.contribution()


def _account(
    user: User,
    names: Names,
    shadow: Optional[dict[str, tuple[str, str, Optional[int], Optional[int]]]],
    today: int,
) -> dict[str, object]:
    state, algorithm, changed, expires = ("unknown", "", None, None)
    if shadow is not None:
        state, algorithm, changed, expires = shadow.get(user.name, ("locked", "", None, None))
    return {
        "uid": str(user.uid),
        "gid": str(user.gid),
        "shell": user.shell,
        "home": user.home,
        "groups": names.groups_of(user),
        "login": yes(can_log_in(user.shell)),
        "service": yes(user.name in SERVICES),
        "password": state,
        "hash": algorithm,
        "last_change_age_d": None if changed is None else str(max(0, today - changed)),
        "expires_d": None if expires is None else str(expires - today),
    }


def _sudo(root: str) -> Contribution:
    tree, sheet = Tree(root), Sheet("sudo")
    if tree.stat("/etc/sudoers") is None:
        if tree.problems:
            sheet.not_checked("; ".join(tree.problems))
        else:
            sheet.absent("/etc/sudoers does not exist")
        return sheet.contribution()
    sudoers = parse_sudoers("/etc/sudoers", tree.text, tree.names)
    if not sudoers.files:
        sheet.not_checked("; ".join(tree.problems))
        return sheet.contribution()
    used: dict[str, int] = {}
    for rule in sudoers.rules:
        used[rule.where] = used.get(rule.where, 0) + 1
        name = rule.where if used[rule.where] == 1 else f"{rule.where} ({used[rule.where]})"
        commands = expand(rule.commands, sudoers.aliases)
        sheet.add(
            "sudo.rule",
            name,
            {
                "who": expand(rule.who, sudoers.aliases),
                "hosts": rule.hosts,
                "runas": rule.runas,
                "nopasswd": rule.nopasswd,
                "setenv": rule.setenv,
                "commands": [redact(command) for command in commands],
                "all": "ALL" in commands,
            },
        )
    text = "\n".join(sudoers.defaults)

    def flag(name: str) -> bool:
        hits = re.findall(rf"(!?)\b{name}\b", text)
        return bool(hits) and hits[-1] != "!"

    logfile = re.findall(r"\blogfile\s*=\s*\"?([^\s,\"]+)", text)
    timeout = re.findall(r"\btimestamp_timeout\s*=\s*([-\d.]+)", text)
    sheet.add(
        "sudo.defaults",
        "defaults",
        {
            "settings": [redact(entry) for entry in sudoers.defaults],
            "use_pty": flag("use_pty"),
            "env_reset": "!env_reset" not in text,
            "log_output": flag("log_output"),
            "logfile": logfile[-1] if logfile else None,
            "timestamp_timeout": timeout[-1] if timeout else None,
            "files": sudoers.files,
        },
    )
    sheet.cut(tree.problems)
    return sheet.contribution()


def _pam(root: str) -> Contribution:
    tree, sheet = Tree(root), Sheet("pam")
    if not tree.is_dir("/etc/pam.d"):
        sheet.absent("no PAM on this host")
        return sheet.contribution()
    faillock = tree.text("/etc/security/faillock.conf") or ""
    pwquality = tree.text("/etc/security/pwquality.conf") or ""
    for service in ("login", "sshd", "su", "sudo", "passwd"):
        if tree.exists(f"/etc/pam.d/{service}"):
            sheet.add("pam", service, pam_values(pam_stack(tree, service), faillock, pwquality))
    sheet.cut(tree.problems)
    return sheet.contribution()
