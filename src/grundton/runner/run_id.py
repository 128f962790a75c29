"""Run ids: when it began, and a few random digits so that two runs in one second differ."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

PATTERN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def new_run_id(now: datetime | None = None) -> str:
    """Return an id like `20261123T180000Z-3fa9c1`; ids sort by time."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
