"""Audits with the real ansible-runner on local connections, and every way they can go wrong."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from grundton.cli.main import run

pytestmark = [pytest.mark.usefixtures("stub_collection"), pytest.mark.timeout(120)]


@pytest.fixture
def grundton(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return ended.value.code, out, err

    return call


def inventory(text: str) -> Path:
    path = Path("hosts.yml")
    path.write_text(textwrap.dedent(text))
    return path


def only_run() -> Path:
    (found,) = Path("runs").iterdir()
    return found


GOOD = "{ansible_connection: local}"
CLOSED = "{ansible_host: 127.0.0.1, ansible_port: 9}"


def test_localhost(grundton):
    code, out, err = grundton("audit", "localhost", "--fail-on", "none")
    assert code == 0, err
    assert "M 5.135" in out
    run_folder = only_run()
    assert {path.name for path in run_folder.iterdir()} == {
        "snapshots", "policy", "hosts.json", "assessment.json", "report.html", "run.json", "log.txt",
    }  # fmt: skip
    assert stat.S_IMODE(run_folder.stat().st_mode) == 0o700
    assert json.loads((run_folder / "hosts.json").read_text())["hosts"] == {"localhost": {"status": "audited"}}
    told = json.loads((run_folder / "run.json").read_text())
    assert told["command"][0] == "grundton"
    assert told["id"] == run_folder.name
    assert told["started_at"] <= told["assessed_at"] <= told["finished_at"]
    assert str(run_folder / "report.html") in err


def test_snapshot_stays_out_of_log_and_output(grundton):
    _, out, err = grundton("audit", "localhost", "--fail-on", "none", "-v")
    run_folder = only_run()
    assert "MARK-OF-THE-SNAPSHOT" in (run_folder / "snapshots" / "localhost.json").read_text()
    for text in (out, err, (run_folder / "log.txt").read_text()):
        assert "MARK-OF-THE-SNAPSHOT" not in text
    assert not [path for path in run_folder.iterdir() if "key" in path.name]


def test_nothing_of_the_runner_is_left_behind(grundton, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    grundton("audit", "localhost", "-q")
    assert [path.name for path in (tmp_path / "t").iterdir() if path.name.startswith("grundton-")] == []


def test_one_of_many_fails(grundton):
    hosts = inventory(f"all: {{hosts: {{good: {GOOD}, closed: {CLOSED}, closed2: {CLOSED}}}}}")
    code, out, err = grundton("audit", "-i", hosts, "--fail-on", "none")
    assert code == 3
    assert "2 of 3 hosts could not be audited" in err
    assert "closed, closed2: ssh: connect to host 127.0.0.1 port 9: Connection refused" in err
    assert "good: read" in err
    document = json.loads((only_run() / "assessment.json").read_text())
    assert document["hosts"]["good"]["reached"] is True
    assert document["hosts"]["closed"]["reached"] is False
    assert "Connection refused" in document["hosts"]["closed"]["reason"]
    assert "M 5.135" in out


def test_unreached_hosts_can_be_allowed(grundton):
    hosts = inventory(f"all: {{hosts: {{good: {GOOD}, closed: {CLOSED}}}}}")
    code, _, err = grundton("audit", "-i", hosts, "--fail-on", "none", "--allow-not-checked", "-q")
    assert code == 0, err


def test_incomplete_comes_before_below_the_gate(grundton):
    hosts = inventory(f"all: {{hosts: {{good: {GOOD}, closed: {CLOSED}}}}}")
    code, _, err = grundton("audit", "-i", hosts, "--fail-on", "low", "-q")
    assert code == 3
    assert "gate not met" in err


def test_no_host_reached(grundton):
    code, _, err = grundton("audit", "root@127.0.0.1:9")
    assert code == 3
    assert "1 of 1 host could not be audited" in err
    assert "Connection refused" in err


def test_no_host_matched(grundton):
    hosts = inventory(f"all: {{hosts: {{good: {GOOD}}}}}")
    code, _, err = grundton("audit", "-i", hosts, "--limit", "other")
    assert code == 3
    assert "no host matched" in err
    assert "--limit other" in err


def test_empty_inventory(grundton):
    code, _, err = grundton("audit", "-i", inventory("all: {hosts: {}}\n"))
    assert code == 3
    assert "no host matched" in err


def test_broken_inventory(grundton):
    code, _, err = grundton("audit", "-i", inventory("all:\n  hosts: [a\n"))
    assert code == 2
    assert "the inventory cannot be read" in err
    assert "hosts.yml:" in err


def test_policy_error_names_variable_file_and_line(grundton):
    hosts = inventory(
        """\
        all:
          hosts:
            good: {ansible_connection: local}
            bad:
              ansible_connection: local
              voip_domian: example.org
        """
    )
    code, _, err = grundton("audit", "-i", hosts, "--fail-on", "none", "-q")
    assert code == 2
    assert "hosts.yml:6" in err
    assert "voip_domian" in err
    assert json.loads((only_run() / "hosts.json").read_text())["hosts"]["good"] == {"status": "audited"}


def test_policy_is_templated_and_stored_plain(grundton):
    hosts = inventory(
        """\
        all:
          hosts:
            good: {ansible_connection: local, site: example}
          vars:
            voip_domain: "{{ site }}.org"
            voip_capacity: {users: "{{ 4 + 6 }}"}
        """
    )
    code, _, err = grundton("audit", "-i", hosts, "--fail-on", "none", "-q")
    assert code == 0, err
    assert json.loads((only_run() / "policy" / "good.json").read_text()) == {
        "voip_domain": "example.org",
        "voip_capacity": {"users": 10},
    }


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("fail", "the collector met a dragon"),
        ("silent", "the snapshot module returned no snapshot"),
        ("garbled", "the snapshot cannot be read"),
    ],
)
def test_module_failures_are_told(grundton, monkeypatch, behaviour, words):
    monkeypatch.setenv("STUB", behaviour)
    code, _, err = grundton("audit", "localhost")
    assert code == 3
    assert words in err


def test_host_without_python(grundton):
    hosts = inventory("all: {hosts: {old: {ansible_connection: local, ansible_python_interpreter: /no/python}}}")
    code, _, err = grundton("audit", "-i", hosts)
    assert code == 3
    assert "Python 3.9" in err


def test_no_voip_on_the_host(grundton, monkeypatch):
    monkeypatch.setenv("STUB", "bare")
    code, _, err = grundton("audit", "localhost")
    assert code == 3
    assert "no VoIP component found on this host" in err


def test_gate(grundton):
    code, _, err = grundton("audit", "localhost", "--fail-on", "low", "-q")
    assert code == 1
    assert "gate not met" in err
    code, _, _ = grundton("audit", "localhost", "--fail-on", "none", "-q")
    assert code == 0


def test_stored_run_can_be_shown_and_judged_again(grundton, tmp_path):
    grundton("audit", "localhost", "-q")
    before = (only_run() / "assessment.json").read_text()
    code, out, _ = grundton("report", "last", "--format", "json")
    assert code == 0
    assert json.loads(out) == json.loads(before)
    code, _, err = grundton("report", only_run(), "-o", "x.html")
    assert (code, err) == (0, "written: x.html\n")
    assert (tmp_path / "x.html").read_text().lstrip().lower().startswith("<!doctype html")
    code, _, err = grundton("report", "last", "-o", "missing/x.json")
    assert code == 2
    assert "cannot write missing/x.json" in err
    code, out, _ = grundton("assess", "last", "--fail-on", "none", "--format", "json")
    assert code == 0
    after, earlier = json.loads(out), json.loads(before)
    assert {**after, "run": None} == {**earlier, "run": None}


def test_filters_that_match_nothing(grundton):
    grundton("audit", "localhost", "-q")
    code, _, err = grundton("report", "last", "--measure", "M9.1")
    assert code == 2
    assert "M 9.1" in err
    code, _, err = grundton("report", "last", "--host", "nobody")
    assert code == 2
    assert "nobody" in err


def test_plain_ansible_gives_the_same_assessment(grundton, stub_collection):
    hosts = inventory(f"all: {{hosts: {{a: {GOOD}, b: {GOOD}}}, vars: {{voip_domain: example.org}}}}")
    grundton("audit", "-i", hosts, "-q")
    first = only_run()
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", hosts, "-e", "grundton_runs_dir=plain",
         stub_collection / "playbooks" / "audit.yml"],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(stub_collection.parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (second,) = Path("plain").iterdir()
    assert f"report: {second.resolve()}/report.html" in done.stdout
    for name in ("hosts.json", "policy/a.json", "policy/b.json", "snapshots/a.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    one, two = (json.loads((path / "assessment.json").read_text()) for path in (first, second))
    assert {**one, "run": None} == {**two, "run": None}
    assert stat.S_IMODE(second.stat().st_mode) == 0o700


def test_plain_ansible_fails_when_a_host_was_missed(stub_collection):
    hosts = inventory(f"all: {{hosts: {{a: {GOOD}, closed: {CLOSED}}}}}")
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", hosts, stub_collection / "playbooks" / "audit.yml"],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(stub_collection.parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "1 of 2 hosts could not be audited: closed" in done.stdout + done.stderr
    assert (only_run() / "report.html").is_file()


FAKE_SUDO = """#!/bin/sh
# Asks like sudo; takes one password.
while [ $# -gt 0 ]; do
  case "$1" in
    -p) printf '%s' "$2" >&2; shift 2 ;;
    -u) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
