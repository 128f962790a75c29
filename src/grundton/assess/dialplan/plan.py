"""Contexts, extensions and steps of one dialplan, and how Asterisk finds an extension in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from grundton.assess.dialplan.patterns import matches, sort_key
from grundton.model.snapshot import Object, Snapshot

KIND = "dialplan.context"
_PRIORITY = re.compile(r"^(?P<number>\d+)(?:\((?P<label>[^)]*)\))?$")
#: Contexts one search looks into; Asterisk itself gives up after 128 (AST_PBX_MAX_STACK), each of which may count
#: twice here: once as included at certain times, once as included always.
_MOST_SEARCHED = 256
_TOO_MANY = f"more than {_MOST_SEARCHED} included contexts"


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension."""

    context: str
    pattern: str
    priority: int
    label: str
    app: str
    args: str
    location: str

    def __str__(self) -> str:
        return f"{self.pattern}@{self.context} {self.app}({self.args})"


@dataclass(slots=True)
class Extension:
    """Everything under one pattern of one context."""

    context: str
    pattern: str
    caller: str
    steps: dict[int, Step] = field(default_factory=dict)

    def labelled(self, label: str) -> int | None:
        """The priority that bears a label."""
        return next((step.priority for step in self.steps.values() if step.label == label), None)


@dataclass(slots=True)
class DialContext:
    """One context."""

    name: str
    extensions: list[Extension] = field(default_factory=list)
    includes: list[tuple[str, bool]] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)
    location: str = ""
    _named: dict[str, list[Extension]] = field(default_factory=dict)
    _patterns: list[Extension] = field(default_factory=list)

    def index(self) -> None:
        """Put extensions into the order in which Asterisk tries them, and names where they are found at once."""
        self.extensions.sort(key=lambda extension: (sort_key(extension.pattern), not extension.caller))
        for extension in self.extensions:
            if extension.pattern.startswith("_"):
                self._patterns.append(extension)
            else:
                self._named.setdefault(extension.pattern.replace("-", ""), []).append(extension)

    def has(self, name: str) -> bool:
        """Whether an extension of exactly that name is here."""
        return name in self._named

    def included(self, timed: bool) -> Iterator[tuple[str, bool]]:
        """Names it includes, and whether only at certain times; always so when it is itself included like that."""
        for name, at_times in self.includes:
            yield name, timed or at_times

    def answering(self, dialled: str) -> Iterator[Extension]:
        """Extensions that match, best first."""
        yield from self._named.get(dialled.replace("-", ""), ())
        for extension in self._patterns:
            if matches(extension.pattern, dialled):
                yield extension


@dataclass(slots=True)
class Match:
    """An extension found; `sometimes` when it depends on the time or the caller's number."""

    extension: Extension
    sometimes: bool


