"""The dialplans of one host, where calls enter them, and how far absence of something can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from grundton.assess.context import Context
from grundton.assess.dialplan.patterns import SPECIAL, TAIL, sample
from grundton.assess.dialplan.plan import KIND, Extension, Plan, Step, read_plan
from grundton.assess.dialplan.targets import Peers
from grundton.assess.dialplan.walk import Event, Trace, Walker
from grundton.assess.facets import TRUNK
from grundton.assess.judgement import Judgement, unchecked
from grundton.model.finding import Detail
from grundton.model.snapshot import Object, Snapshot
from grundton.model.verdict import Verdict

GUEST, PHONE = "guest", "phone"

_STEERS = frozenset(
    (
        "goto",
        "gotoif",
        "gotoiftime",
        "gosub",
        "gosubif",
        "macro",
        "execif",
        "exec",
        "tryexec",
        "dial",
        "retrydial",
        "page",
    )
)
_MOST_NUMBERS = 200


@dataclass(slots=True)
class Entry:
    """A context where calls of one kind come in, and who sends them there."""

    context: str
    role: str
    peers: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        """Names of the peers, shortened."""
        shown = ", ".join(self.peers[:3])
        return f"{shown} and {len(self.peers) - 3} more" if len(self.peers) > 3 else shown


@dataclass(slots=True)
class Survey:
    """What rules about the dialplan start from; made once per host."""

    plans: list[Plan]
    walkers: list[Walker]
    entries: list[Entry]
    unread: str
    weak: list[str]
    _outward: dict[str, tuple[tuple[str, ...], bool]] = field(default_factory=dict)

    @property
    def cuts(self) -> int:
        """How often somebody was given a trace that is not complete."""
        return sum(walker.cuts for walker in self.walkers)

    @property
    def too_large(self) -> str:
        """Why a rule that met such a trace cannot pass."""
        return f"dialplan too large to explore: {sum(walker.spent for walker in self.walkers)} states looked at"

    def of_role(self, *roles: str) -> list[Entry]:
        """Entries of these roles."""
        return [entry for entry in self.entries if entry.role in roles]

    def steps(self) -> Iterator[tuple[Plan, Step]]:
        """Every step of every plan."""
        for plan in self.plans:
            for step in plan.steps():
                yield plan, step

    def outward_numbers(self, walker: Walker) -> tuple[str, ...]:
        """Numbers that some context carries to an outside line; what a thief would try."""
        place = walker.plan.place
        if place not in self._outward:
            found: dict[str, None] = {}
            before = walker.cuts
            for extension in _extensions(walker.plan):
                if len(found) >= _MOST_NUMBERS:
                    break
                number = sample(extension.pattern, TAIL)
                if number not in found and walker.walk(extension.context, number).outward:
                    found[number] = None
            self._outward[place] = tuple(found), walker.cuts > before
        numbers, cut = self._outward[place]
        walker.cuts += cut
        return numbers

    def numbers_into(self, walker: Walker, context: str) -> tuple[str, ...]:
        """Numbers worth sending into a context from outside: one per pattern, and everything that calls out."""
        walker.inputs = self.outward_numbers(walker)
        return walker.numbers_into(context)

    def from_outside(self, walker: Walker, context: str) -> Trace:
        """Every call a stranger may send into a context, with every digit he may add."""
        walker.inputs = self.outward_numbers(walker)
        return walker.explore(context)


def _extensions(plan: Plan) -> Iterator[Extension]:
    for context in plan.contexts.values():
        for extension in context.extensions:
            if extension.pattern not in SPECIAL and any(_may_leave(step) for step in extension.steps.values()):
                yield extension


def _may_leave(step: Step) -> bool:
    app = step.app.lower()
    if app in ("dial", "retrydial", "page"):
        return "@" in step.args or "$" in step.args or "DAHDI" in step.args.upper() or step.args.count("/") > 1
    return app in _STEERS


def survey(context: Context) -> Survey:
    """The host's survey."""
    return context.host.once("dialplan", lambda: _survey(context))


def _survey(context: Context) -> Survey:
    snapshot = context.snapshot
    states = {place: context.source(place, KIND) for place in ("config", "runtime")}
    places = [place for place, state in states.items() if state.status == "ok"]
    unread = ""
    if not places and states["config"].status != "absent":
        unread = states["config"].reason or "the dialplan could not be read"
    weak: list[str] = []
    running = states["runtime"].status == "ok" and not states["runtime"].incomplete
    if not running and "config" in places:
        weak += states["config"].incomplete
    pjsip = {place: context.source(place, "pjsip.endpoint") for place in ("config", "runtime")}
    if pjsip["runtime"].status != "ok" or pjsip["runtime"].incomplete:
        if pjsip["config"].status in ("not_checked", "error"):
            weak.append(pjsip["config"].reason)
        weak += pjsip["config"].incomplete
    peers = _peers(context)
    queues = {
        item.name: item.text("context")
        for place in ("runtime", "config")
        for item in snapshot.objects(place, "queues.queue")
        if item.text("context")
    }
    plans = [read_plan(snapshot, place) for place in places]
    return Survey(
        plans, [Walker(plan, peers, queues) for plan in plans], _entries(snapshot), unread, list(dict.fromkeys(weak))
    )


