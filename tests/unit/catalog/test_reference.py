"""The reference pages say what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from grundton.catalog import load
from grundton.catalog.reference import pages

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", ["measures.md", "controls.md"])
def test_page_is_not_stale(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages(load())[name], "python -m grundton.catalog.reference"
