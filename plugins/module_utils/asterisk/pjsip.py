"""pjsip.conf as Asterisk's object store reads it, and the objects pjsip_wizard.conf generates.

Facts followed (res_sorcery_config.c, sorcery.c, res_pjsip_config_wizard.c; 16 to 23):

* An object is (type, section name). The *first* ``type`` of a section counts, spelt exactly; templates
  contribute nothing of their own.
* Values apply in order: scalars are replaced, lists grow.
* Two objects of one type and name make Asterisk load *no* object of that type from the file.
* sorcery.conf can move a type to another place, a database for instance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Remark, Section, Variable
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip_keys import LISTS, knows
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.resolve import combined_order
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import (
    is_secret,
    redact,
    resembling,
)
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    CONFIG,
    ConfigValues,
    Item,
    Occurrence,
)

_SINGLE = frozenset(("global", "system"))


@dataclass
class PjsipView:
    """The effective objects, what to remark, and what weakens the view."""

    items: List[Item] = field(default_factory=list)
    remarks: List[Remark] = field(default_factory=list)
    incomplete: List[str] = field(default_factory=list)


def resolve_pjsip(
    sections: Iterable[Section], redactor: Redactor, from_file: Optional[Callable[[str], bool]] = None
) -> PjsipView:
    """Objects of pjsip.conf. ``from_file`` tells whether a type is read from this file at all."""
    view = PjsipView()
    resolver = _Values(redactor)
    seen: Dict[Tuple[str, str], Section] = {}
    singles: Dict[str, str] = {}
    for section in sections:
        kind = section.first("type")
        if kind is None:
            view.remarks.append(
                Remark(
                    "warning", "[{0}] has no type; Asterisk ignores it".format(section.name), section.file, section.line
                )
            )
            continue
        if from_file is not None and not from_file(kind):
            continue
        key = (kind, section.name)
        if key in seen:
            view.remarks.append(
                Remark(
                    "error",
                    "second object [{0}] of type {1}: Asterisk loads no object of this type from the file".format(
                        section.name, kind
                    ),
                    section.file,
                    section.line,
                )
            )
            view.incomplete.append("[{0}] of type {1} is there twice".format(section.name, kind))
            continue
        seen[key] = section
        if kind in _SINGLE:
            if kind in singles:
                view.incomplete.append("more than one section of type {0}".format(kind))
            singles[kind] = section.name
        values, unknown = resolver.values(kind, section)
        view.items.append(Item(CONFIG, "pjsip." + kind, section.name, values, at=(section.file, section.line)))
        for name, file, line in unknown:
            view.remarks.append(
                Remark(
                    "error",
                    "[{0}] {1}: '{2}' is not known; Asterisk refuses the object".format(section.name, kind, name),
                    file,
                    line,
                )
            )
    return view


class _Values:
    """Resolves sections; remembers what it decided about keys, and about inherited values."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.lower: Dict[str, str] = {}
        self.plain: Dict[Tuple[str, Tuple[str, int, int]], Occurrence] = {}
        self.unknown: Dict[Tuple[str, str], bool] = {}

    def values(self, kind: str, section: Section) -> Tuple[ConfigValues, List[Tuple[str, int, int]]]:
        """The effective values, and the keys Asterisk would not accept."""
        raw: Dict[str, List[Tuple[str, int, int]]] = {}
        lower = self.lower
        for name, written in section.variables:
            key = lower.get(name)
            if key is None:
                key = lower[name] = name.lower()
            found = raw.get(key)
            if found is None:
                raw[key] = [written]
            elif key in LISTS:
                found.append(written)
            else:
                found[0] = written
        values: ConfigValues = {}
        names: Optional[Tuple[str, ...]] = None
        unknown: List[Tuple[str, int, int]] = []
        plain = self.plain
        for key, writtens in raw.items():
            done: List[Occurrence] = []
            for written in writtens:
                kept = plain.get((key, written))
                if kept is None:
                    text = written[0]
                    if is_secret("pjsip", key, text):
                        if names is None:
                            names = resembling([(one, texts[-1][0]) for one, texts in raw.items()], section.name)
                        kept = (self.redactor.secret(text, *names), written[1], written[2])
                    else:
                        safe = redact(self.redactor, "pjsip", key, text, ())
                        kept = written if safe is text else (safe, written[1], written[2])
                        plain[(key, written)] = kept
                done.append(kept)
            values[key] = done
            known = self.unknown.get((kind, key))
            if known is None:
                known = self.unknown[(kind, key)] = knows(kind, key)
            if not known:
                unknown.append((key, writtens[0][1], writtens[0][2]))
        order = combined_order(section.variables, raw) if len(raw) > 1 else []
        if order:
            values["_order"] = order
        return values, unknown


# -- pjsip_wizard.conf -----------------------------------------------------------------------------

_TRUE = frozenset(("yes", "true", "y", "t", "1", "on"))


def expand_wizards(sections: Iterable[Section]) -> Tuple[List[Section], List[Remark]]:
    """The sections of pjsip.conf that ``type=wizard`` sections stand for, and what is wrong with them.

    A generated value points to the line of the wizard it comes from.
    """
    made: List[Section] = []
    remarks: List[Remark] = []
    for section in sections:
        if any(name == "type" and written[0] == "wizard" for name, written in section.variables):
            _Wizard(section, made, remarks).expand()
    return made, remarks


