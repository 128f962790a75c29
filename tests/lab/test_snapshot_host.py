"""What the host part says about a lab PBX, beside what the system's own tools say there."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import collectors as module
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

from grundton.lab import Lab

Values = dict[str, Any]

#: Where the code lies on the host while the tests run.
FOLDER = "/opt/grundton-test-host"

SCRIPT = """
import json, sys, threading, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.grundton.voip.plugins.module_utils.host.collectors import collectors
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
parts = []
began = time.monotonic()
threads = [threading.Thread(target=lambda r=r: parts.extend(r("/", True, Deadline.after(30)))) for r in collectors()]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps({
    "ms": round((time.monotonic() - began) * 1000),
    "sources": {s.key: vars(s) for p in parts for s in p.sources},
    "objects": [[i.kind, i.name, i.values] for p in parts for i in p.objects],
}))
"""


class Pbx:
    """The PBX of the office lab: what our readers found, and commands to compare with."""

    def __init__(self, lab: Lab, found: dict[str, Any]) -> None:
        self.lab, self.found = lab, found

    def all(self, kind: str) -> dict[str, Values]:
        return {name: values for its_kind, name, values in self.found["objects"] if its_kind == kind}

    def ask(self, *command: str) -> str:
        return self.lab.exec("pbx", list(command)).stdout

    def root(self) -> Path:
        return self.lab.host("pbx").root


def read_live(lab: Lab, *prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.exec("pbx", [*prefix, "python3", "-B", f"{FOLDER}/run.py", FOLDER]).stdout)
    return found


@pytest.fixture(scope="module")
def pbx(office: Lab) -> Iterator[Pbx]:
    folder = office.host("pbx").root / FOLDER.lstrip("/")
    target = folder / "ansible_collections" / "grundton" / "voip" / "plugins" / "module_utils"
    try:
        source = Path(module.__file__).resolve().parents[1]
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "run.py").write_text(SCRIPT)
        yield Pbx(office, read_live(office))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_no_reader_failed(pbx: Pbx) -> None:
    sources = pbx.found["sources"]
    assert set(sources) == {key for reader in module.collectors() for key in reader.sources}
    assert {key: entry for key, entry in sources.items() if entry["status"] not in ("ok", "absent")} == {}


def test_sockets_are_those_of_ss(pbx: Pbx) -> None:
    said = set()
    for line in pbx.ask("ss", "-H", "-tuln").splitlines():
        protocol, state, _, _, local, *_ = line.split()
        address, _, port = local.rpartition(":")
        if state in ("LISTEN", "UNCONN"):
            said.add((protocol, address.strip("[]").split("%")[0].replace("*", "::"), port))
    ours = {(values["protocol"], values["address"], values["port"]) for values in pbx.all("socket").values()}
    assert ours == said


def test_holders_are_those_of_ss(pbx: Pbx) -> None:
    said = {}
    for line in pbx.ask("ss", "-H", "-tulnp").splitlines():
        fields = line.split(None, 6)
        match = re.search(r'\(\("([^"]+)",pid=(\d+)', fields[6] if len(fields) > 6 else "")
        if match:
            said[fields[0], fields[4].rpartition(":")[2]] = match.group(1)
    ours = {(values["protocol"], values["port"]): values.get("process") for values in pbx.all("socket").values()}
    assert said
    assert {key: ours[key] for key in said} == said


def test_processes_are_those_of_ps(pbx: Pbx) -> None:
    pid, user = pbx.ask("ps", "-C", "asterisk", "-o", "pid=,user=").split()
    ours = pbx.all("process")["asterisk"]
    assert (ours["pid"], ours["user"]) == (pid, user)
    assert ours["unit"] == "asterisk.service"


def test_units_are_those_of_systemctl(pbx: Pbx) -> None:
    keys = ("ActiveState", "UnitFileState", "NoNewPrivileges", "ProtectSystem", "UMask", "Restart", "LimitCORE", "User")
    compared = 0
    for name, values in pbx.all("unit").items():
        said = dict(
            line.partition("=")[::2]
            for line in pbx.ask("systemctl", "show", f"--property={','.join(keys)}", name).splitlines()
        )
        for key in keys:
            if key in values and (values.get("read_from") != "files" or key in ("ActiveState", "UnitFileState")):
                # systemd names some states of links more finely than the files alone tell
                same = values[key] == said[key] or {values[key], said[key]} <= {
                    "static",
                    "disabled",
                    "indirect",
                    "alias",
                }
                assert same, (name, key, values[key], said[key])
                compared += 1
    assert compared > 60
    exposure = re.search(
        r"exposure level for asterisk.service: (\S+)", pbx.ask("systemd-analyze", "security", "asterisk.service")
    )
    assert exposure is not None
    assert pbx.all("unit")["asterisk.service"]["exposure"] == exposure.group(1)


def test_dropins_of_the_pbx_are_seen_offline_as_live(pbx: Pbx) -> None:
    live = pbx.all("unit")["asterisk.service"]
    offline = {name: values for kind, name, values in read_offline(pbx) if kind == "unit"}["asterisk.service"]
    assert offline["DropInPaths"] == live["DropInPaths"]
    assert offline["UnitFileState"] == live["UnitFileState"]
    assert offline["LimitCORE"] == live["LimitCORE"]


def test_files_are_those_of_stat(pbx: Pbx) -> None:
    files = {
        name: values for name, values in pbx.all("file").items() if values["type"] in ("file", "directory", "socket")
    }
    names = sorted(files)
    # A journal of a database may be gone again by now.
    done = pbx.lab.exec("pbx", ["stat", "-L", "--printf", "%a %U %G %n\\n", *names], check=False)
    said = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert len(said) > len(names) - 3
    for mode, owner, group, name in said:
        assert (files[name]["mode"], files[name]["owner"], files[name]["group"]) == (mode.zfill(4), owner, group), name
    assert len(pbx.ask("find", "-L", "/etc/asterisk", "-maxdepth", "6").splitlines()) == len(
        [name for name in files if name == "/etc/asterisk" or name.startswith("/etc/asterisk/")]
    )


def test_certificates_are_those_of_openssl(pbx: Pbx) -> None:
    ours = {name: values for name, values in pbx.all("certificate").items() if values["state"] == "ok"}
    assert ours
    for name, values in ours.items():
        said = pbx.ask("openssl", "x509", "-in", name, "-noout", "-serial", "-fingerprint", "-sha256", "-text").replace(
            ":", ""
        )
        assert values["serial"].upper().zfill(2) in said
        assert values["fingerprint"].upper() in said
        if values["key_type"] == "rsa":
            assert f"Public-Key ({values['key_bits']} bit)" in said
        if "key_matches" in values:
            certificate = pbx.ask("openssl", "x509", "-in", name, "-noout", "-pubkey")
            key = pbx.ask("openssl", "pkey", "-in", values["key_file"], "-pubout")
            assert values["key_matches"] == ("yes" if certificate == key else "no")


def test_sshd_is_what_it_says_itself(pbx: Pbx) -> None:
    ours = pbx.all("sshd")["effective"]
    for line in pbx.ask("sshd", "-T").splitlines():
        keyword, _, rest = line.partition(" ")
        value = ours[keyword.lower()]
        text = rest.replace("without-password", "prohibit-password")
        assert text == value or text in value or set(re.split(r"[ ,]", text)) <= set(value), keyword


def test_packages_are_those_of_dpkg(pbx: Pbx) -> None:
    ours = {name: values["version"] for name, values in pbx.all("package").items() if values["status"] == "installed"}
    said = dict(
        line.split("\t") for line in pbx.ask("dpkg-query", "-W", "-f", "${Package}\\t${Version}\\n").splitlines()
    )
    assert "asterisk" in ours
    assert {name: said[name] for name in ours} == ours


def test_accounts_and_sudo(pbx: Pbx) -> None:
    states = {"L": "locked", "P": "set", "NP": "none"}
    for name, values in pbx.all("account").items():
        assert values["password"] == states[pbx.ask("passwd", "-S", name).split()[1]], name
        assert set(values["groups"]) == set(pbx.ask("id", "-nG", name).split()), name
    assert pbx.all("sudo.rule")


def test_addresses_and_routes(pbx: Pbx) -> None:
    for name, leg in pbx.lab.host("pbx").interfaces.items():
        assert str(leg.v4).split("/")[0] in {text.split("/")[0] for text in pbx.all("interface")[name]["addresses"]}
    assert pbx.all("route")


def test_fail2ban_agrees_with_its_own_reading(pbx: Pbx) -> None:
    """``fail2ban-client -d`` is the server's own merge of the files."""
    said = pbx.lab.exec("pbx", ["fail2ban-client", "-d"], check=False).stdout
    for name, values in pbx.all("fail2ban.jail").items():
        if values["enabled"] != "yes":
            continue
        assert f"['add', '{name}'" in said
        for key in ("maxretry", "findtime", "bantime"):
            given = re.search(rf"\['set', '{name}', '{key}', '?(\w+)'?\]", said)
            if given:
                assert values[key] == given.group(1), (name, key)
        for path in values["logpath"]:
            if path not in values["logpath_missing"] and values["backend"] != "systemd":
                assert path in said


