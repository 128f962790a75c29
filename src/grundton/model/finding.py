"""Findings: one control's verdict on the objects of one host that share it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from grundton.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Detail:
    """One compared value: which key, where it was read, what was wanted, what was found."""

    key: str
    place: str
    expected: str
    actual: str
    ok: bool | None
    location: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One control on one host, for all objects that share verdict, expected, actual and place.

    `objects` are names as the operator knows them (`6001`); `kind` says what they are (`pjsip.endpoint`).
    `reason` explains every verdict but a plain pass or fail.
    """

    id: str
    control: str
    host: str
    verdict: Verdict
    kind: str
    objects: tuple[str, ...]
    details: tuple[Detail, ...]
    reason: str = ""
    waiver: str = ""

    @property
    def failed_details(self) -> tuple[Detail, ...]:
        """The details that made it fail."""
        return tuple(detail for detail in self.details if detail.ok is False)


def finding_id(control: str, host: str, objects: tuple[str, ...], kind: str = "") -> str:
    """Stable id of a finding: the same control, host, kind and objects give the same twelve hex digits in every run."""
    text = "\0".join((control, host, kind, *sorted(objects)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
