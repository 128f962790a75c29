"""Names made short, and made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundton.report.text import Run, listed, natural_key, runs, visible


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["6001"], "6001"),
        (["6001", "6002"], "6001, 6002"),
        ([str(6000 + n) for n in range(1, 15)] + ["6020"], "6001-6014, 6020"),
        (["6020", "6002", "6001", "6003", "6001"], "6001-6003, 6020"),
        (["pbx8", "pbx9", "pbx10", "pbx11"], "pbx[8-11]"),
        (["pbx-01", "pbx-02", "pbx-03"], "pbx-[01-03]"),
        (["a01.example", "a02.example", "a03.example", "b.example"], "a[01-03].example, b.example"),
        (["001", "002", "003", "4"], "001-003, 4"),
        (["09", "10", "11"], "09-11"),
        (["9", "10", "11"], "9-11"),
        (["transport-udp", "transport-tls"], "transport-tls, transport-udp"),
        (["1", "01", "2"], "01, 1, 2"),
    ],
)
def test_lists_are_folded(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_a_limit_counts_what_it_hides() -> None:
    assert listed([str(n) for n in range(0, 40, 2)], 3) == "0, 2, 4 … (+17)"


@given(st.lists(st.one_of(st.integers(0, 300).map(str), st.text(max_size=6)), max_size=60))
def test_folding_loses_and_invents_nothing(names: list[str]) -> None:
    unfolded: list[str] = []
    for item in runs(names):
        if isinstance(item, Run):
            first, last = int(item.first), int(item.last)
            width = len(item.first)
            unfolded += [f"{item.head}{str(n).zfill(width)}{item.tail}" for n in range(first, last + 1)]
        else:
            unfolded.append(item)
    assert sorted(unfolded) == sorted(set(names))


@given(st.lists(st.text(max_size=8)))
def test_natural_order_is_total(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü €", "plain äöü €"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("\u2028", "\\u2028"),
        ("\udcff", "\\xff"),
        ("\ud800", "\\ud800"),
        ("a\u200bb", "a\\u200bb"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_shown_text_is_printable_and_encodable(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
