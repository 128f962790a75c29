"""The guard on a real host: by itself after a time, at boot, confirmed, extended, against hung processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.guard import code

from grundton.collection import run_environment
from grundton.lab import Lab, get, network, nspawn
from grundton.lab.state import read, tag

pytestmark = pytest.mark.timeout(600)
SMALL = Path(__file__).parent / "small.yml"
BIN = Path(sys.executable).parent
HOST = "one"

#: Plants a small system that a run can break: files, a service that reads one at its start, ways in.
PLANT = r"""
install -d -o daemon -g daemon -m 0750 /etc/demo /etc/demo/deep
printf '[general]\nsecret=canary-51\n' > /etc/demo/a.conf
chown daemon:adm /etc/demo/a.conf; chmod 0640 /etc/demo/a.conf
touch -d '2016-05-04 03:02:01.123456789' /etc/demo/a.conf
echo gone > /etc/demo/deep/b.conf; chmod 0604 /etc/demo/deep/b.conf
ln -s a.conf /etc/demo/link
cat > /etc/systemd/system/demo.service <<'END'
[Service]
ExecStartPre=/bin/sh -c 'cat /etc/demo/a.conf > /run/seen-at-start'
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now --quiet demo.service
"""

#: What a run does there.
CHANGES = """
journal.write_file("/etc/demo/a.conf", b"[general]\\nsecret=other\\n", why=why, mode=0o600, owner="root")
journal.remove_file("/etc/demo/deep/b.conf", why=why)
journal.make_link("/etc/demo/link", "nowhere", why=why)
journal.make_directory("/etc/demo/new/in", why=why, parents=True)
journal.write_file("/etc/demo/new/in/c.conf", b"new", why=why)
journal.set_mode("/etc/demo/deep", why=why, mode=0o700)
journal.make_directory("/etc/systemd/system/demo.service.d", why=why, mode=0o755)
journal.write_file("/etc/systemd/system/demo.service.d/grundton.conf", b"[Service]\\nNice=5\\n", why=why, mode=0o644)
journal.after_undo(["sh", "-c", "echo once >> /root/ran"])
journal.after_undo(["sh", "-c", "echo once >> /root/ran"])
"""

LOOK = r"""
find /etc/demo /etc/systemd/system -printf '%p %y %m %U %G %l ' \( -type f -printf '%T@ ' \
  -exec sha256sum {} \; -o -printf '\n' \) | sort
