"""X.509 certificates and private keys, as far as an audit has to know them (RFC 5280, 5958, 5915, 8017).

Nothing here verifies a signature. Private keys are read only to derive the public key that belongs to them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Iterator, Optional

from . import der
from .der import DerError, Node

_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.3.14.3.2.29": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.10040.4.3": "dsaWithSHA1",
    "2.16.840.1.101.3.4.3.2": "dsa_with_SHA256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}

_HASHES = {
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA1",
    "2.16.840.1.101.3.4.2.4": "SHA224",
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}

_RSA, _RSA_PSS, _EC, _DSA = (
    "1.2.840.113549.1.1.1",
    "1.2.840.113549.1.1.10",
    "1.2.840.10045.2.1",
    "1.2.840.10040.4.1",
)

#: Keys without parameters: type and size in bits.
_PLAIN_KEYS = {
    "1.3.101.112": ("ed25519", 256),
    "1.3.101.113": ("ed448", 448),
    "1.3.101.110": ("x25519", 256),
    "1.3.101.111": ("x448", 448),
}

_CURVES = {
    "1.2.840.10045.3.1.1": ("prime192v1", 192),
    "1.2.840.10045.3.1.7": ("prime256v1", 256),
    "1.3.132.0.33": ("secp224r1", 224),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
}

_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
    "1.2.840.113549.1.9.1": "emailAddress",
}

_PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "1.3.6.1.5.5.7.3.20": "sipDomain",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}

_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)

_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,60})-----[ \t]*\r?\n(?P<body>.*?)-----END (?P=label)-----", re.DOTALL
)


@dataclass(frozen=True)
class PublicKey:
    """A public key: its type, size in bits, curve, and bytes that are equal for equal keys."""

    kind: str
    bits: int
    curve: str
    identity: bytes


@dataclass(frozen=True)
class Certificate:
    """What one certificate says. Times are seconds since 1970."""

    subject: str
    issuer: str
    serial: str
    not_before: int
    not_after: int
    key: PublicKey
    signature: str
    weak_signature: bool
    self_signed: bool
    ca: bool
    san: list[str] = field(default_factory=list)
    key_usage: list[str] = field(default_factory=list)
    eku: list[str] = field(default_factory=list)
    fingerprint: str = ""
    subject_raw: bytes = b""
    issuer_raw: bytes = b""


def pem_blocks(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """(label, decoded bytes, encrypted) for every PEM block; blocks that are not base64 are left out."""
    for match in _BLOCK.finditer(data):
        label = match.group("label").decode("ascii")
        body = match.group("body")
        encrypted = label.startswith("ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in body
        if b":" in body:  # RFC 1421 headers end at the first empty line
            body = re.split(rb"\r?\n[ \t]*\r?\n", body, maxsplit=1)[-1]
        try:
            yield label, base64.b64decode(b"".join(body.split()), validate=True), encrypted
        except (binascii.Error, ValueError):
            continue


def _escape(value: str) -> str:
    value = re.sub(r'([,+"\\<>;])', r"\\\1", value).replace("\x00", "\\00")
    if value[:1] in ("#", " "):
        value = "\\" + value
    if value.endswith(" ") and not value.endswith("\\ "):
        value = value[:-1] + "\\ "
    return value


def name(node: Node) -> str:
    """A distinguished name as RFC 4514 writes it: most specific part first."""
    parts = []
    for relative in node.expect(der.SEQUENCE).children():
        pairs: list[str] = []
        for attribute in relative.expect(der.SET).children():
            kind, value = _pair(attribute)
            key = der.oid(kind)
            pairs.append(f"{_ATTRIBUTES.get(key, key)}={_escape(der.text(value))}")
        parts.append("+".join(pairs))
    return ",".join(reversed(parts))


def public_key(node: Node) -> PublicKey:
    """A SubjectPublicKeyInfo."""
    algorithm, bitstring = _pair(node)
    content = der.bits(bitstring)
    parts = algorithm.expect(der.SEQUENCE).children()
    if not parts:
        raise DerError("no key algorithm")
    return _key(der.oid(parts[0]), parts[1] if len(parts) > 1 else None, content)


def _key(kind: str, parameters: Optional[Node], content: bytes) -> PublicKey:
    if kind in (_RSA, _RSA_PSS):
        return _rsa(der.only(content))
    if kind == _EC:
        curve, size = ("explicit", 0)
        if parameters is not None and parameters.tag == der.OID:
            number = der.oid(parameters)
            curve, size = _CURVES.get(number, (number, 0))
        return PublicKey("ec", size, curve, content)
    if kind == _DSA:
        prime = parameters.expect(der.SEQUENCE).children() if parameters is not None else []
        return PublicKey("dsa", der.integer(prime[0]).bit_length() if prime else 0, "", content)
    plain, size = _PLAIN_KEYS.get(kind, (kind, 0))
    return PublicKey(plain, size, "", content)


def _rsa(node: Node) -> PublicKey:
    modulus, exponent = _pair(node)
    number = der.integer(modulus)
    identity = f"{number:x}:{der.integer(exponent):x}".encode()
    return PublicKey("rsa", number.bit_length(), "", identity)


def _pair(node: Node) -> tuple[Node, Node]:
    children = node.expect(der.SEQUENCE).children()
    if len(children) < 2:
        raise DerError("two elements expected")
    return children[0], children[1]


def _signature(node: Node) -> tuple[str, bool]:
    """(name of the algorithm, whether it is weak)."""
    parts = node.expect(der.SEQUENCE).children()
    if not parts:
        raise DerError("no signature algorithm")
    number = der.oid(parts[0])
    label = _SIGNATURES.get(number, number)
    if label == "rsassaPss":
        digest = "SHA1"  # the default of RFC 4055
        if len(parts) > 1 and parts[1].tag == der.SEQUENCE:
            hashing = der.context(parts[1].children(), 0)
            if hashing is not None:
                inner = der.only(hashing.content).children()
                digest = _HASHES.get(der.oid(inner[0]), "unknown") if inner else digest
        return f"rsassaPss-{digest}", digest in ("SHA1", "MD5")
    return label, bool(re.search(r"(?i)md2|md5|sha1(?!\d)", label))


def general_names(node: Node) -> list[str]:
    """Subject alternative names: ``DNS:``, ``URI:``, ``IP:``, ``email:``, others by number."""
    found = []
    for entry in node.expect(der.SEQUENCE).children():
        number = entry.tag & 0x1F
        plain = entry.content.decode("latin-1")
        if number == 2:
            found.append(f"DNS:{plain}")
        elif number == 6:
            found.append(f"URI:{plain}")
        elif number == 1:
            found.append(f"email:{plain}")
        elif number == 7 and len(entry.content) in (4, 16):
            found.append(f"IP:{ipaddress.ip_address(entry.content)}")
        elif number == 4:
            found.append(f"dirname:{name(der.only(entry.content))}")
        else:
            found.append(f"other:{number}")
    return found


def _extensions(node: Node) -> dict[str, bytes]:
    found = {}
    for extension in der.only(node.content).children():
        parts = extension.expect(der.SEQUENCE).children()
        if len(parts) >= 2:
            found[der.oid(parts[0])] = parts[-1].expect(der.OCTET_STRING).content
    return found


def certificate(data: bytes) -> Certificate:
    """A certificate from its DER bytes; raises `DerError`."""
    outer = der.only(data)
    parts = outer.children()
    if len(parts) < 3:
        raise DerError("not a certificate")
    tbs = parts[0].expect(der.SEQUENCE).children()
    if tbs and tbs[0].tag == 0xA0:
        tbs = tbs[1:]
    if len(tbs) < 6:
        raise DerError("not a certificate")
    serial, _, issuer, validity, subject, key = tbs[:6]
    begins, ends = _pair(validity)
    label, weak = _signature(parts[1])
    rest = der.context(tbs[6:], 3)
    extensions = _extensions(rest) if rest is not None else {}
    number = der.integer(serial)
    return Certificate(
        subject=name(subject),
        issuer=name(issuer),
        serial=f"{'-' if number < 0 else ''}{abs(number):x}",
        not_before=der.moment(begins),
        not_after=der.moment(ends),
        key=public_key(key),
        signature=label,
        weak_signature=weak,
        self_signed=issuer.raw == subject.raw,
        ca=_is_ca(extensions.get("2.5.29.19")),
        san=general_names(der.only(extensions["2.5.29.17"])) if "2.5.29.17" in extensions else [],
        key_usage=_usage(extensions.get("2.5.29.15")),
        eku=[_PURPOSES.get(number, number) for number in map(der.oid, der.only(extensions["2.5.29.37"]).children())]
        if "2.5.29.37" in extensions
        else [],
        fingerprint=hashlib.sha256(outer.raw).hexdigest(),
        subject_raw=subject.raw,
        issuer_raw=issuer.raw,
    )


def _is_ca(data: Optional[bytes]) -> bool:
    if data is None:
        return False
    parts = der.only(data).children()
    return bool(parts) and parts[0].tag == der.BOOLEAN and any(parts[0].content)


def _usage(data: Optional[bytes]) -> list[str]:
    if data is None:
        return []
    mask = der.bits(der.read(data)[0])
    return [
        usage
        for position, usage in enumerate(_USAGES)
        if position // 8 < len(mask) and mask[position // 8] & (0x80 >> position % 8)
    ]


def private_key_identity(label: str, data: bytes) -> Optional[bytes]:
    """The identity of the public key that belongs to a private key, ``None`` when the file does not hold it.

    ``label`` is the PEM label. Raises `DerError` for bytes that are no such key.
    """
    if label == "RSA PRIVATE KEY":
        numbers = der.only(data).children()
        if len(numbers) < 3:
            raise DerError("not an RSA key")
        return f"{der.integer(numbers[1]):x}:{der.integer(numbers[2]):x}".encode()
    if label == "EC PRIVATE KEY":
        point = der.context(der.only(data).children()[2:], 1)
        return der.bits(der.only(point.content, der.BIT_STRING)) if point is not None else None
    if label == "PRIVATE KEY":
        parts = der.only(data).children()
        if len(parts) < 3:
            raise DerError("not a private key")
        algorithm = parts[1].expect(der.SEQUENCE).children()
        if not algorithm:
            raise DerError("no key algorithm")
        kind = der.oid(algorithm[0])
        inner = parts[2].expect(der.OCTET_STRING).content
        if kind in (_RSA, _RSA_PSS):
            return private_key_identity("RSA PRIVATE KEY", inner)
        if kind == _EC:
            return private_key_identity("EC PRIVATE KEY", inner)
        attached = der.context(parts[3:], 1)
        return attached.content[1:] if attached is not None else None
    return None
