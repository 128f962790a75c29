"""Follow a call through the dialplan: every branch that may be taken, and what happens on it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grundton.assess.dialplan.expand import UNKNOWN, Scope, is_known, is_true, readable, split_args
from grundton.assess.dialplan.patterns import SPECIAL, TAIL, is_open, literal, matches, sample
from grundton.assess.dialplan.plan import Extension, Plan, Step, split_application
from grundton.assess.dialplan.targets import LOCAL, OPAQUE, TRUNK, Peers, Target, options, targets

#: What a walk has passed, as far as a rule may want to know.
PIN, COUNTED, TIMED, SWITCHED, LIMITED = "pin", "counted", "timed", "switched", "limited"
ANNOUNCED, CALLER_ID, CALLED_OUT, CALLED_UNKNOWN, ASKED, HUNG_UP = (
    "announced",
    "caller id",
    "called out",
    "called something unknown",
    "asked for digits",
    "hung up",
)

#: States one call may be in, those of everything a stranger may do behind one entrance, and those of all walks of
#: a plan together. What goes beyond is not looked at, and said so.
_MAX_STATES = 4000
_MAX_EXPLORED = 20_000
_MAX_TOTAL = 100_000
_MAX_CONTEXTS = 256
_MOST_VARIABLES = 100
_MOST_SHOWN, _MOST_TEXT = 60, 1000
_END = frozenset(["hangup", "busy", "congestion"])
_ANNOUNCE = frozenset(
    (
        "playback",
        "background",
        "controlplayback",
        "sayalpha",
        "saydigits",
        "saynumber",
        "backgrounddetect",
    )
)
_ASK = frozenset(["background", "waitexten", "backgrounddetect"])
_DIALLING = {"dial": 0, "retrydial": 3, "page": 0}
_QUIET = frozenset(
    (
        "noop",
        "verbose",
        "log",
        "set",
        "mset",
        "goto",
        "gotoif",
        "gotoiftime",
        "gosub",
        "gosubif",
        "return",
        "execif",
        "exec",
    )
)
_SUB = re.compile(r"^(?P<place>[^(]*)(?:\((?P<args>.*)\))?\s*$", re.S)


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """How a call got somewhere: the last thing that happened, and the trail before, shared by all that goes on."""

    text: str
    before: Trail | None = None

    def then(self, text: str) -> Trail:
        """The trail one thing further."""
        return Trail(text[:_MOST_TEXT], self)

    def __str__(self) -> str:
        words: list[str] = []
        at: Trail | None = self
        while at is not None:
            words.append(at.text)
            at = at.before
        words.reverse()
        if len(words) > _MOST_SHOWN:
            words[_MOST_SHOWN // 2 : -_MOST_SHOWN // 2] = ["…"]
        return readable(" → ".join(words))


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One application that runs: its arguments as expanded and what lies before it."""

    app: str
    args: tuple[str, ...]
    step: Step
    facts: frozenset[str]
    trail: Trail
    targets: tuple[Target, ...] = ()

    @property
    def options(self) -> dict[str, str]:
        """Options of a Dial (its third argument)."""
        offset = _DIALLING.get(self.app, 0) + 2
        return options(self.args[offset]) if len(self.args) > offset else {}

    @property
    def outward(self) -> bool:
        """Whether it calls a line to the outside."""
        return any(target.kind == TRUNK for target in self.targets)

    @property
    def path(self) -> str:
        """How the call got here, for people."""
        return str(self.trail)


@dataclass(frozen=True, slots=True, eq=False)
class Terminal:
    """A branch that ends, and how."""

    how: str
    facts: frozenset[str]
    trail: Trail

    @property
    def path(self) -> str:
        """How the call got here, for people."""
        return str(self.trail)


