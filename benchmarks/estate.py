"""A synthetic estate for the assessment benchmark: offices of phones, one snapshot at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from grundton.assess import HostInput
from grundton.model.snapshot import Snapshot
from grundton.policy import Policy

CONFIG = "pjsip rtp manager http ari logger cdr asterisk modules voicemail dialplan acl iax"
SYSTEM = "socket file unit package sshd time"
SOURCES = (
    *(f"config:{name}" for name in CONFIG.split()),
    *(f"runtime:{name}" for name in ("pjsip", "rtp", "module")),
    *(f"system:{name}" for name in SYSTEM.split()),
)


def document(number: int, endpoints: int) -> dict[str, Any]:
    """One host's snapshot: phones from three templates, one phone in twenty configured by hand."""
    dice = random.Random(number)
    templates = [
        {"media_encryption": ("sdes", 12), "direct_media": ("no", 13), "rtp_symmetric": ("yes", 14)},
        {"media_encryption": ("no", 22), "direct_media": ("yes", 23)},
        {"media_encryption": ("dtls", 32), "webrtc": ("yes", 33)},
    ]
    objects: list[dict[str, Any]] = []
    for index in range(endpoints):
        name, line = str(6000 + index), 100 + index * 8
        own = dice.random() < 0.05
        values: dict[str, Any] = {
            key: [[text, 0, line + 3 if own else at]] for key, (text, at) in dice.choice(templates).items()
        }
        values |= {
            "context": [["internal", 0, 40]],
            "allow": [["!all", 0, 41], ["alaw", 0, 42]],
            "auth": [[name, 0, line + 1]],
            "aors": [[name, 0, line + 2]],
            "callerid": [[f"Phone {name} <{name}>", 0, line + 4]],
        }
        twin = {key: value[-1][0] for key, value in values.items() if key != "allow"}
        secret = {"length": 24, "classes": "lud", "flags": [], "fp": f"{number:x}-{index:x}"}
        objects += [
            {"from": "config", "kind": "pjsip.endpoint", "name": name, "at": [0, line], "values": values},
            {"from": "runtime", "kind": "pjsip.endpoint", "name": name, "values": twin},
            {
                "from": "config", "kind": "pjsip.auth", "name": name, "at": [0, line + 5],
                "values": {"auth_type": [["userpass", 0, 50]], "password": [[{"secret": secret}, 0, line + 6]]},
            },
            {
                "from": "config", "kind": "pjsip.aor", "name": name, "at": [0, line + 7],
                "values": {"max_contacts": [["1", 0, 60]]},
            },
        ]  # fmt: skip
    for name, protocol in (("udp", "udp"), ("tls", "tls")):
        objects.append(
            {
                "from": "config", "kind": "pjsip.transport", "name": name, "at": [0, 4],
                "values": {"protocol": [[protocol, 0, 5]], "bind": [["0.0.0.0", 0, 6]]},
            }
        )  # fmt: skip
    return {
        "schema": "grundton.snapshot/1",
        "hostname": f"pbx{number}",
        "taken_at": "2026-11-23T12:00:00Z",
        "live": True,
        "root": "/",
        "components": {
            "asterisk": {"version": "22.10.1", "branch": "22", "package": "1:22.10.1", "running": True},
            "host": {"version": "14", "branch": "forky", "package": None, "running": True},
        },
        "files": ["/etc/asterisk/pjsip.conf"],
        "sources": {source: {"status": "ok"} for source in SOURCES},
        "objects": objects,
    }


def hosts(count: int, endpoints: int, policy: Policy) -> Iterator[HostInput]:
    """`count` hosts with `endpoints` phones each, made one at a time."""
    for number in range(count):
        name = f"pbx{number:04d}"
        yield HostInput(name, Snapshot.from_document(document(number, endpoints), name), policy)
