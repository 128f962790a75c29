"""Finds the Ansible collection `grundton.voip`, in a checkout or in an installed wheel."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAMESPACE = ("ansible_collections", "grundton", "voip")
PATH_VARIABLE = "ANSIBLE_COLLECTIONS_PATH"


class CollectionError(RuntimeError):
    """The collection's files are not where they should be."""


def _is_collection(path: Path) -> bool:
    return (path / "galaxy.yml").is_file() and (path / "plugins").is_dir()


def checkout() -> Path | None:
    """The repository root, when this package is used from a checkout."""
    package = Path(__file__).resolve().parent
    root = package.parent.parent
    return root if package.parent.name == "src" and _is_collection(root) else None


def search_path() -> Path:
    """The directory that holds `ansible_collections/grundton/voip`."""
    root = checkout()
    # A checkout carries a link back to itself beside the playbooks; a wheel installs the collection
    # beside the package.
    base = root / "playbooks" / "collections" if root else Path(__file__).resolve().parent.parent
    if not _is_collection(base.joinpath(*NAMESPACE)):
        raise CollectionError(
            f"the collection grundton.voip is missing under {base}: the installation is incomplete. "
            "Install grundton again, or clone the repository with symbolic links enabled."
        )
    return base


def collection_root() -> Path:
    """The collection's own directory (with galaxy.yml, playbooks, plugins, roles)."""
    return checkout() or search_path().joinpath(*NAMESPACE)


def playbook(name: str) -> Path:
    """The path of one of the collection's playbooks, by its name without suffix."""
    path = collection_root() / "playbooks" / f"{name}.yml"
    if not path.is_file():
        raise CollectionError(f"the playbook {name!r} is missing from the collection ({path})")
    return path


def ensure_importable() -> Path:
    """Make `import ansible_collections.grundton.voip…` work in this process; return the search path."""
    base = search_path()
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))
        importlib.invalidate_caches()
    return base


def run_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables an Ansible run needs so that it uses exactly this collection."""
    own = str(search_path())
    inherited = environ.get(PATH_VARIABLE)
    parts = [own, inherited] if inherited else [own, "~/.ansible/collections", "/usr/share/ansible/collections"]
    return {PATH_VARIABLE: os.pathsep.join(parts)}
