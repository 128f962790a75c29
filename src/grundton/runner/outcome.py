"""What became of each host of a run, and why, in words a person can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["audited", "unreachable", "failed", "bad_policy"]

# First match wins: what Ansible or ssh said → what to do about it.
_ADVICE: tuple[tuple[str, str], ...] = (
    (r"host key verification failed|host key is known by|remote host identification has changed",
     "The host's SSH key is unknown or has changed. Compare its fingerprint, then connect once with ssh to record it."),
    (r"permission denied",
     "SSH refused the login. Check the user, and the key (--ssh-key, or one offered by ssh-agent)."),
    (r"could not resolve hostname|name or service not known|temporary failure in name resolution",
     "The name does not resolve. Check its spelling, or give an address: NAME=user@address."),
    (r"connection refused", "Nothing listens there. Check address and port, and that sshd runs."),
    (r"no route to host|network is unreachable|timed out|timeout",
     "No answer on the network. Check the address, and firewalls on the way."),
    (r"missing sudo password|sudo: a password is required",
     "sudo asks for a password. Give it with --ask-become-pass."),
    (r"incorrect sudo password|duplicate sudo prompt", "sudo refused the password."),
    (r"not in the sudoers file|is not allowed to execute", "The user may not use sudo for this. Choose another user."),
    (r"sudo: (command )?not found|sudo: no such file",
     "The host has no sudo. Log in as root, or leave out --become."),
    (r"you need a newer python|requires python|syntaxerror|module interpreter .* was not found"
     r"|python[0-9.]*: (command )?not found|no python interpreters found|interpreter discovery",
     "The host needs Python 3.9 or newer. Name it with ansible_python_interpreter if it is not found by itself."),
    (r"unprotected private key file|error in libcrypto|invalid format", "The SSH key cannot be used by ssh."),
)  # fmt: skip
_PREFIX = re.compile(
    r"^(?:(?:task failed|action failed|failed to connect to the host via ssh): "
    r"|data could not be sent to remote host \S+ make sure this host can be reached over ssh: )+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HostOutcome:
    """One host: audited, or not and why."""

    status: Status
    reason: str = ""
    advice: str = ""

    @property
    def audited(self) -> bool:
        """True when there is a snapshot to judge."""
        return self.status == "audited"

    def as_data(self) -> dict[str, str]:
        """The outcome as hosts.json holds it."""
        found = {"status": self.status, "reason": self.reason, "advice": self.advice}
        return {key: value for key, value in found.items() if value}

    @classmethod
    def from_data(cls, data: Mapping[str, str]) -> HostOutcome:
        """Read an outcome from hosts.json."""
        return cls(data.get("status", "failed"), data.get("reason", ""), data.get("advice", ""))  # type: ignore[arg-type]

    @classmethod
    def from_result(cls, result: Mapping[str, Any] | None) -> HostOutcome:
        """Read the registered result of the snapshot task."""
        if not result:
            return cls("failed", "Ansible reported nothing for this host", "See log.txt in the run folder.")
        text = plain_reason(str(result.get("msg") or ""))
        if result.get("unreachable"):
            return cls("unreachable", text or "no connection", advice_for(text))
        if result.get("failed"):
            if result.get("policy_error"):
                return cls("bad_policy", str(result["msg"]).strip())
            stderr = str(result.get("module_stderr") or "").strip()
            if stderr:
                # The end of a traceback says what happened; anything else says it in its first line.
                text = f"{text}: {stderr.splitlines()[-1 if 'Traceback' in stderr else 0]}"
            return cls("failed", text or "the snapshot failed without a message", advice_for(f"{text}\n{stderr}"))
        return cls("audited")


def plain_reason(message: str) -> str:
    """Return Ansible's message on one line, without the phrases that say nothing."""
    lines = [line.strip() for line in message.strip().splitlines()]
    useful = [line for line in lines if line and not line.startswith(("@@@", "Warning: Permanently added"))]
    return _PREFIX.sub("", " ".join(useful))


def advice_for(text: str) -> str:
    """Return what to do about a failure, when we know."""
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, text, re.IGNORECASE)), "")
