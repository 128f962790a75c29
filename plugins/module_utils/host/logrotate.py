"""Log rotation: kinds ``logrotate`` and ``logrotate.coverage``."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .cmdline import redact
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("logrotate",)

CONFIG = "/etc/logrotate.conf"

#: Folders whose log files must be rotated.
FOLDERS = (
    "/var/log/asterisk",
    "/var/log/kamailio*",
    "/var/log/opensips*",
    "/var/log/rtpengine*",
    "/var/log/turn*",
    "/var/log/coturn*",
    "/var/log/freeswitch*",
)

_FREQUENCIES = ("hourly", "daily", "weekly", "monthly", "yearly")
_SCRIPTS = ("postrotate", "prerotate", "firstaction", "lastaction", "preremove")
_FLAGS = {
    "compress": ("compress", "yes"), "nocompress": ("compress", "no"),
    "missingok": ("missingok", "yes"), "nomissingok": ("missingok", "no"),
    "dateext": ("dateext", "yes"), "nodateext": ("dateext", "no"),
    "copytruncate": ("copytruncate", "yes"), "nocopytruncate": ("copytruncate", "no"),
    "sharedscripts": ("sharedscripts", "yes"), "nocreate": ("create", "no"),
    "shred": ("shred", "yes"), "noshred": ("shred", "no"), "delaycompress": ("delaycompress", "yes"),
}  # fmt: skip
_VALUES = ("rotate", "maxage", "minage", "size", "minsize", "maxsize", "su", "olddir", "create", "dateformat")

#: Endings ``logrotate`` itself passes over in an included folder.
_TABOO = re.compile(
    r".*(?:\.rpmsave|\.rpmorig|~|,v|\.disabled|\.dpkg-(?:old|dist|new|tmp|bak|del)|\.cfsaved|\.ucf-(?:old|dist|new)|"
    r"\.rpmnew|\.swp|\.cfsaved|\.rhn-cfg-tmp-.*|\.bak)$|\..*"
)

#: Names of files that rotation has produced.
_ROTATED = re.compile(
    r"\.(?:\d{1,4}|old)(?:\.(?:gz|xz|bz2|zst))?$|\.(?:gz|xz|bz2|zst)$|-\d{8}(?:\d{2})?(?:-\d+)?(?:\.(?:gz|xz|bz2|zst))?$"
)

MAX_MATCHES, MAX_COVERED = 50, 2000


@dataclass
class Block:
    """The patterns of one block and the settings that hold for them."""

    patterns: list[str]
    file: str
    settings: dict[str, str] = field(default_factory=dict)


def _words(line: str) -> list[str]:
    return [quoted or bare for quoted, bare in re.findall(r"[\"']([^\"']*)[\"']|([^\s\"']+)", line) if quoted or bare]


def parse(
    path: str,
    read: Callable[[str], Optional[str]],
    names: Callable[[str], list[str]],
    is_dir: Callable[[str], bool],
) -> list[Block]:
    """All blocks of the configuration starting at ``path``, global settings already filled in."""
    blocks: list[Block] = []
    _feed(blocks, {}, path, read, names, is_dir, 0)
    return blocks


def _feed(
    blocks: list[Block],
    defaults: dict[str, str],
    path: str,
    read: Callable[[str], Optional[str]],
    names: Callable[[str], list[str]],
    is_dir: Callable[[str], bool],
    depth: int,
) -> None:
    text = read(path)
    if text is None or depth > 5:
        return
    pending: list[str] = []
    block: Optional[Block] = None
    script = ""
    body: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if script:
            if line == "endscript":
                if block is not None:
                    block.settings[script] = "; ".join(body)
                script, body = "", []
            elif line and not line.startswith("#"):
                body.append(line)
            continue
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        while line:
            if block is None and "{" in line:
                head, _, line = line.partition("{")
                block = Block(pending + _words(head), path, dict(defaults))
                pending = []
                line = line.strip()
                continue
            if block is not None and line.startswith("}"):
                blocks.append(block)
                block, line = None, line[1:].strip()
                continue
            if block is not None and "}" in line and not re.match(r"\w+\s+.*\{.*\}", line):
                line, _, rest = line.partition("}")
                _setting(block.settings, line)
                blocks.append(block)
                block, line = None, rest.strip()
                continue
            words = _words(line)
            first = words[0] if words else ""
            if block is None and first == "include" and len(words) > 1:
                for name in _included(words[1], names, is_dir):
                    _feed(blocks, defaults, name, read, names, is_dir, depth + 1)
            elif first in _SCRIPTS:
                script = first
            elif block is None and first.startswith(("/", "~", '"')):
                pending += words
            else:
                _setting(defaults if block is None else block.settings, line)
            line = ""


def _included(target: str, names: Callable[[str], list[str]], is_dir: Callable[[str], bool]) -> list[str]:
    if not is_dir(target):
        return [target]
    return [f"{target.rstrip('/')}/{name}" for name in names(target) if not _TABOO.fullmatch(name)]


def _setting(settings: dict[str, str], line: str) -> None:
    words = line.replace("=", " ", 1).split()
    if not words:
        return
    word, rest = words[0].lower(), " ".join(words[1:])
    if word in _FREQUENCIES:
        settings["frequency"] = word
    elif word in _FLAGS:
        key, value = _FLAGS[word]
        settings[key] = value
    elif word in _VALUES:
        settings[word] = rest or "yes"
        if word == "size":
            settings["frequency"] = "size"


def is_rotated(name: str) -> bool:
    """Whether a file name is that of an older, rotated log."""
    return _ROTATED.search(name) is not None


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contribution ``system:logrotate``."""
    tree, sheet = Tree(root), Sheet("logrotate")
    if not tree.exists(CONFIG):
        if tree.problems:
            sheet.not_checked("; ".join(tree.problems))
        else:
            sheet.absent("logrotate is not set up")
        return [sheet.contribution()]
    covered: set[str] = set()
    used: dict[str, int] = {}
    for block in parse(CONFIG, tree.text, tree.names, tree.is_dir):
        for pattern in block.patterns:
            matches = tree.glob(pattern) if pattern.startswith("/") else []
            covered.update(matches)
            used[pattern] = used.get(pattern, 0) + 1
            settings = dict(block.settings)
            for script in _SCRIPTS:
                if script in settings:
                    settings[script] = redact(settings[script])[:500]
            sheet.add(
                "logrotate",
                pattern if used[pattern] == 1 else f"{pattern} ({used[pattern]})",
                {**settings, "file": block.file, "matches": matches[:MAX_MATCHES]},
            )
    for folder in (path for pattern in FOLDERS for path in tree.glob(pattern)):
        files = log_files(tree, folder)
        if files is None:
            sheet.incomplete(f"{folder}: more than {MAX_COVERED} files, coverage was not computed")
            continue
        sheet.add(
            "logrotate.coverage",
            folder,
            {
                "covered": [path for path in files if path in covered],
                "uncovered": [path for path in files if path not in covered],
                "complete": yes(not any(problem.startswith(folder) for problem in tree.problems)),
            },
        )
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def log_files(tree: Tree, folder: str) -> Optional[list[str]]:
    """The regular files in a log folder and one level below, rotated ones left out; ``None`` when too many."""
    info = tree.stat(folder)
    if info is None or not stat.S_ISDIR(info.st_mode):
        return [folder] if info is not None else []
    found: list[str] = []
    count = 0
    todo = [(folder, 0)]
    while todo:
        current, depth = todo.pop(0)
        for name in tree.names(current):
            count += 1
            if count > MAX_COVERED:
                return None
            path = f"{current}/{name}"
            entry = tree.stat(path, follow=False)
            if entry is None:
                continue
            if stat.S_ISDIR(entry.st_mode) and depth < 1:
                todo.append((path, depth + 1))
            elif stat.S_ISREG(entry.st_mode) and not is_rotated(name):
                found.append(path)
    return found
