"""What apply would change, and who would be hurt by it. Pure: findings, records and policy in, changes out."""

from grundton.plan.activations import activations_of
from grundton.plan.model import Activation, Affected, Change, Held, HeldReason, HostPlan, Selection, Victim
from grundton.plan.planning import make_plan
from grundton.plan.selection import SelectionError, read_selection

__all__ = [
    "Activation",
    "Affected",
    "Change",
    "Held",
    "HeldReason",
    "HostPlan",
    "Selection",
    "SelectionError",
    "Victim",
    "activations_of",
    "make_plan",
    "read_selection",
]
