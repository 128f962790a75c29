"""Every change to the file system that this package makes goes through here, step by step.

Names are always relative to the open descriptor of their folder, so that a folder which an unprivileged user owns
cannot send a write elsewhere between the look and the touch.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Container, Iterable, Iterator, Optional, Tuple

#: Extended attributes of a file: name and value.
Attributes = Iterable[Tuple[str, bytes]]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ATTRIBUTES = (errno.ENOTSUP, errno.ENOSYS, errno.EPERM, errno.EACCES)


@contextlib.contextmanager
def folder(path: str) -> Iterator[int]:
    """The open descriptor of a folder, reached without following any symbolic link.

    :param path: absolute and resolved.
    :raises OSError: it does not exist, or became a link meanwhile.
    """
    descriptor = os.open("/", _FOLDER)
    try:
        for part in path.split("/"):
            if part:
                below = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def look(at: int, name: str) -> Optional[os.stat_result]:
    """What is there under that name (a link itself, not its target); ``None`` when nothing is."""
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None


def open_file(at: int, name: str) -> int:
    """Open a regular file for reading; does not wait for pipes and does not follow links."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)


def create(at: int, name: str, mode: int = 0o600) -> int:
    """Create a new file and open it for writing."""
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=at)


def write(descriptor: int, data: bytes) -> None:
    """Write everything."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def cut(descriptor: int) -> None:
    """End a file where the last write ended."""
    os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR))


def sync(descriptor: int) -> None:
    """Wait until a file or folder is on the disk."""
    os.fsync(descriptor)


def rename(at: int, old: str, new: str) -> None:
    """Put ``old`` in the place of ``new`` in one step, and wait until the folder says so on disk."""
    os.rename(old, new, src_dir_fd=at, dst_dir_fd=at)
    os.fsync(at)


def remove(at: int, name: str) -> bool:
    """Remove a file or link. Returns whether there was one."""
    try:
        os.unlink(name, dir_fd=at)
    except FileNotFoundError:
        return False
    os.fsync(at)
    return True


def discard(at: int, name: str) -> None:
    """Remove a temporary file, link or empty folder, if it is there; not being able to is no error."""
    with contextlib.suppress(OSError):
        found = look(at, name)
        if found is not None:
            (os.rmdir if stat.S_ISDIR(found.st_mode) else os.unlink)(name, dir_fd=at)


def make_folder(at: int, name: str) -> None:
    """Create a folder that only its owner can enter."""
    os.mkdir(name, 0o700, dir_fd=at)


def remove_folder(at: int, name: str) -> None:
    """:raises OSError: it is not empty."""
    os.rmdir(name, dir_fd=at)
    os.fsync(at)


def make_link(at: int, name: str, target: str) -> None:
    """Create a symbolic link."""
    os.symlink(target, name, dir_fd=at)


def own(at: int, name: str, uid: int, gid: int) -> None:
    """Give something to a user and group; a link itself, not its target."""
    os.chown(name, uid, gid, dir_fd=at, follow_symlinks=False)


def permit(at: int, name: str, mode: int) -> None:
    """Set permission bits of a file or folder that is open to nobody else's tricks: never through a link."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    try:
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stamp(at: int, name: str, atime_ns: int, mtime_ns: int) -> None:
    """Set the time stamps; of a link itself, not its target."""
    os.utime(name, ns=(atime_ns, mtime_ns), dir_fd=at, follow_symlinks=False)


def dress(descriptor: int, uid: int, gid: int, mode: int, attributes: Attributes) -> None:
    """Owner, extended attributes (with them access control lists) and permission bits, in the order that keeps them."""
    found = os.fstat(descriptor)
    if (found.st_uid, found.st_gid) != (uid, gid):
        os.fchown(descriptor, uid, gid)
    wanted = dict(attributes)
    for name in _other_attributes(descriptor, wanted):
        os.removexattr(descriptor, name)
    for name, value in wanted.items():
        _set_attribute(descriptor, name, value)
    os.fchmod(descriptor, mode)


def _other_attributes(descriptor: int, wanted: Container[str]) -> list[str]:
    """Attributes to take away. Labels of the kernel's security modules are not ours to remove."""
    if not hasattr(os, "listxattr"):
        return []
    try:
        return [name for name in os.listxattr(descriptor) if name not in wanted and not name.startswith("security.")]
    except OSError:
        return []


def _set_attribute(descriptor: int, name: str, value: bytes) -> None:
    if not hasattr(os, "setxattr"):
        return
    with contextlib.suppress(OSError):
        if os.getxattr(descriptor, name) == value:
            return  # the kernel labels new files by itself
    os.setxattr(descriptor, name, value)


def attributes(descriptor: int) -> tuple[tuple[str, bytes], ...]:
    """Extended attributes of an open file or folder; none where the platform has none."""
    if not hasattr(os, "listxattr"):
        return ()
    found = []
    try:
        for name in sorted(os.listxattr(descriptor)):
            found.append((name, os.getxattr(descriptor, name)))  # noqa: PERF401
    except OSError as error:
        if error.errno not in (*_NO_ATTRIBUTES, errno.ENODATA):
            raise
    return tuple(found)


def reserve(at: int, name: str, size: int) -> None:
    """Create a file that really occupies ``size`` bytes.

    :raises OSError: the disk is full.
    """
    descriptor = create(at, name)
    try:
        os.posix_fallocate(descriptor, 0, size)
        os.fsync(descriptor)
    except OSError:
        os.unlink(name, dir_fd=at)
        raise
    finally:
        os.close(descriptor)


def kind_of(mode: int) -> str:
    """``file``, ``link``, ``directory`` or ``other`` (devices, sockets, pipes)."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "directory"
    return "other"
