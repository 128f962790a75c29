"""Remembers which catalogue has already been held against its schemas, so that not every command does it again.

A stamp is an empty file named by the digest of every record and schema, in the user's cache folder. Anything changed
gives another digest, and the catalogue is checked again. Where there is no place for stamps, it is checked every time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path


def digest(root: Path) -> str:
    """Digest of everything a check depends on: names and contents of records and schemas."""
    found = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".yml", ".json", ".py")):
        found.update(str(path.relative_to(root)).encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def is_checked(name: str) -> bool:
    """Tell whether the catalogue of this digest was found in order before."""
    return (_folder() / name).is_file()


def mark_checked(name: str) -> None:
    """Remember that the catalogue of this digest is in order; older stamps go."""
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.iterdir():
            old.unlink(missing_ok=True)
        (folder / name).touch(mode=0o600)


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(cache) / "grundton" / "catalogue"
