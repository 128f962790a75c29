"""The errors a person gets to read. Each says what happened, where, and what to do."""

from __future__ import annotations


class GrundtonError(Exception):
    """A foreseen problem; ends the command with `exit_code` and no traceback."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(GrundtonError):
    """The operator gave something that cannot be used: a bad option, target, file or variable."""

    exit_code = 2


class AuditError(GrundtonError):
    """The audit could not be done: nothing was reached, nothing matched, nothing to judge."""

    exit_code = 3
