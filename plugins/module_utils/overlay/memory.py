"""Files that are not written yet, seen through the real ones."""

from __future__ import annotations

import posixpath
from typing import List, Mapping, Optional

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import (
    Tree,
    UnreadableError,
    expand_braces,
    has_magic,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import _matches as matches


class Imagined(Tree):
    """A tree in which some files hold something else: bytes, or None for a file that is gone."""

    def __init__(self, below: Tree, contents: Mapping[str, Optional[bytes]]) -> None:
        super().__init__(below.root)
        self.below = below
        self.contents = dict(contents)

    def exists(self, path: str) -> bool:
        """Whether something is there."""
        path = posixpath.normpath(path)
        if path in self.contents:
            return self.contents[path] is not None
        return self.below.exists(path) or any(
            data is not None and name.startswith(path + "/") for name, data in self.contents.items()
        )

    def is_regular(self, path: str) -> bool:
        """Whether ``path`` is a plain file."""
        path = posixpath.normpath(path)
        if path in self.contents:
            return self.contents[path] is not None
        return self.below.is_regular(path)

    def read(self, path: str, limit: int = 256 * 1024 * 1024) -> bytes:
        """The bytes of a file, imagined or real."""
        wanted = posixpath.normpath(path)
        if wanted not in self.contents:
            return self.below.read(path, limit)
        data = self.contents[wanted]
        if data is None:
            raise FileNotFoundError(path)
        if len(data) > limit:
            raise UnreadableError("{0} is larger than {1} MiB".format(path, limit // (1024 * 1024)))
        return data

    def listdir(self, path: str) -> List[str]:
        """Names in a directory, sorted."""
        names = set(self.below.listdir(path))
        for name, data in self.contents.items():
            if posixpath.dirname(name) == posixpath.normpath(path):
                (names.discard if data is None else names.add)(posixpath.basename(name))
        return sorted(names)

    def glob(self, pattern: str) -> List[str]:
        """The paths a shell pattern stands for, imagined ones too."""
        found: List[str] = []
        for one in expand_braces(pattern):
            if not has_magic(one):
                found.append(one)
                continue
            paths = {
                path for path in self.below.glob(one) if self.contents.get(posixpath.normpath(path), b"") is not None
            }
            paths.update(path for path, data in self.contents.items() if data is not None and _fits(path, one))
            found.extend(sorted(paths))
        return found


def _fits(path: str, pattern: str) -> bool:
    parts = [part for part in path.split("/") if part]
    wanted = [part for part in pattern.split("/") if part]
    return len(parts) == len(wanted) and all(matches(part, one) for part, one in zip(parts, wanted))
