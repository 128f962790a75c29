"""The condition of one path: what it is, whose, with which content. Pure, plus :func:`read` that looks."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import disk

#: Bytes read at once.
CHUNK = 1 << 20


@dataclass(frozen=True)
class Condition:
    """What is under a name. Of ``absent`` nothing else is set; ``sha256`` belongs to files, ``target`` to links."""

    kind: str = "absent"
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    atime_ns: int = 0
    sha256: str = ""
    target: str = ""
    attributes: tuple[tuple[str, bytes], ...] = ()
    links: int = 1

    def to_json(self) -> dict[str, Any]:
        """Only what says something; the content itself is never part of it."""
        if self.kind == "absent":
            return {"kind": "absent"}
        found: dict[str, Any] = {
            "kind": self.kind,
            "mode": f"{self.mode:04o}",
            "uid": self.uid,
            "gid": self.gid,
            "mtime_ns": self.mtime_ns,
            "atime_ns": self.atime_ns,
        }
        if self.sha256:
            found["sha256"] = self.sha256
        if self.kind == "link":
            found["target"] = self.target
        if self.attributes:
            found["attributes"] = {name: base64.b64encode(value).decode("ascii") for name, value in self.attributes}
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Condition:
        """The reverse of :meth:`to_json`.

        :raises ValueError, KeyError: it is no such record.
        """
        if found["kind"] == "absent":
            return ABSENT
        return cls(
            kind=found["kind"],
            mode=int(found["mode"], 8),
            uid=int(found["uid"]),
            gid=int(found["gid"]),
            mtime_ns=int(found["mtime_ns"]),
            atime_ns=int(found["atime_ns"]),
            sha256=found.get("sha256", ""),
            target=found.get("target", ""),
            attributes=tuple(
                (name, base64.b64decode(value)) for name, value in sorted(found.get("attributes", {}).items())
            ),
        )

    def same(self, other: Condition) -> bool:
        """Whether nothing is left to do to get from the one to the other (access times apart)."""
        return self._said() == other._said()

    def _said(self) -> tuple[object, ...]:
        stamp = self.mtime_ns if self.kind in ("file", "link") else 0
        mode = 0 if self.kind == "link" else self.mode
        return (self.kind, mode, self.uid, self.gid, stamp, self.sha256, self.target, self.attributes)

    def content(self) -> tuple[str, str, str]:
        """What it holds: kind, hash of the bytes, target of the link."""
        return (self.kind, self.sha256, self.target)


ABSENT = Condition()

#: Takes the content of an open file, keeps it, and returns its SHA-256.
Keep = Callable[[int], str]


def fingerprint(descriptor: int) -> str:
    """SHA-256 of what can be read from an open file."""
    digest = hashlib.sha256()
    while chunk := os.read(descriptor, CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def read(at: int, name: str, keep: Keep = fingerprint) -> Condition:
    """Look at one name in an open folder.

    :param keep: what to do with the content of a file on the way; it only has to return its hash.
    :raises OSError: it is there and cannot be read.
    """
    found = disk.look(at, name)
    if found is None:
        return ABSENT
    kind = disk.kind_of(found.st_mode)
    if kind == "link":
        return _of(found, target=os.readlink(name, dir_fd=at))
    if kind == "other":
        return _of(found)
    descriptor = disk.open_file(at, name)
    try:
        found = os.fstat(descriptor)
        sha256 = keep(descriptor) if disk.kind_of(found.st_mode) == "file" else ""
        return _of(found, sha256=sha256, attributes=disk.attributes(descriptor))
    finally:
        os.close(descriptor)


def _of(found: os.stat_result, sha256: str = "", target: str = "",
        attributes: tuple[tuple[str, bytes], ...] = ()) -> Condition:  # fmt: skip
    return Condition(
        kind=disk.kind_of(found.st_mode),
        mode=found.st_mode & 0o7777,
        uid=found.st_uid,
        gid=found.st_gid,
        mtime_ns=found.st_mtime_ns,
        atime_ns=found.st_atime_ns,
        sha256=sha256,
        target=target,
        attributes=attributes,
        links=found.st_nlink,
    )


def ours(current: Condition, before: Condition, after: Condition) -> Optional[str]:
    """Why ``current`` is neither what we found nor what we left, nor a step between the two; ``None`` when it is.

    A change is not one step for owner and permission bits, so each may stand at either side.
    """
    if current.content() not in (before.content(), after.content()):
        if current.kind == "absent":
            return "was removed since"
        if before.kind != "absent" and after.kind != "absent" and current.kind not in (before.kind, after.kind):
            return f"is a {current.kind} now"
        return "was changed since"
    if current.kind == "absent":
        return None
    sides = [side for side in (before, after) if side.kind == current.kind]
    if current.uid not in {side.uid for side in sides} or current.gid not in {side.gid for side in sides}:
        return "got another owner since"
    bits = {side.mode for side in sides} | {side.mode & 0o1777 for side in sides}
    if current.kind != "link" and current.mode not in bits:
        return "got another mode since"
    return None
