"""Plan, apply, audit, apply again, take back: on a whole office, by the commands its administrator would type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from grundton.lab import Lab, down, up
from grundton.plan.validate import validate

pytestmark = pytest.mark.timeout(900)

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
PLANTED = ROOT / "src/grundton/lab/hosts/office/planted.yml"


class Desk:
    """An administrator's working directory: inventory, run folders, and everything that was said there."""

    def __init__(self, lab: Lab, cwd: Path) -> None:
        self.lab = lab
        self.cwd = cwd
        (cwd / "inventory" / "group_vars").mkdir(parents=True)
        (cwd / "inventory" / "hosts.yml").write_bytes(lab.inventory.read_bytes())
        policy = ROOT / "inventories" / "lab" / "group_vars" / "all.yml"
        (cwd / "inventory" / "group_vars" / "all.yml").write_bytes(policy.read_bytes())
        self.said: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "GRUNDTON_RUNS"))}
        kept["ANSIBLE_HOME"] = str(self.cwd / "ansible")
        # No connection of another test is used again; the path of a socket must be short.
        kept["ANSIBLE_SSH_CONTROL_PATH_DIR"] = f"/tmp/grundton-cp-{os.getpid()}"
        return kept

    def argv(self, command: str, *arguments: str) -> list[str]:
        return [str(BIN / "grundton"), command, "-i", "inventory", "--limit", "pbx", *arguments]

    def grundton(self, command: str, *arguments: str, code: int = 0) -> str:
        """Run the command; its exit code must be the expected one. Returns standard output."""
        return self.run(self.argv(command, *arguments), code)

    def run(self, argv: list[str], code: int = 0) -> str:
        done = subprocess.run(argv, cwd=self.cwd, env=self.environment, capture_output=True, text=True, check=False)
        self.said += [done.stdout, done.stderr]
        assert done.returncode == code, f"{argv} → {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    @property
    def newest(self) -> Path:
        """The newest run folder."""
        return sorted((self.cwd / "runs").iterdir())[-1]

    def sh(self, command: str) -> str:
        return self.lab.exec("pbx", ["sh", "-c", command], timeout=60).stdout

    def files(self) -> list[str]:
        """Every file below the configuration: content, mode, owner."""
        listing = "find /etc/asterisk -printf '%p %y %m %u %g %l\\n' | sort; "
        return self.sh(listing + "find /etc/asterisk -type f -exec sha256sum {} + | sort").splitlines()

    def traces(self) -> list[str]:
        """What a guard has on the host."""
        units = "/etc/systemd/system"
        return self.sh(
            f"find {units} -name '*grundton*'; systemctl list-timers --all | grep -i grundton || true"
        ).splitlines()

    def phones_call(self) -> None:
        """Both phones are registered, and one calls the other."""
        for phone in ("phone1", "phone2"):
            self.lab.wait(phone, "phone registered", timeout=60)
        self.lab.exec("phone1", ["phone", "dial", "12"])
        try:
            for phone in ("phone1", "phone2"):
                self.lab.wait(phone, "phone calls | grep -q ESTABLISHED")
        finally:
            self.lab.exec("phone1", ["phone", "hangup"])
        self.lab.wait("phone2", "! phone calls | grep -q ESTABLISHED")

    def verdicts(self) -> dict[str, str]:
        """Audit the host: verdict by control."""
        self.grundton("audit", "--fail-on", "none", "-q")
        document = json.loads((self.newest / "assessment.json").read_text())
        return dict(document["hosts"]["pbx"]["controls"])