class _Wizard:
    def __init__(self, section: Section, made: List[Section], remarks: List[Remark]) -> None:
        self.section = section
        self.made = made
        self.remarks = remarks
        self.id = section.name

    def expand(self) -> None:
        hosts_written = self._last("remote_hosts")
        hosts = [host.strip() for host in hosts_written[0].split(",")] if hosts_written and hosts_written[0] else []
        self._auth("outbound", "sends_auth", "oauth")
        self._auth("inbound", "accepts_auth", "iauth")
        self._aor(hosts)
        self._endpoint()
        self._identify(hosts)
        self._registrations(hosts)
        self._phoneprov()

    # -- helpers

    def _last(self, name: str) -> Optional[Tuple[str, int, int]]:
        wanted = name.lower()
        for key, written in reversed(self.section.variables):
            if key.lower() == wanted:
                return written
        return None

    def _true(self, name: str) -> bool:
        written = self._last(name)
        return written is not None and written[0].lower() in _TRUE

    def _part(self, prefix: str) -> List[Variable]:
        return [
            (name[len(prefix) :], written)
            for name, written in self.section.variables
            if name.startswith(prefix) and len(name) > len(prefix)
        ]

    def _place(self, *names: str) -> Tuple[int, int]:
        for name in names:
            written = self._last(name)
            if written is not None:
                return written[1], written[2]
        return self.section.file, self.section.line

    def _make(self, name: str, kind: str, variables: List[Variable]) -> None:
        section = Section(name, self.section.file, self.section.line)
        section.variables = [("type", (kind, self.section.file, self.section.line)), *variables]
        self.made.append(section)

    def _wrong(self, text: str) -> None:
        self.remarks.append(
            Remark("error", "wizard [{0}] {1}".format(self.id, text), self.section.file, self.section.line)
        )

    # -- objects

    def _auth(self, direction: str, switch: str, suffix: str) -> None:
        if not self._true(switch):
            return
        variables = self._part(direction + "_auth/")
        if not any(name.lower() == "username" for name, _written in variables):
            self._wrong("has {0} but no {1}_auth/username; Asterisk does not create the auth".format(switch, direction))
            return
        if not any(name.lower() == "auth_type" for name, _written in variables):
            variables.append(("auth_type", ("userpass", *self._place(switch))))
        self._make("{0}-{1}".format(self.id, suffix), "auth", variables)

    def _aor(self, hosts: List[str]) -> None:
        variables = self._part("aor/")
        proxy = self._last("outbound_proxy")
        if proxy and proxy[0]:
            variables.append(("outbound_proxy", proxy))
        if not any(name.lower() == "contact" for name, _written in variables):
            written = self._last("contact_pattern")
            pattern = written[0] if written else "sip:${REMOTE_HOST}"
            place = self._place("contact_pattern", "remote_hosts")
            if pattern:
                variables.extend(("contact", (_fill(pattern, host, ""), *place)) for host in hosts)
        self._make(self.id, "aor", variables)

    def _endpoint(self) -> None:
        variables = self._part("endpoint/")
        variables.append(("aors", (self.id, self.section.file, self.section.line)))
        for name in ("outbound_proxy", "transport"):
            written = self._last(name)
            if written and written[0]:
                variables.append((name, written))
        if self._true("sends_auth"):
            variables.append(("outbound_auth", (self.id + "-oauth", *self._place("sends_auth"))))
        if self._true("accepts_auth"):
            variables.append(("auth", (self.id + "-iauth", *self._place("accepts_auth"))))
        self._make(self.id, "endpoint", variables)

    def _identify(self, hosts: List[str]) -> None:
        if self._true("accepts_registrations") or self._true("sends_line_with_registrations"):
            return
        if not hosts:
            self._wrong("needs remote_hosts when it does not accept registrations; Asterisk creates no identify")
            return
        variables = self._part("identify/")
        variables.append(("endpoint", (self.id, self.section.file, self.section.line)))
        if not any(name.lower() == "match" for name, _written in variables):
            place = self._place("remote_hosts")
            variables.extend(("match", (host, *place)) for host in hosts)
        self._make(self.id + "-identify", "identify", variables)

    def _registrations(self, hosts: List[str]) -> None:
        if not self._true("sends_registrations"):
            return
        if not hosts:
            self._wrong("needs remote_hosts to send registrations; Asterisk creates none")
            return
        user = self._last("outbound_auth/username") if self._true("sends_auth") else None
        if self._true("sends_auth") and user is None:
            return
        username = user[0] if user else self.id
        for number, host in enumerate(hosts):
            variables = self._part("registration/")
            proxy = self._last("outbound_proxy")
            if proxy and proxy[0]:
                variables.append(("outbound_proxy", proxy))
            for key, switch, default in (
                ("server_uri", "server_uri_pattern", "sip:${REMOTE_HOST}"),
                ("client_uri", "client_uri_pattern", "sip:${USERNAME}@${REMOTE_HOST}"),
            ):
                written = self._last(switch)
                pattern = written[0] if written else default
                if pattern:
                    variables.append((key, (_fill(pattern, host, username), *self._place(switch, "remote_hosts"))))
            if self._true("sends_auth"):
                variables.append(("outbound_auth", (self.id + "-oauth", *self._place("sends_auth"))))
            transport = self._last("transport")
            if transport and transport[0]:
                variables.append(("transport", transport))
            if self._true("sends_line_with_registrations"):
                place = self._place("sends_line_with_registrations")
                variables.append(("line", ("yes", *place)))
                variables.append(("endpoint", (self.id, *place)))
            self._make("{0}-reg-{1}".format(self.id, number), "registration", variables)

    def _phoneprov(self) -> None:
        if not self._true("has_phoneprov"):
            return
        variables = self._part("phoneprov/")
        variables.append(("endpoint", (self.id, self.section.file, self.section.line)))
        self._make(self.id + "-phoneprov", "phoneprov", variables)


def _fill(pattern: str, host: str, username: str) -> str:
    return pattern.replace("${REMOTE_HOST}", host).replace("${USERNAME}", username)
