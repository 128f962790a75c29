"""The synthetic estates, loaded once."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@cache
def load_synthetic() -> ModuleType:
    """The generator beside this file, as a module of its own (tests are not packages)."""
    path = Path(__file__).parent / "synthetic.py"
    spec = importlib.util.spec_from_file_location("grundton_synthetic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    return load_synthetic()


@pytest.fixture(scope="session")
def three(synthetic: ModuleType) -> dict[str, Any]:
    """Three hosts; do not change it."""
    return synthetic.document(3)


@pytest.fixture(scope="session")
def one(synthetic: ModuleType) -> dict[str, Any]:
    """One host; do not change it."""
    return synthetic.document(1)


@pytest.fixture(scope="session")
def hostile(synthetic: ModuleType) -> dict[str, Any]:
    """Twenty hosts with names and values that try to break out."""
    return synthetic.document(20, hostile=True)


@pytest.fixture(scope="session")
def many(synthetic: ModuleType) -> dict[str, Any]:
    """Sixty hosts, the last not reached."""
    return synthetic.document(60)
