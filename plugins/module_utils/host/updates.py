"""Whether security updates arrive and take effect: kind ``updates``."""

from __future__ import annotations

import os
import re
import time
from typing import Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .packages import parse_paragraph
from .proc import deleted_libraries
from .sheet import Sheet, yes
from .tree import Tree
from .watched import is_watched_process

PREFIXES = ("updates",)

_APT_TOKEN = re.compile(
    r"\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|#(?!clear\b|include\b)[^\n]*|(?P<quoted>\"(?:\\.|[^\"\\])*\"?)"
    r"|(?P<sign>[{};])|(?P<word>(?:[^\s{};\"/]|/(?![/*]))+)|(?P<other>.)",
    re.DOTALL,
)


def parse_apt_conf(text: str) -> list[tuple[str, str]]:
    """``apt.conf(5)`` as (name, value) pairs in order; names in lower case, list entries end in ``::``.

    ``#clear name;`` is given as ``("#clear", name)``. Anything else that is broken is skipped.
    """
    pairs: list[tuple[str, str]] = []
    stack: list[str] = []
    words: list[str] = []
    strings: list[str] = []

    def path() -> str:
        return "::".join([*stack, *words[:1]]).lower()

    def statement() -> None:
        if words and words[0].lower() == "#clear":
            pairs.extend(("#clear", name.lower()) for name in words[1:])
        elif words:
            rest = [*words[1:], *strings]
            if rest:
                pairs.append((path(), rest[0]))
        elif strings and stack:
            pairs.append(("::".join(stack).lower() + "::", strings[0]))
        words.clear()
        strings.clear()

    for match in _APT_TOKEN.finditer(text):
        if match.group("quoted"):
            strings.append(match.group("quoted").strip('"'))
        elif match.group("word"):
            words.append(match.group("word"))
        elif match.group("sign") == "{":
            stack.append(words[0] if words else "")
            words.clear()
            strings.clear()
        elif match.group("sign") == "}":
            statement()
            if stack:
                stack.pop()
        elif match.group("sign") == ";":
            statement()
    statement()
    return pairs


class AptConf:
    """Effective apt settings: the last scalar wins, lists grow until cleared."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._scalars: dict[str, str] = {}
        self._lists: dict[str, list[str]] = {}
        for text in texts:
            for name, value in parse_apt_conf(text):
                if name == "#clear":
                    for store in (self._scalars, self._lists):
                        for key in [k for k in store if k == value or k.startswith(value + "::")]:
                            store.pop(key)
                elif name.endswith("::"):
                    self._lists.setdefault(name[:-2], []).append(value)
                else:
                    self._scalars[name] = value

    def scalar(self, name: str) -> Optional[str]:
        """The value of one name, ``None`` when it was never set."""
        return self._scalars.get(name.lower())

    def entries(self, name: str) -> list[str]:
        """The entries of one list."""
        return list(self._lists.get(name.lower(), []))


def parse_one_line_source(text: str) -> list[tuple[str, str, str, str]]:
    """``sources.list(5)`` one-line entries as (uri, suite, components, options); ``deb-src`` left out."""
    found = []
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$", line)
        if match:
            found.append((match.group(2), match.group(3), match.group(4).strip(), (match.group(1) or "").strip()))
    return found


def parse_deb822_source(text: str) -> list[tuple[str, str, str, str]]:
    """``.sources`` paragraphs in the same shape, one entry per uri and suite; disabled ones left out."""
    found: list[tuple[str, str, str, str]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = parse_paragraph(paragraph)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in (
            "no",
            "false",
        ):
            continue
        options = " ".join(
            f"{key}={fields[key].strip()}" for key in ("trusted", "allow-insecure", "allow-weak") if key in fields
        )
        components = " ".join(fields.get("components", "").split())
        found.extend(
            (uri, suite, components, options)
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        )
    return found


def is_security(uri: str, suite: str) -> bool:
    """Whether an apt source brings security updates."""
    return bool(re.search(r"[-/]security\b|/updates$", suite)) or bool(
        re.search(r"//security\.|debian-security|/security\b|/esm/", uri)
    )


def version_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts ``6.1.0-31`` after ``6.1.0-9``; letters sort before numbers."""
    return tuple(
        (1, int(part), "") if part[0] in "0123456789" else (0, 0, part)
        for part in re.findall(r"[0-9]{1,18}|[^0-9]+", text)
    )


def parse_needrestart(text: str) -> Optional[str]:
    """The mode a needrestart configuration sets (``$nrconf{restart} = 'l';``), ``None`` when it sets none."""
    found = re.findall(r"^[ \t]*\$nrconf\{restart\}\s*=\s*['\"](\w)['\"]", text, re.MULTILINE)
    return found[-1] if found else None


