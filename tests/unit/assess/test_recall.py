"""Hosts judged together come to what each comes to alone, whatever they have in common."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.estate import document
from hypothesis import given, settings
from hypothesis import strategies as st

import grundton.assess
from grundton.assess import HostInput, assess
from grundton.assess.recall import _KEPT, _PATIENCE
from grundton.catalog import load
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.policy import load_policy
from grundton.records import Records

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load()
POLICIES = [load_policy({}, host="h"), load_policy({"voip_protection_level": "basic"}, host="h")]


def host(name: str, raw: dict[str, Any], policy: int = 0) -> HostInput:
    return HostInput(name, Snapshot.from_document(raw, name), POLICIES[policy])


def findings(hosts: list[HostInput]) -> list[Finding]:
    return assess(hosts, CATALOG, Records(), NOW).findings


def disturbed(change: tuple[str, str, int]) -> dict[str, Any]:
    """An office of three phones with one thing different."""
    what, value, index = change
    raw = document(1, 3)
    if what == "source":
        name = sorted(raw["sources"])[index % len(raw["sources"])]
        raw["sources"][name] = {"status": value if value != "ok" else "ok", "reason": "so", "incomplete": ["a file"]}
    elif what == "value":
        item = raw["objects"][index % len(raw["objects"])]
        key = sorted(item["values"])[index % len(item["values"])]
        item["values"][key] = [[value, 0, 7]] if item["from"] == "config" else value
    elif what == "gone":
        del raw["objects"][index % len(raw["objects"])]
    elif what == "version":
        raw["components"]["asterisk"] |= {"version": "20.5.0", "branch": "20"}
    elif what == "files":
        raw["files"] = ["/etc/asterisk/other.conf"]
    return raw


CHANGES = st.tuples(
    st.sampled_from(["none", "source", "value", "gone", "version", "files"]),
    st.sampled_from(["ok", "not_checked", "error", "absent", "yes", "no", "", "sdes"]),
    st.integers(0, 40),
)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(CHANGES, st.integers(0, 1)), min_size=2, max_size=6))
def test_together_as_alone(changes: list[tuple[tuple[str, str, int], int]]) -> None:
    alone = [
        found
        for n, (change, policy) in enumerate(changes)
        for found in findings([host(f"h{n}", disturbed(change), policy)])
    ]
    together = findings([host(f"h{n}", disturbed(change), policy) for n, (change, policy) in enumerate(changes)])
    assert together == alone


def test_after_many_hosts_that_differ_each_is_still_judged_by_itself() -> None:
    raws = [document(number, 4) for number in range(_PATIENCE + _KEPT)]
    alone = [found for n, raw in enumerate(raws) for found in findings([host(f"h{n}", raw)])]
    assert findings([host(f"h{n}", raw) for n, raw in enumerate(raws)]) == alone


def test_equal_hosts_share_what_was_judged() -> None:
    made = findings([host("a", document(1, 3)), host("b", document(1, 3))])
    first, second = ([found for found in made if found.host == name] for name in ("a", "b"))
    assert [replace(found, id="", host="") for found in first] == [replace(found, id="", host="") for found in second]
    assert all(one.details is other.details for one, other in zip(first, second, strict=True))


def test_no_control_reads_what_is_no_input() -> None:
    """The host's name, the time and notes of its snapshot do not count for `recall`, so no rule may look at them."""
    folder = Path(grundton.assess.__file__).parent
    pattern = re.compile(r"snapshot\.(host|hostname|taken_at|notes|sources|_index)\b|policy\.host\b")
    found = [
        f"{path.name}: {match.group()}"
        for path in [*folder.glob("rules/*.py"), *folder.glob("evaluators/*.py"), *folder.glob("dialplan/*.py")]
        for match in pattern.finditer(path.read_text())
    ]
    assert found == []
