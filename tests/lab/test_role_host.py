"""The roles host and logging on the office: what was open is closed, Asterisk lives, everything can be taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grundton.collection import collection_root, run_environment
from grundton.lab import Lab
from grundton.runner.folder import RunFolder

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

BIN = Path(sys.executable).parent
SSHD = "/etc/ssh/sshd_config.d/00-grundton.conf"

PLAY = """
- hosts: pbx
  gather_facts: false
  tasks:
    - grundton.voip.journal: {run: "{{ grundton_run }}", state: begun}
      changed_when: false
    - ansible.builtin.include_role: {name: "grundton.voip.{{ item }}"}
      loop: [host, logging]
"""

#: Rights of everything, and the content of what nobody but us writes.
LOOK = r"""
find /etc/asterisk /etc/ssh /etc/systemd/system /etc/sysctl.d /etc/rsyslog.d /etc/logrotate.d /etc/fail2ban \
  -printf '%p %y %m %u %g ' \( -type f -exec sha256sum {} \; -o -printf '\n' \) | sort
find /var/lib/asterisk /var/log/asterisk /var/spool/asterisk -maxdepth 1 -type d -printf '%p %m %u %g\n' | sort
sysctl net.ipv4.conf.all.accept_redirects fs.suid_dumpable
sshd -T
"""

#: What the two roles promise on this host.
COVERED = {
    "asterisk.files.calls", "asterisk.files.config_owner", "asterisk.files.config_private", "asterisk.files.state",
    "host.fail2ban.ignore", "host.fail2ban.thresholds", "host.log.central", "host.log.rotated",
    "host.process.core_dumps", "host.ssh.password", "host.ssh.root_password", "host.sysctl.network",
    "host.unit.capabilities", "host.unit.file_system", "host.unit.kernel", "host.unit.privileges", "host.unit.umask",
}  # fmt: skip


class Office:
    """The PBX of one lab, and the ways a controller has to it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.inventories = ["-i", str(collection_root() / "inventories" / "lab"), "-i", str(lab.inventory)]
        (folder / "play.yml").write_text(PLAY, encoding="utf-8")

    def sh(self, script: str) -> str:
        return self.lab.exec("pbx", ["sh", "-c", script]).stdout

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = run_environment(dict(os.environ)) | {"ANSIBLE_HOME": str(self.folder / "ansible")}
        return subprocess.run(
            words, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def roles(self, run: str, **extra: Any) -> str:
        facts = json.dumps({"grundton_run": run, "logging_ca_file": "/etc/ssl/log-ca.pem", **extra})
        done = self._run(str(BIN / "ansible-playbook"), *self.inventories, "play.yml", "-e", facts)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        return done.stdout

    def module(self, name: str, failed: bool = False, **args: Any) -> dict[str, Any]:
        done = self._run(
            str(BIN / "ansible"), *self.inventories, "pbx", "-m", f"grundton.voip.{name}", "-a", json.dumps(args)
        )
        assert (done.returncode != 0) is failed, done.stdout + done.stderr
        found: dict[str, Any] = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("=> {") + 3 :])[0]
        return found

    def look(self) -> list[str]:
        return self.sh(LOOK).splitlines()

    def wait_for_phone(self, name: str) -> None:
        """Until a telephone is registered and answers."""
        until = time.monotonic() + 90
        while "Avail" not in self.sh(f"asterisk -rx 'pjsip show aor {name}'"):
            assert time.monotonic() < until, f"{name} does not register"
            time.sleep(1)

    def call(self, name: str) -> None:
        """Ring a telephone and wait until it has answered."""
        self.sh(f"asterisk -rx 'channel originate PJSIP/{name} application Wait 20'")
        until = time.monotonic() + 20
        while " Up " not in (seen := self.sh("asterisk -rx 'core show channels'")):
            assert time.monotonic() < until, seen
            time.sleep(1)
        self.sh("asterisk -rx 'channel request hangup all'")

    def sshd(self, content: str) -> str:
        """What is said when these settings of sshd are refused."""
        file = {"kind": "sshd", "path": SSHD, "content": content}
        return str(self.module("host_settings", failed=True, run="r1", files=[file])["msg"])

    def verdicts(self) -> dict[str, str]:
        runs = self.folder / "runs"
        words = ["audit", *self.inventories, "--limit", "pbx", "--runs-dir", str(runs), "--fail-on", "none"]
        done = self._run(sys.executable, "-m", "grundton.cli.main", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(RunFolder.find("last", runs).assessment.read_text(encoding="utf-8"))["findings"]
        worst: dict[str, str] = {}
        for one in found:
            if worst.get(one["control"]) != "fail":
                worst[one["control"]] = one["verdict"]
        return worst


def test_closed_alive_and_taken_back(make_lab: Callable[..., Lab], tmp_path: Path) -> None:
    office = Office(make_lab("hostrole"), tmp_path)
    # What the role asterisk and the operator have done before: a security log, the authority of the log server.
    office.sh(
        "install -o asterisk -g asterisk -m 0640 /dev/null /var/log/asterisk/security.log;"
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null"
        " -out /etc/ssl/log-ca.pem -subj /CN=ca -days 30 2>/dev/null"
    )
    before, failing = office.look(), {name for name, verdict in office.verdicts().items() if verdict == "fail"}
    assert len(COVERED & failing) >= 10

    # Without leave to restart, the sandbox waits, and is said to wait every time.
    for _ in range(2):
        assert "takes effect with the next restart" in office.roles("r1")
    assert office.sh("systemctl is-active asterisk").strip() == "active"
    office.roles("r1", host_allow_restart=True)
    assert "changed=0" in office.roles("r1", host_allow_restart=True)

    verdicts = office.verdicts()
    assert {name: verdicts.get(name) for name in COVERED if verdicts.get(name) == "fail"} == {}
    assert "NoNewPrivs:\t1" in office.sh("cat /proc/$(pidof asterisk)/status")
    office.wait_for_phone("11")
    office.call("11")

    # Lockouts and mistakes are refused, and nothing of them stays.
    now = office.sh(f"cat {SSHD}")
    assert "lock out root" in office.sshd("PermitRootLogin no\n")
    assert "AllowGroups lets in nobody-at-all" in office.sshd("AllowGroups nobody-at-all\n")
    assert "has no key" in office.sshd("PasswordAuthentication no\nAuthorizedKeysFile /etc/ssh/none\n")
    assert "Bad configuration option" in office.sshd("PermitRotLogin no\n")
    bad = {
        "kind": "fail2ban",
        "path": "/etc/fail2ban/jail.d/bad.local",
        "content": "[x]\nenabled = true\nfilter = no\n",
    }
    assert "fail2ban-client -t says" in office.module("host_settings", failed=True, run="r1", files=[bad])["msg"]
    assert office.sh(f"cat {SSHD}") == now
    assert office.sh("ls /etc/fail2ban/jail.d/bad.local 2>/dev/null; ls -d /run/grundton-try-* 2>/dev/null; true") == ""

    rolled = office.module("journal", run="r1", state="rolled_back")["rollback"]
    assert (rolled["state"], rolled["failed"]) == ("rolled_back", [])
    assert office.look() == before
    office.wait_for_phone("11")
