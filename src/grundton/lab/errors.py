"""The one exception of the lab."""

from __future__ import annotations


class LabError(Exception):
    """Something the lab cannot do, said so that a person can act on it.

    The message is plain text without a trailing stop; ``hint`` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def add_hint(self, hint: str) -> None:
        """Say one more thing to do about it."""
        self.hint = f"{self.hint}\n{hint}" if self.hint else hint

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}\n{self.hint}" if self.hint else message
