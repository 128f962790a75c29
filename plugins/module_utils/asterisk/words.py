"""Small helpers for tables written as text."""

from __future__ import annotations

from typing import FrozenSet


def words(text: str) -> FrozenSet[str]:
    """The set of the blank-separated words of a text."""
    return frozenset(text.split())
