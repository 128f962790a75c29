"""What is looked at before and after: objects, registrations, dialplan, modules, sockets, calls."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, Set

from ansible_collections.grundton.voip.plugins.module_utils.activation.calls import channels
from ansible_collections.grundton.voip.plugins.module_utils.activation.probes import options_answered, tls_answered
from ansible_collections.grundton.voip.plugins.module_utils.asterisk import show_core, show_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import Control, UnknownCommandError
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show_dialplan import parse_dialplan
from ansible_collections.grundton.voip.plugins.module_utils.host.procnet import parse_table
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor

_IAX_PORT = 4569
#: Modules that make a dialplan out of files.
_READERS = ("pbx_config", "pbx_lua", "pbx_ael")
_PLURALS = {
    "endpoint": "endpoints",
    "aor": "aors",
    "transport": "transports",
    "identify": "identifies",
    "registration": "registrations",
}
_BIND = re.compile(r"^Transport:  (?P<name>[^<\s]\S*)\s+(?P<kind>\S+)\s+\d+\s+\d+\s+(?P<bind>\S+)\s*$", re.M)


@dataclass
class State:
    """One look at the daemon. Everything is plain data, so that it can travel to the controller and back.

    ``objects``: names by PJSIP type. ``registrations``: outbound ones and their state. ``contacts``: registered
    devices as ``aor/address``. ``sockets``: ``tcp 5061``. ``answers``: transport to whether SIP or TLS answers there.
    """

    version: str = ""
    uptime: int = 0
    objects: Dict[str, List[str]] = field(default_factory=dict)
    registrations: Dict[str, str] = field(default_factory=dict)
    contacts: List[str] = field(default_factory=list)
    modules: List[str] = field(default_factory=list)
    dialplan: Dict[str, str] = field(default_factory=dict)
    sockets: List[str] = field(default_factory=list)
    channels: List[str] = field(default_factory=list)
    calls: int = 0
    answers: Dict[str, bool] = field(default_factory=dict)

    def to_json(self) -> Dict[str, Any]:
        """For the module's result."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """What an earlier call returned; what is missing is empty."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known)


def look(control: Control, pids: List[int]) -> State:
    """Ask the daemon. Raises ``AskError`` when it does not answer."""
    state = State(version=control.ask("core show version").strip().partition(" built by ")[0])
    uptime = re.search(r"System uptime: (\d+)", control.ask("core show uptime seconds"))
    state.uptime = int(uptime.group(1)) if uptime else 0
    for kind, plural in _PLURALS.items():
        listing = _try(control, "pjsip list " + plural)
        state.objects[kind] = sorted(show_pjsip.names(kind, listing))
        if kind == "registration":
            state.registrations = show_pjsip.states(kind, listing)
        if kind == "transport":
            state.answers = _answers(listing)
            binds = [found.group("kind", "bind") for found in _BIND.finditer(listing)]
    contacts = show_pjsip.contacts(
        _try(control, "pjsip show contacts"), _try(control, "database show registrar"), Redactor()
    )
    state.contacts = sorted(
        "{0}/{1}".format(item.values.get("aor"), item.values.get("address"))
        for item in contacts
        if item.values.get("registered") == "yes"
    )
    modules = show_core.modules(control.ask("module show"))
    state.modules = sorted(item.name for item in modules if item.values.get("status") == "running")
    state.dialplan = _dialplan(_try(control, "dialplan show"))
    state.sockets = _sockets(pids, {bind.rpartition(":")[2] for _kind, bind in binds})
    found = channels(control.ask("core show channels concise"))
    state.channels = sorted(one.name for one in found)
    calls = re.search(r"(?m)^(\d+) active calls?$", control.ask("core show channels count"))
    state.calls = int(calls.group(1)) if calls else 0
    return state


def _try(control: Control, command: str) -> str:
    try:
        return control.ask(command)
    except UnknownCommandError:
        return ""


def _answers(listing: str) -> Dict[str, bool]:
    found = {}
    for one in _BIND.finditer(listing):
        address, _colon, port = one.group("bind").rpartition(":")
        address = address.strip("[]")
        if not port.isdigit():
            continue
        if one.group("kind") == "udp":
            found[one.group("name")] = options_answered(address, int(port))
        elif one.group("kind") == "tls":
            found[one.group("name")] = tls_answered(address, int(port))
    return found


def _dialplan(answer: str) -> Dict[str, str]:
    """A fingerprint of every context that comes from the files.

    Which of several readers of dialplans created a context they share changes with every reload, and means nothing.
    """
    prints = {}
    for item in parse_dialplan(answer, Redactor(b"0")):
        if item.values.get("created_by") in _READERS:
            text = repr(sorted((key, value) for key, value in item.values.items() if key != "created_by"))
            prints[item.name] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return prints


def _sockets(pids: List[int], sip_ports: Set[str]) -> List[str]:
    """What the daemon listens on: TCP, and the UDP ports of its transports and of IAX2 (RTP comes and goes)."""
    udp = {int(port) for port in sip_ports if port.isdigit()} | {_IAX_PORT}
    found = set()
    for pid in pids:
        inodes = _inodes(pid)
        for protocol in ("tcp", "tcp6", "udp", "udp6"):
            try:
                with open("/proc/{0}/net/{1}".format(pid, protocol), encoding="ascii", errors="replace") as handle:
                    table = handle.read()
            except OSError:
                continue
            for one in parse_table(table, protocol[:3]):
                if one.bound and one.inode in inodes and (one.protocol == "tcp" or one.port in udp):
                    found.add("{0} {1}".format(one.protocol, one.port))
    return sorted(found)


def _inodes(pid: int) -> Set[int]:
    folder = "/proc/{0}/fd".format(pid)
    found: Set[int] = set()
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink("{0}/{1}".format(folder, name))
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found
