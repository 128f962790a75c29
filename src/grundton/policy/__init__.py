"""The operator's decisions as typed inventory variables ``voip_*`` with secure defaults."""

from __future__ import annotations

from grundton.policy.deviations import Deviation, deviations
from grundton.policy.load import load_policy
from grundton.policy.lookup import UnknownPathError
from grundton.policy.matrix import EncryptionCell
from grundton.policy.model import Policy
from grundton.policy.origins import find_origins
from grundton.policy.problems import PolicyError, Problem
from grundton.policy.published import argument_spec, json_schema

__all__ = [
    "Deviation",
    "EncryptionCell",
    "Policy",
    "PolicyError",
    "Problem",
    "UnknownPathError",
    "argument_spec",
    "deviations",
    "find_origins",
    "json_schema",
    "load_policy",
]
