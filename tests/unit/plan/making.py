"""Small plans for tests: a snapshot and one or more records in, the host's plan out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.unit.assess.documents import control

from grundton.assess import HostInput, assess
from grundton.catalog import Catalog, load
from grundton.catalog.loading import control_from_record
from grundton.model.snapshot import Snapshot
from grundton.plan import HostPlan, Selection, activations_of, make_plan
from grundton.policy import load_policy
from grundton.records import Records

DEFAULTS = {"asterisk": {"pjsip.endpoint": {"media_encryption": "no", "direct_media": "yes"}}}
RELOAD = {"fix": {"media_encryption": "sdes"}, "activate": "asterisk.pjsip_reload"}


def srtp(**more: Any) -> dict[str, Any]:
    """A record that wants SRTP on every endpoint."""
    want = {"media_encryption": {"one_of": ["sdes", "dtls"]}}
    return control(**{"setting": {"kind": "pjsip.endpoint", "want": want}, **RELOAD, **more})


def plan_of(
    records: list[dict[str, Any]], shot: Snapshot, selection: Selection | None = None, **policy: Any
) -> HostPlan:
    """Assess the snapshot by these records alone and plan it."""
    made = {record["id"]: control_from_record(record, "test.yml") for record in records}
    known = Catalog("test", load().measures, made, DEFAULTS, {}, {})
    variables = load_policy({f"voip_{key}": value for key, value in policy.items()}, host="pbx1")
    found = assess([HostInput("pbx1", shot, variables)], known, Records(), datetime(2026, 11, 23, tzinfo=UTC))
    activations = activations_of(load().activations)
    return make_plan(shot, variables, found.findings, made, activations, selection or Selection())
