"""The resolved files against the running daemon's own answer, object by object, on real Asterisks of the lab."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grundton.lab import Lab, down, up

Snapshot = dict[str, Any]
Values = dict[str, Any]

TRUE = {"yes", "true", "on", "1", "y", "t"}
FALSE = {"no", "false", "off", "0", "n", "f"}

#: Keys the daemon shows as something that is not the text of the file.
NOT_COMPARABLE = {
    "pjsip.endpoint": {"acl", "contact_acl", "disallow"},  # shown as "deny/permit", or folded into allow
    "pjsip.aor": {"contact"},  # the daemon adds the registered ones
}

pytestmark = pytest.mark.timeout(300)
HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures" / "asterisk"
TOPOLOGY = """
title: One Asterisk of each kind, for comparing files with daemons
management_index: 23
zones:
  management:
  servers: {v4: 10.52.10.0/24, v6: "fd52:0:0:10::/64"}
hosts:
  pbx22: {suite: forky, zones: {servers: 22, management: 22}, groups: [asterisk]}
  pbx16: {suite: bullseye, zones: {servers: 16, management: 16}, groups: [asterisk]}
"""
RUN = """
import json, sys
sys.path.insert(0, "/root/collection")
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import collect_snapshot
json.dump(collect_snapshot("/", b"k" * 32), sys.stdout)
"""


def objects(snapshot: Snapshot, origin: str, kind: str) -> dict[str, Values]:
    return {o["name"]: o["values"] for o in snapshot["objects"] if o["from"] == origin and o["kind"] == kind}


def plain(text: Any) -> str:
    """Booleans, numbers and networks in one spelling."""
    if not isinstance(text, str):
        return str(text)
    low = text.strip().lower()
    if low in TRUE:
        return "yes"
    if low in FALSE:
        return "no"
    if re.fullmatch(r"-?\d+(\.\d+)?", low):
        return str(float(low))
    if "/" in low:
        try:
            return str(ipaddress.ip_network(low, strict=False))
        except ValueError:
            pass
    try:
        return str(ipaddress.ip_network(low))
    except ValueError:
        return low


def codecs(values: Values) -> list[str]:
    """What allow and disallow lines come to, in their order."""
    entries = values.get("_order")
    if entries:
        pairs = [(*entry[0].split("=", 1), tuple(entry[1:])) for entry in entries]
    else:
        pairs = [(key, text, (file, line)) for key in ("allow", "disallow") for text, file, line in values.get(key, [])]
        pairs.sort(key=lambda pair: pair[2])
    chosen: list[str] = []
    for key, text, _at in pairs:
        if key not in ("allow", "disallow"):
            continue
        for name in str(text).lower().split(","):
            name = name.strip()
            remove = key == "disallow" or name.startswith("!")
            name = name.lstrip("!").partition(":")[0]
            if name == "all":
                chosen = [] if remove else ["all"]
            elif remove:
                chosen = [one for one in chosen if one != name]
            elif name not in chosen:
                chosen.append(name)
    return chosen


def differences(snapshot: Snapshot) -> Iterator[str]:
    """Every place where the files, as resolved, and the daemon disagree."""
    yield from differences_pjsip(snapshot)
    for kind in ("rtp.general", "manager.general", "http.general", "ari.general", "cdr.general", "cel.general"):
        yield from compare(snapshot, kind, names=False)
    for kind in ("manager.user", "ari.user", "logger.channel", "voicemail.mailbox", "acl.acl", "features.featuremap"):
        yield from compare(snapshot, kind)
    yield from compare(snapshot, "asterisk.options", names=False)
    yield from differences_dialplan(snapshot)


def differences_pjsip(snapshot: Snapshot) -> Iterator[str]:
    for kind in ("endpoint", "aor", "transport", "identify", "registration"):
        yield from compare(snapshot, "pjsip." + kind)
    for kind in ("global", "system"):
        config = list(objects(snapshot, "config", "pjsip." + kind).values())
        runtime = list(objects(snapshot, "runtime", "pjsip." + kind).values())
        if config and runtime:
            yield from compare_values("pjsip." + kind, kind, config[0], runtime[0])


def compare(snapshot: Snapshot, kind: str, names: bool = True) -> Iterator[str]:
    config, runtime = objects(snapshot, "config", kind), objects(snapshot, "runtime", kind)
    if names:
        for name in sorted(set(config) - set(runtime)):
            yield f"{kind} {name}: only in the files"
        for name in sorted(set(runtime) - set(config)):
            yield f"{kind} {name}: only in the daemon"
    for name in sorted(set(config) & set(runtime)):
        yield from compare_values(kind, name, config[name], runtime[name])


def compare_values(kind: str, name: str, config: Values, runtime: Values) -> Iterator[str]:
    for key, occurrences in config.items():
        if key.startswith("_") or key not in runtime or key in NOT_COMPARABLE.get(kind, set()):
            continue
        wanted: list[str] | str
        found: list[str] | str
        if key == "allow":
            wanted, found = codecs(config), runtime[key]
            if wanted == ["all"]:  # whatever this daemon has
                found = wanted
        elif isinstance(runtime[key], list):
            wanted = sorted({plain(text.split("(")[0] if key == "levels" else text) for text, _f, _l in occurrences})
            found = sorted(plain(text) for text in runtime[key])
            if (kind, name) == ("logger.channel", "console"):
                found = [level for level in found if level != "verbose"]  # the daemon adds it to every console
                wanted = [level for level in wanted if level != "verbose"]
        else:
            wanted, found = spelling(kind, key, occurrences[-1][0]), spelling(kind, key, runtime[key])
        if wanted != found:
            yield f"{kind} {name} {key}: files {wanted!r}, daemon {found!r}"


def spelling(kind: str, key: str, written: Any) -> str:
    text = str(written)
    if (kind, key) == ("pjsip.transport", "bind") and ":" not in text:
        text += ":5060"  # what the daemon makes of an address without a port
    text = plain(text)
    if (kind, key) == ("cel.general", "events"):
        return ",".join(sorted(part.strip() for part in text.split(",")))
    if key in ("read", "write"):
        return ",".join(sorted(part.strip() for part in text.split(",")))
    return text


def differences_dialplan(snapshot: Snapshot) -> Iterator[str]:
    config, runtime = objects(snapshot, "config", "dialplan.context"), objects(snapshot, "runtime", "dialplan.context")
    for name, values in config.items():
        if name not in runtime:
            yield f"context {name}: only in the files"
            continue
        for key in ("exten", "include", "switch", "ignorepat"):
            found = sorted(text for text in runtime[name].get(key, []) if text != "Lua")
            wanted = sorted(shown(text, found) for text, _f, _l in values.get(key, []))
            for text in sorted(set(wanted) - set(found)):
                yield f"context {name} {key}: only in the files: {text}"
            if runtime[name].get("created_by") == "pbx_config":
                for text in sorted(set(found) - set(wanted)):
                    yield f"context {name} {key}: only in the daemon: {text}"


def shown(text: str, found: list[str]) -> str:
    """The daemon leaves out the label of the first priority it lists of an extension."""
    bare = re.sub(r"^([^,]+,\d+)\([^)]*\),", r"\1,", text)
    return bare if text not in found and bare in found else text


# -- on real hosts ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(lab_capable: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    topology = tmp_path_factory.mktemp("lab") / "asterisks.yml"
    topology.write_text(TOPOLOGY)
    name = "gtest-asterisks"
    try:
        yield up(name, topology_name=str(topology))
    finally:
        down(name)


def install(lab: Lab, host: str) -> None:
    """The code under test, where the host's own Python finds it."""
    plugins = Path("root/collection/ansible_collections/grundton/voip/plugins")
    target = lab.host(host).root / plugins / "module_utils"
    shutil.rmtree(target, ignore_errors=True)
    source = HERE.parents[1] / "plugins" / "module_utils"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def taken(lab: Lab, host: str) -> Snapshot:
    install(lab, host)
    document: Snapshot = json.loads(lab.exec(host, ["python3", "-B", "-c", RUN], timeout=120).stdout)
    return document


