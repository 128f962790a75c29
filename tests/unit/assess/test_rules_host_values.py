"""Times as fail2ban writes them."""

from __future__ import annotations

import pytest

from grundton.assess.rules.host_logs import seconds

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600", 600),
        ("600s", 600),
        ("10m", 600),
        ("1h", 3600),
        ("1d 12h", 129600),
        ("1d12h", 129600),
        ("2w", 1209600),
        ("-1", float("inf")),
        ("", None),
        ("ten minutes", None),
        ("10 parsecs", None),
        ("%(bantime)s", None),
    ],
)
def test_seconds(text: str, expected: float | None) -> None:
    assert seconds(text) == expected
