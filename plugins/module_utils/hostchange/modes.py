"""Rights of paths that are there: taking away what is too much, giving nobody more than was there before."""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Iterator, List, Sequence

from ansible_collections.grundton.voip.plugins.module_utils.journal.changes import Changes, Owner, Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError

#: More paths than this below one folder are not walked: a folder that is closed protects what is in it.
LIMIT = 5000


@dataclass(frozen=True)
class Rights:
    """What paths may have at most.

    :ivar depth: how many levels of folders below are included; 0 is the path alone.
    :ivar keep: patterns of whole paths whose owner and group stay.
    :ivar folders_only: leave files alone. For logs, databases and recordings: a rollback puts a file back as it was,
        and what was written into it since would be in its way, or lost.
    """

    path: str
    directory: int
    file: int
    owner: Owner = None
    group: Owner = None
    depth: int = 0
    keep: Sequence[str] = ()
    folders_only: bool = False


def apply(journal: Changes, wanted: Rights, why: Why) -> List[str]:
    """Bring every path to its rights; the paths that changed. What does not exist is passed over."""
    changed = []
    for top in sorted(glob.glob(wanted.path)):
        changed += [path for path in _below(top, wanted.depth) if _one(journal, path, wanted, why)]
    return changed


def _one(journal: Changes, path: str, wanted: Rights, why: Why) -> bool:
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return False  # rotated away meanwhile
    if stat.S_ISDIR(info.st_mode):
        limit = wanted.directory
    elif stat.S_ISREG(info.st_mode) and not wanted.folders_only:
        # Programs stay programs.
        limit = wanted.file | (wanted.file & 0o444) >> 2 if info.st_mode & 0o100 else wanted.file
    else:
        return False  # links have no rights; sockets and devices are made anew by their program
    kept = any(fnmatchcase(path, pattern) for pattern in wanted.keep)
    mode = stat.S_IMODE(info.st_mode)
    if not kept and wanted.owner is not None and wanted.group is not None:
        mode |= (mode & 0o500) >> 3  # who read it as its owner reads it as its group from now on
    return journal.set_mode(
        path,
        why=why,
        mode=mode & limit,
        owner=None if kept else wanted.owner,
        group=None if kept else wanted.group,
    )


def _below(top: str, depth: int) -> Iterator[str]:
    """The path, and what is below it; folders of links are not entered."""
    number = 0
    for folder, folders, files in os.walk(top):
        level = folder[len(top) :].count("/")
        if not number:
            yield top
        names = sorted(folders) + sorted(files) if level < depth else []
        if level >= depth - 1:
            folders[:] = []
        for name in names:
            number += 1
            if number > LIMIT:
                raise JournalError(f"{top} holds more than {LIMIT} paths: close the folder instead")
            yield os.path.join(folder, name)
        number = number or 1
    if not os.path.isdir(top):
        yield top
