"""The host part as a whole: live, unprivileged, offline, on old Pythons, in time, with the configuration's hints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import collectors as module
from ansible_collections.grundton.voip.plugins.module_utils.host import hints as hints_module
from ansible_collections.grundton.voip.plugins.module_utils.host import network
from ansible_collections.grundton.voip.plugins.module_utils.host.collectors import Hints, collectors
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import (
    CONFIG,
    SYSTEM,
    ConfigValues,
    Contribution,
    Item,
    PlainValues,
    Source,
)

README = Path(module.__file__).with_name("README.md")

#: Runs every reader in its thread and prints what came back as JSON.
SCRIPT = """
import json, sys, threading
sys.path.insert(0, sys.argv[1])
from ansible_collections.grundton.voip.plugins.module_utils.host.collectors import collectors
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
root, live = sys.argv[2], sys.argv[3] == "live"
parts = []
threads = [threading.Thread(target=lambda r=r: parts.extend(r(root, live, Deadline.after(30)))) for r in collectors()]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps({
    "sources": {s.key: [s.status, s.reason, s.incomplete] for p in parts for s in p.sources},
    "objects": [[i.kind, i.name, i.values] for p in parts for i in p.objects],
}))
"""


def run_all(root: str, live: bool, **more: Any) -> list[Contribution]:
    parts: list[Contribution] = []
    threads = [
        threading.Thread(target=lambda reader=reader: parts.extend(reader(root, live, Deadline.after(30))))
        for reader in collectors(**more)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return parts


def check(parts: list[Contribution]) -> None:
    """The shapes of the contract hold."""
    keys = [source.key for part in parts for source in part.sources]
    assert sorted(keys) == sorted(key for reader in collectors() for key in reader.sources)
    seen: set[tuple[str, str]] = set()
    for part in parts:
        for source in part.sources:
            assert source.status in ("ok", "absent", "not_checked", "error")
            assert source.status == "ok" or source.reason
            assert source.status != "error"
        prefixes = {source.key for source in part.sources}
        for item in part.objects:
            assert item.origin == SYSTEM
            assert f"system:{item.kind.split('.')[0]}" in prefixes
            assert (item.kind, item.name) not in seen, "names are unique"
            seen.add((item.kind, item.name))
            for key, value in item.values.items():
                assert isinstance(value, str) or all(isinstance(entry, str) for entry in value), (item.kind, key)
    json.dumps([[item.kind, item.name, item.values] for part in parts for item in part.objects])


def test_live() -> None:
    parts = run_all("/", True)
    check(parts)
    kinds = {item.kind for part in parts for item in part.objects}
    assert {"os", "sysctl", "file", "account", "time", "mount"} <= kinds


def test_offline_tree_with_everything_missing(host: Callable[..., str]) -> None:
    parts = run_all(host({}), False)
    check(parts)
    sources = {source.key: source for part in parts for source in part.sources}
    for key in ("socket", "connection", "process", "interface", "route", "swap"):
        assert sources[f"system:{key}"].status == "not_checked"


def test_offline_runs_no_program(host: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object, **named: object) -> None:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", forbidden)
    root = host(
        {
            "/etc/ssh/sshd_config": "Port 22\n",
            "/usr/sbin/sshd": "",
            "/usr/sbin/chronyd": "",
            "/etc/chrony.conf": "",
            "/usr/sbin/auditd": "",
        }
    )
    check(run_all(root, False))


def test_offline_never_leaves_the_tree(tmp_path: Path, host: Callable[..., str]) -> None:
    """Every place that is read is a link out of the copy; nothing of the outside may show."""
    outside = tmp_path / "outside"
    canary = "canary7391"
    texts = {
        "passwd": f"{canary}:x:0:0::/root:/bin/bash\n",
        "sudoers": f"{canary} ALL=(ALL) NOPASSWD: ALL\n",
        "sshd_config": f"Banner {canary}\n",
        "os-release": f"ID={canary}\n",
        "crontab": f"@daily {canary} restic backup\n",
        "jail.conf": f"[{canary}]\nenabled=true\n",
        "rsyslog.conf": f"*.* @@{canary}\n",
        "logrotate.conf": f"/var/log/{canary} {{\n}}\n",
        "hostname": canary,
        "fstab": f"{canary} / ext4 x 0 0\n",
        "resolv.conf": f"nameserver {canary}\n",
        "chrony.conf": f"server {canary}\n",
        "sysctl.conf": f"kernel.sysrq={canary}\n",
        "sources.list": f"deb http://x {canary} main\n",
        "status": f"Package: asterisk\nVersion: {canary}\n",
    }
    outside.mkdir()
    for name, text in texts.items():
        (outside / name).write_text(text)
    (outside / "asterisk").mkdir()
    (outside / "asterisk" / f"{canary}.conf").write_text("")
    folders = {"sshd_config": "/etc/ssh", "jail.conf": "/etc/fail2ban", "sources.list": "/etc/apt"}
    folders["status"] = "/var/lib/dpkg"
    places = {f"{folders.get(name, '/etc')}/{name}": name for name in (*texts, "asterisk")}
    links: dict[str, Any] = {place: ("link", str(outside / name)) for place, name in places.items()}
    climbing: dict[str, Any] = {"/etc/group": ("link", "../../../../../../../../../.." + str(outside / "passwd"))}
    root = host({**links, **climbing, "/usr/sbin/rsyslogd": "", "/usr/sbin/chronyd": "", "/usr/sbin/sshd": ""})
    parts = run_all(root, False)
    said = json.dumps([[item.name, item.values] for part in parts for item in part.objects])
    told = [text for part in parts for source in part.sources for text in (source.reason, *source.incomplete)]
    # The text of a link itself is part of the copy; what it points to is not.
    assert canary not in said.replace(str(outside), "")
    assert canary not in str(told)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everybody may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def elsewhere(python: str, root: str, live: bool, folder: Path, nobody: bool = False) -> dict[str, Any]:
    """Run the readers in another interpreter from a copy of the sources, as nobody if asked."""
    target = folder / "ansible_collections" / "grundton" / "voip" / "plugins"
    source = Path(module.__file__).resolve().parents[1]
    shutil.copytree(source, target / "module_utils", ignore=shutil.ignore_patterns("__pycache__"))
    script = folder / "run.py"
    script.write_text(textwrap.dedent(SCRIPT))
    identity: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if nobody else {}
    done = subprocess.run(
        [python, "-B", "-W", "error::DeprecationWarning", str(script), str(folder), root, "live" if live else "copy"],
        capture_output=True, text=True, check=False, cwd="/", timeout=60, **identity,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.usefixtures("as_root")
def test_unprivileged_says_what_it_could_not_read(open_folder: Path) -> None:
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("needs a Python that nobody may run")
    found = elsewhere(python, "/", True, open_folder, nobody=True)
    sources = found["sources"]
    assert set(sources) == {key for reader in collectors() for key in reader.sources}
    assert not [key for key, (status, _, _) in sources.items() if status == "error"]
    if Path("/etc/shadow").exists():
        assert "/etc/shadow: permission denied" in sources["system:account"][2]
        passwords = {values["password"] for kind, _, values in found["objects"] if kind == "account"}
        assert passwords == {"unknown"}
    assert "the rules can only be read by root" in sources["system:nft"][2]
    assert any("could not be seen" in text for text in sources["system:socket"][2])


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.13"])
def test_other_pythons(version: str, open_folder: Path) -> None:
    names = (
        [shutil.which(f"python{version}"), *Path("/root/.pyenv/versions").glob(f"{version}.*/bin/python")]
        if os.geteuid() == 0
        else [shutil.which(f"python{version}")]
    )
    works = [
        str(name) for name in names if name and subprocess.run([name, "-c", ""], capture_output=True).returncode == 0
    ]
    if not works:
        pytest.skip(f"no Python {version} here")
    found = elsewhere(works[0], "/", True, open_folder)
    assert not [key for key, (status, _, _) in found["sources"].items() if status == "error"]
    assert found["objects"]


def test_it_is_quick() -> None:
    run_all("/", True)
    began = time.process_time()
    run_all("/", True)
    assert time.process_time() - began < 1.0, "a tenth of it on a quiet host"


def test_a_reader_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr(network, "collect", lambda *arguments: stop.wait(30) and [])
    done: dict[str, list[Contribution]] = {}
    readers = collectors()
    threads = [
        threading.Thread(target=lambda r=r: done.update({r.name: r("/", True, Deadline.after(20))}), daemon=True)
        for r in readers
    ]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 15
    while len(done) < len(readers) - 1 and time.monotonic() < limit:
        time.sleep(0.05)
    assert {reader.name for reader in readers} - set(done) == {"host network"}
    stop.set()


def test_without_time_every_source_says_so() -> None:
    readers = collectors()
    places = readers[0].places
    for _ in range(module.PLACES):
        places.acquire()
    for reader in readers:
        for part in reader("/", True, Deadline.after(0)):
            assert part.sources[0].status == "not_checked"


# -- hints ---------------------------------------------------------------------------------------------


def config(kind: str, name: str, **texts: str) -> Item:
    values: ConfigValues = {key: [(text, 0, 1)] for key, text in texts.items()}
    return Item(CONFIG, kind, name, values)


def test_hints_name_certificates_keys_and_files() -> None:
    named: PlainValues = {"cert_file": "/no"}
    system = Item(SYSTEM, "file", "/x", named)
    part = Contribution(
        [Source("config:pjsip")],
        [
            config(
                "pjsip.transport",
                "tls",
                cert_file="/etc/k/a.crt",
                priv_key_file="/etc/k/a.key",
                ca_list_file="/etc/k/ca.pem",
            ),
            config("pjsip.endpoint", "web", dtls_cert_file="/etc/k/a.crt", dtls_private_key="/etc/k/other.key"),
            config("http.general", "general", tlscertfile="relative.pem"),
            system,
        ],
        files=["/etc/asterisk/pjsip.conf", "/srv/more.conf"],
    )
    found = hints_module.find([part])
    wanted = {entry.path: entry for entry in found.certificates}
    assert set(wanted) == {"/etc/k/a.crt", "/etc/k/ca.pem"}
    assert wanted["/etc/k/a.crt"].used_by == ["pjsip.transport/tls", "pjsip.endpoint/web"]
    assert wanted["/etc/k/a.crt"].key == "/etc/k/a.key"
    assert wanted["/etc/k/ca.pem"].used_by == ["pjsip.transport/tls (authority)"]
    assert ("/srv/more.conf", "config", "asterisk") in found.files
    assert ("/etc/k/a.key", "key", "asterisk") in found.files


def test_hints_reach_the_readers(host: Callable[..., str]) -> None:
    hints = Hints()

    def slow(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
        time.sleep(0.2)
        return [Contribution([], [config("pjsip.transport", "tls", cert_file="/srv/c.pem")], files=["/srv/more.conf"])]

    reader = hints.listen(slow)
    threading.Thread(target=reader, args=("/", False, Deadline.after(5))).start()
    parts = run_all(host({"/srv/more.conf": "", "/srv/c.pem": "nothing"}), False, hints=hints)
    objects = {(item.kind, item.name): item.values for part in parts for item in part.objects}
    assert objects["certificate", "/srv/c.pem"]["state"] == "invalid"
    assert ("file", "/srv/more.conf") in objects


def test_a_configuration_reader_that_fails_frees_the_others(host: Callable[..., str]) -> None:
    hints = Hints()

    def broken(*arguments: object) -> list[Contribution]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        hints.listen(broken)()
    began = time.monotonic()
    parts = run_all(host({}), False, hints=hints)
    assert time.monotonic() - began < 5
    [source] = [s for p in parts for s in p.sources if s.key == "system:certificate"]
    assert "not resolved in time" in source.incomplete[0]


# -- the README is what control writers rely on ----------------------------------------------------------


def test_every_kind_and_key_seen_here_is_in_the_readme() -> None:
    text = README.read_text()
    free = {"unit", "sysctl", "sshd", "sshd.match"}  # keys named by systemd, the kernel and sshd
    missing = set()
    for part in run_all("/", True):
        for item in part.objects:
            if f"`{item.kind}`" not in text:
                missing.add(item.kind)
            elif item.kind not in free:
                missing.update(f"{item.kind}: {key}" for key in item.values if f"`{key}`" not in text)
    assert not missing


def test_this_interpreter_is_no_requirement() -> None:
    for path in Path(module.__file__).parent.glob("*.py"):
        compile(path.read_text(), str(path), "exec", dont_inherit=True)
    assert sys.version_info >= (3, 9)
