"""Certificates the host uses: kind ``certificate``.

Paths come from the callers (what the configuration names) and from the usual folders. Key material is only
compared, never reported.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass, field
from typing import Callable, Iterable, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from . import der, x509
from .command import run
from .der import DerError
from .files import iso
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("certificate",)

#: Folders searched for certificates beside the paths given, and globs with the ones meant.
USUAL = (
    "/etc/asterisk/keys/*",
    "/etc/asterisk/*.pem",
    "/etc/asterisk/*.crt",
    "/etc/asterisk/certs/*",
    "/etc/asterisk/tls/*",
    "/var/lib/asterisk/keys/*",
    "/var/lib/asterisk/certs/*",
    "/etc/kamailio/*.pem",
    "/etc/kamailio/tls/*",
    "/etc/kamailio/certs/*",
    "/etc/rtpengine/*.pem",
    "/etc/coturn/*.pem",
    "/etc/coturn/certs/*",
    "/etc/turn*.pem",
    "/etc/letsencrypt/live/*/fullchain.pem",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    "/etc/ssl/private/*",
)

#: Settings of other daemons that name certificates: file, certificate key, private key, who uses it.
NAMED_BY = (
    ("/etc/kamailio/tls.cfg", "certificate", "private_key", "kamailio.tls"),
    ("/etc/turnserver.conf", "cert", "pkey", "coturn"),
    ("/etc/coturn/turnserver.conf", "cert", "pkey", "coturn"),
)

#: Most certificates of one file taken apart, most files looked at.
MAX_CHAIN = 10
MAX_FILES = 500

_KEY_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY")


@dataclass
class Wanted:
    """A certificate file to look at: who named it, and the key file that goes with it."""

    path: str
    used_by: list[str] = field(default_factory=list)
    key: str = ""


def key_candidates(path: str) -> list[str]:
    """Where the private key of a certificate file usually lies."""
    folder, _, name = path.rpartition("/")
    stem = re.sub(r"\.(?:crt|cer|cert|pem)$", "", name)
    names = [f"{stem}.key", f"{stem}.key.pem", f"{stem}-key.pem"]
    if re.fullmatch(r"(?:fullchain|cert|chain)\d*", stem):
        names.insert(0, "privkey" + re.sub(r"\D", "", stem) + ".pem")
    if "cert" in stem:
        names.append(name.replace("cert", "key"))
        names.append(name.replace("cert", "privkey"))
    found = [f"{folder}/{candidate}" for candidate in dict.fromkeys(names) if candidate != name]
    found.append(f"{folder}/private/{stem}.key")
    if folder == "/etc/ssl/certs":
        found.append(f"/etc/ssl/private/{stem}.key")
    return found


def origin(path: str, certificate: x509.Certificate) -> str:
    """Where a certificate comes from, by path and issuer."""
    if "snakeoil" in path:
        return "snakeoil"
    if "kamailio-selfsigned" in path:
        return "kamailio-selfsigned"
    if "Asterisk Private CA" in certificate.issuer:
        return "ast_tls_cert"
    if "O=Let's Encrypt" in certificate.issuer:
        return "letsencrypt"
    return "other"


def chain_order(chain: list[x509.Certificate]) -> str:
    """``ok`` when every certificate is followed by its issuer, else ``broken``."""
    linked = all(left.issuer_raw == right.subject_raw for left, right in zip(chain, chain[1:]))
    return "ok" if linked else "broken"


def describe(chain: list[x509.Certificate], count: int, path: str, now: float) -> dict[str, object]:
    """The values of a certificate object; ``count`` is the number of certificates in the file."""
    leaf = chain[0]
    return {
        "state": "ok",
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "serial": leaf.serial,
        "san": leaf.san,
        "not_before": iso(leaf.not_before),
        "not_after": iso(leaf.not_after),
        "days_left": str(int((leaf.not_after - now) // 86400)),
        "validity_days": str(int((leaf.not_after - leaf.not_before) // 86400)),
        "key_type": leaf.key.kind,
        "key_bits": str(leaf.key.bits) if leaf.key.bits else None,
        "curve": leaf.key.curve,
        "signature": leaf.signature,
        "weak_signature": yes(leaf.weak_signature),
        "self_signed": yes(leaf.self_signed),
        "ca": yes(leaf.ca),
        "key_usage": leaf.key_usage,
        "eku": leaf.eku,
        "wildcard": yes(any("*" in entry for entry in leaf.san) or "CN=*" in leaf.subject),
        "fingerprint": leaf.fingerprint,
        "chain": str(count),
        "chain_order": chain_order(chain),
        "chain_days_left": str(min(int((entry.not_after - now) // 86400) for entry in chain)),
        "chain_root_included": yes(count > 1 and any(entry.self_signed for entry in chain[1:])),
        "origin": origin(path, leaf),
    }


def parse_named(text: str, certificate: str, key: str) -> list[tuple[str, str]]:
    """(certificate, key) pairs of ``name = value`` lines, section by section (``[server:default]``)."""
    pairs: list[tuple[str, str]] = []
    current: dict[str, str] = {}

    def close() -> None:
        if certificate in current:
            pairs.append((current[certificate], current.get(key, "")))
        current.clear()

    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            close()
        match = re.match(r"([A-Za-z_-]+)\s*=\s*\"?([^\"\s]+)\"?\s*$", line)
        if match:
            current[match.group(1)] = match.group(2)
    close()
    return pairs


def collect(
    root: str,
    live: bool,
    deadline: Deadline,
    extra: Optional[Callable[[], Optional[Iterable[Wanted]]]] = None,
    now: Optional[float] = None,
) -> list[Contribution]:
    """The contribution ``system:certificate``.

    ``extra`` gives the certificate files the configuration names, ``None`` when it was not resolved in time.
    """
    tree, sheet = Tree(root), Sheet("certificate")
    now = time.time() if now is None else now
    wanted: dict[str, Wanted] = {}

    def want(path: str, used_by: Iterable[str] = (), key: str = "") -> None:
        if not path.startswith("/"):
            return
        entry = wanted.setdefault(os.path.normpath(path), Wanted(os.path.normpath(path)))
        entry.used_by.extend(user for user in used_by if user not in entry.used_by)
        entry.key = entry.key or key

    for file, certificate, key, user in NAMED_BY:
        for path, key_path in parse_named(tree.text(file) or "", certificate, key):
            want(path, [user], key_path)
    for pattern in USUAL:
        for path in tree.glob(pattern):
            want(path)
    if extra is not None:
        given = extra()
        if given is None:
            sheet.incomplete("certificates named by the configuration are missing: it was not resolved in time")
        for entry in given or ():
            want(entry.path, entry.used_by, entry.key)
    reader = Reader(tree, sheet, live, deadline, now)
    for count, path in enumerate(sorted(wanted)):
        if count >= MAX_FILES or deadline.expired():
            sheet.incomplete(f"{len(wanted) - count} more certificate files were not read")
            break
        reader.add(wanted[path])
    sheet.cut(tree.problems)
    return [sheet.contribution()]


class Reader:
    """Reads certificate files and adds them to a sheet."""

    def __init__(self, tree: Tree, sheet: Sheet, live: bool, deadline: Deadline, now: float) -> None:
        self._tree, self._sheet, self._live, self._deadline, self._now = tree, sheet, live, deadline, now

    def add(self, wanted: Wanted) -> None:
        """Add the object for one file. Files nobody named that hold no certificate are passed over."""
        data = self._tree.data(wanted.path)
        named: dict[str, object] = {"used_by": wanted.used_by, "key_file": wanted.key or None}
        if data is None:
            if wanted.used_by:
                there = self._tree.stat(wanted.path, follow=False) is not None
                denied = any(problem.startswith(f"{wanted.path}:") for problem in self._tree.problems)
                state = "unreadable" if there or denied else "absent"
                self._sheet.add("certificate", wanted.path, {**named, "state": state})
            return
        chain, count, keys = take_apart(data)
        if not chain:
            if wanted.used_by and count:
                self._sheet.note(f"{wanted.path}: not a readable certificate")
            if wanted.used_by:
                self._sheet.add("certificate", wanted.path, {**named, "state": "invalid"})
            return
        values = describe(chain, count, wanted.path, self._now)
        values["used_by"] = wanted.used_by
        values.update(self._key(wanted, chain[0], keys))
        self._sheet.add("certificate", wanted.path, values)

    def _key(self, wanted: Wanted, leaf: x509.Certificate, inside: list[tuple[str, bytes, bool]]) -> dict[str, object]:
        """``key_file``, ``key_encrypted`` and ``key_matches`` for a certificate."""
        path, keys = wanted.path, inside
        if wanted.key and wanted.key != wanted.path:
            path, keys = wanted.key, self._keys_of(wanted.key)
        elif not keys:
            for candidate in key_candidates(wanted.path):
                if self._tree.stat(candidate) is not None:
                    path, keys = candidate, self._keys_of(candidate)
                    break
            else:
                return {}
        if not keys:
            return {"key_file": path, "key_matches": "unknown"}
        label, data, encrypted = keys[0]
        values: dict[str, object] = {"key_file": path, "key_encrypted": yes(encrypted)}
        if encrypted:
            return {**values, "key_matches": "unknown"}
        try:
            identity = x509.private_key_identity(label, data)
        except DerError:
            identity = None
        if identity is None and self._live:
            identity = self._ask_openssl(path)
        matches = "unknown" if identity is None else yes(identity == leaf.key.identity)
        return {**values, "key_matches": matches}

    def _keys_of(self, path: str) -> list[tuple[str, bytes, bool]]:
        data = self._tree.data(path)
        return take_apart(data)[2] if data else []

    def _ask_openssl(self, path: str) -> Optional[bytes]:
        """The public key of a private key that does not hold it (Ed25519), from ``openssl``."""
        answer = run(
            ["openssl", "pkey", "-in", self._tree.real(path), "-passin", "pass:", "-pubout"], self._deadline, 1.0
        )
        _, data, _ = next(x509.pem_blocks(answer.out.encode()), ("", b"", False))
        try:
            return x509.public_key(der.only(data)).identity
        except DerError:
            return None


def take_apart(data: bytes) -> tuple[list[x509.Certificate], int, list[tuple[str, bytes, bool]]]:
    """(first certificates, number of certificates, private keys) of a PEM or DER file."""
    certificates: list[bytes] = []
    keys: list[tuple[str, bytes, bool]] = []
    for label, content, encrypted in x509.pem_blocks(data):
        if label in ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"):
            certificates.append(content)
        elif label in _KEY_LABELS:
            keys.append((label, content, encrypted))
    if not certificates and not keys and data[:1] == b"\x30":
        certificates.append(data)
    chain: list[x509.Certificate] = []
    with contextlib.suppress(DerError):  # what follows a broken one is not looked at
        chain.extend(map(x509.certificate, certificates[:MAX_CHAIN]))
    return chain, len(certificates), keys
