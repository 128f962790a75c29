"""Gates of a control: `since` and `until` (versions), `given` (what must be there to mean anything)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grundton.assess.modules import is_loaded
from grundton.model.control import Control
from grundton.model.snapshot import Snapshot
from grundton.model.version import at_least


def closed_gate(control: Control, snapshot: Snapshot) -> str:
    """Return why the control does not apply to the installed versions, or an empty string when it does.

    An unknown version keeps the gate open: the evaluator then judges with what it knows.
    """
    for name, gate in control.since.items():
        version, branch = _installed(snapshot, name)
        if version and branch and not _reached(gate, version, branch):
            return f"{name} {version} does not have this setting yet"
    for name, gate in control.until.items():
        version, branch = _installed(snapshot, name)
        if version and branch and _reached(gate, version, branch):
            return f"{name} {version} does not have this any more"
    return _not_given(control, snapshot)


def _not_given(control: Control, snapshot: Snapshot) -> str:
    module, kind = control.given.get("module"), control.given.get("kind")
    if module and is_loaded(snapshot, module) is False:
        return f"{module} is not loaded"
    if kind and not snapshot.objects("config", kind) and not snapshot.objects("runtime", kind):
        states = [snapshot.source(place, kind) for place in ("config", "runtime")]
        if states[0].status in ("ok", "absent") and not states[0].incomplete:
            return f"there is no {kind}"
    return ""


def _installed(snapshot: Snapshot, name: str) -> tuple[str | None, str | None]:
    component = snapshot.components.get(name)
    return (component.version, component.branch) if component else (None, None)


def _reached(gate: Any, version: str, branch: str) -> bool:
    if not isinstance(gate, Mapping):
        return at_least(version, str(gate))
    if branch in gate:
        return str(gate[branch]) != "never" and at_least(version, str(gate[branch]))
    newest = max(gate, key=_branch_key)
    return _branch_key(branch) > _branch_key(newest) and str(gate[newest]) != "never"


def _branch_key(branch: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in branch.split(".")]
