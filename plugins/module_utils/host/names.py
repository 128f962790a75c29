"""User and group names of a host, from its own ``passwd`` and ``group`` files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .tree import Tree


@dataclass(frozen=True)
class User:
    """One line of ``passwd``."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


@dataclass(frozen=True)
class Group:
    """One line of ``group``."""

    name: str
    gid: int
    members: tuple[str, ...]


def _number(text: str) -> Optional[int]:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def parse_passwd(text: str) -> list[User]:
    """Users of a ``passwd(5)`` text; lines that are not one are left out."""
    users = []
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) < 7 or not fields[0] or fields[0][0] in "#+-":
            continue
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            users.append(User(fields[0], uid, gid, fields[5], fields[6].strip()))
    return users


def parse_group(text: str) -> list[Group]:
    """Groups of a ``group(5)`` text; lines that are not one are left out."""
    groups = []
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) < 4 or not fields[0] or fields[0][0] in "#+-":
            continue
        gid = _number(fields[2])
        if gid is not None:
            members = tuple(name.strip() for name in fields[3].split(",") if name.strip())
            groups.append(Group(fields[0], gid, members))
    return groups


class Names:
    """Looks up names by number; a number without a name stays a number."""

    def __init__(self, tree: Tree) -> None:
        self.users = parse_passwd(tree.text("/etc/passwd") or "")
        self.groups = parse_group(tree.text("/etc/group") or "")
        self._users: dict[int, str] = {}
        for entry in self.users:
            self._users.setdefault(entry.uid, entry.name)
        self._groups: dict[int, str] = {}
        for group in self.groups:
            self._groups.setdefault(group.gid, group.name)

    def user(self, uid: int) -> str:
        """The user's name, or the number as text."""
        return self._users.get(uid, str(uid))

    def group(self, gid: int) -> str:
        """The group's name, or the number as text."""
        return self._groups.get(gid, str(gid))

    def groups_of(self, user: User) -> list[str]:
        """Every group of a user, the primary one first."""
        names = [self.group(user.gid)]
        for group in self.groups:
            if user.name in group.members and group.name not in names:
                names.append(group.name)
        return names
