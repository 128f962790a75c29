"""Sections and values of an Asterisk configuration file, with includes, templates and additions applied.

Follows Asterisk's own reader (``process_text_line`` in its main/config.c, the same from 16 to 23):

* ``[b](a)`` copies what ``a`` holds *at this moment*; later additions to ``a`` do not reach ``b``.
* ``[a](+)`` adds to the first section ``a`` that is not a template; ``[a](+name=value&...)`` to the first
  whose values match these (unanchored, extended) regular expressions; ``TEMPLATES=include|restrict`` lets
  templates in.
* Names between the brackets and between the commas of ``(a,b)`` are taken with their blanks.
* ``name += text`` adds to the last value of that name, or sets it.
* ``#include`` is relative to the configuration directory, may hold wildcards, and one that finds nothing
  ends the reading of that file there. In an included file the including file goes on; when it happens
  in the file itself, Asterisk throws the whole file away.
* After an include the including file goes on in the section it was in.
* ``#exec`` is never executed here, only recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.lines import (
    BLANKS,
    CommentState,
    significant,
    split,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import (
    Tree,
    UnreadableError,
    expand_braces,
    has_magic,
)
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import FileTable

#: A value as written, the number of its file, its line.
Written = Tuple[str, int, int]

#: A name and its value.
Variable = Tuple[str, Written]

#: Includes inside includes, counted as Asterisk does (the file itself is 1).
MAX_LEVEL = 11

_MAX_FILES = 20000
_MAX_NAME = 79
_MAX_INHERITED = 20 * 1000 * 1000


class Section:
    """``[name]`` with everything it holds, inherited values first.

    ``prefix`` is the list of values this section began with, the same list for all sections that
    began with the same template, so that it need be resolved only once. None when it does not hold any more.
    """

    __slots__ = ("_frozen", "file", "line", "name", "parents", "prefix", "template", "variables")

    def __init__(self, name: str, file: int, line: int) -> None:
        self.name = name
        self.template = False
        self.parents: List[str] = []
        self.variables: List[Variable] = []
        self.prefix: Optional[List[Variable]] = None
        self.file = file
        self.line = line
        self._frozen: Optional[List[Variable]] = None

    def inherit(self, base: Section) -> None:
        """Take over everything ``base`` holds at this moment."""
        if base._frozen is None or len(base._frozen) != len(base.variables):
            base._frozen = list(base.variables)
        self.parents.append(base.name)
        if self.variables:
            self.variables.extend(base._frozen)
        else:
            self.variables = list(base._frozen)
            self.prefix = base._frozen

    def replace(self, position: int, variable: Variable) -> None:
        """Put another value in the place of one (``+=``)."""
        self.variables[position] = variable
        self.prefix = self._frozen = None

    def first(self, name: str) -> Optional[str]:
        """The first value of ``name`` (any case), which is what Asterisk's sorcery looks at for ``type``."""
        wanted = name.lower()
        for key, written in self.variables:
            if key.lower() == wanted:
                return written[0]
        return None

    def last(self, name: str) -> Optional[str]:
        """The last value of ``name`` (any case): the one that counts for a scalar."""
        wanted = name.lower()
        for key, written in reversed(self.variables):
            if key.lower() == wanted:
                return written[0]
        return None


@dataclass
class Remark:
    """Something noticed while reading: ``level`` is info, warning or error. Never holds a value."""

    level: str
    text: str
    file: int
    line: int


@dataclass
class Config:
    """One configuration file with all its includes.

    ``found`` says whether the file was there, ``invalid`` why Asterisk would throw it away as a whole,
    ``incomplete`` what we could not see that Asterisk would.
    """

    path: str
    sections: List[Section] = field(default_factory=list)
    remarks: List[Remark] = field(default_factory=list)
    incomplete: List[str] = field(default_factory=list)
    found: bool = False
    unreadable: str = ""
    invalid: str = ""
    read: List[str] = field(default_factory=list)

    def named(self, name: str) -> Iterator[Section]:
        """All sections of that name (any case) that are not templates."""
        wanted = name.lower()
        for section in self.sections:
            if not section.template and section.name.lower() == wanted:
                yield section

    def active(self) -> List[Section]:
        """All sections that are not templates."""
        return [section for section in self.sections if not section.template]