def collect(root: str, live: bool, deadline: Deadline, now: Optional[float] = None) -> list[Contribution]:
    """The contribution ``system:updates``."""
    tree, sheet = Tree(root), Sheet("updates")
    now = time.time() if now is None else now
    if not tree.is_dir("/etc/apt"):
        sheet.not_checked("only apt is supported so far")
        return [sheet.contribution()]
    values: dict[str, object] = {}
    values.update(_apt(tree))
    values.update(_sources(tree))
    newest = _newest(tree, ("/var/lib/apt/lists", "/var/lib/apt/periodic/update-success-stamp"))
    if newest:
        values["last_update_age_h"] = max(0, int((now - newest) // 3600))
    if live:
        values.update(_kernel(tree))
        values["reboot_required"] = yes(tree.exists("/run/reboot-required"))
        values["reboot_packages"] = sorted(set((tree.text("/run/reboot-required.pkgs") or "").split()))
        pending, blind = _restart_pending(tree, deadline)
        if blind:
            sheet.incomplete(f"the libraries of {blind} daemons could not be seen")
        else:
            values["restart_pending"] = pending
    sheet.add("updates", "apt", values)
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _apt(tree: Tree) -> dict[str, object]:
    names = [
        name
        for name in tree.names("/etc/apt/apt.conf.d")
        if re.fullmatch(r"[A-Za-z0-9_-]+(?:\.conf)?|[A-Za-z0-9_.-]+\.conf", name)
    ]
    paths = [f"/etc/apt/apt.conf.d/{name}" for name in names] + ["/etc/apt/apt.conf"]
    conf = AptConf(text for text in map(tree.text, paths) if text)
    needrestart = [
        tree.text(p) or "" for p in ["/etc/needrestart/needrestart.conf", *tree.glob("/etc/needrestart/conf.d/*.conf")]
    ]
    modes = [mode for mode in map(parse_needrestart, needrestart) if mode]
    has_needrestart = tree.exists("/usr/sbin/needrestart")
    return {
        "unattended_upgrades": yes(tree.exists("/usr/bin/unattended-upgrade")),
        "periodic_update": conf.scalar("APT::Periodic::Update-Package-Lists") or "0",
        "periodic_upgrade": conf.scalar("APT::Periodic::Unattended-Upgrade") or "0",
        "origins": conf.entries("Unattended-Upgrade::Origins-Pattern")
        + conf.entries("Unattended-Upgrade::Allowed-Origins"),
        "blacklist": conf.entries("Unattended-Upgrade::Package-Blacklist"),
        "automatic_reboot": conf.scalar("Unattended-Upgrade::Automatic-Reboot") or "false",
        "automatic_reboot_time": conf.scalar("Unattended-Upgrade::Automatic-Reboot-Time"),
        "needrestart_installed": yes(has_needrestart),
        "needrestart_mode": (modes[-1] if modes else "default") if has_needrestart else None,
    }


def _sources(tree: Tree) -> dict[str, object]:
    entries = parse_one_line_source(tree.text("/etc/apt/sources.list") or "")
    for path in tree.glob("/etc/apt/sources.list.d/*"):
        if path.endswith(".list"):
            entries += parse_one_line_source(tree.text(path) or "")
        elif path.endswith(".sources"):
            entries += parse_deb822_source(tree.text(path) or "")
    suites, untrusted = [], []
    for _, suite, components, options in entries:
        label = f"{suite} {components}".strip()
        suites.append(label)
        if re.search(r"(?:trusted|allow-insecure|allow-weak)=yes", options):
            untrusted.append(label)
    return {
        "suites": list(dict.fromkeys(suites)),
        "security_suite": yes(any(is_security(uri, suite) for uri, suite, _, _ in entries)),
        "untrusted": list(dict.fromkeys(untrusted)),
    }


def _newest(tree: Tree, paths: Iterable[str]) -> float:
    times = [0.0]
    for path in paths:
        info = tree.stat(path)
        if info:
            times.append(info.st_mtime)
    for name in tree.names("/var/lib/apt/lists"):
        if name.endswith(("_InRelease", "_Release")):
            info = tree.stat(f"/var/lib/apt/lists/{name}")
            if info:
                times.append(info.st_mtime)
    return max(times)


def _kernel(tree: Tree) -> dict[str, object]:
    running = os.uname().release
    installed = sorted((name[8:] for name in tree.names("/boot") if name.startswith("vmlinuz-")), key=version_key)
    values: dict[str, object] = {"kernel_running": running}
    if installed:
        values["kernel_newest"] = installed[-1]
        values["kernel_pending"] = yes(installed[-1] != running)
    return values


def _restart_pending(tree: Tree, deadline: Deadline) -> tuple[list[str], int]:
    """(names of daemons that still use replaced libraries, number of daemons that could not be seen)."""
    pending, blind = set(), 0
    for pid in tree.names("/proc"):
        if not pid.isdigit() or deadline.expired():
            continue
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as handle:
                comm = handle.read().strip()
            if not is_watched_process(comm) or comm in pending:
                continue
            with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as handle:
                if deleted_libraries(handle.read()):
                    pending.add(comm)
        except PermissionError:
            blind += 1
        except OSError:
            continue
    return sorted(pending), blind
