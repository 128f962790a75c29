"""What every test needs: the collection is importable, and tests are marked by where they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from grundton.collection import ensure_importable

ensure_importable()

TESTS = Path(__file__).parent
MARKER_OF_FOLDER = {
    "unit": "unit",
    "scenarios": "scenario",
    "lab": "lab",
    "browser": "browser",
    "packaging": "packaging",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        top = item.path.relative_to(TESTS).parts[0]
        if marker := MARKER_OF_FOLDER.get(top):
            item.add_marker(marker)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return TESTS.parent
