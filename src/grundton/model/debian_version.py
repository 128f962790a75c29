"""Compare Debian package versions (`epoch:upstream-revision`) as dpkg does."""

from __future__ import annotations

import re
from functools import lru_cache

_RUNS = re.compile(r"(\D*)(\d*)")

#: End of a run sorts after `~` and before everything else.
_END = 0


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256


def _part(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Runs of other signs and of digits in turn; each run of signs is closed so that shorter ones compare."""
    runs = [match.groups() for match in _RUNS.finditer(text) if match.group(0)]
    return (*(((*map(_weight, signs), _END), int(digits or 0)) for signs, digits in runs), ((_END,), 0))


@lru_cache(maxsize=4096)
def debian_key(version: str) -> tuple[int, tuple[object, ...], tuple[object, ...]]:
    """Return a sortable key; `1.0~rc1` sorts before `1.0`, an epoch before everything."""
    epoch, colon, rest = version.strip().partition(":")
    if not colon or not epoch.isdigit():
        epoch, rest = "0", version.strip()
    upstream, _, revision = rest.rpartition("-")
    if not upstream:
        upstream, revision = rest, ""
    return int(epoch), _part(upstream), _part(revision or "0")


def debian_at_least(version: str, minimum: str) -> bool:
    """Tell whether a Debian version is the same as or newer than another."""
    return debian_key(version) >= debian_key(minimum)
