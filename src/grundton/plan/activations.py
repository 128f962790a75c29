"""Activations of the catalogue as the plan uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grundton.plan.model import Activation


def activations_of(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Activation]:
    """Return every activation by the name records use: `asterisk.pjsip_reload`."""
    return {
        name: Activation(
            name=name,
            commands=tuple(tuple(command) for command in raw["commands"]),
            impact=raw["impact"],
            effect=raw["effect"],
            order=raw["order"],
            failure_patterns=tuple(raw.get("failure_patterns", ())),
        )
        for component, table in tables.items()
        for name, raw in ((f"{component}.{short}", raw) for short, raw in table.items())
    }
