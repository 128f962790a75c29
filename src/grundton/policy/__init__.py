"""The operator's decisions as typed inventory variables ``voip_*`` with secure defaults."""

from __future__ import annotations

from grundton.policy.load import load_policy
from grundton.policy.lookup import UnknownPathError
from grundton.policy.matrix import EncryptionCell
from grundton.policy.model import Policy
from grundton.policy.problems import PolicyError, Problem

__all__ = ["EncryptionCell", "Policy", "PolicyError", "Problem", "UnknownPathError", "load_policy"]
