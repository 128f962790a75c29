"""Run one scenario: a configuration tree, read by the real collector, judged by the real assessor."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from grundton.assess import HostInput, assess
from grundton.catalog import Catalog, load
from grundton.collection import ensure_importable
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.model.verdict import Verdict, worst
from grundton.policy import load_policy
from grundton.records import Records

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

#: What the last word before `.yml` promises.
OUTCOMES = {
    "pass": Verdict.PASS,
    "fail": Verdict.FAIL,
    "na": Verdict.NOT_APPLICABLE,
    "nc": Verdict.NOT_CHECKED,
}

_DPKG = """Package: asterisk
Status: install ok installed
Architecture: amd64
Version: 1:{version}~dfsg-1
Description: scenario
"""
_OS_RELEASE = 'ID=debian\nVERSION_ID="{version}"\nVERSION_CODENAME={name}\nPRETTY_NAME="Debian GNU/Linux ({name})"\n'


class Outcome:
    """What a scenario came to."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.verdict = worst(finding.verdict for finding in findings)

    @property
    def failing(self) -> set[str]:
        """Names of the objects of every failing finding."""
        return {name for finding in self.findings if finding.verdict is Verdict.FAIL for name in finding.objects}

    @property
    def text(self) -> str:
        """Everything the findings say, for a failed test's message and for `expect.text`."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.verdict.value} {finding.kind} {', '.join(finding.objects)} {finding.reason}")
            lines += [
                f"  {at.place} {at.key}: expected {at.expected}, found {at.actual} {at.location}"
                for at in finding.details
            ]
        return "\n".join(lines)


def scenarios() -> list[Path]:
    """Every scenario file."""
    return sorted(FOLDER.glob("*/*.yml"))


def control_of(path: Path) -> str:
    """The control a scenario belongs to: the name of its folder."""
    return path.parent.name


def promised(path: Path) -> Verdict:
    """The verdict the file's name promises."""
    return OUTCOMES[path.name.split(".")[-2]]


def plant(scenario: Mapping[str, Any], root: Path) -> None:
    """Write the scenario's tree below `root`."""
    suites = {"16": ("11", "bullseye"), "20": ("12", "bookworm"), "22": ("14", "forky")}
    version = scenario.get("asterisk", "22.10.1")
    number, name = suites.get(str(version).split(".", 1)[0], ("14", "forky"))
    files = {"etc/os-release": _OS_RELEASE.format(version=number, name=name)}
    if version is not None:
        files["var/lib/dpkg/status"] = _DPKG.format(version=version)
    files.update(scenario.get("files", {}))
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (root / "etc/asterisk").mkdir(parents=True, exist_ok=True)
    for target in root.rglob("*"):
        target.chmod(0o755 if target.is_dir() else 0o644)
    for path, mode in scenario.get("modes", {}).items():
        (root / path).chmod(int(mode, 8))


def snapshot_of(scenario: Mapping[str, Any], root: Path) -> Snapshot:
    """Collect the tree offline and add what only a live host can say."""
    ensure_importable()
    from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import (  # type: ignore[import-not-found]
        collect_snapshot,
    )

    document = collect_snapshot(root=str(root), run_key=b"scenario")
    extra = scenario.get("objects", ())
    # What a scenario says about a kind of the host is all there is of it: the tree's own files have other modes.
    told = {item["kind"] for item in extra if item["from"] == "system"}
    document["objects"] = [item for item in document["objects"] if item["from"] != "system" or item["kind"] not in told]
    for item in extra:
        document["objects"].append(item)
        prefix = f"{item['from']}:{item['kind'].split('.', 1)[0]}"
        document["sources"][prefix] = {"status": "ok"}
    for name, values in scenario.get("components", {}).items():
        document["components"].setdefault(name, {"running": True}).update(values)
    document["sources"].update(scenario.get("sources", {}))
    document["live"] = bool(extra)
    return Snapshot.from_document(document, "scenario")


def run(path: Path, root: Path, catalog: Catalog | None = None) -> Outcome:
    """Run a scenario in the empty folder `root`."""
    catalog = catalog or load()
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    plant(scenario, root)
    control = catalog.controls[control_of(path)]
    policy = load_policy(scenario.get("policy", {}), host="scenario")
    assessment = assess(
        [HostInput("scenario", snapshot_of(scenario, root), policy)],
        dataclasses.replace(catalog, controls={control.id: control}),
        Records(),
        NOW,
    )
    return Outcome(assessment.findings)
