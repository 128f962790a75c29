"""How configuration words compare: booleans, numbers, enumerations, addresses, redacted secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netaddr import AddrFormatError, IPAddress, IPNetwork

from grundton.model.snapshot import Datum

#: Words Asterisk takes for true and false (main/utils.c, ast_true and ast_false); the others share them.
TRUE_WORDS = frozenset({"yes", "true", "y", "t", "1", "on", "enabled"})
FALSE_WORDS = frozenset({"no", "false", "n", "f", "0", "off", "disabled"})


def is_true(text: str) -> bool:
    """Tell whether a configuration word means yes."""
    return text.strip().lower() in TRUE_WORDS


def is_false(text: str) -> bool:
    """Tell whether a configuration word means no."""
    return text.strip().lower() in FALSE_WORDS


def same(value: Datum, wanted: object) -> bool:
    """Compare a value with a literal of a record: yes/no words, integers, otherwise text in any case."""
    if not isinstance(value, str):
        return False
    if isinstance(wanted, bool):
        return is_true(value) if wanted else is_false(value)
    if isinstance(wanted, int):
        return number(value) == wanted
    text = str(wanted)
    if text == "yes":
        return is_true(value)
    if text == "no":
        return is_false(value)
    return value.strip().lower() == text.strip().lower()


def number(value: Datum | None) -> float | None:
    """Read a number (`60`, `3.0`, `60s`), or None."""
    if not isinstance(value, str):
        return None
    text = value.strip().rstrip("s").strip()
    try:
        return float(text)
    except ValueError:
        return None


def items(values: list[Datum]) -> list[str]:
    """All items of a list value: several occurrences, each perhaps separated by commas."""
    if len(values) == 1 and isinstance(only := values[0], str) and "," not in only:
        return [text] if (text := only.strip()) else []
    return [part.strip() for value in values if isinstance(value, str) for part in value.split(",") if part.strip()]


def secret_of(value: Datum | None) -> Mapping[str, Any] | None:
    """What is known of a redacted secret: length, classes, flags, fp; None when the value is plain text."""
    if isinstance(value, Mapping):
        secret = value.get("secret")
        return secret if isinstance(secret, Mapping) else None
    return None


def show(value: Datum | None) -> str:
    """Render a value for a person; a secret shows its length and classes, never itself."""
    if value is None:
        return "not set"
    if isinstance(value, str):
        return value
    secret = secret_of(value) or {}
    flags = ", ".join(str(flag).replace("_", " ") for flag in secret.get("flags", ()))
    text = f"secret of {secret.get('length', '?')} characters ({_classes(str(secret.get('classes', '')))})"
    return f"{text}, {flags}" if flags else text


def _classes(classes: str) -> str:
    names = {"l": "lower case", "u": "upper case", "d": "digits", "s": "symbols"}
    return " + ".join(names[letter] for letter in "ludsx" if letter in classes and letter in names) or "empty"


def network_of(text: str) -> IPNetwork | None:
    """Read an address, perhaps with a port, or a network in any notation Asterisk takes; None otherwise."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].split("]", 1)[0]
    elif text.count(":") == 1:
        text = text.split(":", 1)[0]
    if text.lower() == "localhost":
        text = "127.0.0.1"
    if text == "*":
        text = "0.0.0.0"  # noqa: S104 (a value to judge, not an address to bind)
    try:
        return IPNetwork(text)
    except (AddrFormatError, ValueError):
        return None


def is_loopback(text: str) -> bool:
    """Tell whether an address (or unix socket path) can only be reached from the host itself."""
    if text.startswith("/") or text.lower().startswith("unix:"):
        return True
    network = network_of(text)
    return (
        network is not None
        and bool(network.first == network.last)
        and bool(IPAddress(network.first, network.version).is_loopback())
    )


def host_of(address: str) -> str:
    """The host of `192.0.2.7:5060`, `[2001:db8::7]:5061` or `2001:db8::7:5061`, as contacts have it."""
    text = address.strip()
    if text.startswith("["):
        return text[1:].split("]", 1)[0]
    head, _, port = text.rpartition(":")
    if head and port.isdigit() and network_of(f"[{head}]" if ":" in head else head) is not None:
        return head
    return text
