"""planted.yml keeps what its head promises."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from grundton.lab.paths import data_dir

TREE = data_dir() / "hosts" / "office"
DATA = yaml.safe_load((TREE / "planted.yml").read_text(encoding="utf-8"))
ENTRIES = DATA["mistakes"] + DATA["good"]


def test_enough_of_both() -> None:
    assert len(DATA["mistakes"]) >= 40
    assert len(DATA["good"]) >= 15


def test_entries_are_complete() -> None:
    ids = [entry["id"] for entry in ENTRIES]
    assert len(ids) == len(set(ids))
    for entry in ENTRIES:
        assert set(entry) - {"stock", "host", "level"} == {
            "id", "what", "file", "kind", "names", "keys", "controls_md", "controls",
        }, entry["id"]  # fmt: skip
        assert entry["file"].startswith("/")
        assert all(isinstance(name, str) for name in entry["names"]), entry["id"]
        assert entry["controls_md"]
        assert all(re.fullmatch(r"[A-Z0-9]{2}-\d\d", each) for each in entry["controls_md"]), entry["id"]


def test_mistake_and_good_never_name_the_same_setting() -> None:
    def settings(entries: list[dict[str, object]]) -> set[tuple[object, ...]]:
        return {
            (entry["kind"], name, key)
            for entry in entries
            for name in entry["names"]  # type: ignore[attr-defined]
            for key in entry["keys"]  # type: ignore[attr-defined]
            if key not in {"exten", "include", "noload"}
        }

    both = settings(DATA["mistakes"]) & settings(DATA["good"])
    # the same switch is right for one reason and wrong for another
    assert both == {("pjsip.endpoint", "21", "media_encryption"), ("pjsip.endpoint", "22", "media_encryption")} & both


def test_endpoints_named_are_in_the_files() -> None:
    text = "".join(path.read_text() for path in (TREE / "pbx/etc/asterisk").rglob("*.conf"))
    for entry in ENTRIES:
        if entry["kind"].startswith("pjsip."):
            for name in entry["names"]:
                assert f"[{name}]" in text or name == "global", entry["id"]


def test_canaries_are_distinctive_and_planted() -> None:
    text = "".join(path.read_text() for path in Path(TREE).rglob("*") if path.is_file() and path.suffix != ".yml")
    values = [canary["value"] for canary in DATA["canaries"]]
    assert len(values) == len(set(values))
    for canary in DATA["canaries"]:
        assert len(canary["value"]) >= 6
        assert canary["value"] in text or "only its hash" in canary["where"], canary


def test_no_secret_is_forgotten() -> None:
    """Every password, secret and PIN in the tree is listed, as canary or as not searchable."""
    known = {entry["value"] for key in ("canaries", "not_searchable") for entry in DATA[key]}
    found = set()
    for path in (TREE / "pbx").rglob("*"):
        if path.is_file():
            text = "\n".join(x for x in path.read_text().splitlines() if not x.lstrip().startswith((";", "#")))
            found |= set(re.findall(r"^(?:password|secret|pin|FTPPASS|account\.1\.password)\s*=\s*(\S+)", text, re.M))
            if path.name == "voicemail.conf":
                found |= set(re.findall(r"^\d+ => (\w+),", text, re.M))
    assert found <= known, found - known
