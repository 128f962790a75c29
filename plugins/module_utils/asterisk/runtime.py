"""The running daemon's own answers as one contribution, source by source, each with its own fate."""

from __future__ import annotations

import time
from typing import Callable, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk import show_core, show_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import (
    AskError,
    Control,
    UnknownCommandError,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show_dialplan import parse_dialplan
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    ABSENT,
    ERROR,
    NOT_CHECKED,
    RUNTIME,
    Contribution,
    Item,
    Note,
    PlainValues,
    Source,
)

#: Prefixes of the kinds this reader can fill.
PREFIXES = (
    "asterisk",
    "module",
    "pjsip",
    "rtp",
    "manager",
    "http",
    "ari",
    "logger",
    "cdr",
    "cel",
    "voicemail",
    "acl",
    "features",
    "dialplan",
    "iax",
    "sip",
    "udptl",
    "pjproject",
    "cli_permissions",
)

#: Most endpoints for which every parameter is kept; beyond that only those of `show_pjsip.ESSENTIAL`.
FULL_DETAIL = 2000

#: Largest part of the remaining time the many single questions about PJSIP objects may take.
_DETAIL_SHARE = 0.6
_DETAIL_SECONDS = 30.0


def runtime_keys() -> List[str]:
    """Every source this reader can fill."""
    return ["runtime:" + prefix for prefix in PREFIXES]


def read_runtime(found: Installation, redactor: Redactor, deadline: Deadline) -> Contribution:
    """Ask everything. Never raises; what cannot be asked is ``not_checked`` with the reason."""
    reader = _Reader(found, redactor, deadline)
    if not found.running:
        reason = "no asterisk process is running"
        return Contribution(sources=[Source(key, ABSENT, reason) for key in runtime_keys()])
    return reader.read()


