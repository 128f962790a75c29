"""A control whose every input is as it was on an earlier host gets the judgements of that host.

Judging is a pure function of the control, the policy, the components and what the snapshot answers. While a control
is judged, the snapshot notes every question (`Snapshot.reads`); when the answers to the same questions are the same on
another host, so are the judgements. Hosts of one estate are much alike: most controls are judged on a few of them.

The name of a host, the moment of its snapshot and the collector's notes are no inputs: no control may read them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grundton.assess.context import Context, HostContext
from grundton.assess.judgement import Judgement
from grundton.model.snapshot import Read

if TYPE_CHECKING:
    from grundton.model.control import Control

#: How many different answers are kept for one control under one policy.
_KEPT = 4
#: After so many hosts in a row without one like it, a control is no longer looked up: phones are nowhere the same.
_PATIENCE = 8
_UNASKED = object()


@dataclass(slots=True)
class _Known:
    """What one control came to under one policy: the newest few sets of answers, and what was judged of them."""

    variants: list[tuple[dict[Read, Hashable], list[Judgement]]] = field(default_factory=list)
    misses: int = 0


@dataclass(slots=True)
class Recall:
    """Judgements of a run, by control and the rest of what they depend on; the newest few of each."""

    _known: dict[Hashable, dict[str, _Known]] = field(default_factory=dict)

    def on(self, host: HostContext, judge: Callable[[Context], list[Judgement]]) -> HostRecall:
        """The same for one host; `judge` is asked for what nobody remembers."""
        snapshot = host.snapshot
        components = tuple(
            (item.name, item.version, item.branch, item.package, item.running, item.distribution)
            for item in snapshot.components.values()
        )
        frame = (host.policy.fingerprint, components, snapshot.live, snapshot.root, repr(snapshot.privilege))
        return HostRecall(host, judge, self._known.setdefault(frame, {}))


@dataclass(slots=True)
class HostRecall:
    """Looks for an earlier host that answered as this one does."""

    host: HostContext
    make: Callable[[Context], list[Judgement]]
    known: dict[str, _Known]
    _answers: dict[Read, Hashable] = field(default_factory=dict)

    def judge(self, control: Control) -> list[Judgement]:
        """The judgements of `control`: recalled, or made and remembered."""
        known = self.known.get(control.id)
        if known is None:
            known = self.known[control.id] = _Known()
        if known.misses >= _PATIENCE:
            return self.make(Context(control, self.host))
        for answers, judgements in known.variants:
            for read, answer in answers.items():
                if self._answer(read) != answer:
                    break
            else:
                known.misses = 0
                return judgements
        judgements, reads = self.host.recorded(lambda: self.make(Context(control, self.host)))
        known.misses += 1
        known.variants.insert(0, ({read: self._answer(read) for read in reads}, judgements))
        del known.variants[_KEPT if known.misses < _PATIENCE else 0 :]
        return judgements

    def _answer(self, read: Read) -> Hashable:
        answer = self._answers.get(read, _UNASKED)
        if answer is _UNASKED:
            answer = self._answers[read] = self.host.snapshot.fingerprint(read)
        return answer
