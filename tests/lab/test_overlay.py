"""Settings on a real Asterisk: written, made effective, judged, taken back to the byte, while calls go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from grundton import catalog
from grundton.assess import HostInput, assess
from grundton.lab import Lab, down, up
from grundton.model.finding import Finding
from grundton.model.snapshot import Snapshot
from grundton.model.verdict import Verdict
from grundton.plan.activations import activations_of
from grundton.plan.model import HostPlan, Selection
from grundton.plan.planning import make_plan
from grundton.policy import Policy, load_policy
from grundton.records import Records

pytestmark = pytest.mark.timeout(300)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
POLICY = yaml.safe_load((ROOT / "inventories/lab/group_vars/all.yml").read_text(encoding="utf-8"))
PLUGINS = "root/collection/ansible_collections/grundton/voip/plugins"

DRIVER = """
import json, sys
sys.path.insert(0, "/root/collection")
from ansible_collections.grundton.voip.plugins.module_utils.activation import entries, run
from ansible_collections.grundton.voip.plugins.module_utils.activation.entries import ActivationError
from ansible_collections.grundton.voip.plugins.module_utils.journal import rollback
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal, Rehearsal
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import OverlayError
from ansible_collections.grundton.voip.plugins.module_utils.overlay.write import absent, present
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import collect_snapshot

def orders(given):
    allowed = run.compare.Allowed(frozenset(given.pop("ports", ())), dialplan=given.pop("dialplan", False))
    return run.Orders(allowed, **given)

STEPS = {
    "begin": lambda o: Journal.begin(o["run"]) and {},
    "rehearse": lambda o: present(Rehearsal(), o["settings"]),
    "present": lambda o: present(Journal.attach(o["run"]), o["settings"]),
    "absent": lambda o: absent(Journal.attach(o["run"]), [], o.get("controls", ()), o.get("measures", ())),
    "activate": lambda o: run.activate(
        Journal.attach(o["run"]), entries.read(o["activations"]), orders(o.get("orders", {}))
    ).to_json(),
    "health": lambda o: run.health(o.get("before", {}), run.compare.Allowed()).to_json(),
    "rollback": lambda o: rollback.roll_back(o["run"]).to_json(),
    "snapshot": lambda o: collect_snapshot("/", b"k" * 32),
}
results = []
for step in json.load(sys.stdin):
    try:
        results.append(STEPS[step["do"]](step))
    except (OverlayError, ActivationError, JournalError) as error:
        results.append({"error": str(error)})
json.dump(results, sys.stdout)
"""

#: Lines that make what passes in the office fail: written into the user's own files.
BREAKS = {
    "pjsip.conf": """
[41](+type=auth)
nonce_lifetime = 3000
[global](+type=global)
unidentified_request_count = 100
taskprocessor_overload_trigger = none
keep_alive_interval = 0
[13](+type=endpoint)
media_encryption = dtls
dtls_auto_generate_cert = yes
dtls_verify = no
dtls_fingerprint = SHA-1
[15](+type=endpoint)
ice_support = yes
[16](+type=endpoint)
force_rport = no
media_encryption_optimistic = yes
[11](+type=aor)
qualify_frequency = 0
""",
    "manager.conf": """
[general](+)
webenabled = yes
authlimit = 100
authtimeout = 60
tlsenable = yes
tlsbindaddr = 0.0.0.0:5039
tlscertfile = /etc/asterisk/keys/asterisk.crt
tlsprivatekey = /etc/asterisk/keys/asterisk.key
""",
    "http.conf": """
