"""Running other programs, with errors that name the program and what it said."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from grundton.lab.errors import LabError


def run(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    check: bool = True,
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its output as text.

    :param timeout: seconds; the program is killed after that.
    :raises LabError: the program is missing, took too long, or (with ``check``) failed.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=dict(env) if env is not None else None,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"the program {argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} did not finish within {timeout:g} seconds") from error
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message")[-2000:]
        raise LabError(f"{' '.join(argv[:6])} failed (exit {done.returncode}): {said}")
    return done
