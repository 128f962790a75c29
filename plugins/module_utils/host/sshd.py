"""The SSH server: effective settings, Match blocks, authorized keys. Kinds ``sshd``, ``sshd.match``, ``sshd.keys``.

As root the server is asked (``sshd -T``); otherwise its files are read the way it reads them: the first value
of a keyword wins, ``Include`` is followed, ``Match`` ends at the next one or at the end of its file.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import struct
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .command import find, run
from .names import Names, User
from .sheet import Sheet
from .tree import Tree
from .words import words

PREFIXES = ("sshd",)

CONFIG = "/etc/ssh/sshd_config"

#: Keywords that are always lists: given once per line, or as one comma- or space-separated text.
PER_LINE = frozenset(
    words(
        """
    port listenaddress hostkey hostcertificate acceptenv setenv allowusers denyusers allowgroups denygroups
    subsystem permitopen permitlisten authorizedkeysfile authenticationmethods persourcepenalties
    """
    )
)
COMMA = frozenset(
    words(
        """
    ciphers macs kexalgorithms hostkeyalgorithms casignaturealgorithms pubkeyacceptedalgorithms
    pubkeyacceptedkeytypes hostbasedacceptedalgorithms hostbasedacceptedkeytypes
    """
    )
)

#: Keywords whose arguments add up over several lines in the files.
_GROWING = frozenset(
    words(
        """
    port listenaddress hostkey hostcertificate acceptenv setenv allowusers denyusers allowgroups denygroups
    subsystem
    """
    )
)

#: Names that mean the same: old spelling to current one.
_ALIASES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "hostbasedacceptedkeytypes": "hostbasedacceptedalgorithms",
    "keepalive": "tcpkeepalive",
}

#: Most included files and nesting of includes followed.
MAX_FILES, MAX_DEPTH = 200, 16

#: Most accounts whose keys are read.
MAX_ACCOUNTS = 500

Values = dict[str, list[str]]


def tidy(keyword: str, arguments: list[str]) -> list[str]:
    """The arguments of one keyword as list entries; ``without-password`` in its current spelling."""
    if keyword in COMMA:
        return [part for part in ",".join(arguments).split(",") if part]
    if keyword in ("subsystem", "setenv"):
        return [" ".join(arguments)]
    if keyword in PER_LINE:
        return arguments
    text = " ".join(arguments)
    return ["prohibit-password" if keyword == "permitrootlogin" and text == "without-password" else text]


def parse_effective(text: str) -> dict[str, object]:
    """The answer of ``sshd -T``: text per keyword, lists where a keyword may have several values."""
    found: Values = {}
    for line in text.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        keyword = keyword.lower()  # OpenSSH 10 writes PermitRootLogin, older ones permitrootlogin
        if re.fullmatch(r"[a-z0-9]+", keyword):
            arguments = [rest.strip()] if keyword in ("subsystem", "setenv") else rest.split()
            name = _ALIASES.get(keyword, keyword)
            found.setdefault(name, []).extend(tidy(name, arguments))
    return flatten(found)


def flatten(found: Values) -> dict[str, object]:
    """Single values as text, the keywords of `PER_LINE` and `COMMA` as lists."""
    return {
        keyword: entries if keyword in PER_LINE or keyword in COMMA else entries[0]
        for keyword, entries in found.items()
        if entries or keyword in PER_LINE
    }


def parse_line(line: str) -> Optional[tuple[str, list[str]]]:
    """(keyword in lower case, arguments) of one line of ``sshd_config``; ``None`` for comments."""
    line = line.strip()
    match = re.match(r"([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)$", line)
    if not match:
        return None
    try:
        arguments = shlex.split(match.group(2), comments=True)
    except ValueError:
        arguments = match.group(2).split()
    keyword = match.group(1).lower()
    return _ALIASES.get(keyword, keyword), arguments


@dataclass
class Static:
    """Settings read from the files: the global ones and one entry per Match block."""

    settings: Values = field(default_factory=dict)
    blocks: list[tuple[str, str, Values]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def parse_files(path: str, read: Callable[[str], Optional[str]], glob: Callable[[str], list[str]]) -> Static:
    """The configuration starting at ``path``; ``read`` and ``glob`` reach the host's files."""
    result = Static()
    _feed(result, path, read, glob, None, 0)
    return result


