"""All of Asterisk's configuration files, as one contribution to the snapshot."""

from __future__ import annotations

import time
from typing import Callable, Dict, List, Optional, cast

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.dialplan import resolve_dialplan
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Config, Remark, Section, parse
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip import expand_wizards, resolve_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.realtime import (
    Mappings,
    read_extconfig,
    read_sorcery,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.resolve import resolve
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.spec import SPECS
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.special import (
    resolve_logger,
    resolve_voicemail,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    ABSENT,
    ERROR,
    NOT_CHECKED,
    OK,
    ConfigValues,
    Contribution,
    FileTable,
    Item,
    Note,
    Source,
)

#: Stems with a reader of their own, beside those of `SPECS`.
OWN_STEMS = ("realtime", "pjsip", "extensions", "dialplan", "voicemail", "logger")

_TRUE = frozenset(("yes", "true", "y", "t", "1", "on"))


def source_keys() -> List[str]:
    """Every source this reader can fill."""
    return ["config:" + stem for stem in (*OWN_STEMS, *SPECS)]


def read_files(tree: Tree, found: Installation, redactor: Redactor, deadline: Deadline) -> Contribution:
    """Read and resolve everything below the configuration directory. Never raises for what the files hold."""
    return _Files(tree, found, redactor, deadline).read()


class _Files:
    def __init__(self, tree: Tree, found: Installation, redactor: Redactor, deadline: Deadline) -> None:
        self.tree = tree
        self.found = found
        self.redactor = redactor
        self.deadline = deadline
        self.files = FileTable()
        self.out = Contribution()
        self.mappings = Mappings()
        self.sources: Dict[str, Source] = {}

    def read(self) -> Contribution:
        self._realtime()
        self._file("pjsip", "pjsip.conf", self._pjsip)
        self._wizard()
        self._file("extensions", "extensions.conf", self._dialplan)
        self._other_dialplans()
        self._file("voicemail", "voicemail.conf", self._voicemail)
        self._file("logger", "logger.conf", lambda sections, _remarks: resolve_logger(sections, self.redactor))
        for stem, spec in SPECS.items():
            path = self.found.config if stem == "asterisk" else spec.file

            def general(sections: List[Section], _remarks: List[Remark], spec=spec) -> List[Item]:  # type: ignore[no-untyped-def]
                return resolve(spec, sections, self.redactor)

            self._file(stem, path, general)
        self._users()
        for stem, texts in self.mappings.incomplete.items():
            for text in texts:
                self._weaken(stem, text)
        self.out.files = self.files.paths
        self.out.sources = list(self.sources.values())
        return self.out

    # -- one file ------------------------------------------------------------------------------

    def _file(
        self, stem: str, path: str, resolver: Callable[[List[Section], List[Remark]], List[Item]]
    ) -> Optional[Config]:
        """Parse, resolve and record one file as source ``config:<stem>``."""
        started = time.monotonic()
        source = self.sources.setdefault("config:" + stem, Source("config:" + stem))
        if self.deadline.expired():
            source.status, source.reason = NOT_CHECKED, "no time left to read {0}".format(path)
            return None
        if self.mappings.moved(path):
            source.status = NOT_CHECKED
            source.reason = "{0} comes from a database ({1}, extconfig.conf)".format(path, self.mappings.files[path])
            return None
        config = parse(self.tree, self.found.directory, path, self.files, self.mappings.moved)
        if not config.found:
            source.status, source.reason = ABSENT, "{0} does not exist".format(config.path)
        elif config.unreadable:
            source.status, source.reason = NOT_CHECKED, config.unreadable
        elif config.invalid:
            source.status, source.reason = ERROR, "Asterisk rejects the file as a whole: {0}".format(config.invalid)
            self._remarks(source.key, config.remarks)
        else:
            source.status = OK
            for text in config.incomplete:
                self._weaken(stem, text)
            remarks = list(config.remarks)
            self.out.objects.extend(resolver(config.active(), remarks))
            self._remarks(source.key, remarks)
        source.ms += int((time.monotonic() - started) * 1000)
        return config

    def _remarks(self, key: str, remarks: List[Remark]) -> None:
        for remark in remarks[:200]:
            self.out.notes.append(Note(key, remark.text, remark.level, (remark.file, remark.line)))
        if len(remarks) > 200:
            self.out.notes.append(Note(key, "{0} more remarks left out".format(len(remarks) - 200), "info"))

    def _weaken(self, stem: str, text: str) -> None:
        source = self.sources.get("config:" + stem)
        if source is not None and text not in source.incomplete:
            source.incomplete.append(text)

    # -- files with a logic of their own ---------------------------------------------------------

    def _realtime(self) -> None:
        def extconfig(sections: List[Section], _remarks: List[Remark]) -> List[Item]:
            read_extconfig(sections, self.redactor, self.mappings)
            return []

        def sorcery(sections: List[Section], _remarks: List[Remark]) -> List[Item]:
            read_sorcery(sections, self.redactor, self.mappings)
            return []

        first = self._file("realtime", "extconfig.conf", extconfig)
        state = self.sources["config:realtime"]
        before = (state.status, state.reason)
        second = self._file("realtime", "sorcery.conf", sorcery)
        if before[0] in (NOT_CHECKED, ERROR) or (state.status == ABSENT and first is not None and first.found):
            state.status, state.reason = before
        elif state.status == ABSENT and second is not None:
            state.reason = "neither extconfig.conf nor sorcery.conf exists"
        self.out.objects.extend(self.mappings.items)

    def _pjsip(self, sections: List[Section], remarks: List[Remark]) -> List[Item]:
        view = resolve_pjsip(sections, self.redactor, self.mappings.pjsip_from_file)
        remarks.extend(view.remarks)
        for text in view.incomplete:
            self._weaken("pjsip", text)
        return view.items

    def _wizard(self) -> None:
        """Objects of pjsip_wizard.conf join source ``config:pjsip``."""
        source = self.sources["config:pjsip"]
        if self.mappings.moved("pjsip_wizard.conf"):
            self._weaken("pjsip", "pjsip_wizard.conf comes from a database (extconfig.conf)")
            return
        config = parse(self.tree, self.found.directory, "pjsip_wizard.conf", self.files, self.mappings.moved)
        if not config.found:
            return
        if config.unreadable or config.invalid:
            self._weaken("pjsip", "pjsip_wizard.conf: {0}".format(config.unreadable or config.invalid))
            return
        made, remarks = expand_wizards(config.active())
        view = resolve_pjsip(made, self.redactor)
        self._remarks(source.key, [*config.remarks, *remarks, *view.remarks])
        for text in (*config.incomplete, *view.incomplete):
            self._weaken("pjsip", text)
        self.out.objects.extend(view.items)
        if made and source.status == ABSENT:
            source.status, source.reason = OK, ""

    def _dialplan(self, sections: List[Section], remarks: List[Remark]) -> List[Item]:
        view = resolve_dialplan(sections, self.redactor)
        remarks.extend(view.remarks)
        if view.realtime:
            self.mappings.note("dialplan", "switch => Realtime: extensions also come from a database")
        return view.items

    def _other_dialplans(self) -> None:
        """``config:dialplan`` shares the fate of extensions.conf; AEL and Lua are noticed, not read."""
        origin = self.sources["config:extensions"]
        self.sources["config:dialplan"] = Source(
            "config:dialplan", origin.status, origin.reason, 0, list(origin.incomplete)
        )
        for name, module in (("extensions.ael", "pbx_ael.so"), ("extensions.lua", "pbx_lua.so")):
            if self.tree.exists("{0}/{1}".format(self.found.directory, name)):
                self._weaken("dialplan", "{0} ({1}) is not read".format(name, module))

    def _voicemail(self, sections: List[Section], remarks: List[Remark]) -> List[Item]:
        items, found = resolve_voicemail(sections, self.redactor)
        remarks.extend(found)
        for item in items:
            if _text(item, "passwordlocation") == "spooldir":
                self._weaken("voicemail", "passwordlocation=spooldir: PINs may come from the spool directory")
        return items

    def _users(self) -> None:
        """users.conf makes peers, mailboxes and manager users beside the files named after them."""
        switches = (("hassip", "sip"), ("hasiax", "iax"), ("hasvoicemail", "voicemail"), ("hasmanager", "manager"))
        users = [item for item in self.out.objects if item.kind == "users.user"]
        common = [item for item in self.out.objects if item.kind == "users.general"]
        for key, stem in switches:
            given = [_text(item, key) or "".join(_text(one, key) for one in common) for item in users]
            if any(text.lower() in _TRUE for text in given):
                self._weaken(stem, "users.conf also defines some ({0})".format(key))


def _text(item: Item, key: str) -> str:
    """The text of a scalar of a config object, empty when it is not there."""
    occurrences = cast("ConfigValues", item.values).get(key)
    return str(occurrences[-1][0]) if occurrences else ""
