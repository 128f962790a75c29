"""What is written down about every run: the command, times, versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from grundton import __version__
from grundton.runner.folder import RunFolder


@contextmanager
def noted(folder: RunFolder, command: Sequence[str]) -> Iterator[None]:
    """Keep a record of the run while it goes on; its key does not outlive it."""
    from importlib.metadata import version

    folder.update_run(
        command=list(command),
        started_at=_stamp(),
        versions={
            "grundton": __version__,
            "ansible-core": version("ansible-core"),
            "python": platform.python_version(),
        },
    )
    try:
        yield
    finally:
        folder.forget_key()
        folder.update_run(finished_at=_stamp())


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
