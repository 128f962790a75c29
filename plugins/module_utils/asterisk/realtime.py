"""What extconfig.conf and sorcery.conf move out of the files, into databases mostly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Section
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.words import words
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import CONFIG, ConfigValues, Item, Occurrence

_FAMILIES = {
    "sippeers": "sip",
    "sipusers": "sip",
    "sipregs": "sip",
    "iaxpeers": "iax",
    "iaxusers": "iax",
    "voicemail": "voicemail",
    "voicemail_data": "voicemail",
    "voicemail_aliases": "voicemail",
    "queues": "queues",
    "queue_members": "queues",
    "queue_rules": "queuerules",
    "musiconhold": "musiconhold",
    "musiconhold_entry": "musiconhold",
    "meetme": "meetme",
    "acls": "acl",
    "followme": "followme",
    "followme_numbers": "followme",
    "extensions": "dialplan",
    "phoneprov": "phoneprov",
}

#: The sorcery modules whose objects live in pjsip.conf, and the types each one owns.
_MODULES = {
    "res_pjsip": words("auth aor contact domain_alias endpoint global system transport"),
    "res_pjsip_acl": words("acl"),
    "res_pjsip_endpoint_identifier_ip": words("identify"),
    "res_pjsip_outbound_publish": words("outbound-publish"),
    "res_pjsip_outbound_registration": words("registration"),
    "res_pjsip_phoneprov_provider": words("phoneprov"),
    "res_pjsip_publish_asterisk": words("asterisk-publication"),
    "res_pjsip_pubsub": words("inbound-publication resource_list subscription_persistence"),
}
_KEPT_IN_MEMORY = words("contact subscription_persistence")


@dataclass
class Mappings:
    """Items of kind ``realtime.mapping``, and their consequences.

    ``files`` are the configuration files that come from a database as a whole, ``incomplete`` names per stem what
    the files do not tell, ``pjsip`` lists the wizards of every pjsip type that sorcery.conf names.
    """

    items: List[Item] = field(default_factory=list)
    files: Dict[str, str] = field(default_factory=dict)
    incomplete: Dict[str, List[str]] = field(default_factory=dict)
    pjsip: Dict[str, List[str]] = field(default_factory=dict)

    def moved(self, name: str) -> bool:
        """Whether Asterisk takes the configuration file of this name from a database."""
        return name in self.files

    def pjsip_from_file(self, kind: str) -> bool:
        """Whether objects of this type come (also) from pjsip.conf."""
        wizards = self.pjsip.get(kind)
        return wizards is None or any(_is_file(wizard) for wizard in wizards)

    def note(self, stem: str, text: str) -> None:
        """Record once what weakens the view of ``<stem>``."""
        found = self.incomplete.setdefault(stem, [])
        if text not in found:
            found.append(text)


def read_extconfig(sections: Iterable[Section], redactor: Redactor, into: Mappings) -> None:
    """``[settings]`` of extconfig.conf: ``name => driver,database[,table[,priority]]``."""
    for section in sections:
        if section.name.lower() != "settings":
            continue
        for name, (text, file, line) in section.variables:
            parts = [part.strip() for part in text.split(",")] + ["", ""]
            values: Dict[str, List[Occurrence]] = {
                "driver": [(parts[0], file, line)],
                "database": [(redactor.text(parts[1]), file, line)],
                "table": [(parts[2] or name, file, line)],
                "of": [("extconfig.conf", file, line)],
            }
            into.items.append(Item(CONFIG, "realtime.mapping", name, values, at=(file, line)))
            low = name.lower()
            if low.endswith(".conf"):
                into.files[name] = parts[0]
                into.note(low[:-5], "{0} comes from {1} (extconfig.conf)".format(name, parts[0]))
                if low == "extensions.conf":
                    into.note("dialplan", "{0} comes from {1} (extconfig.conf)".format(name, parts[0]))
            elif low in _FAMILIES:
                into.note(_FAMILIES[low], "{0} also from {1} (extconfig.conf)".format(name, parts[0]))


def read_sorcery(sections: Iterable[Section], redactor: Redactor, into: Mappings) -> None:
    """Sections of sorcery.conf are modules, their lines ``type[/options] = wizard,data``."""
    for section in sections:
        types = _MODULES.get(section.name)
        grouped: Dict[str, ConfigValues] = {}
        for name, (text, file, line) in section.variables:
            label = "{0}/{1}".format(section.name, name)
            values = grouped.get(label)
            if values is None:
                values = grouped[label] = {"of": [("sorcery.conf", file, line)], "wizard": []}
                into.items.append(Item(CONFIG, "realtime.mapping", label, values, at=(file, line)))
            values["wizard"].append((redactor.text(text), file, line))
            kind, _slash, option = name.partition("/")
            if types is None or kind not in types or option == "cache" or kind in _KEPT_IN_MEMORY:
                continue
            into.pjsip.setdefault(kind, []).append(text)
            if not _is_default(text, kind):
                source = text.partition(",")[0].strip()
                into.note("pjsip", "objects of type {0} also or only from {1} (sorcery.conf)".format(kind, source))


def _is_file(wizard: str) -> bool:
    parts = [part.strip() for part in wizard.split(",")]
    return parts[0] == "config" and parts[1:2] == ["pjsip.conf"]


def _is_default(wizard: str, kind: str) -> bool:
    return _is_file(wizard) and "criteria=type={0}".format(kind) in wizard.replace(" ", "")
