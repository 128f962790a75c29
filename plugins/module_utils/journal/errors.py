"""What can go wrong, in words for the person who reads them. No message ever quotes the content of a file."""

from __future__ import annotations

from typing import Sequence


class JournalError(Exception):
    """Something could not be recorded, changed or taken back; nothing was touched beyond what the journal says."""


class NoSuchRunError(JournalError):
    """There is no journal of that name."""


class RunInProgressError(JournalError):
    """Another run is neither confirmed nor rolled back.

    :ivar run: its id.
    :ivar state: ``open``, ``unconfirmed`` or ``rolling_back``.
    """

    def __init__(self, run: str, state: str, began: str, changes: int) -> None:
        self.run = run
        self.state = state
        super().__init__(
            f"the run {run} of {began} is not finished ({WORDS[state]}, {changes} change(s) recorded): "
            "confirm it or roll it back first"
        )


class RunClosedError(JournalError):
    """The run takes no more changes: it was confirmed or rolled back, perhaps by its guard a moment ago."""

    def __init__(self, run: str, state: str, why: str = "it takes no more changes") -> None:
        self.run = run
        self.state = state
        super().__init__(f"{why}: the run {run} is {WORDS[state]}")


class SymbolicLinkError(JournalError):
    """The path is a symbolic link and the caller did not say what to do with it.

    :ivar target: where it leads, resolved.
    """

    def __init__(self, path: str, target: str) -> None:
        self.path = path
        self.target = target
        super().__init__(f"{path} is a symbolic link to {target}: not changed, because the change would land there")


class RefusedError(JournalError):
    """The rollback did nothing, because somebody changed things since.

    :ivar refused: one ``{"path" or "unit": …, "why": …}`` each.
    """

    def __init__(self, run: str, refused: Sequence[dict[str, str]]) -> None:
        self.run = run
        self.refused = list(refused)
        what = "; ".join(f"{one.get('path') or one.get('unit')}: {one['why']}" for one in self.refused)
        super().__init__(
            f"the run {run} was not rolled back, nothing was changed. In the way: {what}. "
            "With force the state before the run is restored, and what is there now is kept in the journal"
        )


#: State of a run → words.
WORDS = {
    "open": "still being applied",
    "unconfirmed": "applied but not confirmed",
    "confirmed": "confirmed",
    "rolling_back": "being rolled back",
    "rolled_back": "rolled back",
}
