"""Small copies of hosts, recorded answers, and objects by kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import Contribution, Source

RECORDED = Path(__file__).parent / "recorded"


class Found:
    """What a collector handed over, easy to look into."""

    def __init__(self, parts: Iterable[Contribution]) -> None:
        self.parts = list(parts)

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        return {item.name: dict(item.values) for part in self.parts for item in part.objects if item.kind == kind}

    def one(self, kind: str, name: str) -> dict[str, Any]:
        return self.all(kind)[name]

    def source(self, key: str) -> Source:
        return next(source for part in self.parts for source in part.sources if source.key == key)


@pytest.fixture
def host(tmp_path: Path) -> Callable[..., str]:
    """Make a copy of a host: ``host({"/etc/x": "text", "/etc/y": ("link", "/etc/x")})`` returns its root."""
    root = tmp_path / "copy"
    root.mkdir()

    def make(files: dict[str, Any], modes: dict[str, int] | None = None) -> str:
        for name, content in files.items():
            path = root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                path.symlink_to(content[1])
            elif content is None:
                path.mkdir(exist_ok=True)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content)
        for name, mode in (modes or {}).items():
            (root / name.lstrip("/")).chmod(mode)
        return str(root)

    return make


@pytest.fixture
def look() -> Callable[..., Found]:
    """Run a module's ``collect`` on a copy: ``look(sshd, root)``."""

    def run(module: Any, root: str, live: bool = False, **more: Any) -> Found:
        return Found(module.collect(root, live, Deadline.after(30), **more))

    return run


@pytest.fixture
def recorded() -> Callable[[str], str]:
    """The text of a recorded answer."""
    return lambda name: (RECORDED / name).read_text()


@pytest.fixture
def as_root() -> None:
    """Skip unless the test runs as root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
