"""A snapshot of a copied file tree: the host's own collector, run here."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from grundton import __version__, collection


def snapshot_of_tree(root: Path, run_key: str) -> dict[str, Any]:
    """Collect what the tree below `root` says; the same code that runs on hosts."""
    collection.ensure_importable()
    module = importlib.import_module("ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect")
    document: dict[str, Any] = module.collect_snapshot(
        root=str(root.resolve()), run_key=bytes.fromhex(run_key), version=__version__, live=False
    )
    return document