def _feed(
    result: Static,
    path: str,
    read: Callable[[str], Optional[str]],
    glob: Callable[[str], list[str]],
    block: Optional[Values],
    depth: int,
) -> None:
    text = read(path)
    if text is None or depth > MAX_DEPTH or len(result.files) >= MAX_FILES:
        return
    result.files.append(path)
    for line in text.splitlines():
        parsed = parse_line(line)
        if parsed is None:
            continue
        keyword, arguments = parsed
        if keyword == "include":
            for pattern in arguments:
                full = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
                for name in glob(full):
                    _feed(result, name, read, glob, block, depth + 1)
        elif keyword == "match":
            criteria = " ".join(arguments)
            if criteria.lower() == "all":
                block = None
                continue
            block = {}
            result.blocks.append((criteria, path, block))
        else:
            target = result.settings if block is None else block
            if keyword in _GROWING:
                target.setdefault(keyword, []).extend(tidy(keyword, arguments))
            elif keyword not in target:
                target[keyword] = tidy(keyword, arguments)


def parse_key_line(line: str) -> Optional[tuple[str, str, int]]:
    """(options, type, bits) of a line of ``authorized_keys``; bits only for RSA. ``None`` for no key."""
    match = re.match(
        r"(?P<options>(?:[^\s\"]|\"(?:\\.|[^\"\\])*\")*\s+)??"
        r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[A-Za-z0-9@.-]+)\s+(?P<blob>[A-Za-z0-9+/]+=*)",
        line.strip(),
    )
    if not match or line.lstrip().startswith("#"):
        return None
    return (match.group("options") or "").strip(), match.group("type"), rsa_bits(match.group("blob"))


def rsa_bits(blob: str) -> int:
    """The modulus size of an RSA key blob (RFC 4253, section 6.6), 0 for anything else."""
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return 0
    fields: list[bytes] = []
    at = 0
    while at + 4 <= len(data) and len(fields) < 3:
        (length,) = struct.unpack(">I", data[at : at + 4])
        fields.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if len(fields) < 3 or fields[0] != b"ssh-rsa":
        return 0
    return int.from_bytes(fields[2], "big").bit_length()


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
    """The contribution ``system:sshd``."""
    tree, sheet = Tree(root), Sheet("sshd")
    if not tree.exists(CONFIG) and not tree.exists("/usr/sbin/sshd"):
        sheet.absent("no OpenSSH server on this host")
        return [sheet.contribution()]
    static = parse_files(CONFIG, tree.text, tree.glob)
    values: dict[str, object] = {}
    if live and os.geteuid() == 0 and find("sshd"):
        answer = run(["sshd", "-T"], deadline)
        if answer.ok:
            values = {**parse_effective(answer.out), "read_from": "sshd -T"}
        else:
            sheet.incomplete(f"sshd -T: {answer.why()}; settings are from the files, defaults are missing")
    else:
        why = "not root" if live else "offline tree"
        sheet.incomplete(f"settings are from the files, defaults are missing ({why})")
    if not values:
        values = {**flatten(static.settings), "read_from": "files"}
    values["files"] = static.files
    sheet.add("sshd", "effective", values)
    seen: dict[str, int] = {}
    for criteria, path, block in static.blocks:
        seen[criteria] = seen.get(criteria, 0) + 1
        name = criteria if seen[criteria] == 1 else f"{criteria} ({seen[criteria]})"
        sheet.add("sshd.match", name, {**flatten(block), "read_from": path})
    patterns = values.get("authorizedkeysfile") or [".ssh/authorized_keys", ".ssh/authorized_keys2"]
    _add_keys(sheet, tree, [str(pattern) for pattern in patterns] if isinstance(patterns, list) else [])
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def key_path(pattern: str, user: User) -> str:
    """The file an ``AuthorizedKeysFile`` pattern means for a user."""
    tokens = {"%%": "%", "%h": user.home, "%u": user.name, "%U": str(user.uid)}
    path = re.sub(r"%[%huU]", lambda match: tokens[match.group(0)], pattern)
    return path if path.startswith("/") else f"{user.home.rstrip('/')}/{path}"


def _add_keys(sheet: Sheet, tree: Tree, patterns: list[str]) -> None:
    for count, user in enumerate(Names(tree).users):
        if count >= MAX_ACCOUNTS:
            sheet.incomplete(f"authorized keys of accounts after the first {MAX_ACCOUNTS} were not read")
            return
        files: list[str] = []
        keys: list[tuple[str, str, int]] = []
        for path in dict.fromkeys(key_path(pattern, user) for pattern in patterns if pattern != "none"):
            text = tree.text(path)
            if text is not None:
                files.append(path)
                keys.extend(key for key in map(parse_key_line, text.splitlines()) if key)
        if not files:
            continue
        limited = r"(?:^|,)(?:restrict|from=|command=)"
        sheet.add(
            "sshd.keys",
            user.name,
            {
                "files": files,
                "keys": len(keys),
                "types": sorted({kind for _, kind, _ in keys}),
                "restricted": len([1 for options, _, _ in keys if re.search(limited, options)]),
                "weak": len([1 for _, kind, bits in keys if kind == "ssh-dss" or 0 < bits < 2048]),
            },
        )
