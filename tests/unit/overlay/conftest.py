"""Small trees of configuration files that settings are put into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.overlay import asterisk
from ansible_collections.grundton.voip.plugins.module_utils.overlay.limits import Limits
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import Outcome, Setting
from ansible_collections.grundton.voip.plugins.module_utils.overlay.view import View, texts
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor

FOUND = Installation(present=True, version="22.10.1", directory="/etc/asterisk")


class Host:
    """A host's files below ``root``; settings are really written there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = Tree(str(root))

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/") if name.startswith("/") else self.root / "etc/asterisk" / name

    def write(self, name: str, content: str | bytes) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self, name: str) -> str:
        return self.path(name).read_bytes().decode()

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def put(self, *settings: Setting, limits: Limits | None = None) -> Outcome:
        outcome = asterisk.put(self.tree, FOUND, settings, limits or Limits("22.10.1"), Redactor(b"k"))
        self.keep(outcome)
        return outcome

    def take(self, controls: tuple[str, ...] = (), measures: tuple[str, ...] = ()) -> Outcome:
        outcome = asterisk.take(self.tree, FOUND, lambda one: one.without(controls, measures), Redactor(b"k"))
        self.keep(outcome)
        return outcome

    def keep(self, outcome: Outcome) -> None:
        for new in outcome.files:
            if new.after is None:
                self.path(new.path).unlink()
            else:
                self.write(new.path, new.after)

    def values(self, kind: str, name: str) -> dict[str, list[Any]]:
        item = View(self.tree, FOUND, Redactor(b"k")).item(kind, name)
        assert item is not None, (kind, name)
        return texts(item)

    def everything(self) -> dict[tuple[str, str], dict[str, list[Any]]]:
        view = View(self.tree, FOUND, Redactor(b"k"))
        return {name: texts(item) for name, item in view.items().items()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    made.write("asterisk.conf", "[options]\nverbose = 3\n")
    return made