class _Reader:
    def __init__(self, found: Installation, redactor: Redactor, deadline: Deadline) -> None:
        self.found = found
        self.redactor = redactor
        self.deadline = deadline
        self.control = Control(found.socket, deadline)
        self.out = Contribution()
        self.log_directory = "/var/log/asterisk"

    def read(self) -> Contribution:
        try:
            version = self.control.ask("core show version")
        except AskError as error:
            self.out.sources = [Source(key, NOT_CHECKED, str(error)) for key in runtime_keys()]
            return self.out
        steps: Tuple[Tuple[str, Callable[[Source], List[Item]]], ...] = (
            ("asterisk", lambda source: self._core(source, version)),
            ("module", lambda _source: show_core.modules(self._ask("module show"))),
            ("rtp", lambda _source: show_core.rtp(self._ask("rtp show settings"))),
            ("manager", self._manager),
            ("http", lambda _source: show_core.http(self._ask("http show status"))),
            ("ari", lambda _source: show_core.ari(self._ask("ari show status"), self._ask("ari show users"))),
            ("logger", lambda _source: show_core.logger(self._ask("logger show channels"), self.log_directory)),
            ("cdr", lambda _source: show_core.cdr(self._ask("cdr show status"))),
            ("cel", lambda _source: show_core.cel(self._ask("cel show status"))),
            ("voicemail", lambda _source: show_core.voicemail(self._ask("voicemail show users"))),
            ("acl", self._acl),
            ("features", lambda _source: show_core.features(self._ask("features show"))),
            ("iax", lambda _source: show_core.iax(self._ask("iax2 show users"), self._ask("iax2 show peers"))),
            (
                "sip",
                lambda _source: show_core.sip(
                    self._ask("sip show settings"), self._ask("sip show peers"), self.redactor
                ),
            ),
            ("udptl", lambda _source: show_core.udptl(self._ask("udptl show config"))),
            ("pjproject", lambda _source: show_core.buildopts(self._ask("pjproject show buildopts"))),
            ("cli_permissions", self._permissions),
            ("dialplan", self._dialplan),
            ("pjsip", self._pjsip),
        )
        for prefix, step in steps:
            self._step("runtime:" + prefix, step)
        return self.out

    def _step(self, key: str, step: Callable[[Source], List[Item]]) -> None:
        started = time.monotonic()
        source = Source(key)
        try:
            self.out.objects.extend(step(source))
        except UnknownCommandError as error:
            source.status, source.reason = ABSENT, "{0}: its module is not loaded".format(error)
        except AskError as error:
            source.status, source.reason = NOT_CHECKED, str(error)
        except Exception as error:  # an answer we do not understand must not end the audit
            source.status, source.reason = ERROR, "reader failed: {0}".format(type(error).__name__)
        source.ms = int((time.monotonic() - started) * 1000)
        self.out.sources.append(source)

    def _ask(self, command: str) -> str:
        return self.control.ask(command)

    def _try(self, command: str) -> str:
        """The answer, empty when the daemon does not know the command."""
        try:
            return self.control.ask(command)
        except UnknownCommandError:
            return ""

    # -- sources that need more than one question --------------------------------------------------

    def _core(self, _source: Source, version: str) -> List[Item]:
        items = show_core.core(
            self._ask("core show settings"),
            version,
            self._try("core show channels count"),
            self._try("core show uptime seconds"),
        )
        for item in items:
            directory = item.values.get("astlogdir")
            if isinstance(directory, str):
                self.log_directory = directory
        return items

    def _manager(self, _source: Source) -> List[Item]:
        items = show_core.manager(self._ask("manager show settings"))
        for name in show_core.manager_users(self._ask("manager show users")):
            items.append(show_core.manager_user(name, self._ask("manager show user " + name)))
        return items

    def _acl(self, _source: Source) -> List[Item]:
        return [
            show_core.acl(name, self._ask("acl show " + name)) for name in show_core.acl_names(self._ask("acl show"))
        ]

    def _permissions(self, _source: Source) -> List[Item]:
        found = show_core.permissions(self._ask("cli show permissions"))
        items: List[Item] = []
        for name, lines in found.items():
            values: PlainValues = {"rules": list(lines)}
            items.append(Item(RUNTIME, "cli_permissions.user", name, values))
        return items

    def _dialplan(self, source: Source) -> List[Item]:
        items = parse_dialplan(self._ask("dialplan show"), self.redactor)
        if not items:
            source.incomplete.append("no context found in the answer")
        return items

    # -- PJSIP -------------------------------------------------------------------------------------

    def _pjsip(self, source: Source) -> List[Item]:
        global_, system = show_pjsip.settings(self._ask("pjsip show settings"), self.redactor)
        global_["_ciphers"] = list(show_core.ciphers(self._try("pjsip list ciphers")))
        global_["_identifiers"] = list(show_pjsip.identifiers(self._try("pjsip show identifiers")))
        items = [
            Item(RUNTIME, "pjsip.global", "global", global_),
            Item(RUNTIME, "pjsip.system", "system", system),
        ]
        until = Deadline.after(min(_DETAIL_SECONDS, self.deadline.remaining() * _DETAIL_SHARE))
        for kind, plural in (
            ("transport", "transports"),
            ("identify", "identifies"),
            ("registration", "registrations"),
            ("endpoint", "endpoints"),
            ("aor", "aors"),
        ):
            items.extend(self._objects(source, kind, plural, until))
        try:
            items.extend(
                show_pjsip.contacts(
                    self._ask("pjsip show contacts"), self._try("database show registrar"), self.redactor
                )
            )
        except AskError as error:
            source.incomplete.append("contacts: {0}".format(error))
        return items

    def _objects(self, source: Source, kind: str, plural: str, until: Deadline) -> List[Item]:
        try:
            listing = self._ask("pjsip list {0}".format(plural))
        except UnknownCommandError:
            self.out.notes.append(Note(source.key, "no '{0}' in this Asterisk".format(plural), "info"))
            return []
        names = show_pjsip.names(kind, listing)
        states = show_pjsip.states(kind, listing) if kind in ("endpoint", "registration") else {}
        expected = show_pjsip.count(listing)
        if expected is None or expected != len(names):
            source.incomplete.append(
                "{0}: {1} listed, {2} understood".format(plural, "?" if expected is None else expected, len(names))
            )
        only = None
        if kind == "endpoint" and len(names) > FULL_DETAIL:
            only = show_pjsip.ESSENTIAL
            source.incomplete.append("endpoints: only the essential parameters of {0} kept".format(len(names)))
        items: List[Item] = []
        missed = 0
        for position, name in enumerate(names):
            if until.expired():
                source.incomplete.append(
                    "{0}: {1} of {2} not asked for lack of time".format(plural, len(names) - position, len(names))
                )
                break
            try:
                answer = self._ask("pjsip show {0} {1}".format(kind, name))
            except AskError as error:
                source.incomplete.append("{0}: {1} not read: {2}".format(plural, len(names) - position, error))
                break
            item = show_pjsip.item(kind, name, answer, self.redactor, only)
            if item is None:
                missed += 1
                continue
            if name in states:
                item.values["_state"] = states[name]  # type: ignore[assignment]
            items.append(item)
        if missed:
            source.incomplete.append("{0}: {1} without an answer".format(plural, missed))
        return items
