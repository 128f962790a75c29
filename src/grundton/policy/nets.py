"""The one place that imports netaddr, which comes without type information."""

from __future__ import annotations

from netaddr import IPNetwork  # type: ignore[import-untyped, unused-ignore]

__all__ = ["IPNetwork"]