@dataclass(slots=True)
class Plan:
    """A whole dialplan from one place (`config`, `runtime`)."""

    place: str
    contexts: dict[str, DialContext]
    globals: dict[str, str]
    _known: dict[tuple[str, str, int], tuple[list[Match], str]] = field(default_factory=dict)
    _orders: dict[str, tuple[list[tuple[DialContext, bool]], bool]] = field(default_factory=dict)

    def steps(self) -> Iterator[Step]:
        """Every step."""
        for context in self.contexts.values():
            for extension in context.extensions:
                yield from extension.steps.values()

    def find(self, context: str, dialled: str, priority: int = 1) -> tuple[list[Match], str]:
        """Extensions that may answer, best first, up to the first certain one; and the switch that hides more."""
        key = (context, dialled, priority)
        if key not in self._known:
            self._known[key] = self._find(context, dialled, priority)
        return self._known[key]

    def _find(self, name: str, dialled: str, priority: int) -> tuple[list[Match], str]:
        order, cut = self._order(name)
        found: list[Match] = []
        opaque = ""
        for context, timed in order:
            for extension in context.answering(dialled):
                if priority in extension.steps:
                    conditional = timed or bool(extension.caller)
                    found.append(Match(extension, conditional))
                    if not conditional:
                        return found, opaque
            opaque = opaque or (context.switches[0] if context.switches else "")
        return found, opaque or (_TOO_MANY if cut else "")

    def _order(self, name: str) -> tuple[list[tuple[DialContext, bool]], bool]:
        """Contexts in the order in which a search that starts at `name` looks into them, and whether that was cut.

        With each goes whether it is only included at certain times. Like Asterisk no search looks into one twice.
        """
        if name in self._orders:
            return self._orders[name]
        order: list[tuple[DialContext, bool]] = []
        seen: set[tuple[str, bool]] = set()
        cut = False
        todo = [iter([(name, False)])]
        while todo:
            step = next(todo[-1], None)
            if step is None:
                todo.pop()
                continue
            inner, timed = step
            context = self.contexts.get(inner)
            if context is None or (inner, False) in seen or (inner, timed) in seen:
                continue
            if len(order) >= _MOST_SEARCHED:
                cut = True
                break
            seen.add(step)
            order.append((context, timed))
            todo.append(context.included(timed))
        self._orders[name] = order, cut
        return order, cut

    def closure(self, name: str, most: int | None = None) -> list[DialContext]:
        """The context and everything it includes; no more than `most` contexts."""
        result: dict[str, DialContext] = {}
        todo = [name]
        while todo and (most is None or len(result) < most):
            context = self.contexts.get(todo.pop())
            if context is not None and context.name not in result:
                result[context.name] = context
                todo += [included for included, _timed in context.includes if included not in result]
        return list(result.values())


def read_plan(snapshot: Snapshot, place: str) -> Plan:
    """The dialplan as the snapshot has it at one place."""
    contexts = {item.name: _context(item) for item in snapshot.objects(place, KIND)}
    variables = {
        key: item.text(key)
        for item in snapshot.objects("config", "extensions.globals")
        for key in item.raw_values
        if not key.startswith("_")
    }
    return Plan(place, contexts, variables)


def _context(item: Object) -> DialContext:
    context = DialContext(item.name, location=str(item.location() or ""))
    extensions: dict[tuple[str, str], Extension] = {}
    for text, location in _occurrences(item, "exten"):
        step_of = _step(item.name, text, location)
        if step_of is None:
            continue
        caller, step = step_of
        extension = extensions.setdefault((step.pattern, caller), Extension(item.name, step.pattern, caller))
        extension.steps.setdefault(step.priority, step)
    context.extensions = list(extensions.values())
    context.index()
    for text, _location in _occurrences(item, "include"):
        name, _comma, timing = text.replace("|", ",").partition(",")
        context.includes.append((name.strip(), bool(timing.strip(" ,*"))))
    context.switches = [text for text, _location in _occurrences(item, "switch")]
    return context


def _occurrences(item: Object, key: str) -> list[tuple[str, str]]:
    raw = item.raw_values.get(key)
    if raw is None:
        return []
    if item.place != "config":
        return [(text, "") for text in item.texts(key)]
    files = item.files
    return [(entry[0], f"{files[entry[1]]}:{entry[2]}") for entry in raw if isinstance(entry[0], str)]


def _step(context: str, text: str, location: str) -> tuple[str, Step] | None:
    pattern, rest = _first(text)
    priority, _comma, application = rest.partition(",")
    found = _PRIORITY.match(priority.strip())
    if found is None:
        return None
    pattern, _slash, caller = pattern.strip().partition("/")
    app, args = split_application(application)
    number, label = int(found.group("number")), found.group("label") or ""
    return caller, Step(context, pattern, number, label, app, args, location)


def _first(text: str) -> tuple[str, str]:
    depth = 0
    for index, char in enumerate(text):
        if char in "[({":
            depth += 1
        elif char in "])}":
            depth = max(0, depth - 1)
        elif char == "," and depth == 0:
            return text[:index], text[index + 1 :]
    return text, ""


def split_application(text: str) -> tuple[str, str]:
    """`App(args)` as application and arguments."""
    name, paren, rest = text.strip().partition("(")
    if not paren:
        return name.strip(), ""
    end = rest.rfind(")")
    return name.strip(), rest[:end] if end >= 0 else rest
