"""From wanted values to new file contents. Pure: files are read through a tree, nothing is written.

Whatever a run before wrote is taken out first, in memory; then everything that is to be set is put in anew. So the
result does not depend on the order of the runs, and the same settings give the same bytes.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree, UnreadableError
from ansible_collections.grundton.voip.plugins.module_utils.overlay import document, edit, trees
from ansible_collections.grundton.voip.plugins.module_utils.overlay.limits import Limits, objection
from ansible_collections.grundton.voip.plugins.module_utils.overlay.memory import Imagined
from ansible_collections.grundton.voip.plugins.module_utils.overlay.proof import problems
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import (
    NewFile,
    Outcome,
    OverlayError,
    Place,
    Refusal,
    Setting,
)
from ansible_collections.grundton.voip.plugins.module_utils.overlay.targets import Target, find, is_list
from ansible_collections.grundton.voip.plugins.module_utils.overlay.view import View, texts
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor

#: Folder of the overlays, beside the configuration.
FOLDER = "grundton.d"


def put(tree: Tree, found: Installation, wanted: Iterable[Setting], limits: Limits, redactor: Redactor) -> Outcome:
    """Set these values beside everything that is set already.

    Raises `OverlayError` when the result would not mean exactly what is wanted.
    """
    work = _Work(tree, found, redactor)
    merged = dict(work.kept)
    refused = []
    new = set()
    for setting in wanted:
        why = objection(setting, limits)
        if why:
            refused.append(Refusal(setting, why))
            continue
        item = work.bare.item(setting.kind, setting.object)
        if item is not None:
            setting = replace(setting, object=item.name)
        known = merged.get(setting.place)
        merged[setting.place] = known.joined(setting) if known and known.value == setting.value else setting
        new.add(setting.place)
    outcome = work.finish(merged, new)
    outcome.refused = refused + outcome.refused
    return outcome


def take(tree: Tree, found: Installation, leave: Callable[[Setting], Optional[Setting]], redactor: Redactor) -> Outcome:
    """Take settings back: ``leave`` says what stays of one, None for nothing."""
    work = _Work(tree, found, redactor)
    merged = {}
    for setting in work.kept.values():
        rest = leave(setting)
        if rest is not None:
            merged[rest.place] = rest
    return work.finish(merged, set())


@dataclass
class _Group:
    """What goes into one overlay: blocks by object, lines to put out of force."""

    blocks: Dict[Tuple[str, str], Tuple[Target, List[Setting]]] = field(default_factory=dict)
    silenced: Dict[Tuple[str, int], List[str]] = field(default_factory=dict)


class _Work:
    def __init__(self, tree: Tree, found: Installation, redactor: Redactor) -> None:
        self.tree = tree
        self.found = found
        self.redactor = redactor
        self.keeper = trees.front_end(tree)
        self.before = View(tree, found, redactor)
        self.kept: Dict[Place, Setting] = {}
        self.overlays: Dict[str, str] = {}
        self.hosts: Dict[str, Optional[str]] = {}
        self.bare_contents: Dict[str, Optional[bytes]] = {}
        for config in self._configs_with_overlay():
            self._strip(config)
        self.bare = View(Imagined(tree, self.bare_contents), found, redactor) if self.overlays else self.before

    # -- what an earlier run left ------------------------------------------------------------------

    def _configs_with_overlay(self) -> List[str]:
        folders = sorted({posixpath.dirname(self.found.config), self.found.directory})
        return [
            posixpath.join(folder, name)
            for folder in folders
            for name in self.tree.listdir(posixpath.join(folder, FOLDER))
            if name.endswith(".conf")
        ]

    def _strip(self, config: str) -> None:
        """Imagine the files of one configuration without us."""
        overlay = self._overlay(config)
        for block in document.read(self.tree.read(overlay), overlay):
            for setting in block.settings:
                self.kept[setting.place] = setting
        self.overlays[config] = overlay
        self.bare_contents[overlay] = None
        for path in dict.fromkeys([config, *self.before.config(config).read]):
            data = self._real(path)
            if data is None or path == overlay:
                continue
            clean = edit.without_include(data, self._include(config))
            for number, _controls, _line in edit.silenced(clean):
                clean = edit.restore(clean, number)
            if clean != data:
                self.bare_contents[path] = None if not clean and path == config else clean

    def _overlay(self, config: str) -> str:
        return posixpath.join(posixpath.dirname(config), FOLDER, posixpath.basename(config))

    def _include(self, config: str) -> str:
        """How the include names the overlay; Asterisk looks for names without a slash in its own directory."""
        inside = posixpath.dirname(config) == self.found.directory
        return "{0}/{1}".format(FOLDER, posixpath.basename(config)) if inside else self._overlay(config)

    def _real(self, path: str) -> Optional[bytes]:
        try:
            return self.tree.read(path)
        except FileNotFoundError:
            return None
        except UnreadableError as error:
            raise OverlayError(str(error)) from None

    def _bare(self, path: str) -> Optional[bytes]:
        return self.bare_contents[path] if path in self.bare_contents else self._real(path)

    # -- putting it together -----------------------------------------------------------------------

    def finish(self, merged: Dict[Place, Setting], new: "set[Place]") -> Outcome:
        outcome = Outcome()
        groups: Dict[str, _Group] = {}
        done: Dict[Place, Setting] = {}
        for place in sorted(merged):
            setting = merged[place]
            target = find(self.bare, setting)
            if isinstance(target, Refusal):
                if place in new:
                    outcome.refused.append(target)
                continue
            if self._holds_already(target):
                outcome.unchanged.append(target.setting)
                done[target.setting.place] = target.setting
                continue
            refusal = self._hindrance(target)
            if refusal is not None:
                if place in new:
                    outcome.refused.append(refusal)
                continue
            group = groups.setdefault(target.config, _Group())
            entry = group.blocks.setdefault((target.setting.kind, target.setting.object), (target, []))
            entry[1].append(target.setting)
            for spot in target.earlier:
                group.silenced.setdefault(spot, []).extend(target.setting.controls)
            done[target.setting.place] = target.setting
        contents = dict(self.bare_contents)
        hosts = {config: self._fill(config, group, contents) for config, group in groups.items()}
        changed = {path: data for path, data in contents.items() if data != self._real(path)}
        if changed:
            after = View(Imagined(self.tree, contents), self.found, self.redactor)
            free = {place for place in self.kept if place not in done}
            wrong = problems(self.before, after, done, free)
            if wrong:
                raise OverlayError("nothing was written, the result would not be right: {0}".format("; ".join(wrong)))
        outcome.files = self._ordered(changed, groups, hosts)
        return outcome

    def _holds_already(self, target: Target) -> bool:
        """Whether the user's own lines say it."""
        setting = target.setting
        item = self.bare.item(setting.kind, setting.object)
        if item is None:
            return False
        values = texts(item).get(setting.key, [])
        if is_list(setting.kind, setting.key):
            return setting.value in values
        if len(target.earlier) > 1 or not values:
            return False
        return values[-1] == setting.value

    def _hindrance(self, target: Target) -> Optional[Refusal]:
        """Files of a front end that would have to be touched."""
        if self._host(target.config) is None:
            by = self.keeper or "a program"
            return Refusal(
                target.setting,
                "{0} is written by {1} and has no file for own settings: change it there".format(target.config, by),
            )
        for path, _line in target.earlier:
            if trees.is_generated(path, self._bare(path) or b"", self.keeper):
                return Refusal(
                    target.setting,
                    "{0} is written by {1} and its first {2} wins: change it there".format(
                        path, self.keeper or "a program", target.setting.key
                    ),
                )
        return None

    def _host(self, config: str) -> Optional[str]:
        """The file of a configuration that includes its overlay; None: there is none we may touch."""
        if config not in self.hosts:
            if self._bare(config) is None:
                self.hosts[config] = None if self.keeper else config
            else:
                self.hosts[config] = trees.host_file(self.bare.tree, self.bare.config(config), self.keeper)
        return self.hosts[config]

    def _fill(self, config: str, group: _Group, contents: Dict[str, Optional[bytes]]) -> str:
        """Put one overlay into the imagined files; the file that includes it is returned."""
        host = self._host(config) or config
        for (path, line), controls in group.silenced.items():
            data = contents[path] if path in contents else self._real(path)
            contents[path] = edit.silence(data or b"", line, tuple(sorted(set(controls))))
        blocks = [
            document.Block(kind, name, target.opening, tuple(settings), target.prefix)
            for (kind, name), (target, settings) in group.blocks.items()
        ]
        contents[self._overlay(config)] = document.render(blocks)
        data = contents[host] if host in contents else self._real(host)
        contents[host] = edit.with_include(data or b"", self._include(config))
        return host

    def _ordered(
        self, changed: Dict[str, Optional[bytes]], groups: Dict[str, _Group], hosts: Dict[str, str]
    ) -> List[NewFile]:
        """Overlays first, then the files that include them; what goes, last."""
        ours = {self._overlay(config): config for config in {*groups, *self.overlays}}
        files = []
        for path in sorted(changed, key=lambda one: (changed[one] is None, one not in ours, one)):
            config = ours.get(path)
            settings: List[Setting] = []
            if config in groups:
                settings = [setting for _target, some in groups[config or ""].blocks.values() for setting in some]
            like = hosts.get(config or "", config or path)
            if self._real(like) is None:
                like = self.found.config
            files.append(NewFile(path, self._real(path), changed[path], config is not None, like, tuple(settings)))
        return files
