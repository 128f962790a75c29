"""Ask a running Asterisk over its control socket, one command per connection, nothing but questions.

The socket talks as ``asterisk -rx`` does: the daemon greets with ``host/pid/version``, the client sends
``cli quit after <command>`` and a NUL, the daemon answers and closes. Tried with 16.28 and 22.10. When the
greeting is not understood, the program itself is asked instead.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
from typing import List, Optional

from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

_GREETING = re.compile(rb"^[^/\n]*/\d+/([^\n]*)\n")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MAX_ANSWER = 256 * 1024 * 1024
_BINARY = "/usr/sbin/asterisk"


class AskError(Exception):
    """The daemon could not be asked; the text is a reason for people."""


class UnknownCommandError(AskError):
    """The daemon does not have this command: the module behind it is not loaded."""


class Control:
    """Questions to one daemon. ``timeout`` is per command; ``deadline`` ends all."""

    def __init__(self, path: str, deadline: Deadline, timeout: float = 10.0) -> None:
        self.path = path
        self.deadline = deadline
        self.timeout = timeout
        self.greeting: Optional[str] = None
        self._by_program = False

    def ask(self, command: str) -> str:
        """The answer to one CLI command, without colours.

        Raises `AskError` when there is none in time, `UnknownCommandError` when the command does not exist.
        """
        if self.deadline.expired():
            raise AskError("no time left")
        raw = self._program(command) if self._by_program else self._socket(command)
        text = raw.decode("utf-8", "replace")
        if "\x1b" in text:
            text = _COLOUR.sub("", text)
        start = text.lstrip()[:200]
        if start.startswith("No such command"):
            raise UnknownCommandError("the running Asterisk has no '{0}'".format(command))
        if start.startswith("You don't have permissions"):
            raise AskError("cli_permissions.conf does not allow '{0}'".format(command))
        return text

    def _socket(self, command: str) -> bytes:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.05, self.deadline.within(self.timeout)))
            connection.connect(self.path)
            connection.sendall(b"cli quit after " + command.encode("utf-8") + b"\x00")
            data = self._receive(connection, command)
        except socket.timeout:
            raise AskError("'{0}' was not answered in time".format(command)) from None
        except OSError as error:
            raise AskError("control socket {0}: {1}".format(self.path, reason(error))) from None
        finally:
            connection.close()
        found = _GREETING.match(data)
        if found is None:
            self._by_program = True
            return self._program(command)
        self.greeting = found.group(1).decode("utf-8", "replace")
        return data[found.end() :]

    def _receive(self, connection: socket.socket, command: str) -> bytes:
        parts: List[bytes] = []
        size = 0
        until = Deadline.after(self.deadline.within(self.timeout))
        while True:
            left = until.remaining()
            if left <= 0:
                raise AskError("'{0}' was not answered in time".format(command))
            connection.settimeout(left)
            part = connection.recv(1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > _MAX_ANSWER:
                raise AskError("the answer to '{0}' is too large".format(command))

    def _program(self, command: str) -> bytes:
        if not os.access(_BINARY, os.X_OK):
            raise AskError("control socket {0} does not answer as Asterisk does".format(self.path))
        try:
            done = subprocess.run(
                [_BINARY, "-s", self.path, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=max(0.05, self.deadline.within(self.timeout)),
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            raise AskError("'{0}' was not answered in time".format(command)) from None
        if done.returncode:
            raise AskError("asterisk -rx ended with code {0}".format(done.returncode))
        return done.stdout


def reason(error: OSError) -> str:
    """A system error in plain words."""
    if error.errno == errno.ENOENT:
        return "does not exist"
    if error.errno == errno.ECONNREFUSED:
        return "nobody answers"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission denied"
    return os.strerror(error.errno).lower() if error.errno else "cannot be used"
