"""Sockets and processes from recorded ``/proc`` texts (Debian forky, Asterisk 22)."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import processes
from ansible_collections.grundton.voip.plugins.module_utils.host.proc import (
    capability_names,
    deleted_libraries,
    parse_cgroup,
    parse_cmdline,
    parse_limits,
    parse_status,
)
from ansible_collections.grundton.voip.plugins.module_utils.host.procnet import (
    parse_address,
    parse_table,
    parse_unix,
    scope,
)
from hypothesis import given
from hypothesis import strategies as st

Recorded = Callable[[str], str]


def test_recorded_tables_name_what_the_pbx_listens_on(recorded: Recorded) -> None:
    bound = {
        endpoint.name
        for table, protocol in processes.TABLES
        for endpoint in parse_table(recorded(f"proc_net_{table}"), protocol, "little")
        if endpoint.bound
    }
    assert {"tcp 0.0.0.0:22", "tcp [::]:22", "tcp 0.0.0.0:5038", "tcp 0.0.0.0:5061"} <= bound
    assert {"udp 0.0.0.0:5060", "udp [::]:5060", "udp 0.0.0.0:4569"} <= bound


def test_recorded_unix_sockets(recorded: Recorded) -> None:
    found = {path: kind for path, kind, _ in parse_unix(recorded("proc_net_unix"))}
    assert found["/var/run/asterisk/asterisk.ctl"] == "stream"
    assert found["/run/systemd/notify"] == "dgram"
    assert not [path for path in found if path.startswith("@")]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("0100007F:13C4", "little", ("127.0.0.1", 5060)),
        ("7F000001:13C4", "big", ("127.0.0.1", 5060)),
        ("00000000000000000000000001000000:0016", "little", ("::1", 22)),
        ("B80D0120000000000000000001000000:0016", "little", ("2001:db8::1", 22)),
        ("0000000000000000FFFF00000100007F:0016", "little", ("::ffff:127.0.0.1", 22)),
        ("0100007F", "little", None),
        ("xx00007F:13C4", "little", None),
        ("0100007F:FFFFF", "little", None),
    ],
)
def test_addresses(text: str, order: str, expected: tuple[str, int] | None) -> None:
    found = parse_address(text, order)
    if expected and ":" in expected[0]:
        assert found is not None
        assert ipaddress.ip_address(found[0]) == ipaddress.ip_address(expected[0])
        assert found[1] == expected[1]
    else:
        assert found == expected


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16), st.integers(0, 65535))
def test_address_is_the_kernels_spelling_turned_round(raw: bytes, port: int) -> None:
    words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    found = parse_address(f"{words.hex().upper()}:{port:04X}", "little")
    assert found is not None
    assert ipaddress.ip_address(found[0]).packed == raw
    assert found[1] == port


@given(st.text())
def test_any_text_is_a_table(text: str) -> None:
    list(parse_table(text, "tcp"))
    parse_unix(text)
    parse_status(text)
    parse_limits(text)
    parse_cgroup(text)
    deleted_libraries(text)


@given(st.binary())
def test_any_bytes_are_arguments(data: bytes) -> None:
    assert all(part for part in parse_cmdline(data))


def test_scope_words() -> None:
    words = {
        "0.0.0.0": "any", "::": "any", "127.0.0.1": "loopback", "::1": "loopback", "fe80::1": "link",
        "10.1.2.3": "private", "fd00::1": "private", "8.8.8.8": "global", "224.0.0.1": "multicast",
        "::ffff:127.0.0.1": "loopback", "nonsense": "unknown",
    }  # fmt: skip
    assert {address: scope(address) for address in words} == words


def test_recorded_status_limits_and_unit(recorded: Recorded) -> None:
    status = parse_status(recorded("proc_status_asterisk"))
    assert status.name == "asterisk"
    assert status.uid == 102
    assert status.gids[0] == 102
    assert capability_names(status.capabilities or 0) == ["cap_net_admin"]
    assert "cap_sys_admin" in capability_names(status.bounding or 0)
    assert not status.nested
    assert not status.kernel
    limits = parse_limits(recorded("proc_limits_asterisk"))
    assert limits["Max core file size"] == "unlimited"
    assert limits["Max open files"] == "8192"
    assert parse_cgroup(recorded("proc_cgroup_unified")) == "asterisk.service"
    assert parse_cgroup(recorded("proc_cgroup_bullseye")) == "asterisk.service"


def test_replaced_libraries_are_those_with_code_on_disk() -> None:
    maps = (
        "7f00-7f01 r-xp 00000000 fe:00 12 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
        "7f01-7f02 rw-p 00000000 fe:00 12 /usr/lib/x86_64-linux-gnu/libz.so.1 (deleted)\n"
        "7f02-7f03 r-xp 00000000 00:01 13 /memfd:jit (deleted)\n"
        "7f03-7f04 r-xp 00000000 fe:00 14 /usr/lib/x86_64-linux-gnu/libc.so.6\n"
    )
    assert deleted_libraries(maps) == ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]


def test_offline_says_not_checked(look: Callable[..., Any], host: Callable[..., str]) -> None:
    found = look(processes, host({}))
    for prefix in processes.PREFIXES:
        assert found.source(f"system:{prefix}").status == "not_checked"
        assert found.source(f"system:{prefix}").reason == "offline tree"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux")
def test_a_socket_of_this_process_is_found_with_its_holder(look: Callable[..., Any]) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("::1", 0))
        found = look(processes, "/", live=True).all("socket")
        mine = found[f"tcp 127.0.0.1:{tcp.getsockname()[1]}"]
        other = found[f"udp [::1]:{udp.getsockname()[1]}"]
    assert mine["pid"] == str(os.getpid())
    assert mine["scope"] == "loopback"
    assert mine["family"] == "inet"
    assert other["pid"] == str(os.getpid())
    assert other["family"] == "inet6"
