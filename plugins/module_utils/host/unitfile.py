"""systemd unit files read statically: text, drop-ins, enablement. For offline trees.

Follows ``systemd.unit(5)``: search path by priority, drop-ins by file name, ``foo-.service.d`` and
``service.d`` included, an empty assignment resets a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterator, Optional

from .tree import Tree
from .words import words

#: Where unit files are looked for, strongest first.
SEARCH = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)

#: Settings that collect words over all assignments.
WORD_LISTS = frozenset(
    words(
        """
    CapabilityBoundingSet AmbientCapabilities RestrictAddressFamilies SystemCallArchitectures
    SystemCallFilter ReadWritePaths ReadOnlyPaths InaccessiblePaths SupplementaryGroups After Before
    Requires Wants Conflicts Triggers TriggeredBy DropInPaths
    """
    )
)

#: Settings that may be given several times and keep every line.
LINE_LISTS = frozenset(
    words(
        """
    ExecStart ExecStartPre ExecStartPost ExecReload ExecStop ExecStopPost Environment EnvironmentFile
    OnCalendar OnBootSec OnUnitActiveSec ListenStream ListenDatagram
    """
    )
)


def parse(text: str) -> Iterator[tuple[str, str, str]]:
    """(section, key, value) of a unit file in order; comments and broken lines are left out."""
    section, pending = "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if not pending and (not line or line[0] in "#;"):
            continue
        if pending and line[:1] in ("#", ";"):
            continue
        if line.endswith("\\"):
            pending += line[:-1].rstrip() + " "
            continue
        line, pending = (pending + line).strip(), ""
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, equals, value = line.partition("=")
        if equals and section and key.strip():
            yield section, key.strip(), value.strip()
    key, equals, value = pending.partition("=")
    if equals and section and key.strip():
        yield section, key.strip(), value.strip()


@dataclass
class UnitFile:
    """One unit with its drop-ins merged. ``settings`` holds texts in order, ``installs`` its ``[Install]`` keys."""

    name: str
    path: str = ""
    masked: bool = False
    dropins: list[str] = field(default_factory=list)
    settings: dict[str, list[str]] = field(default_factory=dict)
    installs: bool = False

    def feed(self, text: str) -> None:
        """Merge one more file."""
        for section, key, value in parse(text):
            if section == "Install":
                self.installs = True
                continue
            if key in WORD_LISTS:
                words = value.split()
                self.settings[key] = [] if not words else self.settings.get(key, []) + words
            elif key in LINE_LISTS:
                self.settings[key] = [] if not value else [*self.settings.get(key, []), value]
            else:
                self.settings[key] = [value]


def dropin_folders(name: str) -> list[str]:
    """The drop-in folder names that apply to a unit, weakest first (``systemd.unit(5)``).

    ``a-b@x.service`` → ``service.d``, ``a-.service.d``, ``a-b@.service.d``, ``a-b@x.service.d``.
    """
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        return [f"{name}.d"]
    folders = [f"{suffix}.d"]
    base = stem.split("@", 1)[0]
    cuts = [match.end() for match in re.finditer("-", base) if match.end() < len(base)]
    folders.extend(f"{base[:cut]}.{suffix}.d" for cut in cuts)
    if "@" in stem and not stem.endswith("@"):
        folders.append(f"{base}@.{suffix}.d")
    folders.append(f"{name}.d")
    return folders


def load(tree: Tree, name: str) -> Optional[UnitFile]:
    """The unit as systemd would load it, ``None`` when there is no file of that name."""
    unit = UnitFile(name)
    names = [name]
    if "@" in name:
        names.append(re.sub(r"@.*\.", "@.", name))
    for candidate in names:
        for folder in SEARCH:
            path = f"{folder}/{candidate}"
            if tree.stat(path, follow=False) is None:
                continue
            unit.path = path
            text = tree.text(path) if tree.link(path) != "/dev/null" else None
            unit.masked = not (text or "").strip()
            if text:
                unit.feed(text)
            break
        if unit.path:
            break
    if not unit.path:
        return None
    found: dict[str, str] = {}
    for folder_name in dropin_folders(name):
        for folder in reversed(SEARCH):
            for entry in tree.names(f"{folder}/{folder_name}"):
                if entry.endswith(".conf"):
                    found[entry] = f"{folder}/{folder_name}/{entry}"
    for entry in sorted(found):
        text = tree.text(found[entry])
        if text is not None:
            unit.dropins.append(found[entry])
            unit.feed(text)
    return unit


def wanted(tree: Tree) -> dict[str, str]:
    """Enabled unit names and the link in ``/etc`` that enables them: ``wants``, ``requires``, or an alias."""
    links: dict[str, str] = {}
    for entry in tree.names("/etc/systemd/system"):
        path = f"/etc/systemd/system/{entry}"
        if entry.endswith((".wants", ".requires")):
            links.update((name, f"{path}/{name}") for name in tree.names(path))
            continue
        target = (tree.link(path) or "").rsplit("/", 1)[-1]
        if target not in ("", "null", entry):
            links.setdefault(target, path)
    return links


def state(unit: UnitFile, links: dict[str, str]) -> str:
    """``UnitFileState`` as ``systemctl`` would name it: masked, enabled, disabled or static."""
    if unit.masked:
        return "masked"
    if unit.name in links:
        return "enabled"
    return "disabled" if unit.installs else "static"


def unit_names(tree: Tree) -> set[str]:
    """Every unit file name of the host."""
    return {name for folder in SEARCH for name in tree.names(folder) if "." in name and not name.endswith(".d")}


def is_alias(tree: Tree, name: str) -> bool:
    """Whether a unit name is only a link to a unit of another name."""
    for folder in SEARCH:
        target = tree.link(f"{folder}/{name}")
        if target is not None:
            other = target.rsplit("/", 1)[-1]
            return other not in (name, "null") and "@." not in other
        if tree.stat(f"{folder}/{name}", follow=False) is not None:
            return False
    return False
