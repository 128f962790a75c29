"""Does the daemon answer on the wire: SIP OPTIONS over UDP, a TLS handshake. From the host itself."""

from __future__ import annotations

import os
import socket
import ssl

_WAIT = 1.0


def options_answered(address: str, port: int, wait: float = _WAIT) -> bool:
    """Whether a SIP server answers OPTIONS, whatever it answers."""
    address, family = _local(address)
    token = os.urandom(8).hex()
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.settimeout(wait)
            connection.connect((address, port))
            own = connection.getsockname()
            here = "[{0}]:{1}".format(own[0], own[1]) if family == socket.AF_INET6 else "{0}:{1}".format(*own[:2])
            there = "[{0}]".format(address) if family == socket.AF_INET6 else address
            request = (
                "OPTIONS sip:{there}:{port} SIP/2.0\r\n"
                "Via: SIP/2.0/UDP {here};branch=z9hG4bK{token};rport\r\n"
                "Max-Forwards: 70\r\n"
                "From: <sip:health@{here}>;tag={token}\r\n"
                "To: <sip:{there}:{port}>\r\n"
                "Call-ID: {token}\r\n"
                "CSeq: 1 OPTIONS\r\n"
                "Contact: <sip:health@{here}>\r\n"
                "Content-Length: 0\r\n\r\n"
            ).format(there=there, port=port, here=here, token=token)
            for _attempt in range(2):
                connection.send(request.encode("ascii"))
                try:
                    return connection.recv(4096).startswith(b"SIP/2.0 ")
                except socket.timeout:
                    continue
    except OSError:
        return False
    return False


def tls_answered(address: str, port: int, wait: float = 2 * _WAIT) -> bool:
    """Whether a TLS handshake can be made. Who the certificate is for does not matter here."""
    address, family = _local(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        # whatever it speaks: what it should speak is the audit's business
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        pass
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(wait)
            connection.connect((address, port))
            with context.wrap_socket(connection):
                return True
    except (OSError, ValueError):
        return False


def _local(address: str) -> "tuple[str, socket.AddressFamily]":
    """Where to knock for a socket bound to this address."""
    if ":" in address:
        return ("::1" if address == "::" else address), socket.AF_INET6
    return ("127.0.0.1" if address in ("0.0.0.0", "") else address), socket.AF_INET  # noqa: S104
