"""Compare upstream version numbers such as `22.10.1` or `18.9-cert17`."""

from __future__ import annotations

import re
from functools import lru_cache

_PART = re.compile(r"\d+|[a-z]+", re.IGNORECASE)


@lru_cache(maxsize=4096)
def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sortable key; numbers compare as numbers, words (rc, cert) as words before numbers.

    `22.10.1~dfsg+~cs6` compares like `22.10.1`: everything from the first `~` or `+` on is cut.
    """
    upstream = re.split(r"[~+]", version.split(":", 1)[-1], maxsplit=1)[0]
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part.lower()) for part in _PART.findall(upstream))


def at_least(version: str, minimum: str) -> bool:
    """Tell whether `version` is the same as or newer than `minimum` (missing parts count as zero)."""
    have, want = version_key(version), version_key(minimum)
    width = max(len(have), len(want))
    pad = ((1, 0, ""),) * width
    return (have + pad)[:width] >= (want + pad)[:width]


def branch_of(version: str, branches: list[str]) -> str | None:
    """Return the longest branch (`22`, `6.1`) the version belongs to, or None."""
    numbers = re.split(r"[~+:-]", version.split(":", 1)[-1])[0].split(".")
    fitting = [branch for branch in branches if numbers[: len(branch.split("."))] == branch.split(".")]
    return max(fitting, key=len, default=None)