read -r given
[ "$given" = "correct horse" ] || { echo "Sorry, try again." >&2; exit 1; }
exec "$@"
"""


def test_sudo_password_is_used_and_never_stored(grundton, tmp_path, monkeypatch):
    sudo = tmp_path / "sudo"
    sudo.write_text(FAKE_SUDO)
    sudo.chmod(0o755)
    how = f"ansible_connection: local, ansible_become_user: another, ansible_become_exe: {sudo}"
    hosts = inventory(f"all: {{hosts: {{h: {{{how}}}}}}}")
    monkeypatch.setattr("click.prompt", lambda *_, **__: "correct horse")
    code, _, err = grundton("audit", "-i", hosts, "-K", "--fail-on", "none", "-q")
    assert code == 0, err
    for path in only_run().rglob("*"):
        assert path.is_dir() or "correct horse" not in path.read_text(), path


def test_interrupt_ends_the_run(stub_collection, tmp_path):
    script = (
        "import grundton.collection as c, pathlib;"
        f"c.checkout = lambda: None; c.search_path = lambda: pathlib.Path({str(stub_collection.parents[2])!r});"
        "from grundton.cli.main import run; run(['audit', 'localhost'])"
    )
    (tmp_path / "t").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "STUB_SLEEP": "60", "TMPDIR": str(tmp_path / "t")},
        stderr=subprocess.PIPE,
        text=True,
    )
    log = None
    for _ in range(300):
        time.sleep(0.1)
        log = next(tmp_path.glob("runs/*/log.txt"), None)
        if log and "Take a snapshot" in log.read_text():
            break
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 20
    assert process.returncode in (3, 130)
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("runs/*/.key*"))
    marked = [path for path in Path("/proc").glob("[0-9]*/environ") if str(tmp_path / "t").encode() in environ(path)]
    assert marked == []


def environ(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
