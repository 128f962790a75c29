"""Spans of time as systemd writes them (systemd.time(7)). Pure."""

from __future__ import annotations

import re
from typing import Optional

_SECONDS = {
    "us": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "month": 2629800.0, "y": 31557600.0,
}  # fmt: skip
_PART = re.compile(r"([0-9.]+)(us|μs|month|ms|min|s|h|d|w|y)\Z")


def seconds(text: str) -> Optional[float]:
    """Seconds of a span like ``1h 2min 3.5s``; ``None`` for ``infinity``, nothing, or what is no span.

    >>> seconds("1min 30.5s")
    90.5
    """
    total = 0.0
    for word in text.split():
        part = _PART.match(word)
        if part is None:
            return None
        total += float(part.group(1)) * _SECONDS[part.group(2)]
    return total if text.split() else None
