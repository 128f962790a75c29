"""The socket tables of ``/proc/net``: which addresses and ports are bound.

Formats from the kernel's ``Documentation/networking/proc_net_tcp``: addresses are 32-bit words in the byte
order of the machine, printed in hexadecimal.
"""

from __future__ import annotations

import ipaddress
import struct
import sys
from dataclasses import dataclass
from typing import Iterator, Optional

#: Kernel states of interest: established, closed/unconnected (UDP) and listening (TCP).
ESTABLISHED, UNCONNECTED, LISTENING = 1, 7, 10


@dataclass(frozen=True)
class Endpoint:
    """One line of a table. Addresses in their usual spelling, ports as numbers."""

    protocol: str
    family: str
    address: str
    port: int
    remote: str
    remote_port: int
    state: int
    uid: int
    inode: int

    @property
    def bound(self) -> bool:
        """Whether it waits for anybody: listening TCP or unconnected UDP."""
        return self.state == (LISTENING if self.protocol == "tcp" else UNCONNECTED)

    @property
    def name(self) -> str:
        """``udp 0.0.0.0:5060`` or ``tcp [::1]:22``."""
        return f"{self.protocol} {spell(self.address)}:{self.port}"


def spell(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


def parse_address(text: str, byteorder: str = sys.byteorder) -> Optional[tuple[str, int]]:
    """``0100007F:13C4`` as ``("127.0.0.1", 5060)``, ``None`` when it is no such thing."""
    digits, _, port = text.partition(":")
    if len(digits) not in (8, 32) or not port:
        return None
    try:
        raw = bytes.fromhex(digits)
        number = int(port, 16)
    except ValueError:
        return None
    if len(raw) * 2 != len(digits) or not 0 <= number < 65536:
        return None
    if byteorder == "little":
        count = len(raw) // 4
        raw = struct.pack(f">{count}I", *struct.unpack(f"<{count}I", raw))
    return str(ipaddress.ip_address(raw)), number


def parse_table(text: str, protocol: str, byteorder: str = sys.byteorder) -> Iterator[Endpoint]:
    """The lines of ``/proc/net/tcp`` and its siblings; the heading and broken lines are left out."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10 or fields[1] == "local_address":
            continue
        try:
            state, uid, inode = int(fields[3], 16), int(fields[7]), int(fields[9])
        except ValueError:
            continue
        if state not in (ESTABLISHED, UNCONNECTED, LISTENING):
            continue
        local, remote = parse_address(fields[1], byteorder), parse_address(fields[2], byteorder)
        if local is None or remote is None:
            continue
        family = "inet6" if len(fields[1]) > 20 else "inet"
        yield Endpoint(protocol, family, *local, *remote, state, uid, inode)


def parse_unix(text: str) -> list[tuple[str, str, int]]:
    """Listening sockets of ``/proc/net/unix`` that have a path: (path, type, inode).

    ``type`` is ``stream``, ``dgram`` or ``seqpacket``; datagram sockets with a path count as listening.
    """
    kinds = {"0001": "stream", "0002": "dgram", "0005": "seqpacket"}
    found = []
    for line in text.splitlines():
        fields = line.split(None, 7)
        if len(fields) < 8 or not fields[7].startswith("/") or fields[4] not in kinds:
            continue
        kind = kinds[fields[4]]
        try:
            listening, inode = bool(int(fields[3], 16) & 0x10000), int(fields[6])
        except ValueError:
            continue
        if listening or kind == "dgram":
            found.append((fields[7], kind, inode))
    return found


def scope(address: str) -> str:
    """Who can reach an address: ``any``, ``loopback``, ``link``, ``multicast``, ``private`` or ``global``."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    parsed = mapped or parsed
    if parsed.is_unspecified:
        return "any"
    for word, test in (
        ("loopback", parsed.is_loopback),
        ("link", parsed.is_link_local),
        ("multicast", parsed.is_multicast),
        ("private", parsed.is_private),
    ):
        if test:
            return word
    return "global"
