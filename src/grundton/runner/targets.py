"""Ad hoc targets: `[NAME=][user@]host[:port]` or `localhost`, and the inventory made of them."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grundton.runner.errors import InputError

_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?"
_TARGET = re.compile(
    rf"(?:(?P<name>{_WORD})=)?(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.\-$]*)@)?"
    rf"(?:\[(?P<bracketed>[^\]]+)\](?::(?P<port6>\d+))?|(?P<host>{_WORD})(?::(?P<port>\d+))?|(?P<bare>[^\s\[\]]+:[^\s\[\]]*:[^\s\[\]]*))"
)
_FORM = "A target is user@host, user@host:port, NAME=user@host, [2001:db8::5]:22, or localhost."


@dataclass(frozen=True, slots=True)
class Target:
    """One host given on the command line."""

    name: str
    host: str
    user: str | None = None
    port: int | None = None

    @property
    def local(self) -> bool:
        """True for this very machine, which needs no SSH."""
        return self.host == "localhost" and self.user is None and self.port is None

    def variables(self) -> dict[str, Any]:
        """The connection variables for Ansible."""
        if self.local:
            return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        found: dict[str, Any] = {"ansible_host": self.host}
        if self.user:
            found["ansible_user"] = self.user
        if self.port:
            found["ansible_port"] = self.port
        return found


def parse_target(text: str) -> Target:
    """Read one target; raises InputError with the accepted forms."""
    match = _TARGET.fullmatch(text.strip())
    if not match:
        raise InputError(f"{text!r} is not a target", _FORM)
    host = match["host"]
    if address := match["bracketed"] or match["bare"]:
        host = _address6(address, text)
    number = match["port"] or match["port6"]
    port = int(number) if number else None
    if port is not None and not 0 < port < 65536:
        raise InputError(f"{text!r}: {port} is not a port (1 to 65535)", _FORM)
    return Target(match["name"] or host, host, match["user"], port)


def _address6(address: str, text: str) -> str:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise InputError(f"{text!r}: {address!r} is not an IPv6 address", _FORM) from None
    return address


def parse_targets(texts: Sequence[str]) -> list[Target]:
    """Read all targets; two may not carry the same name."""
    targets = [parse_target(text) for text in texts]
    names = [target.name for target in targets]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise InputError(
            f"two targets are called {doubled!r}", "Give them names of their own: one=user@host two=user@host:2222"
        )
    return targets


def inventory_of(targets: Sequence[Target], policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return an inventory, as data, with these hosts and the policy for all of them."""
    return {
        "all": {"hosts": {target.name: target.variables() for target in targets}, "vars": dict(policy)},
    }
