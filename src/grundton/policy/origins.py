"""Where in the inventory each ``voip_*`` variable is written, for messages. Nothing is decrypted or evaluated."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from grundton.policy.option import PREFIX

_YAML = frozenset({"", ".yml", ".yaml", ".json"})
_INI = frozenset({"", ".ini", ".cfg"})
_INI_NAME = re.compile(r"(?:^|\s)(voip_\w+)\s*=")
_MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 40
_VAULT = "$ANSIBLE_VAULT"

Found = tuple[str, int]
"""Dotted path and line, from 1."""


def find_origins(inventory_paths: Iterable[str | Path], host: str | None = None) -> dict[str, str]:
    """Return ``file:line`` by variable and by dotted path below it (``voip_tls.minimum``, ``voip_encryption[0]``).

    Searches inventory files and the ``host_vars`` and ``group_vars`` beside or inside them. With a host, what is
    written for other hosts is left out. Where several files write the same variable, the place nearest to the host
    wins: its own file, then groups, then ``all``. Vault-encrypted, unreadable and broken files are left alone.
    """
    best: dict[str, tuple[int, str]] = {}
    for path in _files(inventory_paths):
        rank = _rank(path, host)
        if rank < 0:
            continue
        for name, line in _in_file(path):
            variable = re.split(r"[.\[]", name, maxsplit=1)[0]
            known = best.get(name)
            if (known is None or rank > known[0]) and rank >= best.get(variable, (0, ""))[0]:
                best[name] = (rank, f"{path}:{line}")
    files = {name: place.rpartition(":")[0] for name, (_, place) in best.items()}
    return {
        name: place
        for name, (_, place) in sorted(best.items())
        if files[name] == files[re.split(r"[.\[]", name, maxsplit=1)[0]]
    }


def yaml_origins(text: str) -> Iterator[Found]:
    """Yield every ``voip_*`` variable of a YAML text, wherever it stands, and the lines of what is below it."""
    if text.startswith(_VAULT):
        return
    try:
        for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
            yield from _variables(document, 0)
    except (yaml.YAMLError, RecursionError, ValueError):
        return


def lines_below(text: str) -> Iterator[Found]:
    """Yield the line of every key and element of a YAML mapping, by dotted path. Raises yaml.YAMLError."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), key.start_mark.line + 1
                yield from _inside(str(key.value), value, 0)


def ini_origins(text: str) -> Iterator[Found]:
    """Yield every ``voip_*`` variable of an INI inventory."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(("#", ";")):
            yield from ((found.group(1), number) for found in _INI_NAME.finditer(line))


def _in_file(path: Path) -> list[Found]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return []
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    if PREFIX not in text or text.startswith(_VAULT):
        return []
    found = list(yaml_origins(text)) if path.suffix in _YAML else []
    if not found and path.suffix in _INI:
        found = list(ini_origins(text))
    return found


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    seen = set()
    for given in paths:
        path = Path(given)
        roots = [path] if path.is_dir() else [path, path.parent / "host_vars", path.parent / "group_vars"]
        for root in roots:
            for found in _below(root):
                if found not in seen:
                    seen.add(found)
                    yield found


def _below(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and path.suffix in _YAML | _INI:
                yield path


def _rank(path: Path, host: str | None) -> int:
    """Return how near a file is to the host; -1 when it belongs to another host."""
    parts = path.parts
    for folder, near in (("host_vars", 4), ("group_vars", 2)):
        if folder in parts[:-1]:
            owner = parts[len(parts) - 1 - parts[::-1].index(folder) + 1]
            name = owner if len(parts) - 1 > parts.index(owner) else Path(owner).stem
            if folder == "host_vars":
                return near if host is None or name == host or owner == host else -1
            return 1 if name == "all" else near
    return 3


def _variables(node: yaml.Node | None, depth: int) -> Iterator[Found]:
    if depth > _MAX_DEPTH or not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = str(key.value)
        if name.startswith(PREFIX):
            yield name, key.start_mark.line + 1
            yield from _inside(name, value, depth)
        else:
            yield from _variables(value, depth + 1)


def _inside(path: str, node: yaml.Node, depth: int) -> Iterator[Found]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                below = f"{path}.{key.value}"
                yield below, key.start_mark.line + 1
                yield from _inside(below, value, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item.start_mark.line + 1
            yield from _inside(f"{path}[{index}]", item, depth + 1)