systemctl show -p UnitFileState,ActiveState,Nice,NeedDaemonReload demo.service ssh.service
"""


class Bench:
    """One host of a lab, and the ways a controller has to it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder

    def ansible(self, module: str, *options: str, failed: bool = False, **args: Any) -> dict[str, Any]:
        """Call one of our modules and return what it returns."""
        done = subprocess.run(
            [
                str(BIN / "ansible"), "-i", str(self.lab.full_inventory), HOST, "-m", f"grundton.voip.{module}",
                "-a", json.dumps(args or {"state": "listed"}), *options,
            ],
            cwd=self.folder,
            env=run_environment(dict(os.environ)) | {"ANSIBLE_HOME": str(self.folder / "ansible")},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert (done.returncode != 0) is failed, done.stdout + done.stderr
        text = done.stdout + done.stderr
        found: dict[str, Any] = json.JSONDecoder().raw_decode(text[text.index("=> {") + 3 :])[0]
        assert "canary" not in done.stdout + done.stderr
        return found

    def sh(self, script: str, check: bool = True) -> str:
        return self.lab.exec(HOST, ["sh", "-c", script], check=check).stdout

    def writer(self, run: str, changes: str) -> list[str]:
        """The command line of a process on the host that changes things through the journal."""
        (self.lab.host(HOST).root / "root/writer.pyz").write_bytes(library())
        script = f"""
import sys
sys.path.insert(0, "/root/writer.pyz")
from {code.PACKAGE}.journal.journal import Journal, Why
why = Why(controls=("demo",), measures=("M 5.135",))
journal = Journal.attach({run!r})
{changes}
"""
        return ["python3", "-I", "-c", script]

    def change(self, run: str, changes: str = CHANGES) -> None:
        self.lab.exec(HOST, self.writer(run, changes))

    def look(self) -> list[str]:
        """Everything a run may have changed. The times of folders are left out."""
        return self.sh(LOOK).splitlines()

    def traces(self) -> list[str]:
        """What of a guard is on the host."""
        found = self.sh(
            "find /etc/systemd /run -name '*grundton-guard*';systemctl list-units --all --plain --no-legend 'grundton*'"
        )
        return found.splitlines()

    def state(self, run: str) -> str:
        listed = self.ansible("journal")["runs"]
        return next(one["state"] for one in listed if one["run"] == run)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def restart(self) -> None:
        """Shut the host down in an orderly way and switch it on again."""
        self.sh("systemctl poweroff")
        self.wait_for(lambda: not self.lab.host(HOST).alive, 60)
        self.power_cycle()

    def power_cycle(self) -> None:
        """Cut the power of the host and switch it on again."""
        state = read(self.lab.name)
        own = state.hosts[HOST]
        nspawn.kill(own, network.processes(own.netns))
        own.leader = own.leader_started = own.supervisor = 0
        (Path(own.directory) / "supervisor.pid").unlink(missing_ok=True)
        nspawn.start(own, f"{tag(self.lab.name)}-{HOST}")
        state.save()
        self.lab = get(self.lab.name)
        self.wait_for(lambda: nspawn.booted(self.lab.host(HOST).pid), 30)


def library() -> bytes:
    """The guard's archive with the writing half of the journal in it as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "PARTS", (*code.PARTS, "journal.changes", "journal.journal"))
        return code.archive()


#: The newest systemd and Python of the lab, and the oldest.
each_suite = pytest.mark.parametrize("bench", ["forky", "bullseye"], indirect=True)


@pytest.fixture
def bench(request: pytest.FixtureRequest, make_lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    suite = getattr(request, "param", "forky")
    topology = tmp_path / f"{suite}.yml"
    topology.write_text(SMALL.read_text().replace(f"  {HOST}:\n", f"  {HOST}:\n    suite: {suite}\n"))
    found = Bench(make_lab(f"guard-{suite}", str(topology)), tmp_path)
    found.sh(PLANT)
    return found


@each_suite
def test_it_fires_by_itself(bench: Bench) -> None:
    """The run locks everybody out: ssh is stopped, disabled, and would listen elsewhere. Nobody can reach the host."""
    before = bench.look()
    armed = bench.ansible("guard", run="r1", seconds=20)
    assert armed["guard"]["armed"]
    assert armed["guard"]["boot"]
    assert 15 < armed["guard"]["fires_in"] <= 20
    bench.change(
        "r1",
        CHANGES
        + """
journal.write_file("/etc/ssh/sshd_config.d/grundton.conf", b"Port 2222\\n", why=why, mode=0o600)
journal.set_unit("demo.service", why=why, enabled=False, active=False)
journal.set_unit("ssh.service", why=why, enabled=False, active=False)
""",
    )
    assert bench.look() != before
    assert bench.lab.ssh(HOST, ["true"], check=False).returncode != 0
    # starting services must not wake the unit that is for the next boot
    bench.sh("systemctl start systemd-tmpfiles-clean.service; systemctl start sysinit.target basic.target")
    assert len(bench.traces()) >= 5
    began = time.monotonic()
    bench.wait_for(lambda: not bench.traces(), 30)
    print("gone after", round(time.monotonic() - began, 1), "s")
    assert bench.look() == before
    assert bench.sh("cat /root/ran") == "once\n"
    assert bench.lab.ssh(HOST, ["cat", "/etc/demo/a.conf"]).stdout == "[general]\nsecret=canary-51\n"
    shown = bench.ansible("journal", state="shown", run="r1")["run"]
    assert (shown["state"], shown["by"]) == ("rolled_back", "guard")
    late = bench.ansible("guard", run="r1", state="confirmed", failed=True)
    assert "rolled back" in late["msg"]
    assert "canary" not in bench.sh("journalctl --no-pager; cat /var/lib/grundton/journal/*/entries.jsonl")


@each_suite
def test_confirming_leaves_the_changes_and_nothing_else(bench: Bench) -> None:
    units = bench.sh("find /etc/systemd | sort")
    assert bench.ansible("guard", "--check", run="r1")["changed"] is True
    assert bench.ansible("journal")["runs"] == []
    bench.ansible("guard", run="r1", seconds=15)
    bench.change("r1", 'journal.write_file("/etc/demo/a.conf", b"new", why=why)')
    bench.ansible("journal", state="closed", run="r1")
    assert bench.ansible("guard", "--check", run="r1", state="confirmed")["changed"] is True
    confirmed = bench.ansible("guard", run="r1", state="confirmed")
    assert confirmed["changed"] is True
    assert confirmed["guard"] == {"run": "r1", "state": "confirmed", "armed": False, "fires_in": None, "boot": False}
    assert bench.traces() == []
    assert bench.sh("find /etc/systemd | sort") == units
    assert bench.ansible("guard", run="r1", state="confirmed")["changed"] is False
    time.sleep(16)
    assert bench.sh("cat /etc/demo/a.conf") == "new"
    rolled = bench.ansible("journal", state="rolled_back", run="r1")
    assert rolled["rollback"]["restored"] == ["/etc/demo/a.conf"]
    assert bench.ansible("journal", state="rolled_back", run="r1")["changed"] is False


def test_more_time(bench: Bench) -> None:
    before = bench.look()
    bench.ansible("guard", run="r1", seconds=12)
    bench.change("r1")
    extended = bench.ansible("guard", run="r1", state="extended", seconds=25)
    assert 20 < extended["guard"]["fires_in"] <= 25
    time.sleep(13)
    assert bench.ansible("guard", run="r1", state="queried")["guard"]["armed"] is True
    again = bench.ansible("guard", run="r1", seconds=12)["guard"]
    assert again["fires_in"] <= 12
    bench.wait_for(lambda: not bench.traces(), 25)
    assert bench.look() == before
    assert "rolled back" in bench.ansible("guard", run="r1", state="extended", failed=True)["msg"]


@each_suite
def test_power_is_cut_in_the_middle(bench: Bench) -> None:
    before = bench.look()
    bench.ansible("guard", run="r1", seconds=900)
    bench.change("r1", CHANGES + 'journal.set_unit("demo.service", why=why, enabled=False, active=False)\n')
    assert bench.look() != before
    bench.power_cycle()
    assert bench.look() == before
    assert "canary" in bench.sh("cat /run/seen-at-start"), "the service started with the restored file"
    assert bench.sh("cat /root/ran", check=False) == "", "nothing is reloaded at boot"
    assert bench.traces() == []
    shown = bench.ansible("journal", state="shown", run="r1")["run"]
    assert (shown["state"], shown["by"]) == ("rolled_back", "guard at boot")


def test_reboot_in_the_middle(bench: Bench) -> None:
    """An orderly one, asked for by the host itself."""
    before = bench.look()
    bench.ansible("guard", run="r1", seconds=900)
    bench.change("r1")
    bench.restart()
    assert bench.look() == before
    assert "canary" in bench.sh("cat /run/seen-at-start")
    assert bench.traces() == []
    assert bench.state("r1") == "rolled_back"


def test_power_is_cut_after_confirming(bench: Bench) -> None:
    bench.ansible("guard", run="r1", seconds=900)
    bench.change("r1")
    bench.ansible("guard", run="r1", state="confirmed")
    after = bench.look()
    bench.power_cycle()
    assert bench.look() == after
    assert bench.traces() == []


def test_a_second_run_is_refused_and_the_first_is_named(bench: Bench) -> None:
    bench.ansible("guard", run="first", seconds=900)
    bench.change("first", 'journal.write_file("/etc/demo/a.conf", b"new", why=why)')
    for options in ((), ("--check",)):
        refused = bench.ansible("guard", *options, run="second", failed=True)
        assert refused["run"] == "first"
        assert "1 change(s)" in refused["msg"]
    assert not [line for line in bench.traces() if "second" in line]
    rolled = bench.ansible("journal", state="rolled_back", run="first")
    assert rolled["rollback"]["restored"] == ["/etc/demo/a.conf"]
    assert bench.traces() == [], "a rollback by hand takes the guard with it"
    bench.ansible("guard", run="second")


def test_a_process_that_hangs_on_the_journal_does_not_stop_the_guard(bench: Bench) -> None:
    before = bench.look()
    bench.ansible("guard", run="r1", seconds=15)
    bench.change("r1")
    hang = """
import os, signal
from grundton_host.journal.lock import locked
from grundton_host.journal.place import Place
with locked(Place()):
    open("/run/hangs", "w").close()
    os.kill(os.getpid(), signal.SIGSTOP)
"""
    process = subprocess.Popen(bench.lab.exec_argv(HOST, bench.writer("r1", hang)))
    try:
        bench.wait_for(lambda: bench.sh("ls /run/hangs", check=False) != "", 10)
        bench.wait_for(lambda: not bench.traces(), 90)
    finally:
        process.send_signal(signal.SIGCONT)  # nsenter stops along with what it started
        process.wait(10)
    assert bench.look() == before
    assert process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
