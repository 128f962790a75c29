"""The DER reader and X.509 against ``cryptography`` and ``openssl``, and against any bytes."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import certificates, der, x509
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 23, 18, tzinfo=datetime.UTC)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()

RSA_KEY = rsa.generate_private_key(65537, 2048)
KEYS: dict[str, Any] = {
    "rsa": RSA_KEY,
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed448": ed448.Ed448PrivateKey.generate(),
}


def name(*pairs: tuple[ObjectIdentifier, str]) -> reference.Name:
    return reference.Name([reference.NameAttribute(oid, text) for oid, text in pairs])


def issue(
    key: Any,
    subject: reference.Name,
    issuer: reference.Name | None = None,
    signer: Any = None,
    days: int = 90,
    extensions: tuple[reference.ExtensionType, ...] = (),
    **how: Any,
) -> reference.Certificate:
    builder = (
        reference.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(reference.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + datetime.timedelta(days=days))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = signer or key
    plain = isinstance(signer, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    return builder.sign(signer, how.pop("digest", None if plain else hashes.SHA256()), **how)


def ours(certificate: reference.Certificate) -> x509.Certificate:
    return x509.certificate(certificate.public_bytes(serialization.Encoding.DER))


@pytest.mark.parametrize("kind", KEYS)
def test_fields_agree_with_cryptography(kind: str) -> None:
    subject = name(
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.ORGANIZATION_NAME, 'Büro, "Nord" + Söhne'),
        (NameOID.COMMON_NAME, "pbx.example"),
    )
    certificate = issue(
        KEYS[kind],
        subject,
        extensions=(
            reference.SubjectAlternativeName(
                [
                    reference.DNSName("pbx.example"),
                    reference.UniformResourceIdentifier("sip:example.org"),
                    reference.IPAddress(ip_address("192.0.2.7")),
                    reference.IPAddress(ip_address("2001:db8::7")),
                    reference.RFC822Name("a@example.org"),
                ]
            ),
            reference.BasicConstraints(ca=True, path_length=0),
            reference.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ObjectIdentifier("1.3.6.1.5.5.7.3.20")]),
            reference.KeyUsage(True, False, True, False, False, True, False, False, False),
        ),
    )
    read = ours(certificate)
    assert read.subject == certificate.subject.rfc4514_string()
    assert read.issuer == certificate.issuer.rfc4514_string()
    assert read.serial == f"{certificate.serial_number:x}"
    assert read.not_before == int(certificate.not_valid_before_utc.timestamp())
    assert read.not_after == int(certificate.not_valid_after_utc.timestamp())
    assert read.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert read.san == [
        "DNS:pbx.example",
        "URI:sip:example.org",
        "IP:192.0.2.7",
        "IP:2001:db8::7",
        "email:a@example.org",
    ]
    assert read.eku == ["serverAuth", "sipDomain"]
    assert read.key_usage == ["digitalSignature", "keyEncipherment", "keyCertSign"]
    assert read.ca
    assert read.self_signed
    assert not read.weak_signature
    public = KEYS[kind].public_key()
    if hasattr(public, "key_size") and kind != "ed25519":
        assert read.key.bits == public.key_size
    assert read.key.kind == ("ec" if kind.startswith("p") else kind)


def test_weak_signatures_are_called_weak() -> None:
    subject = name((NameOID.COMMON_NAME, "old"))
    pss = issue(RSA_KEY, subject, rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))
    assert (ours(pss).signature, ours(pss).weak_signature) == ("rsassaPss-SHA256", False)
    assert not ours(issue(RSA_KEY, subject, digest=hashes.SHA512())).weak_signature


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_sha1_is_called_weak(tmp_path: Path) -> None:
    command = ["openssl", "req", "-x509", "-sha1", "-newkey", "rsa:1024", "-nodes", "-keyout", str(tmp_path / "k")]
    done = subprocess.run([*command, "-subj", "/CN=old"], check=True, capture_output=True)
    [read], _, _ = certificates.take_apart(done.stdout)
    assert (read.signature, read.weak_signature, read.key.bits) == ("sha1WithRSAEncryption", True, 1024)


def test_dsa_key() -> None:
    key = dsa.generate_private_key(2048)
    read = ours(issue(key, name((NameOID.COMMON_NAME, "dsa")), digest=hashes.SHA256()))
    assert (read.key.kind, read.key.bits) == ("dsa", 2048)


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
@pytest.mark.parametrize("form", [PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_private_key_belongs_to_its_certificate(kind: str, form: serialization.PrivateFormat) -> None:
    text = KEYS[kind].private_bytes(PEM, form, PLAIN)
    [(label, data, encrypted)] = list(x509.pem_blocks(text))
    read = ours(issue(KEYS[kind], name((NameOID.COMMON_NAME, "x"))))
    assert not encrypted
    assert x509.private_key_identity(label, data) == read.key.identity
    other = ours(issue(ec.generate_private_key(ec.SECP256R1()), name((NameOID.COMMON_NAME, "y"))))
    assert x509.private_key_identity(label, data) != other.key.identity


@pytest.mark.parametrize("form", [PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_encrypted_keys_are_seen_as_such(form: serialization.PrivateFormat) -> None:
    text = RSA_KEY.private_bytes(PEM, form, serialization.BestAvailableEncryption(b"x"))
    assert [encrypted for _, _, encrypted in x509.pem_blocks(text)] == [True]


@given(st.binary(max_size=400))
def test_any_bytes_give_a_certificate_or_der_error(data: bytes) -> None:
    for read in (x509.certificate, lambda raw: x509.private_key_identity("PRIVATE KEY", raw)):
        try:
            read(data)
        except der.DerError:
            continue
    list(x509.pem_blocks(data))
    certificates.take_apart(data)


GOOD = issue(
    RSA_KEY,
    name((NameOID.COMMON_NAME, "x")),
    extensions=(reference.SubjectAlternativeName([reference.DNSName("a")]), reference.BasicConstraints(True, None)),
).public_bytes(serialization.Encoding.DER)
GOOD_KEY = KEYS["p256"].private_bytes(serialization.Encoding.DER, PKCS8, PLAIN)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_a_damaged_certificate_never_breaks_the_reader(at: int, byte: int, cut: int) -> None:
    damaged = (GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])[: cut or None]
    try:
        values = certificates.describe([x509.certificate(damaged)], 1, "/x", 0.0)
    except der.DerError:
        return
    assert values["state"] == "ok"


@settings(max_examples=200)
@given(st.integers(0, len(GOOD_KEY) - 1), st.integers(0, 255))
def test_a_damaged_key_never_breaks_the_reader(at: int, byte: int) -> None:
    damaged = GOOD_KEY[:at] + bytes([byte]) + GOOD_KEY[at + 1 :]
    try:
        x509.private_key_identity("PRIVATE KEY", damaged)
    except der.DerError:
        return


@given(st.integers(0, 2**80))
def test_oid_arcs(number: int) -> None:
    raw = ObjectIdentifier(f"1.2.{number}") if number < 2**32 else None
    if raw is None:
        return
    body = b"\x2a"
    parts = [number & 0x7F]
    number >>= 7
    while number:
        parts.append((number & 0x7F) | 0x80)
        number >>= 7
    body += bytes(reversed(parts))
    assert der.oid(der.Node(der.OID, body, b"")) == raw.dotted_string


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (der.UTC_TIME, b"491231235959Z", "2049-12-31T23:59:59"),
        (der.UTC_TIME, b"500101000000Z", "1950-01-01T00:00:00"),
        (der.UTC_TIME, b"2601010000Z", "2026-01-01T00:00:00"),
        (der.UTC_TIME, b"260101020000+0200", "2026-01-01T00:00:00"),
        (der.GENERALIZED_TIME, b"99991231235959Z", "9999-12-31T23:59:59"),
    ],
)
def test_times(tag: int, text: bytes, expected: str) -> None:
    moment = datetime.datetime.fromisoformat(expected).replace(tzinfo=datetime.UTC)
    assert der.moment(der.Node(tag, text, b"")) == int(moment.timestamp())


def chain_of_three() -> tuple[str, str]:
    root_key, middle_key = KEYS["p384"], KEYS["p521"]
    root, middle, leaf = (name((NameOID.COMMON_NAME, text)) for text in ("root", "middle", "leaf"))
    entries = [
        issue(RSA_KEY, leaf, middle, middle_key),
        issue(middle_key, middle, root, root_key, days=10),
        issue(root_key, root),
    ]
    texts = [entry.public_bytes(PEM).decode() for entry in entries]
    return "".join(texts), "".join([texts[0], texts[2], texts[1]])


def test_collector_reports_chain_key_and_users(host: Callable[..., str], look: Callable[..., Any]) -> None:
    good, shuffled = chain_of_three()
    key = RSA_KEY.private_bytes(PEM, PKCS8, PLAIN).decode()
    wrong = KEYS["p256"].private_bytes(PEM, PKCS8, PLAIN).decode()
    root = host(
        {
            "/etc/asterisk/keys/pbx.crt": good,
            "/etc/asterisk/keys/pbx.key": key,
            "/etc/asterisk/keys/shuffled.pem": shuffled + key,
            "/etc/asterisk/keys/other.crt": good,
            "/etc/asterisk/keys/notes.txt": "nothing",
            "/srv/own.pem": good,
            "/srv/own.secret": wrong,
            "/srv/broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        }
    )
    named = [
        certificates.Wanted("/srv/own.pem", ["pjsip.transport/tls"], "/srv/own.secret"),
        certificates.Wanted("/srv/broken.pem", ["http.general/general"]),
        certificates.Wanted("/srv/gone.pem", ["http.general/general"]),
    ]
    found = look(certificates, root, extra=lambda: named, now=NOW.timestamp()).all("certificate")
    pbx = found["/etc/asterisk/keys/pbx.crt"]
    assert (pbx["chain"], pbx["chain_order"], pbx["chain_root_included"]) == ("3", "ok", "yes")
    assert (pbx["days_left"], pbx["chain_days_left"], pbx["validity_days"]) == ("90", "10", "90")
    assert (pbx["key_file"], pbx["key_matches"]) == ("/etc/asterisk/keys/pbx.key", "yes")
    assert pbx["self_signed"] == "no"
    assert found["/etc/asterisk/keys/shuffled.pem"]["chain_order"] == "broken"
    assert found["/etc/asterisk/keys/shuffled.pem"]["key_matches"] == "yes"
    assert "key_matches" not in found["/etc/asterisk/keys/other.crt"]
    assert "/etc/asterisk/keys/notes.txt" not in found
    assert (found["/srv/own.pem"]["key_matches"], found["/srv/own.pem"]["used_by"]) == ("no", ["pjsip.transport/tls"])
    assert found["/srv/broken.pem"]["state"] == "invalid"
    assert found["/srv/gone.pem"]["state"] == "absent"
    private = [line for line in (key + wrong).splitlines() if not line.startswith("-")]
    assert not [line for line in private if any(line in str(values) for values in found.values())]


def test_configuration_that_comes_too_late_is_said(host: Callable[..., str], look: Callable[..., Any]) -> None:
    found = look(certificates, host({}), extra=lambda: None)
    assert "not resolved in time" in found.source("system:certificate").incomplete[0]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_fields_agree_with_openssl(tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "x.key")]
    what = ["-subj", "/C=DE/O=Office/CN=pbx.example", "-addext", "subjectAltName=DNS:a.example,URI:sip:a.example"]
    subprocess.run([*make, "-out", str(pem), "-days", "30", *what], check=True, capture_output=True)
    ask = ["openssl", "x509", "-in", str(pem), "-noout", "-subject", "-serial", "-fingerprint", "-sha256"]
    said = subprocess.run([*ask, "-nameopt", "RFC2253"], check=True, capture_output=True, text=True).stdout
    [read], count, keys = certificates.take_apart(pem.read_bytes())
    assert f"subject={read.subject}" in said.replace("subject= ", "subject=")
    assert read.serial.upper() in said
    assert read.fingerprint.upper() in said.replace(":", "")
    assert (count, keys) == (1, [])
