"""The office, audited: every planted mistake is found, nothing right is accused, no secret gets out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grundton.collection import collection_root
from grundton.lab import Lab
from grundton.lab.paths import data_dir
from grundton.model.verdict import Level
from grundton.runner.folder import RunFolder
from grundton.runner.planted import compare, read_planted

pytestmark = pytest.mark.lab

PLANTED = data_dir() / "hosts" / "office" / "planted.yml"
POLICY = collection_root() / "inventories" / "lab"


def grundton(*words: str, good: tuple[int, ...] = (0,)) -> str:
    """Run the command as an operator would; its output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "grundton.cli.main", *words], capture_output=True, text=True, timeout=300
    )
    assert done.returncode in good, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def audited(office: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run folder of one audit, and everything the command printed, as talkative as it gets."""
    runs = tmp_path_factory.mktemp("runs")
    inventories = ["-i", str(POLICY), "-i", str(office.inventory)]
    words = ["audit", *inventories, "--limit", "pbx", "--runs-dir", str(runs), "--fail-on", "none", "--verbose"]
    return runs, grundton(*words)


def document(runs: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(RunFolder.find("last", runs).assessment.read_text(encoding="utf-8"))
    return data


def test_every_planted_mistake_is_found_and_nothing_right_is_accused(audited: tuple[Path, str]) -> None:
    found = compare(document(audited[0]), *read_planted(PLANTED))
    assert sorted(found.missed) == []
    assert {name: controls for name, (_, controls) in found.false_alarms.items()} == {}


def test_at_the_elevated_level_even_more_is_a_mistake(audited: tuple[Path, str], tmp_path: Path) -> None:
    folder = RunFolder.find("last", audited[0])
    copy = tmp_path / folder.path.name
    subprocess.run(["cp", "-a", str(folder.path), str(copy)], check=True)
    policy = copy / "policy" / "pbx.json"
    stored = json.loads(policy.read_text(encoding="utf-8"))
    stored["voip_protection_level"] = "elevated"
    policy.write_text(json.dumps(stored), encoding="utf-8")
    grundton("assess", str(copy), "--fail-on", "none")
    found = compare(
        json.loads((copy / "assessment.json").read_text(encoding="utf-8")), *read_planted(PLANTED, Level.ELEVATED)
    )
    assert sorted(found.missed) == []


def test_no_planted_secret_is_in_any_artifact(audited: tuple[Path, str]) -> None:
    runs, printed = audited
    secrets = [str(canary["value"]) for canary in yaml.safe_load(PLANTED.read_text(encoding="utf-8"))["canaries"]]
    folder = RunFolder.find("last", runs).path
    outputs = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    outputs["the terminal"] = printed.encode()
    for form in ("json", "terminal", "html"):
        outputs[f"report as {form}"] = grundton(
            "report", str(folder), "--format", form, "--verbose", good=(0, 1)
        ).encode()
    leaks = [(name, secret) for name, data in outputs.items() for secret in secrets if secret.encode() in data]
    assert len(secrets) >= 25
    assert leaks == []


def test_no_planted_secret_is_said_by_ansible_at_its_most_talkative(office: Lab, tmp_path: Path) -> None:
    secrets = [str(canary["value"]) for canary in yaml.safe_load(PLANTED.read_text(encoding="utf-8"))["canaries"]]
    playbook = collection_root() / "playbooks" / "audit.yml"
    ansible = Path(sys.executable).with_name("ansible-playbook")
    words = [str(ansible), "-vvvv", "-i", str(POLICY), "-i", str(office.inventory), "--limit", "pbx", str(playbook)]
    done = subprocess.run([*words, "-e", f"grundton_runs_dir={tmp_path}"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
    assert [secret for secret in secrets if secret in done.stdout + done.stderr] == []


def test_every_finding_of_a_file_points_at_a_real_line(audited: tuple[Path, str], office: Lab) -> None:
    root = Path(office.host("pbx").root)
    wrong = []
    for finding in document(audited[0])["findings"]:
        for detail in finding["details"]:
            path, _, line = detail.get("location", "").rpartition(":")
            if detail["place"] == "config" and line.isdigit():
                text = (root / path.lstrip("/")).read_bytes().split(b"\n")
                if not 1 <= int(line) <= len(text):
                    wrong.append((finding["control"], detail["location"]))
    assert wrong == []