@pytest.fixture(scope="module")
def desk(lab_capable: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    name = f"gtest-apply-{os.getpid()}"
    try:
        lab = up(name, topology_name="office")
        # the trunk registers some seconds after the start
        lab.wait("pbx", "asterisk -rx 'pjsip show registrations' | grep -q Registered", timeout=60)
        yield Desk(lab, tmp_path_factory.mktemp("desk"))
    finally:
        down(name)


@pytest.fixture(scope="module")
def story(desk: Desk) -> dict[str, Any]:
    """The whole way once: plan, check mode, apply, audit, apply again, take back. Tests read what it left."""
    told: dict[str, Any] = {"files": desk.files(), "before": desk.verdicts()}
    desk.phones_call()

    desk.grundton("plan", "--accept-breaks", "--format", "json", "-o", "plan.json", code=1)
    told["plan"] = json.loads((desk.cwd / "plan.json").read_text())
    told["plan_run"] = desk.newest
    told["brief"] = desk.grundton("plan", code=1)

    playbook = [str(BIN / "ansible-playbook"), "-i", "inventory", "--limit", "pbx", "-e", "grundton_accept_breaks=true"]
    told["check"] = desk.run([*playbook, "--check", "--diff", str(ROOT / "playbooks" / "apply.yml")])
    told["files_checked"] = desk.files()

    began = time.monotonic()
    told["apply"] = desk.grundton("apply", "--yes", "--accept-breaks")
    told["seconds"] = time.monotonic() - began
    told["apply_run"] = desk.newest
    told["files_applied"] = desk.files()
    told["after"] = desk.verdicts()

    told["again"] = desk.grundton("apply", "--yes", "--accept-breaks")
    told["again_run"] = desk.newest
    told["plain_again"] = desk.run([*playbook, str(ROOT / "playbooks" / "apply.yml")])
    told["journal"] = desk.grundton("journal")

    command = next(line for line in told["apply"].splitlines() if line.startswith("take back:"))
    told["rollback"] = desk.run([str(BIN / command.split()[2]), *command.split()[3:]])
    told["files_back"] = desk.files()
    told["journal_back"] = desk.grundton("journal", "--json")
    return told


def planned(story: dict[str, Any]) -> set[str]:
    return {control for change in story["plan"]["hosts"]["pbx"]["changes"] for control in change["controls"]}


def held(story: dict[str, Any]) -> set[str]:
    return {one["control"] for one in story["plan"]["hosts"]["pbx"]["held"]}


def test_the_plan_is_valid_and_names_who_breaks(story: dict[str, Any]) -> None:
    validate(story["plan"])
    host = story["plan"]["hosts"]["pbx"]
    assert len(host["changes"]) > 100
    named = {victim["name"] for one in host["affected"].values() for victim in one["victims"]}
    assert {"11", "12", "telko"} <= named
    assert "would hurt 11, 12" in story["brief"]
    assert "cannot be seen from here: HTTP clients" in story["brief"]


def test_check_mode_agrees_with_the_plan_and_changes_nothing(story: dict[str, Any]) -> None:
    assert story["files_checked"] == story["files"]
    for change in story["plan"]["hosts"]["pbx"]["changes"]:
        assert f"{change['key']} = {change['value']}".rstrip() in story["check"], change


def test_planned_controls_pass_afterwards_and_nothing_else_got_worse(story: dict[str, Any]) -> None:
    assert "applied and confirmed" in story["apply"]
    after = story["after"]
    # Not applicable: with one value put right, another may mean nothing any more.
    good = ("pass", "not_applicable")
    assert {name: after[name] for name in planned(story) - held(story) if after[name] not in good} == {}
    worse = {
        name: (verdict, after[name])
        for name, verdict in story["before"].items()
        if verdict == "pass" and after[name] not in good
    }
    assert worse == {}


def test_the_users_own_lines_stay(story: dict[str, Any]) -> None:
    gone = [line for line in story["files"] if line not in story["files_applied"] and "grundton" not in line]
    # Contents of the files that bring the overlays in have changed, modes and owners of nothing.
    assert all(len(line.split()) == 2 for line in gone), gone


def test_the_second_apply_changes_nothing_and_says_so_in_one_line(story: dict[str, Any]) -> None:
    assert story["again"].splitlines() == ["pbx: nothing to change"]
    assert "changed=0" in story["plain_again"]
    assert not list((story["again_run"] / "applied").iterdir())


def test_everything_is_as_before_to_the_byte(desk: Desk, story: dict[str, Any]) -> None:
    assert story["files_back"] == story["files"]
    assert [run["state"] for run in json.loads(story["journal_back"])["pbx"]] == ["rolled_back"]
    assert desk.traces() == []
    desk.phones_call()
    assert desk.verdicts() == story["before"]


def test_no_secret_leaves_the_host(desk: Desk, story: dict[str, Any]) -> None:
    secrets = [str(canary["value"]) for canary in yaml.safe_load(PLANTED.read_text(encoding="utf-8"))["canaries"]]
    assert len(secrets) > 10
    texts = {"output": "\n".join(desk.said), "entries": desk.sh("cat /var/lib/grundton/journal/*/entries.jsonl")}
    for folder in (story["plan_run"], story["apply_run"]):
        texts |= {str(path): path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}
    found = [(secret, where) for secret in secrets for where, text in texts.items() if secret in text]
    assert found == []


def test_a_file_somebody_changed_since_is_not_overwritten(desk: Desk, story: dict[str, Any]) -> None:
    desk.grundton("apply", "--yes", "--measures", "M5.136")
    overlay = "/etc/asterisk/grundton.d/iax.conf"
    desk.sh(f"cp -a {overlay} /root/kept; echo '; mine' >> {overlay}")
    refused = desk.grundton("rollback", code=1)
    assert f"{overlay}: " in refused
    assert "; mine" in desk.sh(f"cat {overlay}")
    desk.sh(f"cp -a /root/kept {overlay}")
    desk.grundton("rollback")
    assert desk.files() == story["files"]


def test_one_measure_is_taken_back_and_the_other_stays(desk: Desk, story: dict[str, Any]) -> None:
    desk.grundton("apply", "--yes", "--controls", "asterisk.iax.dscp,asterisk.iax.delay_reject")
    desk.grundton("rollback", "--measures", "M5.136")
    overlay = desk.sh("cat /etc/asterisk/grundton.d/iax.conf")
    assert "delayreject = yes" in overlay
    assert "tos = " not in overlay
    desk.grundton("rollback")
    desk.grundton("rollback")
    assert desk.files() == story["files"]


def test_without_a_terminal_yes_is_needed(desk: Desk) -> None:
    desk.grundton("apply", code=2)


def test_a_run_nobody_knows_is_said(desk: Desk) -> None:
    assert "no run 19990101 in its journal" in desk.grundton("rollback", "--run", "19990101", code=2)


def test_a_host_whose_controller_dies_undoes_itself(desk: Desk, story: dict[str, Any]) -> None:
    """The controller is killed after the changes are active and before they are confirmed."""
    argv = desk.argv("apply", "--yes", "--guard-seconds", "25")
    process = subprocess.Popen(
        argv, cwd=desk.cwd, env=desk.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        log = None
        while time.monotonic() < until:
            log = next((p for p in [desk.newest / "log.txt"] if p.exists()), None)
            if log is not None and "Look again over a new connection" in log.read_text():
                break
            time.sleep(0.05)
        assert log is not None
        assert desk.files() != story["files"], "it was killed too early or too late"
    finally:
        _kill_with_children(process.pid)
        process.wait()
    desk.said.append(log.read_text())
    desk.lab.wait("pbx", "test ! -e /etc/asterisk/grundton.d", timeout=90)
    desk.lab.wait("pbx", "! systemctl list-timers --all | grep -qi grundton", timeout=30)
    assert desk.files() == story["files"]
    assert desk.traces() == []
    (last,) = json.loads(desk.grundton("journal", "--json"))["pbx"][-1:]
    assert (last["state"], last["by"]) == ("rolled_back", "guard")
    desk.phones_call()


def _kill_with_children(pid: int) -> None:
    """SIGKILL to the command and to everything it has started, whatever session that is in."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text().split() if children.exists() else []
    os.kill(pid, signal.SIGKILL)
    for child in below:
        _kill_with_children(int(child))
