"""Asterisk's part of the snapshot: two collectors, one for the files and one for the running daemon."""

from __future__ import annotations

from typing import List

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.files import read_files, source_keys
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation, detect
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.runtime import read_runtime, runtime_keys
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    NOT_CHECKED,
    SYSTEM,
    Contribution,
    Item,
    PlainValues,
    Source,
)

#: Sources of the two collectors, for when they do not come back in time.
FILE_SOURCES = [*source_keys(), "system:commandline"]
RUNTIME_SOURCES = runtime_keys()


def collect_files(root: str, live: bool, deadline: Deadline, redactor: Redactor) -> List[Contribution]:
    """The configuration files, and the component itself. Empty when there is no Asterisk."""
    found = detect(root, live, deadline.within(5.0))
    if not found.present:
        return []
    part = read_files(Tree(root), found, redactor, deadline)
    part.components.append(found.component())
    part.objects.append(_command_line(found))
    part.sources.append(Source("system:commandline"))
    return [part]


def collect_runtime(root: str, live: bool, deadline: Deadline, redactor: Redactor) -> List[Contribution]:
    """The running daemon's answers. Empty when there is no Asterisk; ``not_checked`` for an offline tree."""
    found = detect(root, live, deadline.within(5.0))
    if not found.present:
        return []
    if not live:
        return [Contribution(sources=[Source(key, NOT_CHECKED, "offline tree") for key in runtime_keys()])]
    return [read_runtime(found, redactor, deadline)]


def _command_line(found: Installation) -> Item:
    """Options given on the command line; they win over asterisk.conf."""
    values: PlainValues = {"of": found.command_line_from or "none found", **found.command_line}
    return Item(SYSTEM, "commandline", "asterisk", values)
