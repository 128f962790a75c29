"""One host, three ways in, one assessment: by inventory, by address, by plain Ansible."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grundton.lab import Lab

pytestmark = pytest.mark.timeout(600)

BIN = Path(sys.executable).parent

#: Every file of a run that must be the same whichever way it was made.
SAME = ("hosts.json", "policy/pbx.json", "assessment.json")


def call(cwd: Path, *command: str | Path, ok: tuple[int, ...] = (0,), **extra: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment["ANSIBLE_HOME"] = str(cwd / "ansible")
    # No connection of another test is used again; the path of a socket must be short.
    environment["ANSIBLE_SSH_CONTROL_PATH_DIR"] = f"/tmp/grundton-cp-{os.getpid()}-{cwd.name[-12:]}"
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment | extra, capture_output=True, text=True, check=False
    )
    assert done.returncode in ok, f"{command} → {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done


@pytest.fixture(scope="module")
def policy(repository: Path) -> dict[str, object]:
    """The decisions of the lab's owner."""
    return yaml.safe_load((repository / "inventories" / "lab" / "group_vars" / "all.yml").read_text())


@pytest.fixture(scope="module")
def runs(
    office: Lab, repository: Path, policy: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The run folder of each way in."""
    cwd = tmp_path_factory.mktemp("ways")
    inventory = cwd / "inventory"
    inventory.mkdir()
    shutil.copy(office.inventory, inventory / "hosts.yml")
    (inventory / "group_vars").mkdir()
    shutil.copy(repository / "inventories" / "lab" / "group_vars" / "all.yml", inventory / "group_vars" / "all.yml")
    (cwd / "policy.yml").write_text(yaml.safe_dump(policy))
    pbx = office.host("pbx")

    grundton = (BIN / "grundton", "audit", "--fail-on", "high", "-q")
    call(cwd, *grundton, "-i", inventory, "--limit", "pbx", "--runs-dir", "by-inventory", ok=(0, 1))
    call(
        cwd, *grundton, f"pbx=root@{pbx.address}", "--ssh-config", office.ssh_config, "--ssh-key", office.identity,
        "--policy", "policy.yml", "--runs-dir", "by-address", ok=(0, 1),
    )  # fmt: skip
    call(
        cwd, BIN / "ansible-playbook", "-i", inventory, "--limit", "pbx", "-e", "grundton_runs_dir=by-ansible",
        repository / "playbooks" / "audit.yml",
    )  # fmt: skip
    return {way: next((cwd / f"by-{way}").iterdir()) for way in ("inventory", "address", "ansible")}


def without_times(path: Path) -> bytes:
    """The file's bytes, its `run` section (ids and times) apart."""
    text = path.read_text(encoding="utf-8")
    if path.name == "assessment.json":
        text, count = re.subn(r'(?ms)^"run":\{.*?^\}', '"run":{}', text)
        assert count == 1
    return text.encode()


@pytest.mark.parametrize("way", ["address", "ansible"])
@pytest.mark.parametrize("name", SAME)
def test_same_bytes(runs: dict[str, Path], way: str, name: str) -> None:
    expected, found = (without_times(runs[key] / name).decode().splitlines() for key in ("inventory", way))
    differing = list(difflib.unified_diff(expected, found, "inventory", way, n=0, lineterm=""))
    assert not differing, "\n".join(line[:400] for line in differing[:40])


def test_run_section_holds_nothing_but_the_run(runs: dict[str, Path]) -> None:
    sections = [json.loads((path / "assessment.json").read_text())["run"] for path in runs.values()]
    for section in sections:
        assert set(section) == {"id", "started", "assessed_at", "fail_on", "allow_not_checked"}
    assert len({section["id"] for section in sections}) == 3


def test_something_was_judged(runs: dict[str, Path]) -> None:
    document = json.loads((runs["inventory"] / "assessment.json").read_text())
    assert document["hosts"]["pbx"]["reached"]
    assert "asterisk" in document["hosts"]["pbx"]["components"]
    assert len(document["findings"]) > 50
    assert document["counts"]["fail"] > 10


def test_snapshots_differ_only_in_times_and_the_key(runs: dict[str, Path]) -> None:
    def stable(path: Path) -> object:
        text = (path / "snapshots" / "pbx.json").read_text()
        document = json.loads(re.sub(r'"fp": "[0-9a-f]+"', '"fp": ""', text))
        return {
            key: document[key] for key in ("schema", "generator", "root", "live", "hostname", "privilege", "components")
        }

    first, *others = (stable(path) for path in runs.values())
    assert all(other == first for other in others)


def test_a_host_that_is_not_there_does_not_stop_the_audit(office: Lab, tmp_path: Path) -> None:
    done = call(
        tmp_path, BIN / "grundton", "audit", f"pbx=root@{office.host('pbx').address}", "gone=root@127.0.0.1:9",
        "--ssh-config", office.ssh_config, "--ssh-key", office.identity, "--timeout", "3", "--fail-on", "none", "-q",
        ok=(3,),
    )  # fmt: skip
    assert "1 of 2 hosts could not be audited" in done.stderr
    assert "gone: ssh: connect to host 127.0.0.1 port 9: Connection refused" in done.stderr
    (run_folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((run_folder / "assessment.json").read_text())["hosts"]["pbx"]["reached"]


def test_unknown_host_key_is_refused(office: Lab, tmp_path: Path) -> None:
    """Host keys are checked: without the lab's known_hosts nobody is let through, and nothing hangs."""
    (tmp_path / "config").write_text("Host *\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n")
    done = call(
        tmp_path, BIN / "grundton", "audit", f"pbx=root@{office.host('pbx').address}",
        "--ssh-config", "config", "--ssh-key", office.identity, "-q", ok=(3,),
    )  # fmt: skip
    assert "fingerprint" in done.stderr
