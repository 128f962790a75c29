"""Small trees of configuration files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Config, parse
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import FileTable

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "asterisk"


class Written:
    """A tree below ``root`` that tests write files into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = FileTable()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name.lstrip("/") if name.startswith("/") else self.root / "etc/asterisk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def parse(self, name: str = "x.conf", content: str | bytes | None = None) -> Config:
        if content is not None:
            self.write(name, content)
        return parse(Tree(str(self.root)), "/etc/asterisk", name, self.files)


@pytest.fixture
def tree(tmp_path: Path) -> Written:
    return Written(tmp_path)


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(b"k" * 32)


@pytest.fixture(params=["16", "22"])
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a real Asterisk of this branch answered with the configuration in fixtures/asterisk/office."""
    found: dict[str, str] = json.loads((FIXTURES / "cli" / f"{request.param}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def values() -> Callable[[Config, str], list[tuple[str, str]]]:
    def of(config: Config, name: str) -> list[tuple[str, str]]:
        return [(key, written[0]) for section in config.named(name) for key, written in section.variables]

    return of


def objects(document: dict[str, Any], origin: str, kind: str) -> dict[str, dict[str, Any]]:
    return {o["name"]: o["values"] for o in document["objects"] if o["from"] == origin and o["kind"] == kind}
