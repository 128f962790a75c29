"""Answers of a real Asterisk 16 and 22 with the office configuration, and a daemon that is not nice."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk import control, show, show_core, show_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import (
    AskError,
    Control,
    UnknownCommandError,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.runtime import read_runtime, runtime_keys
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "asterisk"


class Daemon:
    """A control socket that answers from a table; ``behave`` may do something else with a connection."""

    def __init__(self, path: Path, answers: dict[str, str], behave: Callable[[socket.socket], bool] | None = None):
        self.asked: list[str] = []
        self.answers = answers
        self.behave = behave
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(str(path))
        self.server.listen(50)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self.server.accept()
            except OSError:
                return
            with connection:
                if self.behave is not None and self.behave(connection):
                    continue
                connection.sendall(b"pbx/1/22.10.1\n")
                data = b""
                while not data.endswith(b"\0"):
                    data += connection.recv(4096)
                command = data[:-1].decode().removeprefix("cli quit after ")
                self.asked.append(command)
                unknown = f"No such command '{command}' (type 'core show help' for other possible commands)\n"
                connection.sendall(self.answers.get(command, unknown).encode())


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., tuple[Daemon, Installation]]]:
    started: list[Daemon] = []

    def start(answers: dict[str, str], behave: Any = None) -> tuple[Daemon, Installation]:
        path = tmp_path / "asterisk.ctl"
        started.append(Daemon(path, answers, behave))
        return started[-1], Installation(present=True, running=True, socket=str(path))

    yield start
    for one in started:
        one.server.close()


def read(found: Installation, redactor: Any, seconds: float = 20) -> Any:
    part = read_runtime(found, redactor, Deadline.after(seconds))
    return {(i.kind, i.name): i.values for i in part.objects}, {source.key: source for source in part.sources}


def test_everything_at_once(daemon: Any, answers: dict[str, str], redactor: Any) -> None:
    server, found = daemon(answers)
    seen, sources = read(found, redactor)
    assert set(sources) == set(runtime_keys())
    assert {key for key, source in sources.items() if source.status not in ("ok", "absent")} == set()
    assert sources["runtime:pjsip"].incomplete == []
    assert sources["runtime:iax"].status == "absent"
    endpoint = seen[("pjsip.endpoint", "6001")]
    assert endpoint["media_encryption"] == "sdes"
    assert endpoint["allow"] == ["opus", "alaw", "ulaw"]
    assert endpoint["_state"] == "Unavailable"
    assert seen[("pjsip.aor", "6002")]["qualify_timeout"] == "3.0"
    assert seen[("pjsip.identify", "provider-identify")]["match"] == ["203.0.113.20:5060", "203.0.113.21"]
    assert seen[("pjsip.transport", "transport-udp")]["local_net"] == ["192.0.2.0/24", "198.51.100.0/24"]
    assert seen[("pjsip.transport", "transport-tls")]["method"] == "tlsv1_2"
    assert seen[("pjsip.global", "global")]["user_agent"] == "PBX"
    assert "ip" in seen[("pjsip.global", "global")]["_identifiers"]
    assert seen[("pjsip.registration", "trunk-reg")]["outbound_auth"] == "trunk-auth"
    assert seen[("manager.user", "monitor")]["_order"] == ["deny=0.0.0.0/0", "permit=127.0.0.1"]
    assert seen[("manager.user", "admin")]["write"] == "all"
    assert seen[("manager.general", "general")]["bindaddr"] == "127.0.0.1"
    assert seen[("http.general", "general")]["prefix"] == "pbx"
    assert seen[("http.general", "general")]["bindport"] == "8088"
    assert seen[("ari.user", "dash")]["read_only"] == "yes"
    assert seen[("logger.channel", "security.log")]["formatter"] == "json"
    assert seen[("logger.channel", "syslog.local1")]["levels"] == ["error", "security"]
    assert seen[("logger.channel", "console")]["type"] == "console"
    assert seen[("rtp.general", "general")]["rtpstart"] == "11000"
    assert seen[("cdr.general", "general")]["congestion"] == "yes"
    assert "HANGUP" in seen[("cel.general", "general")]["events"]
    assert seen[("acl.acl", "office")]["permit"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert seen[("features.featuremap", "featuremap")]["blindxfer"] == "#1"
    assert seen[("features.applicationmap", "applicationmap")] == {"testfeature": "#9"}
    assert seen[("asterisk.options", "options")]["maxcalls"] == "40"
    assert seen[("asterisk.core", "core")]["channels"] == "0"
    assert seen[("module.loaded", "chan_pjsip.so")]["status"] == "running"
    assert seen[("pjproject.buildopts", "buildopts")]["version"].startswith("2.1")
    assert seen[("dialplan.context", "internal")]["created_by"] == "pbx_config"
    assert "_6XXX,3(vm),VoiceMail(${EXTEN}@default,u)" in seen[("dialplan.context", "internal")]["exten"]
    assert "902/6001,1,Answer()" in seen[("dialplan.context", "internal")]["exten"]
    contacts = [values for (kind, _name), values in seen.items() if kind == "pjsip.contact"]
    [snom] = [one for one in contacts if one["registered"] == "yes"]
    assert snom["user_agent"] == "Snom D785 10.1.184.15"
    assert snom["aor"] == "6002"
    assert snom["transport"] == "udp"
    assert snom["uri"].endswith("truncation=abcdefghijklmnopqrstuvwxyz0123456789")
    assert len(contacts) == 5
    assert not [command for command in server.asked if command.startswith("pjsip show auth")]
    assert "canary" not in json.dumps([[list(key), value] for key, value in seen.items()]).lower()


def test_questions_only(daemon: Any, answers: dict[str, str], redactor: Any) -> None:
    server, found = daemon(answers)
    read(found, redactor)
    assert {command.split()[1] for command in server.asked} <= {"show", "list"}


def test_files_and_daemon_agree(tmp_path: Path, daemon: Any, answers: dict[str, str], redactor: Any) -> None:
    from ansible_collections.grundton.voip.plugins.module_utils.asterisk.files import read_files
    from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import detect
    from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree

    shutil.copytree(FIXTURES / "office", tmp_path / "etc" / "asterisk")
    part = read_files(Tree(str(tmp_path)), detect(str(tmp_path), False), redactor, Deadline.after(20))
    files: dict[tuple[str, str], Any] = {(i.kind, i.name): i.values for i in part.objects}
    _server, found = daemon(answers)
    seen, _sources = read(found, redactor)
    for kind in ("pjsip.endpoint", "pjsip.aor", "pjsip.transport", "pjsip.identify", "pjsip.registration", "acl.acl"):
        assert {key for key in files if key[0] == kind} == {key for key in seen if key[0] == kind}
    assert files[("pjsip.endpoint", "provider")]["context"][0][0] == seen[("pjsip.endpoint", "provider")]["context"]


def test_iax_secrets_are_not_kept() -> None:
    users = (
        "Username         Secret                Authen           Def.Context      A/C    Codec Pref\n"
        "guest            -no secret-           000000000000002  public           No     Host \n"
        "branch           canarysecret          000000000000003  iax-in           Yes    Host \n"
    )
    found = {item.name: item.values for item in show_core.iax(users, "")}
    assert found["guest"] == {"secret_set": "no", "context": "public", "acl_set": "no"}
    assert found["branch"] == {"secret_set": "yes", "context": "iax-in", "acl_set": "yes"}


def test_chan_sip_settings(redactor: Any) -> None:
    answers = json.loads((FIXTURES / "cli" / "16.json").read_text())
    [general] = show_core.sip(answers["sip show settings"], answers["sip show peers"], redactor)
    values = general.values
    assert values["allowguest"] == "yes"
    assert values["alwaysauthreject"] == "yes"
    assert values["context"] == "public"
    assert values["allowtransfer"] == "yes"
    assert values["tlsenable"] == "no"
    assert values["realm"] == "office"


def test_no_daemon(tmp_path: Path, redactor: Any) -> None:
    found = Installation(present=True, running=True, socket=str(tmp_path / "none.ctl"))
    _seen, sources = read(found, redactor)
    assert {source.status for source in sources.values()} == {"not_checked"}
    assert sources["runtime:pjsip"].reason == f"control socket {tmp_path}/none.ctl: does not exist"
    _seen, sources = read(Installation(present=True, running=False), redactor)
    assert {source.status for source in sources.values()} == {"absent"}


def test_a_daemon_that_hangs_costs_its_time_only(daemon: Any, tmp_path: Path) -> None:
    stop = threading.Event()

    def hang(_connection: socket.socket) -> bool:
        return stop.wait(5)

    _server, found = daemon({}, hang)
    with pytest.raises(AskError, match="not answered in time"):
        Control(found.socket, Deadline.after(10), timeout=0.2).ask("core show version")
    stop.set()


def test_a_stranger_on_the_socket(daemon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(connection: socket.socket) -> bool:
        connection.sendall(b"220 smtp ready\r\n")
        return True

    monkeypatch.setattr(control, "_BINARY", "/nonexistent")
    _server, found = daemon({}, strange)
    with pytest.raises(AskError):
        Control(found.socket, Deadline.after(10), timeout=1).ask("core show version")


def test_unknown_and_forbidden_commands(daemon: Any) -> None:
    _server, found = daemon({"a b": "You don't have permissions to run 'a b' command\n"})
    asking = Control(found.socket, Deadline.after(10))
    with pytest.raises(UnknownCommandError):
        asking.ask("x y")
    with pytest.raises(AskError, match="cli_permissions"):
        asking.ask("a b")
    with pytest.raises(AskError, match="no time left"):
        Control(found.socket, Deadline.after(-1)).ask("a b")


def test_a_list_we_do_not_understand_weakens_the_source(daemon: Any, answers: dict[str, str], redactor: Any) -> None:
    changed = {**answers, "pjsip list endpoints": "Something new\n\nObjects found: 7\n"}
    _server, found = daemon(changed)
    _seen, sources = read(found, redactor)
    assert sources["runtime:pjsip"].incomplete == ["endpoints: 7 listed, 0 understood"]


def test_shapes() -> None:
    assert show.network("10.0.0.0/255.0.0.0") == "10.0.0.0/8"
    assert show.network("2001:db8::/ffff:ffff::") == "2001:db8::/32"
    assert show.network("10.0.0.1/255.255.255.255") == "10.0.0.1"
    assert show.network("10.0.0.1/255.0.255.0") == "10.0.0.1/255.0.255.0"
    assert show.network("host.example") == "host.example"
    assert show.codecs("(alaw|ulaw)") == ["alaw", "ulaw"]
    assert show.codecs("(nothing)") == []
    assert show_pjsip.transport_of("sips:a@b") == "tls"
    assert show_pjsip.transport_of("sip:a@b;transport=WSS") == "wss"