def test_unprivileged_says_what_is_missing(pbx: Pbx) -> None:
    found = read_live(pbx.lab, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    sources = found["sources"]
    assert not [key for key, entry in sources.items() if entry["status"] == "error"]
    assert "/etc/shadow: permission denied" in sources["system:account"]["incomplete"]
    assert sources["system:sudo"]["status"] == "not_checked"
    assert "the rules can only be read by root" in sources["system:nft"]["incomplete"]
    live = {(kind, name) for kind, name, _ in found["objects"] if kind == "socket"}
    assert live == {("socket", name) for name in pbx.all("socket")}


def read_offline(pbx: Pbx) -> list[tuple[str, str, Values]]:
    """The same host read from the outside, as a folder."""
    parts: list[Any] = []
    threads = [
        threading.Thread(target=lambda r=r: parts.extend(r(str(pbx.root()), False, Deadline.after(30))))
        for r in module.collectors()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [(item.kind, item.name, dict(item.values)) for part in parts for item in part.objects]


def test_the_same_host_offline(pbx: Pbx) -> None:
    offline = read_offline(pbx)
    for kind in ("package", "account", "sudo.rule", "certificate", "logrotate", "cron.job", "log.target"):
        here = {name: values for its_kind, name, values in offline if its_kind == kind}
        live = pbx.all(kind)
        assert set(here) == set(live), kind
    packages = {name: values for kind, name, values in offline if kind == "package"}
    assert packages == pbx.all("package")
    modes = {
        name: values["mode"] for kind, name, values in offline if kind == "file" and name.startswith("/etc/asterisk")
    }
    assert modes == {
        name: values["mode"] for name, values in pbx.all("file").items() if name.startswith("/etc/asterisk")
    }


def test_secrets_of_the_badly_kept_office_stay_there(pbx: Pbx) -> None:
    """Passwords that lie in scripts, shadow and configuration never show in what leaves the host."""
    said = json.dumps(pbx.found)
    shadow = [line.split(":")[1] for line in pbx.ask("cat", "/etc/shadow").splitlines()]
    texts = pbx.ask(
        "sh", "-c", "cat /etc/cron.d/* /usr/local/bin/* /etc/asterisk/manager.conf /etc/asterisk/*.conf 2>/dev/null"
    )
    secrets = {text for text in shadow if len(text) > 8}  # what follows may be the word itself, in a sample
    secrets |= {m.group(1) for m in re.finditer(r"(?im)^\s*(?:\w*pass\w*|secret|password)\s*=>?\s*(\S{7,})\s*$", texts)}
    secrets -= {"password", "secret"}
    assert len(secrets) > 3
    assert not [secret for secret in secrets if secret in said]


def test_it_takes_well_under_a_second(pbx: Pbx) -> None:
    fastest = min(read_live(pbx.lab)["ms"] for _ in range(3))
    assert fastest < 1000
