"""Where the lab keeps things: images in a cache, running labs in a state directory.

Both lie outside the source tree. ``GRUNDTON_CACHE`` and ``GRUNDTON_STATE`` move them.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Directory of built images (safe to delete when no lab runs)."""
    return Path(os.environ.get("GRUNDTON_CACHE") or "/var/cache/grundton")


def state_root() -> Path:
    """Directory that holds one folder per running lab."""
    return Path(os.environ.get("GRUNDTON_STATE") or "/var/lib/grundton") / "lab"


def data_dir() -> Path:
    """The lab's own data: recipes, topologies, configuration trees of the hosts."""
    return Path(__file__).resolve().parent
