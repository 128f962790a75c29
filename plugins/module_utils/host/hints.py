"""What the host part wants to know from the telephony's configuration: certificates and files it names.

The configuration is read by another collector at the same time. `Hints` carries its result over: the
collector is wrapped with `Hints.listen`, the host's readers call `Hints.wait` when they have done what
they can do without.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Callable, Iterable, Optional, TypeVar

from ..snapshot.model import CONFIG, Contribution, Item
from .certificates import Wanted

#: Keys that name a certificate, and where its private key stands: kind prefix or kind, certificate key, key keys.
CERTIFICATE_KEYS = (
    ("pjsip.transport", "cert_file", ("priv_key_file", "privkey_file")),
    ("pjsip.endpoint", "dtls_cert_file", ("dtls_private_key",)),
    ("http.", "tlscertfile", ("tlsprivatekey",)),
    ("manager.", "tlscertfile", ("tlsprivatekey",)),
    ("sip.", "tlscertfile", ("tlsprivatekey",)),
    ("sip.", "dtlscertfile", ("dtlsprivatekey",)),
    ("stir_shaken.", "public_cert_file", ("private_key_file",)),
)

#: Keys that name files of certification authorities.
CA_KEYS = (
    ("pjsip.transport", "ca_list_file"),
    ("pjsip.endpoint", "dtls_ca_file"),
    ("http.", "tlscafile"),
    ("manager.", "tlscafile"),
    ("sip.", "tlscafile"),
    ("sip.", "dtlscafile"),
    ("stir_shaken.", "ca_file"),
)

_Run = TypeVar("_Run", bound=Callable[..., "list[Contribution]"])


@dataclass
class Found:
    """What a configuration names: certificate files, and other files with their role and component."""

    certificates: list[Wanted] = field(default_factory=list)
    files: list[tuple[str, str, str]] = field(default_factory=list)


def _value(item: Item, key: str) -> str:
    """The effective text of a scalar key of a config object, empty when there is none."""
    entries = item.values.get(key)
    last = entries[-1] if isinstance(entries, (list, tuple)) and entries else ""
    text = last[0] if isinstance(last, (list, tuple)) and last else last
    return text.strip() if isinstance(text, str) else ""


def find(contributions: Iterable[Contribution], component: str = "asterisk") -> Found:
    """Certificates, keys and configuration files named by ``config`` objects."""
    wanted: dict[str, Wanted] = {}
    files: dict[str, str] = {}
    for part in contributions:
        for path in part.files:
            files.setdefault(path, "config")
        for item in part.objects:
            if item.origin == CONFIG:
                _look_at(item, wanted, files)
    for entry in wanted.values():
        if entry.key.startswith("/"):
            files[entry.key] = "key"
    return Found(list(wanted.values()), [(path, role, component) for path, role in files.items()])


def _look_at(item: Item, wanted: dict[str, Wanted], files: dict[str, str]) -> None:
    user = f"{item.kind}/{item.name}"
    for kind, certificate, keys in CERTIFICATE_KEYS:
        path = _value(item, certificate) if item.kind == kind or item.kind.startswith(kind) else ""
        if not path.startswith("/"):
            continue
        entry = wanted.setdefault(path, Wanted(path))
        if user not in entry.used_by:
            entry.used_by.append(user)
        entry.key = entry.key or next((text for text in (_value(item, key) for key in keys) if text), "")
        files.setdefault(path, "certificate")
    for kind, authority in CA_KEYS:
        path = _value(item, authority) if item.kind == kind or item.kind.startswith(kind) else ""
        if path.startswith("/"):
            entry = wanted.setdefault(path, Wanted(path))
            label = f"{user} (authority)"
            if label not in entry.used_by:
                entry.used_by.append(label)
            files.setdefault(path, "certificate")


class Hints:
    """Hands the result of the configuration's reader to the readers that wait for it."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._found: Optional[Found] = None
        self._expected = False

    def listen(self, run: _Run) -> _Run:
        """The same collector, whose result is handed over when it is done."""
        self._expected = True

        def wrapped(*arguments: object, **named: object) -> list[Contribution]:
            try:
                contributions = list(run(*arguments, **named))
                self._found = find(contributions)
                return contributions
            finally:
                self._ready.set()

        return wrapped  # type: ignore[return-value]

    def wait(self, seconds: float) -> Optional[Found]:
        """What was found; nothing when nobody is expected to tell, ``None`` when it did not come in time."""
        if not self._expected:
            return Found()
        self._ready.wait(seconds)
        return self._found
