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
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.resolve import ORDERED, combined_order
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import (
    is_secret,
    redact_plain,
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


@dataclass
class _Resolved:
    """Values of the beginning of a section, resolved once for all sections that begin with it."""

    values: ConfigValues
    order: List[Occurrence]
    size: int


class _Values:
    """Resolves sections; remembers what is the same for many: keys, and what a template contributes."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.lower: Dict[str, str] = {}
        self.known: Dict[Tuple[str, str], bool] = {}
        self.inherited: Dict[Tuple[str, int], List[Tuple[str, int, int]]] = {}
        self.prefixes: Dict[int, Tuple[List[Variable], _Resolved]] = {}

    def values(self, kind: str, section: Section) -> Tuple[ConfigValues, List[Tuple[str, int, int]]]:
        """The effective values, and the keys Asterisk would not accept."""
        start = self._prefix(section)
        own = section.variables[start.size :]
        values = dict(start.values)
        order = start.order
        lower = self.lower
        reordered = False
        secrets: List[Tuple[str, Tuple[str, int, int]]] = []
        for name, written in own:
            key = lower.get(name)
            if key is None:
                key = lower[name] = name.lower()
            text = written[0]
            if is_secret("pjsip", key, text):
                secrets.append((key, written))
                kept: Occurrence = written
            else:
                safe = redact_plain(self.redactor, "pjsip", key, text)
                kept = written if safe is text else (safe, written[1], written[2])
            if key in LISTS:
                values[key] = [*values.get(key, ()), kept]
                reordered = reordered or key in ORDERED
            else:
                values[key] = [kept]
        if secrets:
            self._hide(values, secrets, section)
        if reordered:
            order = self._order(section)
        if order:
            values["_order"] = order
        return values, self._unknown(kind, section, start.size, own)

    def _unknown(self, kind: str, section: Section, size: int, own: List[Variable]) -> List[Tuple[str, int, int]]:
        """Keys objects of this type do not have; what a template brings is looked at once per type."""
        found: List[Tuple[str, int, int]] = []
        if size:
            pair = (kind, id(section.prefix))
            if pair not in self.inherited:
                self.inherited[pair] = self._check(kind, section.variables[:size])
            found.extend(self.inherited[pair])
        found.extend(self._check(kind, own))
        return found

    def _check(self, kind: str, variables: List[Variable]) -> List[Tuple[str, int, int]]:
        found: List[Tuple[str, int, int]] = []
        for name, written in variables:
            pair = (kind, name)
            known = self.known.get(pair)
            if known is None:
                known = self.known[pair] = knows(kind, name.lower())
            if not known:
                found.append((name.lower(), written[1], written[2]))
        return found

    def _prefix(self, section: Section) -> _Resolved:
        prefix = section.prefix
        if prefix is None:
            return _NOTHING
        found = self.prefixes.get(id(prefix))
        if found is not None:
            return found[1]
        if any(is_secret("pjsip", name, written[0]) for name, written in prefix):
            # A template with a secret: what it resembles depends on the section, so nothing is shared.
            resolved = _NOTHING
        else:
            part = Section("", section.file, section.line)
            part.variables = list(prefix)
            values, _none = self.values("", part)
            order = values.pop("_order", [])
            resolved = _Resolved(values, order, len(prefix))
        self.prefixes[id(prefix)] = (prefix, resolved)  # the list is kept, so that its id stays its own
        return resolved

    def _hide(self, values: ConfigValues, secrets: List[Tuple[str, Tuple[str, int, int]]], section: Section) -> None:
        texts = [(key, occurrences[-1][0]) for key, occurrences in values.items()]
        names = resembling([(key, text) for key, text in texts if isinstance(text, str)], section.name)
        hidden = {id(written): written for _key, written in secrets}
        for key in {key for key, _written in secrets}:
            done: List[Occurrence] = []
            for one in values[key]:
                written = hidden.get(id(one))
                done.append(one if written is None else (self.redactor.secret(written[0], *names), one[1], one[2]))
            values[key] = done

    def _order(self, section: Section) -> List[Occurrence]:
        raw: Dict[str, List[Tuple[str, int, int]]] = {}
        for name, written in section.variables:
            raw.setdefault(name.lower(), []).append(written)
        return combined_order(section.variables, raw)


_NOTHING = _Resolved({}, [], 0)


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