@dataclass(slots=True)
class Trace:
    """All that may happen to a call."""

    events: list[Event] = field(default_factory=list)
    ends: list[Terminal] = field(default_factory=list)
    opaque: str = ""
    truncated: bool = False

    @property
    def outward(self) -> list[Event]:
        """Events that call a line to the outside."""
        return [event for event in self.events if event.outward]


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    context: str
    exten: str
    priority: int
    variables: Mapping[str, str]
    facts: frozenset[str]
    stack: tuple[tuple[str, str, int], ...]
    trail: Trail

    @property
    def key(self) -> object:
        return (
            self.context,
            self.exten,
            self.priority,
            frozenset(self.variables.items()),
            self.facts,
            self.stack,
        )


@dataclass(slots=True)
class Walker:
    """Walks one plan. `inputs` are the numbers a caller tries wherever he may dial on."""

    plan: Plan
    peers: Peers
    queue_contexts: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    #: States looked at so far, and how often somebody was given a trace that is not complete.
    spent: int = 0
    cuts: int = 0
    _done: dict[tuple[str, str | None], Trace] = field(default_factory=dict)
    _numbers: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, ...], bool]] = field(default_factory=dict)

    def numbers_into(self, context: str) -> tuple[str, ...]:
        """Numbers worth trying in a context: one per pattern, and `inputs` as far as an open pattern takes them."""
        numbers, cut = self.numbers_and_cut(context)
        self.cuts += cut
        return numbers

    def numbers_and_cut(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The same, and whether there are more than anybody tries."""
        key = (context, self.inputs)
        if key not in self._numbers:
            inside = self.plan.closure(context, _MAX_CONTEXTS)
            found: dict[str, None] = {}
            for inner in inside:
                for extension in inner.extensions:
                    if extension.pattern in SPECIAL - {"s"} or len(found) > _MAX_EXPLORED:
                        continue
                    found[sample(extension.pattern, TAIL)] = None
                    if is_open(extension.pattern):
                        start = literal(extension.pattern)
                        for number in self.inputs:
                            for tried in (number, start + number):
                                if matches(extension.pattern, tried):
                                    found[tried] = None
            cut = len(inside) >= _MAX_CONTEXTS or len(found) > _MAX_EXPLORED
            self._numbers[key] = tuple(found), cut
        return self._numbers[key]

    def walk(self, context: str, dialled: str) -> Trace:
        """Follow a call of `dialled` that enters at `context`."""
        return self._trace((context, dialled), _MAX_STATES)

    def explore(self, context: str) -> Trace:
        """Follow every call a stranger may send into `context`, with every digit and transfer key he may use."""
        return self._trace((context, None), _MAX_EXPLORED)

    def _trace(self, key: tuple[str, str | None], most: int) -> Trace:
        if key not in self._done:
            context, dialled = key
            run = _Run(self, dialled is None, min(most, _MAX_TOTAL - self.spent))
            self._done[key] = run.follow(context, dialled)
            self.spent += len(run.seen)
        trace = self._done[key]
        self.cuts += trace.truncated
        return trace


class _Run:
    def __init__(self, walker: Walker, outside: bool, most: int) -> None:
        self.walker, self.plan, self.peers = walker, walker.plan, walker.peers
        self.queues, self.outside, self.most = walker.queue_contexts, outside, most
        self.trace = Trace()
        self.todo: deque[_State] = deque()
        self.seen: set[object] = set()
        self.asked: set[tuple[str, frozenset[str]]] = set()

    def follow(self, context: str, dialled: str | None) -> Trace:
        for number in self._numbers(context) if dialled is None else (dialled,):
            self._push(_State(context, number, 1, {}, frozenset(), (), Trail(f"{number}@{context}")))
        while self.todo:
            self._visit(self.todo.popleft())
        return self.trace

    def _numbers(self, context: str) -> tuple[str, ...]:
        numbers, cut = self.walker.numbers_and_cut(context)
        if cut:
            self.trace.truncated = True
        return numbers

    def _push(self, state: _State) -> None:
        """Look at a state later, unless it is known or there are too many."""
        if len(self.seen) >= self.most and self.trace.truncated:
            return
        key = state.key
        if key in self.seen:
            return
        if len(self.seen) >= self.most:
            self.trace.truncated = True
            return
        self.seen.add(key)
        self.todo.append(state)

    def _visit(self, state: _State) -> None:
        found, opaque = self.plan.find(state.context, state.exten, state.priority)
        self.trace.opaque = self.trace.opaque or opaque
        for match in found:
            facts = state.facts | {TIMED} if match.sometimes else state.facts
            self._step(replace(state, facts=facts), match.extension)
        if not found or found[-1].sometimes:
            self._end(state, "no such extension" if state.priority == 1 else "end of the extension")

    def _end(self, state: _State, how: str) -> None:
        if HUNG_UP in state.facts:
            return
        self.trace.ends.append(Terminal(how, state.facts, state.trail.then(how)))
        context = self.plan.contexts.get(state.context)
        if context is not None and context.has("h"):
            self._push(replace(state, exten="h", priority=1, facts=state.facts | {HUNG_UP}, stack=()))

    # -- one step ------------------------------------------------------------------------------

    def _step(self, state: _State, extension: Extension) -> None:
        step = extension.steps[state.priority]
        variables = dict(state.variables)
        variables.update(EXTEN=state.exten, CONTEXT=state.context, PRIORITY=str(state.priority))
        scope = Scope(variables, self.plan.globals)
        text = scope.expand(step.args)
        for name, args in scope.calls:
            self._event(state, step, name.lower(), args)
        self._apply(state, extension, step, step.app.lower(), text)

    def _apply(self, state: _State, extension: Extension, step: Step, app: str, text: str) -> None:
        handler = getattr(self, f"_app_{app}", None)
        if handler is not None:
            handler(state, extension, step, text)
            return
        if app in _DIALLING:
            self._dial(state, step, app, text)
            return
        self._event(state, step, app, text)
        if app in _ASK:
            self._ask(state, state.context, "caller dials")
        if app in _END:
            self._end(state, app)
            return
        facts = state.facts
        if app in _ANNOUNCE:
            facts = facts | {ANNOUNCED}
        if app in ("authenticate", "vmauthenticate"):
            facts = facts | {PIN}
        self._next(replace(state, facts=facts))

    def _next(self, state: _State) -> None:
        self._push(replace(state, priority=state.priority + 1))

    def _event(self, state: _State, step: Step, app: str, text: str, called: tuple[Target, ...] = ()) -> None:
        if app not in _QUIET:
            trail = state.trail.then(f"{step.app}({text})" if text else step.app)
            self.trace.events.append(Event(app, tuple(split_args(text)), step, state.facts, trail, called))

    def _ask(self, state: _State, context: str, why: str, *facts: str) -> None:
        if not self.outside:
            return
        # What was set before the caller dials on is forgotten: fewer states, and nothing is taken for known by mistake.
        kept = (state.facts & {PIN}) | {ASKED, *facts}
        if (context, kept) in self.asked:
            return
        self.asked.add((context, kept))
        if len(self.seen) >= self.most and self.trace.truncated:
            return
        for number in self._numbers(context):
            self._push(_State(context, number, 1, {}, kept, (), state.trail.then(f"{why} {number}@{context}")))

    def _jump(self, state: _State, extension: Extension, place: str) -> None:
        parts = [part.strip() for part in split_args(place)]
        context, exten = state.context, state.exten
        if len(parts) > 2:
            context = parts[-3] or context
        if len(parts) > 1:
            exten = parts[-2] or exten
        if context == UNKNOWN or exten == UNKNOWN:
            if context != UNKNOWN:
                self._ask(state, context, "computed number")
            self._end(state, "goes on at a computed place")
            return
        if not is_known(context):
            self._end(state, "goes on at a computed place")
            return
        priority = self._priority(parts[-1], context, exten, extension)
        if priority is None:
            self._end(state, f"no such place: {place}")
            return
        trail = state.trail
        if (context, exten) != (state.context, state.exten):
            trail = trail.then(f"{exten}@{context}")
        self._push(replace(state, context=context, exten=exten, priority=priority, trail=trail))

    def _priority(self, text: str, context: str, exten: str, extension: Extension) -> int | None:
        if text.isdigit():
            return int(text)
        labelled = extension.labelled(text)
        if labelled is not None and exten and context == extension.context:
            return labelled
        for priority in range(1, 200):
            found, _opaque = self.plan.find(context, exten, priority)
            if not found:
                break
            for match in found:
                labelled = match.extension.labelled(text)
                if labelled is not None:
                    return labelled
        return extension.labelled(text)

    def _condition(self, step: Step, text: str) -> tuple[str, frozenset[str]]:
        raw = step.args.partition("?")[0]
        condition = text.partition("?")[0]
        facts = set()
        if "GROUP_COUNT" in raw:
            facts.add(COUNTED)
        if "IFTIME(" in raw or "STRFTIME(" in raw or "EPOCH" in raw:
            facts.add(TIMED)
        if re.search(r"\$\{(DB|DB_EXISTS|GLOBAL|ODBC\w*|CURL)\(", raw) or any(
            f"${{{name}}}" in raw or f"${{{name}:" in raw for name in self.plan.globals
        ):
            facts.add(SWITCHED)
        return condition, frozenset(facts)

    # -- applications that steer ---------------------------------------------------------------

    def _app_goto(self, state: _State, extension: Extension, _step: Step, text: str) -> None:
        self._jump(state, extension, text)

    def _app_gotoif(self, state: _State, extension: Extension, step: Step, text: str) -> None:
        condition, facts = self._condition(step, text)
        yes, _colon, no = text.partition("?")[2].partition(":")
        state = replace(state, facts=state.facts | facts)
        for branch, taken in ((yes, True), (no, False)):
            if is_known(condition) and is_true(condition) is not taken and not facts:
                continue
            if branch.strip():
                self._jump(state, extension, branch.strip())
            else:
                self._next(state)

    def _app_gotoiftime(self, state: _State, extension: Extension, _step: Step, text: str) -> None:
        yes, _colon, no = text.partition("?")[2].partition(":")
        state = replace(state, facts=state.facts | {TIMED})
        for branch in (yes, no):
            if branch.strip():
                self._jump(state, extension, branch.strip())
            else:
                self._next(state)

    def _app_gosub(self, state: _State, extension: Extension, _step: Step, text: str) -> None:
        found = _SUB.match(text)
        if found is None:
            self._next(state)
            return
        variables = dict(state.variables)
        for index, value in enumerate(split_args(found.group("args") or ""), 1):
            variables[f"ARG{index}"] = value
        stack = (*state.stack, (state.context, state.exten, state.priority + 1))
        if len(stack) <= 20:
            self._jump(replace(state, variables=variables, stack=stack), extension, found.group("place"))
        else:
            self.trace.truncated = True

    def _app_gosubif(self, state: _State, extension: Extension, step: Step, text: str) -> None:
        condition, facts = self._condition(step, text)
        yes, _colon, no = text.partition("?")[2].partition(":")
        state = replace(state, facts=state.facts | facts)
        for branch, taken in ((yes, True), (no, False)):
            if is_known(condition) and is_true(condition) is not taken and not facts:
                continue
            if branch.strip():
                self._app_gosub(state, extension, step, branch.strip())
            else:
                self._next(state)

    def _app_macro(self, state: _State, extension: Extension, step: Step, text: str) -> None:
        name, *args = split_args(text)
        self._app_gosub(state, extension, step, f"macro-{name.strip()},s,1({','.join(args)})")

    def _app_return(self, state: _State, _extension: Extension, _step: Step, _text: str) -> None:
        if not state.stack:
            self._end(state, "return without a caller")
            return
        context, exten, priority = state.stack[-1]
        self._push(replace(state, context=context, exten=exten, priority=priority, stack=state.stack[:-1]))

    def _app_execif(self, state: _State, extension: Extension, step: Step, text: str) -> None:
        condition, facts = self._condition(step, text)
        yes, _colon, no = _split_branches(text.partition("?")[2])
        state = replace(state, facts=state.facts | facts)
        for branch, taken in ((yes, True), (no, False)):
            if is_known(condition) and is_true(condition) is not taken and not facts:
                continue
            app, args = split_application(branch)
            if app:
                self._apply(state, extension, step, app.lower(), args)
            else:
                self._next(state)

    def _app_exec(self, state: _State, extension: Extension, step: Step, text: str) -> None:
        app, args = split_application(text)
        self._apply(state, extension, step, app.lower() or "noop", args)

    _app_tryexec = _app_exec

    def _app_set(self, state: _State, _extension: Extension, _step: Step, text: str) -> None:
        self._next(self._assign(state, text))

    def _app_mset(self, state: _State, _extension: Extension, _step: Step, text: str) -> None:
        for part in split_args(text):
            state = self._assign(state, part)
        self._next(state)

    @staticmethod
    def _assign(state: _State, text: str) -> _State:
        name, equals, value = text.partition("=")
        name = name.strip().lstrip("_")
        if not equals or not name:
            return state
        variables = dict(state.variables)
        if name in variables or len(variables) < _MOST_VARIABLES:  # what is not kept is not known
            variables[name] = value.strip().strip('"')
        facts = state.facts
        if name.lower() in ("callerid(num)", "callerid(all)"):
            facts = facts | {CALLER_ID}
        elif name.lower() == "timeout(absolute)":
            facts = facts | {LIMITED}
        return replace(state, variables=variables, facts=facts)

    def _app_disa(self, state: _State, _extension: Extension, step: Step, text: str) -> None:
        self._event(state, step, "disa", text)
        args = [arg.strip() for arg in split_args(text)]
        context = args[1] if len(args) > 1 and args[1] else "disa"
        protected = () if args[0].lower() in ("", "no-password") else (PIN,)
        self._ask(state, context, "DISA", *protected)
        self._end(state, "disa")

    def _app_queue(self, state: _State, _extension: Extension, step: Step, text: str) -> None:
        self._event(state, step, "queue", text)
        args = split_args(text)
        context = self.queues.get(args[0].strip(), "")
        if context:
            self._ask(state, context, "in the queue the caller dials")
        if self.outside and len(args) > 1 and "T" in args[1]:
            self._ask(state, self._transfer_context(state), "caller transfers himself to")
        self._next(state)

    # -- calling -------------------------------------------------------------------------------

    def _transfer_context(self, state: _State) -> str:
        return state.variables.get("TRANSFER_CONTEXT") or state.context

    def _dial(self, state: _State, step: Step, app: str, text: str) -> None:
        args = split_args(text)
        first = _DIALLING[app]
        called = tuple(targets(args[first], self.peers)) if len(args) > first else ()
        if not called:
            called = (Target(OPAQUE, "", "", text),)
        self._event(state, step, app, text, called)
        given = options(args[first + 2]) if len(args) > first + 2 else {}
        facts = set(state.facts)
        for target in called:
            if target.kind == TRUNK:
                facts.add(CALLED_OUT)
            elif target.kind == OPAQUE:
                facts.add(CALLED_UNKNOWN)
            elif target.kind == LOCAL and is_known(target.peer) and target.number != UNKNOWN:
                self._push(
                    _State(
                        target.peer,
                        target.number,
                        1,
                        {},
                        state.facts,
                        (),
                        state.trail.then(target.text),
                    )
                )
        if self.outside and "T" in given:
            self._ask(state, self._transfer_context(state), "caller transfers himself to")
        if any(target.kind != LOCAL for target in called):
            self._next(replace(state, facts=frozenset(facts)))
        else:
            self._next(replace(state, facts=frozenset(facts | {CALLED_UNKNOWN})))


def _split_branches(text: str) -> tuple[str, str, str]:
    depth = 0
    for index, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == ":" and depth == 0:
            return text[:index], ":", text[index + 1 :]
    return text, "", ""
