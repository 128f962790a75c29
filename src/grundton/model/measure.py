"""Measures and demands of B 4.7 as the catalogue holds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the two languages of the reports."""

    en: str
    de: str

    def in_language(self, language: str) -> str:
        """Return the text in `de` or, for anything else, in English."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True, slots=True)
class Demand:
    """One numbered sentence of a measure."""

    id: str
    title: Text
    text: Text
    force: str
    checked_by: tuple[str, ...]
    needs: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Successor:
    """Where the measure went: NET.4.2, NET.4.1 (Edition 2023) and Grundschutz++ requirement ids."""

    net_4_2: tuple[str, ...]
    net_4_1: tuple[str, ...]
    gpp: tuple[str, ...]
    level: str | None
    support: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the 23 safeguards of B 4.7."""

    id: str
    slug: str
    title: Text
    stage: str
    kind: str
    successor: Successor
    components: tuple[str, ...]
    summary: Text
    forbidden: tuple[str, ...]
    questions: tuple[str, ...]
    documents: tuple[str, ...]
    attestations: tuple[str, ...]
    responsible: dict[str, tuple[str, ...]]
    demands: tuple[Demand, ...]