[general](+)
servername = Asterisk/22.10.1
tlsenable = yes
tlsbindaddr = 0.0.0.0:8089
tlscertfile = /etc/asterisk/keys/asterisk.crt
tlsprivatekey = /etc/asterisk/keys/asterisk.key
""",
    "cdr.conf": "[general](+)\nenable = no\n",
    "confbridge.conf": "[offen](+)\nquiet = yes\n",
    "iax.conf": "[general](+)\nallowfwdownload = yes\n",
    "rtp.conf": "[general](+)\nprobation = 2\n",
    "logger.conf": "[general](+)\nlogger_queue_limit = 10\n",
}
#: Files replaced as a whole, because what stands first wins there.
REPLACED = {
    "voicemail.conf": (("maxlogins = 3", "maxlogins = 9"),),
    "hep.conf": (("enabled = no", "enabled = yes"), (";enabled = yes", "enabled = yes")),
}

#: What the files of the office are judged by: everything that can be wanted, in two policies that exclude one another.
STRICT = POLICY | {
    "voip_protection_level": "elevated",
    "voip_features": {**POLICY["voip_features"], "webrtc": False, "video": True},
    "voip_nat_method": "static_mapping",
}
OPEN = POLICY | {
    "voip_protection_level": "elevated",
    "voip_encryption": [
        {"between": ["endpoints", "servers"], "signalling": "optional", "media": "optional", "reason": "old telephones"}
    ],
    "voip_features": {**POLICY["voip_features"], "webrtc": False, "video": False, "fax": False},
    "voip_nat_method": "none",
}


@pytest.fixture(scope="module")
def lab(lab_capable: None) -> Iterator[Lab]:
    name = "gtest-overlay"
    try:
        found = up(name, topology_name="office")
        target = found.host("pbx").root / PLUGINS / "module_utils"
        shutil.copytree(ROOT / "plugins/module_utils", target, ignore=shutil.ignore_patterns("__pycache__"))
        # the trunk registers some seconds after the start
        found.wait("pbx", "asterisk -rx 'pjsip show registrations' | grep -q Registered", timeout=30)
        yield found
    finally:
        down(name)


@pytest.fixture
def configuration(lab: Lab) -> Iterator[Path]:
    """The configuration of the PBX, as it was afterwards, with the daemon on it."""
    etc = lab.host("pbx").root / "etc/asterisk"
    lab.exec("pbx", ["sh", "-c", "rm -rf /root/before; cp -a /etc/asterisk /root/before"])
    yield etc
    back = "rm -rf /etc/asterisk /var/lib/grundton/journal; cp -a /root/before /etc/asterisk"
    lab.exec("pbx", ["sh", "-c", f"{back}; asterisk -rx 'core reload'"])


def on_host(lab: Lab, *steps: Mapping[str, Any]) -> list[dict[str, Any]]:
    done = lab.exec("pbx", ["python3", "-B", "-c", DRIVER], stdin=json.dumps(steps), timeout=200)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def files_of(lab: Lab) -> dict[str, tuple[str, int, int, int]]:
    """Every file below the configuration: content, mode, owner, group."""
    command = "find /etc/asterisk -type f -exec sha256sum {} + ; find /etc/asterisk -printf '%p %m %u %g\\n'"
    return {"all": sorted(lab.exec("pbx", ["sh", "-c", command]).stdout.splitlines())}  # type: ignore[dict-item]


def judged(document: dict[str, Any], policy: Policy) -> tuple[Snapshot, list[Finding]]:
    snapshot = Snapshot.from_document(document, "pbx")
    known = catalog.load()
    return snapshot, assess([HostInput("pbx", snapshot, policy)], known, Records(), datetime.now(UTC)).findings


def failing(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """(control, object) of everything that fails."""
    return {
        (one.control, name)
        for one in findings
        if one.verdict in (Verdict.FAIL, Verdict.ERROR)
        for name in (one.objects or ("",))
    }


def fixable() -> set[str]:
    """Controls with a fix and a reload."""
    known = catalog.load()
    table = activations_of(known.activations)
    return {
        control.id
        for control in known.controls.values()
        if control.component == "asterisk"
        and control.fix
        and control.activate in table
        and table[control.activate].impact in ("R0", "R1", "R2")
        and control.impact not in ("R3", "R4")
    }


def planned(snapshot: Snapshot, policy: Policy, findings: list[Finding], only: Iterable[str]) -> HostPlan:
    known = catalog.load()
    selection = Selection(controls=frozenset(only), accept_breaks=True)
    return make_plan(snapshot, policy, findings, known.controls, activations_of(known.activations), selection)


def settings_of(plan: HostPlan) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "object": one.object,
            "key": one.key,
            "value": one.value,
            "controls": list(one.controls),
            "measures": list(one.measures),
        }
        for one in plan.changes
    ]


def activations_in(plan: HostPlan) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "commands": one.commands, "impact": one.impact, "order": one.order}
        for one in plan.activations
    ]


def spoil(lab: Lab, etc: Path) -> None:
    """Make everything that can fail, fail."""
    for name, text in BREAKS.items():
        with (etc / name).open("a", encoding="utf-8") as handle:
            handle.write(text)
    for name, pairs in REPLACED.items():
        text = (etc / name).read_text(encoding="utf-8")
        for old, new in pairs:
            text = text.replace(old, new)
        (etc / name).write_text(text, encoding="utf-8")
    lab.exec("pbx", ["sh", "-c", 'for m in logger manager dialplan; do asterisk -rx "$m reload"; done'])
    for module in ("res_pjsip.so", "http", "cdr", "cel", "res_rtp_asterisk.so", "app_confbridge.so", "chan_iax2.so"):
        lab.exec("pbx", ["asterisk", "-rx", f"module reload {module}"])
    for module in ("app_voicemail.so", "res_hep.so", "res_ari.so", "features"):
        lab.exec("pbx", ["asterisk", "-rx", f"module reload {module}"])


def test_every_reload_control_from_failing_to_passing_and_back(lab: Lab, configuration: Path) -> None:
    spoil(lab, configuration)
    seen: set[str] = set()
    for number, variables in enumerate((STRICT, OPEN)):
        run = f"20261123T18000{number}Z-0a0a0a"
        policy = load_policy(variables, host="pbx")
        original = files_of(lab)
        snapshot, findings = judged(on_host(lab, {"do": "snapshot"})[0], policy)
        plan = planned(snapshot, policy, findings, fixable())
        wanted = settings_of(plan)
        meant = {control for one in plan.changes for control in one.controls}
        fixed = {(control, one.object) for one in plan.changes for control in one.controls}
        _begun, rehearsed, written, again, active, document = on_host(
            lab,
            {"do": "begin", "run": run},
            {"do": "rehearse", "settings": wanted},
            {"do": "present", "run": run, "settings": wanted},
            {"do": "present", "run": run, "settings": wanted},
            {
                "do": "activate",
                "run": run,
                "activations": activations_in(plan),
                "orders": {"ports": [5038, 5039, 8088, 8089]},
            },
            {"do": "snapshot"},
        )
        assert "error" not in written, written
        assert written["refused"] == []
        assert rehearsed["changed"] is written["changed"] is True
        assert rehearsed["changes"] == written["changes"]
        assert again["changed"] is False
        assert active.get("problems") == [], active.get("error", active.get("problems"))
        after = judged(document, policy)[1]
        known_before, known_after = failing(findings), failing(after)
        still = {pair for pair in fixed if pair in known_after}
        assert still == set(), [
            (one.control, one.objects, one.details)
            for one in after
            if one.verdict is Verdict.FAIL and one.control in {control for control, _name in still}
        ]
        passed = {one.control for one in findings if one.verdict is Verdict.PASS}
        worse = {name for name, _object in known_after} - {name for name, _object in known_before}
        assert {name for name in worse & passed if name.startswith("asterisk.")} == set()
        back = on_host(lab, {"do": "rollback", "run": run}, {"do": "health", "before": active["before"]})
        assert back[0]["state"] == "rolled_back"
        assert back[0]["failed"] == []
        assert [one for one in back[0]["activations"] if not one["ok"]] == []
        assert files_of(lab) == original
        assert [one for one in back[1]["problems"] if "listening" not in one] == []
        seen |= meant
    # chan_sip is no part of Asterisk 22
    assert {one for one in fixable() - seen if not one.startswith("asterisk.sip.")} == set()


# -- calls, failures, single measures --------------------------------------------------------------

PJSIP = {"name": "pjsip_reload", "commands": [["asterisk", "-rx", "module reload res_pjsip.so"]], "order": 50}
RTP = {"name": "rtp_reload", "commands": [["asterisk", "-rx", "module reload res_rtp_asterisk.so"]], "order": 20}


def wanted(kind: str, name: str, key: str, value: str, measure: str = "M 5.135") -> dict[str, Any]:
    control = f"asterisk.{key}.{measure[-1]}"
    return {"kind": kind, "object": name, "key": key, "value": value, "controls": [control], "measures": [measure]}


def channels(lab: Lab) -> set[str]:
    answer = lab.exec("pbx", ["asterisk", "-rx", "core show channels concise"]).stdout
    return {line.split("!")[0] for line in answer.splitlines() if "!" in line}


def shown(lab: Lab, command: str, key: str) -> str:
    answer = lab.exec("pbx", ["asterisk", "-rx", command]).stdout
    return next(line.partition(":")[2].strip() for line in answer.splitlines() if line.strip().startswith(key))


def test_calls_stay_up_and_a_failed_reload_is_noticed_and_taken_back(lab: Lab, configuration: Path) -> None:
    lab.exec("phone1", ["phone", "dial", "12"])
    lab.wait("pbx", "test $(asterisk -rx 'core show channels concise' | grep -c 'Up!') -ge 2", timeout=20)
    talking = channels(lab)
    original = files_of(lab)
    good = [wanted("pjsip.endpoint", "14", "direct_media", "no"), wanted("rtp.general", "general", "strictrtp", "yes")]
    bad = [wanted("pjsip.endpoint", "15", "media_encryption", "quark")]
    first = on_host(
        lab,
        {"do": "begin", "run": "20261123T190000Z-0a0a0a"},
        {"do": "present", "run": "20261123T190000Z-0a0a0a", "settings": good},
        {"do": "activate", "run": "20261123T190000Z-0a0a0a", "activations": [PJSIP, RTP]},
        {"do": "rollback", "run": "20261123T190000Z-0a0a0a"},
        {"do": "begin", "run": "20261123T190001Z-0a0a0a"},
        {"do": "present", "run": "20261123T190001Z-0a0a0a", "settings": good + bad},
        {"do": "activate", "run": "20261123T190001Z-0a0a0a", "activations": [PJSIP, RTP]},
        {"do": "activate", "run": "20261123T190001Z-0a0a0a", "activations": [
            {"name": "restart", "commands": [["asterisk", "-rx", "core restart gracefully"]], "impact": "R4"}
        ], "orders": {"allow_restart": True, "emergency_numbers": ["110", "112"]}},
        {"do": "rollback", "run": "20261123T190001Z-0a0a0a"},
        {"do": "health"},
    )  # fmt: skip
    _begun, _written, active, _back, _begun2, written, failed, restart, _back2, health = first
    assert active["problems"] == []
    assert active["facts"]["calls"] == active["before"]["calls"] >= 1
    assert "error" not in written
    assert any("Error parsing media_encryption" in one for one in failed["problems"])
    assert any("Retaining existing configuration" in one for one in failed["problems"])
    assert [(one["name"], "channels are up" in one["why"]) for one in restart["pending"]] == [("restart", True)]
    assert restart["ran"] == []
    assert health["problems"] == []
    assert files_of(lab) == original
    assert channels(lab) == talking
    lab.exec("phone1", ["phone", "hangup"])


def test_a_failed_reload_is_noticed_without_a_log_file(lab: Lab, configuration: Path) -> None:
    run = "20261123T190005Z-0a0a0a"
    (configuration / "logger.conf").write_text("[general]\n[logfiles]\nfull => verbose\n")
    lab.exec("pbx", ["asterisk", "-rx", "logger reload"])
    bad = [wanted("pjsip.endpoint", "15", "media_encryption", "quark")]
    failed, _back = on_host(
        lab,
        {"do": "begin", "run": run},
        {"do": "present", "run": run, "settings": bad},
        {"do": "activate", "run": run, "activations": [PJSIP]},
        {"do": "rollback", "run": run},
    )[2:]
    assert any("Retaining existing configuration" in one for one in failed["problems"])
    assert failed["notes"] == []
    # the log it added for the time being is gone, from the daemon and from the disk
    assert "grundton" not in lab.exec("pbx", ["asterisk", "-rx", "logger show channels"]).stdout
    assert "grundton" not in lab.exec("pbx", ["ls", "/var/log/asterisk"]).stdout


def test_the_first_value_wins_where_the_table_says_so(lab: Lab, configuration: Path) -> None:
    run = "20261123T190002Z-0a0a0a"
    with (configuration / "rtp.conf").open("a") as handle:
        handle.write("probation = 6\nprobation = 7\n")
    lab.exec("pbx", ["asterisk", "-rx", "module reload res_rtp_asterisk.so"])
    assert shown(lab, "rtp show settings", "Strict RTP") == "No"
    settings = [
        wanted("rtp.general", "general", "strictrtp", "yes"),
        wanted("rtp.general", "general", "probation", "9"),
        wanted("logger.general", "general", "logger_queue_limit", "2222"),
        wanted("manager.general", "general", "allowmultiplelogin", "no"),
    ]
    reloads = [
        RTP,
        {"name": "logger_reload", "commands": [["asterisk", "-rx", "logger reload"]], "order": 10},
        {"name": "manager_reload", "commands": [["asterisk", "-rx", "manager reload"]], "order": 32},
    ]
    written, active = on_host(
        lab,
        {"do": "begin", "run": run},
        {"do": "present", "run": run, "settings": settings},
        {"do": "activate", "run": run, "activations": reloads},
    )[1:]
    assert "error" not in written
    assert active["problems"] == []
    assert shown(lab, "rtp show settings", "Strict RTP") == "Yes"
    assert shown(lab, "rtp show settings", "Probation") == "9 frames"
    assert shown(lab, "logger show channels", "Logger queue limit") == "2222"
    assert shown(lab, "manager show settings", "Allow multiple login") == "No"
    assert "; grundton(asterisk.strictrtp.5) strictrtp = no" in (configuration / "rtp.conf").read_text()
    on_host(lab, {"do": "rollback", "run": run})
    assert shown(lab, "rtp show settings", "Strict RTP") == "No"


def test_one_measure_goes_and_a_telephone_goes(lab: Lab, configuration: Path) -> None:
    run = "20261123T190003Z-0a0a0a"
    settings = [
        wanted("pjsip.endpoint", "14", "direct_media", "no", "M 5.135"),
        wanted("pjsip.endpoint", "19", "direct_media", "no", "M 5.135"),
        wanted("pjsip.endpoint", "41", "allow_transfer", "no", "M 5.134"),
        wanted("rtp.general", "general", "strictrtp", "yes", "M 5.134"),
    ]
    on_host(lab, {"do": "begin", "run": run}, {"do": "present", "run": run, "settings": settings})
    # somebody removes a telephone the overlay speaks of: the rest must go on working
    phones = configuration / "pjsip.d/20-telefone.conf"
    text = phones.read_text()
    start, end = text.index("[19](telefon)"), text.index("; Datenschutz / Personal")
    phones.write_text(text[:start] + text[end:])
    lab.exec("pbx", ["asterisk", "-rx", "module reload res_pjsip.so"])
    lab.wait("pbx", "asterisk -rx 'pjsip show endpoint 41' | grep -q 'allow_transfer *: false'", timeout=10)
    assert shown(lab, "pjsip show endpoint 14", "direct_media") == "false"
    assert "Unable to find object" in lab.exec("pbx", ["asterisk", "-rx", "pjsip show endpoint 19"]).stdout
    taken, active = on_host(
        lab,
        {"do": "absent", "run": run, "measures": ["M 5.134"]},
        {"do": "activate", "run": run, "activations": [PJSIP, RTP]},
    )
    assert {(one["path"], one["action"]) for one in taken["changes"]} == {
        ("/etc/asterisk/grundton.d/pjsip.conf", "changed"),
        ("/etc/asterisk/grundton.d/rtp.conf", "removed"),
        ("/etc/asterisk/rtp.conf", "changed"),
    }
    assert active["problems"] == []
    assert shown(lab, "pjsip show endpoint 41", "allow_transfer") == "true"
    assert shown(lab, "rtp show settings", "Strict RTP") == "No"
    overlay = (configuration / "grundton.d/pjsip.conf").read_text()
    assert "direct_media" in overlay
    assert "allow_transfer" not in overlay
    assert "[19]" not in overlay


def test_the_modules_through_ansible(lab: Lab, configuration: Path) -> None:
    run = "20261123T190004Z-0a0a0a"
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks/collections"),
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline",
    }

    def call(module: str, arguments: Mapping[str, Any], *options: str) -> dict[str, Any]:
        program = Path(sys.executable).parent / "ansible"
        done = subprocess.run(
            [str(program), "pbx", "-i", str(lab.inventory), "-m", f"grundton.voip.{module}",
             "-a", json.dumps(arguments), *options],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :].split("\n")[0])
        return found

    settings = [wanted("rtp.general", "general", "strictrtp", "yes"), wanted("pjsip.endpoint", "77", "allow", "alaw")]
    original = files_of(lab)
    rehearsed = call("settings", {"settings": settings}, "--check", "--diff")
    assert rehearsed["changed"] is True
    assert "run is needed" in call("settings", {"settings": settings})["msg"]
    assert files_of(lab) == original
    call("journal", {"run": run, "state": "begun"})
    written = call("settings", {"run": run, "settings": settings})
    assert [one["path"] for one in written["changes"]] == [
        "/etc/asterisk/grundton.d/rtp.conf",
        "/etc/asterisk/rtp.conf",
    ]
    assert [one["reason"] for one in written["refused"]] == ["there is no such object in the files"]
    assert call("settings", {"run": run, "settings": settings})["changed"] is False
    active = call("activate", {"run": run, "activations": [RTP]})
    assert active["ran"] == ["rtp_reload"]
    assert call("activate", {"state": "health", "before": active["before"]})["problems"] == []
    call("journal", {"run": run, "state": "rolled_back"})
    assert files_of(lab) == original
