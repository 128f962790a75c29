"""Labs for tests: own names, always taken down."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

import pytest

from grundton.lab import Lab, LabError, down, up
from grundton.lab.machine import check_runnable


@pytest.fixture(scope="session")
def lab_capable() -> None:
    """Skip where no lab can run, unless GRUNDTON_NEED_LAB says that it must."""
    try:
        check_runnable()
    except LabError as error:
        if os.environ.get("GRUNDTON_NEED_LAB"):
            raise
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture(scope="session")
def office(lab_capable: None) -> Iterator[Lab]:
    """The office lab, shared by all tests of the session: do not change its configuration for good."""
    name = f"grundton-test-{os.getpid()}"
    try:
        yield up(name, topology_name="office", progress=_say)
    finally:
        down(name)


@pytest.fixture
def make_lab(lab_capable: None) -> Iterator[Callable[..., Lab]]:
    """A function that starts a lab of the test's own: ``make_lab("name", topology="office")``."""
    started: list[str] = []

    def make(suffix: str, topology: str = "office") -> Lab:
        name = f"gtest-{os.getpid()}-{suffix}"
        started.append(name)
        return up(name, topology_name=topology, progress=_say)

    yield make
    for name in started:
        down(name)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
