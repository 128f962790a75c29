"""The dialplan as a graph that can be walked: who reaches what, with which digits, past which barriers."""

from __future__ import annotations

from grundton.assess.dialplan.plan import Plan, Step
from grundton.assess.dialplan.walk import Event, Terminal, Trace, Walker

__all__ = ["Event", "Plan", "Step", "Terminal", "Trace", "Walker"]
