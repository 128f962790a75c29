"""Debian's order of versions, with the traps that matter: epoch, tilde, backport suffixes."""

from __future__ import annotations

import pytest

from grundton.model.debian_version import debian_at_least

pytestmark = pytest.mark.unit

# Each pair: older, newer (checked against `dpkg --compare-versions`).
ORDER = [
    ("1:16.28.0~dfsg-0+deb11u4", "1:16.28.0~dfsg-0+deb11u5"),
    ("1:16.28.0~dfsg-0+deb11u9", "1:16.28.0~dfsg-0+deb11u10"),
    ("16.28.0", "1:16.28.0~dfsg-0+deb11u4"),
    ("1.0~rc1", "1.0"),
    ("1.0~~", "1.0~"),
    ("1.0~", "1.0"),
    ("1.0", "1.0+b1"),
    ("1.0", "1.0-1"),
    ("1.0-1~bpo11+1", "1.0-1"),
    ("1.0", "1.0a"),
    ("1.0a", "1.0+"),
    ("1.9", "1.10"),
    ("2:1.0", "10:0.1"),
    ("1:22.10.0~dfsg+~cs6.15.60671435-1", "1:22.10.1~dfsg+~cs6.15.60671435-1"),
]


@pytest.mark.parametrize(("older", "newer"), ORDER)
def test_order(older: str, newer: str) -> None:
    assert debian_at_least(newer, older)
    assert not debian_at_least(older, newer)


@pytest.mark.parametrize(("left", "right"), [("1.0", "1.0-0"), ("1.00", "1.0"), ("0:1.0", "1.0")])
def test_equal(left: str, right: str) -> None:
    assert debian_at_least(left, right)
    assert debian_at_least(right, left)
