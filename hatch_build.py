"""Build hook: put the Ansible collection into the wheel.

The repository root is the collection, so the hook picks what belongs to it. Directories are walked
without following links: `playbooks/collections` points back at the root.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = "ansible_collections/grundton/voip"
MEMBERS = (
    "galaxy.yml",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "meta",
    "playbooks",
    "plugins",
    "roles",
    "inventories/single_host",
    "inventories/office",
    "inventories/enterprise",
)
SKIPPED_DIRECTORIES = {"__pycache__", "collections"}


def collection_files(root: Path) -> dict[str, str]:
    """Map every file of the collection to its place in the wheel."""
    wanted: dict[str, str] = {}
    for member in MEMBERS:
        path = root / member
        if path.is_file():
            wanted[str(path)] = f"{TARGET}/{member}"
            continue
        for folder, directories, names in os.walk(path):
            directories[:] = sorted(name for name in directories if name not in SKIPPED_DIRECTORIES)
            for name in sorted(names):
                if name.endswith((".pyc", ".swp", "~")):
                    continue
                file = Path(folder, name)
                wanted[str(file)] = f"{TARGET}/{file.relative_to(root).as_posix()}"
    return wanted


class CollectionHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the collection to a wheel; an editable install uses the checkout itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        build_data["force_include"].update(collection_files(Path(self.root)))