def configure(lab: Lab, host: str, fixture: str | None) -> None:
    """Debian's samples, with the files of a fixture on top; then a fresh daemon."""
    etc = lab.host(host).root / "etc" / "asterisk"
    samples = lab.host(host).root / "root" / "samples"
    if not samples.exists():
        lab.exec(host, ["cp", "-a", "/etc/asterisk", "/root/samples"])
    lab.exec(host, ["sh", "-c", "systemctl stop asterisk; rm -rf /etc/asterisk; cp -a /root/samples /etc/asterisk"])
    if fixture is not None:
        shutil.copytree(FIXTURES / fixture, etc, dirs_exist_ok=True)
        lab.exec(host, ["sh", "-c", "rm -f /etc/asterisk/extensions.ael /etc/asterisk/extensions.lua"])
        certificate = (
            "mkdir -p /etc/asterisk/keys; openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=pbx"
            " -keyout /tmp/k -out /tmp/c 2>/dev/null; cat /tmp/k /tmp/c > /etc/asterisk/keys/pbx.pem"
        )
        lab.exec(host, ["sh", "-c", certificate])
    lab.exec(host, ["sh", "-c", "chown -R asterisk:asterisk /etc/asterisk; systemctl restart asterisk"])
    lab.wait(host, "asterisk -rx 'core waitfullybooted' | grep -q fully", timeout=60)


