# ruff: noqa: RUF009 - opt() and need() are dataclasses.field() with documentation
"""Waivers, attestations and decisions as they are written; their meaning lives in :mod:`grundton.records`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from grundton.policy.option import need, opt

ID_DOC = "Unique id, shown in the report."
HOST_DOC = "Hosts it holds for; `*` and `?` are wild cards."


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An accepted exception. Exactly one of control, demand and measure names what it covers."""

    id: str = need(ID_DOC, shape="id")
    control: str = opt("", "Control it covers; `*` is a wild card.", shape="control")
    demand: str = opt("", "Demand it covers.", shape="demand")
    measure: str = opt("", "Measure it covers: the measure is dispensable here.", shape="measure")
    host: str = opt("*", HOST_DOC, shape="pattern")
    object: str = opt("*", "Objects it holds for; `*` and `?` are wild cards.", shape="object")
    reason: str = need("Why the risk is accepted.", shape="text")
    owner: str = need("Who carries the risk, with role.", shape="text")
    approved_by: str = need("Who approved it.", shape="text")
    date: dt.date = need("Day of approval.")
    until: dt.date = need("Last day it holds. No end date, no waiver.")
    compensation: str = opt("", "What is done instead.")
    ticket: str = opt("", "Where it is tracked.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A person's confirmation of something no machine can see."""

    id: str = need(ID_DOC, shape="id")
    demand: str = need("Demand it confirms.", shape="demand")
    host: str = opt("*", HOST_DOC, shape="pattern")
    statement: str = need("What is confirmed.", shape="text")
    person: str = need("Who confirms.", shape="text")
    role: str = need("In which role.", shape="text")
    date: dt.date = need("Day of the confirmation.")
    until: dt.date = need("Last day it holds.")
    evidence: str = opt("", "File or place of the proof.")
    recorded_by: str = opt("", "Who wrote it down.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recorded choice."""

    id: str = need(ID_DOC, shape="id")
    demand: str = need("Demand it decides.", shape="demand")
    host: str = opt("*", HOST_DOC, shape="pattern")
    question: str = need("What was to be decided.", shape="text")
    options: tuple[str, ...] = opt((), "What there was to choose from.", shape="text")
    choice: str = need("What was chosen.", shape="text")
    reason: str = need("Why.", shape="text")
    approved_by: str = need("Who approved it.", shape="text")
    date: dt.date = need("Day of the decision.")
    review: dt.date = need("Day it is looked at again.")
    ticket: str = opt("", "Where it is tracked.")
