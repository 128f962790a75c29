"""What apply would change, and who would be hurt by it. Pure: findings, records and policy in, changes out."""

from grundton.plan.model import Activation, Change, Held, HostPlan, Plan, Selection, Victim
from grundton.plan.planning import make_plan

__all__ = ["Activation", "Change", "Held", "HostPlan", "Plan", "Selection", "Victim", "make_plan"]
