"""Reading files of a host, live or from a copy, without ever leaving the copy.

A path is always the host's own (``/etc/ssh/sshd_config``). With a root other than ``/`` every symbolic
link is resolved inside the root, the way the host itself would see it, so a link to ``/etc/shadow`` in a
copied tree reads the copy's file or nothing.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from typing import Optional

#: Largest file read in full; longer ones are cut and reported.
TEXT_LIMIT = 4 * 1024 * 1024

#: Most links followed in one path, as in the kernel.
MAX_HOPS = 40

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ESRCH)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part and part != "."]


def reason(error: OSError) -> str:
    """The plain words for an operating system error: ``permission denied``."""
    return (error.strerror or error.__class__.__name__).lower()


class Tree:
    """The files of one host below ``root``.

    Reading never raises: what is not there is ``None`` (or empty), what is there but cannot be read is
    ``None`` too and is named in ``problems`` as ``/path: reason``.
    """

    def __init__(self, root: str = "/") -> None:
        self.root = os.path.realpath(root)
        self.problems: list[str] = []

    def problem(self, path: str, why: str) -> None:
        """Remember, once, that ``path`` could not be read."""
        text = f"{path}: {why}"
        if text not in self.problems:
            self.problems.append(text)

    def _failed(self, path: str, error: OSError) -> None:
        if error.errno not in _ABSENT:
            self.problem(path, reason(error))

    def real(self, path: str, follow: bool = True) -> str:
        """Where ``path`` of the host lies on this machine, links resolved inside the root.

        ``follow=False`` leaves the last part alone. Raises ``OSError`` when links form a loop or a
        directory on the way cannot be searched.
        """
        if self.root == "/":
            return path
        return self.root + self.canonical(path, follow)

    def canonical(self, path: str, follow: bool = True) -> str:
        """``path`` of the host with every link resolved, still as a path of the host."""
        todo = _parts(path)[::-1]
        base = "" if self.root == "/" else self.root
        done: list[str] = []
        hops = 0
        while todo:
            part = todo.pop()
            if part == "..":
                if done:
                    done.pop()
                continue
            if not todo and not follow:
                done.append(part)
                break
            try:
                target = os.readlink("/".join([base, *done, part]))
            except OSError as error:
                if error.errno not in (errno.EINVAL, *_ABSENT):
                    raise
                done.append(part)
                continue
            except ValueError:  # an embedded NUL
                raise OSError(errno.EINVAL, "invalid path") from None
            hops += 1
            if hops > MAX_HOPS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if target.startswith("/"):
                done = []
            todo.extend(_parts(target)[::-1])
        return "/" + "/".join(done)

    def stat(self, path: str, follow: bool = True) -> Optional[os.stat_result]:
        """``stat`` of a path, ``None`` when it is not there or out of reach."""
        try:
            real = self.real(path, follow)
            return os.stat(real) if follow else os.lstat(real)
        except OSError as error:
            self._failed(path, error)
        except ValueError:
            self.problem(path, "invalid path")
        return None

    def exists(self, path: str) -> bool:
        """Whether the path leads to something."""
        return self.stat(path) is not None

    def is_dir(self, path: str) -> bool:
        """Whether the path leads to a directory."""
        found = self.stat(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def link(self, path: str) -> Optional[str]:
        """The text of a symbolic link, ``None`` when it is none."""
        try:
            return os.readlink(self.real(path, follow=False))
        except (OSError, ValueError):
            return None

    def data(self, path: str, limit: int = TEXT_LIMIT) -> Optional[bytes]:
        """The bytes of a regular file, at most ``limit`` (a longer file is a problem)."""
        try:
            handle = os.open(self.real(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            self._failed(path, error)
            return None
        except ValueError:
            self.problem(path, "invalid path")
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            chunks: list[bytes] = []
            left = limit + 1
            while left > 0:
                chunk = os.read(handle, min(left, 1 << 20))
                if not chunk:
                    break
                chunks.append(chunk)
                left -= len(chunk)
        except OSError as error:
            self._failed(path, error)
            return None
        finally:
            os.close(handle)
        content = b"".join(chunks)
        if len(content) > limit:
            self.problem(path, f"longer than {limit} bytes, the rest was not read")
            content = content[:limit]
        return content

    def text(self, path: str, limit: int = TEXT_LIMIT) -> Optional[str]:
        """The text of a regular file as UTF-8 (wrong bytes become U+FFFD)."""
        content = self.data(path, limit)
        return None if content is None else content.decode("utf-8", "replace")

    def line(self, path: str) -> Optional[str]:
        """The first line of a small file, trimmed: for ``/proc`` and ``/sys`` values."""
        content = self.text(path, 65536)
        return None if content is None else content.split("\n", 1)[0].strip()

    def names(self, path: str) -> list[str]:
        """The sorted names in a directory, empty when it is absent or cannot be listed."""
        try:
            return sorted(os.listdir(self.real(path)))
        except OSError as error:
            self._failed(path, error)
        except ValueError:
            self.problem(path, "invalid path")
        return []

    def glob(self, pattern: str) -> list[str]:
        """The sorted paths of the host that match a shell pattern (``*``, ``?``, ``[]`` per part)."""
        found = [""]
        for part in _parts(pattern):
            if not any(sign in part for sign in "*?["):
                found = [f"{path}/{part}" for path in found]
                continue
            longer = []
            for path in found:
                for name in self.names(path or "/"):
                    hidden = name.startswith(".") and not part.startswith(".")
                    if not hidden and fnmatch.fnmatchcase(name, part):
                        longer.append(f"{path}/{name}")
            found = longer
        return [path for path in found if path and self.stat(path, follow=False) is not None]
