"""Assembly: renumbering, merging, cutting, collectors that fail, packing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.assemble import assemble
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import Collector, collect_snapshot
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    Component,
    Contribution,
    Item,
    Note,
    Source,
)
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.packing import pack, unpack


def test_places_are_renumbered_even_in_shared_lists() -> None:
    shared: list[Any] = [("x", 0, 7)]
    values: dict[str, Any] = {"k": [("v", 0, 1)]}
    first = Contribution(files=["/a"], objects=[Item("config", "a.b", "1", values, (0, 1))])
    second = Contribution(
        files=["/b", "/a"],
        objects=[Item("config", "a.b", name, {"k": shared}, (1, 2)) for name in "23"],
        notes=[Note("config:a", "look", at=(0, 3))],
    )
    document = assemble([first, second], {})
    assert document["files"] == ["/a", "/b"]
    assert [found["values"]["k"] for found in document["objects"]] == [[["v", 0, 1]], [["x", 1, 7]], [["x", 1, 7]]]
    assert document["objects"][1]["at"] == [0, 2]
    assert document["notes"] == [{"source": "config:a", "level": "warning", "text": "look", "at": [1, 3]}]


def test_sources_and_components_merge_and_the_worst_counts() -> None:
    parts = [
        Contribution(sources=[Source("system:a", "ok", ms=1, incomplete=["x"])], components=[Component("c", "1")]),
        Contribution(
            sources=[Source("system:a", "not_checked", "no right", ms=2, incomplete=["x", "y"])],
            components=[Component("c", None, "1", running=True, evidence=["e"])],
        ),
    ]
    document = assemble(parts, {})
    assert document["sources"]["system:a"] == {
        "status": "not_checked",
        "reason": "no right",
        "ms": 3,
        "incomplete": ["x", "y"],
    }
    assert document["components"]["c"] == {
        "version": "1",
        "branch": "1",
        "package": None,
        "running": True,
        "evidence": ["e"],
    }


def test_what_does_not_fit_is_named() -> None:
    values: dict[str, Any] = {"k": "v" * 1000}
    objects = [Item("runtime", "r.x", str(n), values) for n in range(100)]
    objects += [Item("system", "s", str(n), values) for n in range(20)]
    part = Contribution(sources=[Source("runtime:r"), Source("system:s")], objects=objects)
    document = assemble([part], {}, limit=65536 + 40000)
    assert len(json.dumps(document)) < 65536 + 40000
    assert sum(found["from"] == "system" for found in document["objects"]) == 20
    assert "objects left out" in document["sources"]["runtime:r"]["incomplete"][0]
    assert document["sources"]["system:s"]["incomplete"] == []


def test_one_broken_reader_costs_only_itself() -> None:
    def broken(*_arguments: Any) -> list[Contribution]:
        raise ValueError("password=canary")

    def slow(*_arguments: Any) -> list[Contribution]:
        time.sleep(60)
        return []

    def fine(*_arguments: Any) -> list[Contribution]:
        return [Contribution(sources=[Source("system:fine")])]

    readers = [
        Collector("broken", broken, ["system:broken"]),
        Collector("slow", slow, ["system:slow"]),
        Collector("fine", fine, ["system:fine"]),
    ]
    started = time.monotonic()
    document = collect_snapshot("/", timeout=0.2, readers=readers)
    assert time.monotonic() - started < 10
    sources = document["sources"]
    assert sources["system:broken"]["status"] == "error"
    assert sources["system:broken"]["reason"].startswith("reader failed: ValueError in test_snapshot.py line ")
    assert sources["system:slow"]["status"] == "not_checked"
    assert sources["system:fine"]["status"] == "ok"
    assert "canary" not in json.dumps(document)


def test_header() -> None:
    document = collect_snapshot("/", version="1.2.3", readers=[])
    assert document["schema"] == "grundton.snapshot/1"
    assert document["generator"] == "grundton 1.2.3"
    assert document["live"] is True
    assert set(document) == {
        "schema", "generator", "taken_at", "duration_ms", "root", "live", "hostname", "privilege",
        "components", "files", "sources", "objects", "notes",
    }  # fmt: skip


def test_packing() -> None:
    document = {"a": ["ü", 1, None, "\udcff"]}
    assert unpack(pack(document)) == document
    for bad in ("", "x", pack(document)[:-8], "aGVsbG8="):
        with pytest.raises(ValueError):  # noqa: PT011
            unpack(bad)
    with pytest.raises(ValueError, match="too large"):
        unpack(pack({"a": "x" * 10000}), limit=100)


def test_deadline() -> None:
    assert Deadline.after(-1).expired()
    assert Deadline.after(-1).within(5) == 0
    assert Deadline.after(100).within(5) == 5