def _peers(context: Context) -> Peers:
    snapshot = context.snapshot
    trunks: set[str] = set()
    phones: set[str] = set()
    for item in _endpoints(snapshot):
        (trunks if item.facets.get("role") == TRUNK else phones).add(item.name)
    for kind in ("sip.peer", "iax.peer"):
        for item in snapshot.objects("config", kind):
            host = item.text("host", "dynamic").lower()
            (phones if host == "dynamic" else trunks).add(item.name)
    patterns = []
    for trunk in context.policy.trunks:
        patterns += list(trunk.endpoints) or [trunk.name]
    return Peers(frozenset(trunks), frozenset(phones - trunks), tuple(patterns))


def _endpoints(snapshot: Snapshot) -> list[Object]:
    found = {item.name: item for item in snapshot.objects("config", "pjsip.endpoint")}
    for item in snapshot.objects("runtime", "pjsip.endpoint"):
        found.setdefault(item.name, item)
    return list(found.values())


def _entries(snapshot: Snapshot) -> list[Entry]:
    found: dict[tuple[str, str], Entry] = {}

    def add(context: str, role: str, name: str) -> None:
        found.setdefault((context, role), Entry(context, role)).peers.append(name)

    for item in _endpoints(snapshot):
        role = TRUNK if item.facets.get("role") == TRUNK else PHONE
        if item.name == "anonymous" or item.name.startswith("anonymous@"):
            role = GUEST
        add(item.text("context") or "default", role, item.name)
    for kind in ("sip.peer", "iax.peer"):
        for item in snapshot.objects("config", kind):
            if item.text("type").lower() not in ("user", "friend", "peer"):
                continue
            contexts = item.texts("context")
            if item.text("type").lower() == "peer" and kind == "iax.peer":
                continue
            role = PHONE if item.text("host", "dynamic").lower() == "dynamic" else TRUNK
            if kind == "iax.peer" and not item.values("secret") and not item.values("inkeys"):
                role = GUEST
            for name in contexts or ["default"]:
                add(name.strip(), role, item.name)
    return list(found.values())


# -- turning what was found into judgements ----------------------------------------------------------


@dataclass(slots=True)
class Verdicts:
    """Collects the answer of a rule about contexts, extensions or steps."""

    survey: Survey
    expected: str
    kind: str = KIND
    failed: dict[str, dict[str, Detail]] = field(default_factory=dict)
    passed: dict[str, None] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    cuts: int = field(init=False)

    def __post_init__(self) -> None:
        self.cuts = self.survey.cuts

    def fail(self, name: str, step: Step | None, plan: Plan, actual: str) -> None:
        """Something is wrong with `name`, at that step; the first way there is kept, which is the shortest."""
        location = step.location if step is not None else ""
        key = str(step)[:160] if step is not None else name
        detail = Detail(key, plan.place, self.expected, actual, False, location)
        self.failed.setdefault(name, {}).setdefault(f"{plan.place} {key if step is not None else actual}", detail)

    def fail_event(self, name: str, event: Event, plan: Plan, before: str = "") -> None:
        """An event of a walk is wrong."""
        self.fail(name, event.step, plan, f"{before}{event.path}")

    def hidden(self, name: str, trace: Trace) -> None:
        """Remember that a walk could not see everything."""
        if trace.opaque:
            self.unclear.setdefault(name, f"the dialplan goes on in '{trace.opaque}', which cannot be followed")
        elif trace.truncated:
            self.unclear.setdefault(name, self.survey.too_large)

    def judgements(self) -> list[Judgement]:
        """Failing objects one by one; the rest together, as passed or as not checked."""
        result = [
            Judgement(Verdict.FAIL, self.kind, (name,), tuple(details.values())[:6])
            for name, details in self.failed.items()
        ]
        if self.survey.unread:
            return [*result, unchecked(self.kind, self.survey.unread)]
        for name, reason in self.unclear.items():
            if name not in self.failed:
                result.append(unchecked(self.kind, reason, (name,)))
        good = tuple(name for name in self.passed if name not in self.failed and name not in self.unclear)
        weak = [*self.survey.weak, *([self.survey.too_large] if self.survey.cuts > self.cuts else [])]
        if weak:
            if not self.failed and (good or not result):
                result.append(unchecked(self.kind, "; ".join(weak), good))
        elif good:
            detail = Detail(self.kind, self.survey.plans[0].place, self.expected, self.expected, True)
            result.append(Judgement(Verdict.PASS, self.kind, good, (detail,)))
        return result


def passing(verdicts: Verdicts, names: Iterable[str]) -> None:
    """Mark names as looked at."""
    for name in names:
        verdicts.passed.setdefault(name)
