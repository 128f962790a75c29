"""Running a program of a live host: by fixed search path, in the C locale, with a time limit."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Optional, Sequence

from ..snapshot.deadline import Deadline

#: Where programs are looked for; the caller's ``PATH`` plays no part.
SEARCH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")

_ENVIRONMENT = {
    "LC_ALL": "C",
    "PATH": ":".join(SEARCH),
    "TZ": "UTC",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
}


@dataclass(frozen=True)
class Ran:
    """What a program said. ``failure`` is empty, or why there is no (complete) answer."""

    code: int = -1
    out: str = ""
    err: str = ""
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether the program ran and ended with 0."""
        return not self.failure and self.code == 0

    def why(self) -> str:
        """One plain line on why the answer is not usable."""
        if self.failure:
            return self.failure
        last = self.err.strip().splitlines()
        return last[-1].strip() if last else f"exit code {self.code}"


def find(name: str) -> Optional[str]:
    """The full path of a program, ``None`` when the host does not have it."""
    for folder in SEARCH:
        path = f"{folder}/{name}"
        if os.access(path, os.X_OK):
            return path
    return None


def run(argv: Sequence[str], deadline: Deadline, seconds: float = 3.0) -> Ran:
    """Run a program and return its answer; never raises for what the program does."""
    path = find(argv[0])
    if path is None:
        return Ran(failure=f"{argv[0]} is not installed")
    limit = deadline.within(seconds)
    if limit <= 0:
        return Ran(failure=f"{argv[0]} was not asked: no time left")
    try:
        done = subprocess.run(
            [path, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(failure=f"{argv[0]} did not answer in {limit:.1f} s")
    except OSError as error:
        return Ran(failure=f"{argv[0]}: {(error.strerror or 'cannot run').lower()}")
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