HOSTS = pytest.mark.parametrize("host", ["pbx22", "pbx16"])


@HOSTS
@pytest.mark.parametrize("fixture", ["office", "torture", None], ids=["office", "torture", "samples"])
def test_files_and_daemon_agree(pair: Lab, host: str, fixture: str | None) -> None:
    configure(pair, host, fixture)
    document = taken(pair, host)
    sources = document["sources"]
    for key in ("runtime:pjsip", "runtime:dialplan", "runtime:manager", "runtime:logger", "runtime:voicemail"):
        assert sources[key]["status"] == "ok", (key, sources[key])
        assert sources[key]["incomplete"] == []
    found = document["components"]["asterisk"]
    assert found["running"] is True
    assert found["branch"] == {"pbx22": "22", "pbx16": "16"}[host]
    wrong = [line for line in differences(document) if not tolerated(document, line)]
    assert wrong == []
    if fixture == "office":
        assert len(objects(document, "runtime", "pjsip.endpoint")) == 7
        # ("canary.tweet" is the name of a file of Asterisk's own)
        assert re.findall(r".{0,80}canary(?!\.tweet).{0,30}", json.dumps(document), re.I) == []


def tolerated(document: Snapshot, line: str) -> bool:
    """What the daemon cannot show: CEL that is off."""
    cel = objects(document, "runtime", "cel.general").get("general", {})
    return line.startswith("cel.general") and cel.get("enable") == "no"


@HOSTS
def test_what_makes_asterisk_reject_a_file_makes_us_reject_it(pair: Lab, host: str) -> None:
    configure(pair, host, "office")
    path = pair.host(host).root / "etc" / "asterisk" / "acl.conf"
    for content in (
        "[a](!)\n[b](!)\n[c](a, b)\npermit=10.0.0.0/8\n",
        "[c]\npermit=10.0.0.0/8\n#include nothing*.conf\n",
    ):
        path.write_text(content)
        pair.exec(host, ["asterisk", "-rx", "module reload acl"])
        document = taken(pair, host)
        assert document["sources"]["config:acl"]["status"] == "error"
        assert set(objects(document, "runtime", "acl.acl")) == {"office", "upper"}  # the daemon kept the old ones


def test_the_demo_office(office: Lab) -> None:
    document = taken(office, "pbx")
    names = set(objects(document, "runtime", "pjsip.endpoint"))
    assert {"11", "21", "telko", "anonymous"} <= names
    assert document["sources"]["runtime:pjsip"]["incomplete"] == []
    for kind in ("endpoint", "aor", "transport", "identify", "registration"):
        lines = list(compare(document, "pjsip." + kind))
        assert lines == []
    contacts = objects(document, "runtime", "pjsip.contact")
    assert any("baresip" in values.get("user_agent", "") for values in contacts.values())
    written = configuration(office)
    names = set(re.findall(r"(?m)^\[([^\]]+)\]", written))  # some are their own password
    secrets = set(re.findall(r"(?m)^(?:password|secret)\s*=>?\s*(\S{6,})", written)) - names
    assert len(secrets) > 5
    shown = json.dumps(document["objects"])
    assert [secret for secret in secrets if f'"{secret}"' in shown] == []


def configuration(lab: Lab) -> str:
    etc = lab.host("pbx").root / "etc" / "asterisk"
    return "\n".join(path.read_text(errors="replace") for path in etc.rglob("*.conf"))
