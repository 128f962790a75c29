"""Small snapshot documents for tests of the assessor."""

from __future__ import annotations

from typing import Any

from grundton.model.snapshot import Snapshot


def config(kind: str, name: str, line: int = 1, **values: Any) -> dict[str, Any]:
    """A configured object; every value stands on its own line after `line`."""
    occurrences = {
        key: [[text, 0, line + 1 + n] for n, text in enumerate(value if isinstance(value, list) else [value])]
        for key, value in values.items()
    }
    return {"from": "config", "kind": kind, "name": name, "at": [0, line], "values": occurrences}


def runtime(kind: str, name: str, **values: Any) -> dict[str, Any]:
    """An object the daemon reported."""
    return {"from": "runtime", "kind": kind, "name": name, "values": values}


def system(kind: str, name: str, **values: Any) -> dict[str, Any]:
    """An object of the host below."""
    return {"from": "system", "kind": kind, "name": name, "values": values}


def snapshot(*objects: dict[str, Any], version: str | None = "22.10.1", **sources: Any) -> Snapshot:
    """A snapshot of a host with Asterisk; sources of the objects are `ok` unless `sources` says otherwise.

    Source names use two underscores for the colon: `config__pjsip={"status": "absent"}`.
    """
    states: dict[str, Any] = {f"{o['from']}:{o['kind'].split('.')[0]}": {"status": "ok"} for o in objects}
    states.update({name.replace("__", ":"): state for name, state in sources.items()})
    return Snapshot.from_document(
        {
            "schema": "grundton.snapshot/1",
            "hostname": "pbx",
            "taken_at": "2026-11-23T12:00:00Z",
            "live": True,
            "root": "/",
            "components": {
                "asterisk": {
                    "version": version,
                    "branch": version.split(".")[0] if version else None,
                    "package": None,
                    "running": True,
                }
            },
            "files": ["/etc/asterisk/pjsip.conf"],
            "sources": states,
            "objects": list(objects),
        },
        "pbx1",
    )


def control(**raw: Any) -> dict[str, Any]:
    """A control record with everything but its evaluator filled in."""
    return {
        "id": "asterisk.test.control",
        "title": {"en": "A control", "de": "Eine Prüfung"},
        "demands": ["5.135-a"],
        "component": "asterisk",
        "severity": "high",
        "level": "basic",
        "impact": "R1",
        "why": "Because this is a test and the text has to have some length.",
        "remedy": "Change the setting.",
        "sources": ["RFC 3711"],
        **raw,
    }
