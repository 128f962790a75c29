"""What the files mean, with the sections the meaning comes from."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple, cast

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.files import read_files
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Config, Section, parse
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    ConfigValues,
    FileTable,
    Item,
    Source,
    Text,
)

_SECONDS = 300.0


class Sections:
    """A configuration file's sections, found by place and by name."""

    def __init__(self, config: Config, table: FileTable) -> None:
        self.config = config
        self.table = table
        self._places: Dict[Tuple[str, int], Section] = {}
        self._names: Dict[str, List[Section]] = {}
        for section in config.sections:
            self._names.setdefault(section.name.lower(), []).append(section)
            if not section.template:
                self._places.setdefault((table.paths[section.file], section.line), section)

    def at(self, place: Tuple[str, int]) -> Optional[Section]:
        """The section that begins at this file and line; templates do not count."""
        return self._places.get(place)

    def named(self, name: str) -> List[Section]:
        """All sections of that name in any case, in their order, templates too."""
        return self._names.get(name.lower(), [])

    def active(self, name: str) -> List[Section]:
        """The same without templates."""
        return [section for section in self.named(name) if not section.template]


class View:
    """The snapshot's own reading of a tree, asked object by object. ``redactor``: the same for views to compare."""

    def __init__(self, tree: Tree, found: Installation, redactor: Redactor) -> None:
        self.tree = tree
        self.found = found
        self.contribution = read_files(tree, found, redactor, Deadline.after(_SECONDS))
        self._items = {(item.kind, item.name): item for item in self.contribution.objects}
        self._sources = {source.key: source for source in self.contribution.sources}
        self._configs: Dict[str, Sections] = {}
        self._mappings = [item for item in self.contribution.objects if item.kind == "realtime.mapping"]

    def item(self, kind: str, name: str) -> Optional[Item]:
        """An object; for the kinds there is one of, whatever its section is called."""
        found = self._items.get((kind, name))
        if found is None and kind in ("pjsip.global", "pjsip.system"):
            found = next((item for item in self.contribution.objects if item.kind == kind), None)
        return found

    def items(self) -> Dict[Tuple[str, str], Item]:
        """All objects by kind and name."""
        return self._items

    def mappings(self) -> List[Item]:
        """What extconfig.conf and sorcery.conf move elsewhere."""
        return self._mappings

    def source(self, stem: str) -> Optional[Source]:
        """State of ``<stem>.conf``."""
        return self._sources.get("config:" + stem)

    def sources(self) -> Dict[str, Source]:
        """All sources."""
        return self._sources

    def place(self, item: Item) -> Tuple[str, int]:
        """File and line where an object begins."""
        number, line = item.at or (0, 0)
        return self.contribution.files[number], line

    def sections(self, path: str) -> Sections:
        """A configuration file with its sections, templates too."""
        if path not in self._configs:
            table = FileTable()
            self._configs[path] = Sections(parse(self.tree, self.found.directory, path, table), table)
        return self._configs[path]

    def config(self, path: str) -> Config:
        """A configuration file as the parser reads it."""
        return self.sections(path).config


def texts(item: Item) -> Dict[str, List[Text]]:
    """The values of an object without their places."""
    values = cast("ConfigValues", item.values)
    return {key: [one[0] for one in occurrences] for key, occurrences in values.items()}
