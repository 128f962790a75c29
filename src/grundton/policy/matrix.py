"""The encryption matrix: which protection holds between two zones (M 2.374)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grundton.policy.network import EncryptionRule
from grundton.policy.vocabulary import ANY, Encryption

STRICTNESS: dict[Encryption, int] = {"none": 0, "optional": 1, "vpn": 2, "required": 3}


@dataclass(frozen=True, slots=True)
class EncryptionCell:
    """What holds between a zone and the other side."""

    signalling: Encryption = "required"
    media: Encryption = "required"
    reason: str = ""


DEFAULT_CELL = EncryptionCell()


def find_cell(rules: Iterable[EncryptionRule], side: tuple[str, str], other: tuple[str, str]) -> EncryptionCell:
    """Return the cell of the most specific rule; each side is (zone name, zone kind).

    A zone name beats a kind, a kind beats ``any``. Of rules that fit equally well the stricter word wins, for
    signalling and media on their own. Without a rule everything is required.
    """
    best = -1
    fitting: list[EncryptionRule] = []
    for rule in rules:
        score = _score(rule.between, side, other)
        if score > best:
            best, fitting = score, [rule]
        elif score == best and score >= 0:
            fitting.append(rule)
    if best < 0:
        return DEFAULT_CELL
    return EncryptionCell(
        signalling=max((rule.signalling for rule in fitting), key=STRICTNESS.__getitem__),
        media=max((rule.media for rule in fitting), key=STRICTNESS.__getitem__),
        reason="; ".join(dict.fromkeys(rule.reason for rule in fitting if rule.reason)),
    )


def _score(between: tuple[str, ...], side: tuple[str, str], other: tuple[str, str]) -> int:
    first, second = between
    straight = _both(_fit(first, side), _fit(second, other))
    return max(straight, _both(_fit(second, side), _fit(first, other)))


def _both(one: int, two: int) -> int:
    return -1 if one < 0 or two < 0 else one + two


def _fit(word: str, side: tuple[str, str]) -> int:
    name, kind = side
    if word == kind:
        return 1
    if word == name:
        return 2
    return 0 if word == ANY else -1
