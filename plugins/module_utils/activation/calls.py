"""Who is on the line, from ``core show channels concise``."""

from __future__ import annotations

import re
from typing import Iterable, List, NamedTuple


class Channel(NamedTuple):
    """One channel: its name, the extension it is at, the state, application and its arguments."""

    name: str
    extension: str
    state: str
    application: str
    data: str
    unique: str


def channels(answer: str) -> List[Channel]:
    """Every channel of the answer."""
    found = []
    for line in answer.split("\n"):
        parts = line.rstrip("\r").split("!")
        if len(parts) >= 14 and "/" in parts[0]:
            # arguments may hold the separator themselves: count the fields behind them from the end
            data = "!".join(parts[6 : len(parts) - 7])
            found.append(Channel(parts[0], parts[2], parts[4], parts[5], data, parts[-1]))
    return found


def emergencies(found: Iterable[Channel], numbers: Iterable[str]) -> List[str]:
    """Names of the channels that call one of these numbers."""
    wanted = set(numbers)
    return [
        one.name
        for one in found
        if one.extension in wanted or (one.application and wanted.intersection(re.findall(r"\d+", one.data)))
    ]