def parse(
    tree: Tree, directory: str, path: str, files: FileTable, moved: Optional[Callable[[str], bool]] = None
) -> Config:
    """Read ``path`` (absolute, or relative to ``directory``) with everything it includes.

    Never raises for what the file holds. ``moved`` tells for the name of an include whether
    Asterisk would take it from a database instead (extconfig.conf).
    """
    return _Reader(tree, directory, files, moved).load(path)


class _StopReadingError(Exception):
    """Asterisk gives up on the current file here."""


class _Reader:
    def __init__(self, tree: Tree, directory: str, files: FileTable, moved: Optional[Callable[[str], bool]]) -> None:
        self.tree = tree
        self.directory = directory
        self.files = files
        self.moved = moved
        self.names: Dict[str, List[Section]] = {}
        self.shared: Dict[str, str] = {}
        self.current: Optional[Section] = None
        self.level = 0
        self.stack: List[str] = []
        self.opened = 0
        self.inherited = 0

    def load(self, path: str) -> Config:
        full = self._full(path)
        self.config = Config(full)
        if not self.tree.exists(full):
            # A directory we may not look into also "does not exist"; ask for the reason.
            try:
                self.tree.read(full)
            except FileNotFoundError:
                return self.config
            except UnreadableError as error:
                self.config.found = True
                self.config.unreadable = str(error)
                return self.config
        self.config.found = True
        self.level = 1
        self._file(full, CommentState(), True, top=True)
        return self.config

    # -- files ---------------------------------------------------------------------------------

    def _full(self, path: str) -> str:
        return path if path.startswith("/") else "{0}/{1}".format(self.directory.rstrip("/"), path)

    def _file(self, path: str, state: CommentState, first: bool, top: bool = False) -> bool:
        """Read one file. True when Asterisk would have opened it (or we cannot know)."""
        if path in self.stack:
            self._incomplete("{0} includes itself; the inner include was not followed".format(path))
            return True
        self.opened += 1
        if self.opened > _MAX_FILES:
            self._incomplete("more than {0} files included; the rest was not read".format(_MAX_FILES))
            return True
        try:
            data = self.tree.read(path)
        except FileNotFoundError:
            return False
        except UnreadableError as error:
            if top:
                self.config.unreadable = str(error)
                return True
            if self.tree.exists(path) and not self.tree.is_regular(path):
                return False
            self._incomplete("include not readable: {0}".format(error))
            return True
        number = self.files.index(path)
        self.config.read.append(path)
        self.stack.append(path)
        try:
            self._lines(data, number, state, first)
        except _StopReadingError as stop:
            if top:
                self.config.invalid = str(stop)
            raise_up = not top
            if raise_up:
                # Asterisk forgets to lower its include level here; so do we.
                self.level += 1
        finally:
            self.stack.pop()
        return True

    def _lines(self, data: bytes, number: int, state: CommentState, first: bool) -> None:
        section = self.current
        too_long: List[int] = []
        shared = self.shared.setdefault
        variables = section.variables if section is not None else None
        for line, text in significant(split(data, first), state, too_long):
            char = text[0]
            if char == "[":
                section = self._header(text, number, line)
                variables = section.variables
            elif char == "#":
                self._directive(text, number, line)
            elif section is None or variables is None:
                raise _StopReadingError(self._error("a line before any section", number, line))
            else:
                name, equals, value = text.partition("=")
                if not equals or name[-1:] == "+" or char == "\\":
                    self._odd(text, section, number, line)
                    continue
                if value[:1] == ">":
                    value = value[1:]
                name = name.strip(BLANKS)
                value = value.strip(BLANKS)
                if name:
                    variables.append((shared(name, name), (shared(value, value), number, line)))
                else:
                    self._remark("warning", "no name before the equal sign; Asterisk ignores the line", number, line)
        for line in too_long:
            self._remark("warning", "line too long; Asterisk skips it", number, line)
        if state.depth:
            self._remark(
                "warning",
                "comment not closed (opened in line {0})".format(state.opened),
                number,
                state.opened,
            )

    # -- one line ------------------------------------------------------------------------------

    def _odd(self, text: str, section: Section, number: int, line: int) -> None:
        """A line with an escape at its start, with ``+=``, or without an equal sign."""
        escaped = text[0] == "\\"
        if escaped:
            text = text[1:]
            if not text or text[0] <= " ":
                raise _StopReadingError(self._error("invalid escape", number, line))
        at = text.find("=", 1 if escaped else 0)
        if at < 0:
            self._remark("warning", "no equal sign; Asterisk ignores the line", number, line)
            return
        value = text[at + 1 :]
        if at > (1 if escaped else 0) and text[at - 1] == "+":
            name = text[: at - 1].strip(BLANKS)
            found = self._append_to(section.variables, name)
            if found is not None:
                key, written = section.variables[found]
                joined = (written[0] + value).strip(BLANKS)
                section.replace(found, (key, (joined, number, line)))
                return
        else:
            name = text[:at].strip(BLANKS)
            if value[:1] == ">":
                value = value[1:]
        if not name:
            self._remark("warning", "no name before the equal sign; Asterisk ignores the line", number, line)
            return
        section.variables.append((name, (value.strip(BLANKS), number, line)))

    @staticmethod
    def _append_to(variables: List[Variable], name: str) -> Optional[int]:
        """Where ``name += ...`` goes: the last of exactly that name decides the text, any case the place."""
        for _key, written in [one for one in reversed(variables) if one[0] == name][:1]:
            wanted, text = name.lower(), written[0].lower()
            for position in range(len(variables) - 1, -1, -1):
                key, old = variables[position]
                if key.lower() == wanted and (not text or old[0].lower() == text):
                    return position
        return None

    def _header(self, text: str, number: int, line: int) -> Section:
        name, closed, rest = text[1:].partition("]")
        if not closed:
            raise _StopReadingError(self._error("no closing ']'", number, line))
        name = _cut(name)
        section: Section = Section(self.shared.setdefault(name, name), number, line)
        fresh = True
        if rest[:1] == "(":
            options, closed, _ignored = rest[1:].partition(")")
            if not closed:
                raise _StopReadingError(self._error("no closing ')'", number, line))
            for option in options.split(","):
                if option == "!":
                    section.template = True
                elif option[:1] == "+":
                    found = self._find(name, option[1:], "&", number, line)
                    if found is None:
                        raise _StopReadingError(
                            self._error("addition to [{0}], which does not exist".format(name), number, line)
                        )
                    if fresh:
                        found.template = found.template or section.template
                        found.variables.extend(section.variables)
                        found.parents.extend(section.parents)
                        self.current = found
                        fresh = False
                    section = found
                else:
                    base = self._base(option)
                    if base is None:
                        raise _StopReadingError(
                            self._error(
                                "[{0}] inherits from '{1}', which does not exist".format(name, option),
                                number,
                                line,
                            )
                        )
                    section.inherit(base)
                    self.inherited += len(base.variables)
                    if self.inherited > _MAX_INHERITED:
                        self._incomplete("more inherited values than can be kept; the rest was not read")
                        raise _StopReadingError(self._error("too much inheritance", number, line))
        if fresh:
            self.config.sections.append(section)
            self.names.setdefault(section.name.lower(), []).append(section)
            self.current = section
        return section

    def _base(self, name: str) -> Optional[Section]:
        if not name:
            return self.config.sections[0] if self.config.sections else None
        found = self.names.get(name.lower())
        return found[0] if found else None

    def _find(self, name: str, selector: str, separator: str, number: int, line: int) -> Optional[Section]:
        candidates = self.names.get(name.lower(), []) if name else self.config.sections
        if not selector:
            for section in candidates:
                if not section.template:
                    return section
            return None
        tests, templates, known = self._selector(selector, separator, number, line)
        if not known:
            return None
        for section in candidates:
            if templates == "restrict" and not section.template:
                continue
            if section.template and not templates:
                continue
            if all(_holds(section, test) for test in tests):
                return section
        return None

    def _selector(
        self, selector: str, separator: str, number: int, line: int
    ) -> Tuple[List[Tuple["re.Pattern[str]", "re.Pattern[str]"]], str, bool]:
        tests: List[Tuple["re.Pattern[str]", "re.Pattern[str]"]] = []
        templates = ""
        for part in selector.split(separator):
            pieces = part.strip(BLANKS).split("=")
            if len(pieces) < 2:
                return tests, templates, False
            key, value = pieces[0].strip(BLANKS), pieces[1].strip(BLANKS)
            if key == "TEMPLATES" and value.lower() in ("include", "restrict"):
                templates = value.lower()
                continue
            patterns = [_pattern(key), _pattern(value)]
            if patterns[0] is None or patterns[1] is None:
                self._incomplete(
                    "selector in {0} line {1} is too complex to evaluate".format(self.files.paths[number], line)
                )
                return tests, templates, False
            tests.append((patterns[0], patterns[1]))
        return tests, templates, True

    def _directive(self, text: str, number: int, line: int) -> None:
        end = 1
        while end < len(text) and text[end] > " ":
            end += 1
        word = text[1:end].lower()
        argument = text[end:].strip(BLANKS)
        if word not in ("include", "tryinclude", "exec"):
            self._remark("warning", "unknown directive; Asterisk ignores the line", number, line)
            return
        if not argument:
            self._remark("warning", "#{0} without a file; Asterisk ignores the line".format(word), number, line)
            return
        if argument[0] in '"<' and argument[-1] == {'"': '"', "<": ">"}[argument[0]]:
            argument = argument[1:-1]
        if word == "exec":
            place = "{0} line {1}".format(self.files.paths[number], line)
            self._incomplete("#exec in {0} was not executed".format(place))
            self._remark("warning", "#exec is not executed by the audit; what it prints is not known", number, line)
            return
        self._include(argument, word == "include", number, line)

    def _include(self, argument: str, needed: bool, number: int, line: int) -> None:
        shown = _without_credentials(argument)
        if self.level >= MAX_LEVEL:
            self._remark("error", "includes nested too deep; Asterisk gives up here", number, line)
            if needed:
                raise _StopReadingError(self._error("include of '{0}' is nested too deep".format(shown), number, line))
            return
        if self.moved is not None and self.moved(argument):
            self._incomplete("{0} comes from a database (extconfig.conf)".format(shown))
            return
        pattern = self._full(argument)
        try:
            paths = self.tree.glob(pattern)
        except UnreadableError as error:
            self._incomplete("include not readable: {0}".format(error))
            return
        self.level += 1
        state = CommentState()
        opened = False
        for position, path in enumerate(paths):
            opened = self._file(path, state, position == 0) or opened
        self.level -= 1
        if not opened:
            if needed:
                what = "matches no file" if _is_pattern(pattern) else "does not exist"
                raise _StopReadingError(self._error("included '{0}' {1}".format(shown, what), number, line))
            self._remark("info", "optional include '{0}' finds nothing".format(shown), number, line)

    # -- remarks -------------------------------------------------------------------------------

    def _remark(self, level: str, text: str, number: int, line: int) -> None:
        if len(self.config.remarks) < 500:
            self.config.remarks.append(Remark(level, text, number, line))

    def _error(self, text: str, number: int, line: int) -> str:
        self._remark("error", text + "; Asterisk stops reading this file here", number, line)
        return "{0} line {1}: {2}".format(self.files.paths[number], line, text)

    def _incomplete(self, text: str) -> None:
        if text not in self.config.incomplete and len(self.config.incomplete) < 200:
            self.config.incomplete.append(text)


def _cut(name: str) -> str:
    if len(name) * 4 <= _MAX_NAME or len(name.encode("utf-8", "surrogatepass")) <= _MAX_NAME:
        return name
    return name.encode("utf-8", "surrogatepass")[:_MAX_NAME].decode("utf-8", "replace")


def _is_pattern(path: str) -> bool:
    return has_magic(path) or len(expand_braces(path)) > 1


def _pattern(text: str) -> Optional["re.Pattern[str]"]:
    """A regular expression that cannot run away, or None."""
    if len(text) > 200 or any(char in text for char in "(){}\\") or sum(text.count(char) for char in "*+?") > 2:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def _holds(section: Section, test: Tuple["re.Pattern[str]", "re.Pattern[str]"]) -> bool:
    name, value = test
    return any(name.search(key) and value.search(written[0]) for key, written in section.variables)


def _without_credentials(text: str) -> str:
    """An include is normally a path; should it look like a URL, its user part is left out."""
    return re.sub(r"//[^/@\s]*@", "//", text)
