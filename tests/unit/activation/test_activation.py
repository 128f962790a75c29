"""What counts as worse, what a log says, who is on the line; the order of things with a scripted daemon."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.activation import calls, compare, entries, logs, run
from ansible_collections.grundton.voip.plugins.module_utils.activation.compare import Allowed, worse
from ansible_collections.grundton.voip.plugins.module_utils.activation.entries import ActivationError
from ansible_collections.grundton.voip.plugins.module_utils.activation.state import State
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.control import AskError
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import Installation
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Rehearsal

RELOAD = {"name": "pjsip", "commands": [["asterisk", "-rx", "module reload res_pjsip.so"]], "order": 50}
RESTART = {"name": "restart", "commands": [["asterisk", "-rx", "core restart gracefully"]], "impact": "R4", "order": 90}

# as Asterisk 22.10.1 wrote them
BAD = [
    "[Nov 23 19:36:00] ERROR[74]: config_options.c:798 aco_process_var: Error parsing media_encryption=quark at line 11"
    " of /etc/asterisk/grundton.d/pjsip.conf",
    "[Nov 23 19:36:00] ERROR[74] res_sorcery_config.c: Could not create an object of type 'endpoint' with id '11' from"
    " configuration file 'pjsip.conf'",
    "[Nov 23 19:36:00] NOTICE[74] res_sorcery_config.c: Retaining existing configuration for object of type 'endpoint'"
    " with id '11'",
]
NOISE = [
    "[Nov 23 19:17:52] NOTICE[74] sorcery.c: Type 'system' is not reloadable, maintaining previous values",
    "[Nov 23 19:17:52] NOTICE[74] res_pjsip/config_transport.c: Transport 'udp' is not fully reloadable, not reloading:"
    " protocol, bind, TLS, TCP, ToS, or CoS options.",
    "[Nov 23 19:17:52] VERBOSE[74] x.c: parse error in what somebody said",
    "",
]


def state(**more: Any) -> State:
    found = State(
        "22",
        100,
        {"endpoint": ["11", "12"], "transport": ["tls"]},
        {"telko": "Registered"},
        ["11/10.0.0.1:5060", "12/10.0.0.2:5060"],
        ["res_pjsip.so"],
        {"intern": "abc"},
        ["tcp 5061", "udp 5060"],
        ["PJSIP/11-1", "PJSIP/12-1"],
        1,
        {"tls": True},
    )
    return replace(found, **more)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, ""),
        ({"objects": {"endpoint": ["11"], "transport": ["tls"]}}, "endpoints gone: 12"),
        ({"registrations": {"telko": "Rejected"}}, "no longer registered at the provider: telko"),
        ({"contacts": ["12/10.0.0.2:5060"]}, "registered devices lost: 11"),
        ({"contacts": ["11/10.0.0.1:6060", "12/10.0.0.2:5060"]}, ""),
        ({"modules": []}, "modules gone: res_pjsip.so"),
        ({"dialplan": {"intern": "xyz"}}, "the dialplan changed, which was not meant: intern"),
        ({"sockets": ["udp 5060"]}, "no longer listening: tcp 5061"),
        ({"answers": {"tls": False}}, "no answer any more on: tls"),
        ({"channels": []}, "2 of 2 channels ended"),
        ({"channels": ["PJSIP/11-1"]}, ""),
        ({"uptime": 3}, "the daemon started anew by itself"),
        ({"uptime": 101, "channels": ["PJSIP/11-1", "PJSIP/12-1", "x"]}, ""),
    ],
)
def test_what_is_worse(after: dict[str, Any], said: str) -> None:
    assert "; ".join(worse(state(), state(**after), Allowed())) == said


def test_what_was_meant_is_not_worse() -> None:
    changed = state(sockets=["udp 5060"], modules=[], dialplan={})
    allowed = Allowed(frozenset((5061,)), frozenset(("res_pjsip.so",)), dialplan=True)
    assert worse(state(), changed, allowed) == []
    assert worse(state(), state(uptime=1, channels=[]), replace(allowed, restarted=True)) == []


def test_one_lost_device_of_many_is_no_alarm() -> None:
    many = [f"{number}/10.0.0.1:{number}" for number in range(100)]
    assert worse(state(contacts=many), state(contacts=many[4:]), Allowed()) == []
    assert worse(state(contacts=many), state(contacts=many[6:]), Allowed()) != []


def test_a_state_travels() -> None:
    assert State.from_json(state().to_json()) == state()
    assert State.from_json({}) == State()


# -- the log -----------------------------------------------------------------------------------------


def test_the_log_tells_what_failed() -> None:
    failed, old = logs.failures([*NOISE, *BAD, *BAD], (), state().objects, ())
    assert len(failed) == 3
    assert old == []
    assert failed[2] == (
        "NOTICE res_sorcery_config.c: Retaining existing configuration for object of type 'endpoint' with id '11'"
    )


def test_an_object_the_daemon_never_had_was_broken_before() -> None:
    line = BAD[1].replace("'11'", "'99'")
    assert logs.failures([line], (), state().objects, ()) == ([], [line.partition("] ")[2].replace("[74]", "")])
    # of a type nobody listed, nothing is known: it counts
    assert logs.failures([line.replace("endpoint", "acl")], (), state().objects, ())[0] != []


def test_a_cause_belongs_to_the_object_named_next() -> None:
    # as an Asterisk 16.28 with chan_sip on the same port wrote it
    lines = [
        "[x] ERROR[64] res_pjsip/config_transport.c: Transport 'udp' could not be started: Address already in use",
        "[x] ERROR[64] res_sorcery_config.c: Could not create an object of type 'transport' with id 'udp' from"
        " configuration file 'pjsip.conf'",
    ]
    assert [len(part) for part in logs.failures(lines, (), {"transport": []}, ())] == [0, 2]
    assert [len(part) for part in logs.failures(lines, (), {"transport": ["udp"]}, ())] == [2, 0]
    assert [len(part) for part in logs.failures(lines[:1], (), {"transport": []}, ())] == [1, 0]


def test_patterns_of_the_caller() -> None:
    assert logs.failures(["[x] WARNING[1] a.c: odd thing"], ("odd thing",), {}, ())[0] == ["WARNING a.c: odd thing"]
    assert logs.failures(BAD, (), state().objects, ("quark|with id '11'",)) == ([], [])


def test_a_mark_survives_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "messages.log"
    log.write_text("before\n")
    mark = logs.mark(str(log))
    with log.open("a") as handle:
        handle.write("old file\n")
    log.rename(tmp_path / "messages.log.0")
    log.write_text("new file\n")
    assert logs.since(mark) == ["old file", "new file", ""]
    mark.close()


def test_a_log_that_was_emptied_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "messages.log"
    log.write_text("before, and long\n")
    mark = logs.mark(str(log))
    log.write_text("new\n")
    assert logs.since(mark) == ["new", ""]
    mark.close()


def test_the_smallest_log_that_has_everything() -> None:
    everything = frozenset(("notice", "warning", "error"))
    channels = [
        ("/full", everything | {"debug", "verbose"}),
        ("/messages", everything),
        ("/security", frozenset(("security",))),
        ("console", everything),
    ]
    assert logs.choose(channels) == "/messages"
    assert logs.choose(channels[2:]) is None


# -- calls -------------------------------------------------------------------------------------------

CONCISE = (
    "PJSIP/11-00000001!intern!12!2!Up!Dial!PJSIP/12,30!11!!!3!5!x!1700000000.1\n"
    "PJSIP/12-00000002!intern!!1!Up!AppDial!(Outgoing Line)!12!!!3!5!x!1700000000.2\n"
    "PJSIP/15-00000003!amt!s!9!Ring!Dial!PJSIP/112@telko!15!!!3!5!!1700000000.3\n"
    "Asterisk ending (0).\n"
)


def test_who_is_on_the_line() -> None:
    found = calls.channels(CONCISE)
    assert [one.name for one in found] == ["PJSIP/11-00000001", "PJSIP/12-00000002", "PJSIP/15-00000003"]
    assert calls.emergencies(found, ("110", "112")) == ["PJSIP/15-00000003"]
    assert calls.emergencies(found, ("12",)) == ["PJSIP/11-00000001"]
    assert calls.emergencies(found[:2], ("110", "112")) == []


# -- entries -----------------------------------------------------------------------------------------


def test_entries_run_in_their_order_and_only_on_the_console() -> None:
    assert [one.name for one in entries.read([RESTART, RELOAD])] == ["pjsip", "restart"]
    assert [one.restart for one in entries.read([RESTART, RELOAD])] == [False, True]
    for commands in ([["sh", "-c", "x"]], [["asterisk", "-rx"]], [["asterisk", "-rx", " "]]):
        with pytest.raises(ActivationError, match="console"):
            entries.read([{**RELOAD, "commands": commands}])
    with pytest.raises(ActivationError, match="pattern"):
        entries.read([{**RELOAD, "failure_patterns": ["("]}])


@pytest.mark.parametrize("answer", ["No such module 'x'", "A module reload request is already in progress; be patient"])
def test_answers_that_mean_that_nothing_was_done(answer: str) -> None:
    assert entries.refused(answer + "\n")
    assert not entries.refused("Module 'res_pjsip.so' reloaded successfully.\n")


# -- the order of things -----------------------------------------------------------------------------


class Daemon:
    """Answers of a script; writes its log when it reloads."""

    path = "/nowhere"

    def __init__(self, log: Path, writes: list[str], concise: str = "") -> None:
        self.log, self.writes, self.concise = log, writes, concise
        self.asked: list[str] = []

    def ask(self, command: str) -> str:
        self.asked.append(command)
        if command.startswith("module reload"):
            with self.log.open("a") as handle:
                handle.write("\n".join(self.writes) + "\n")
            return "Module 'res_pjsip.so' reloaded successfully.\n"
        if command == "logger show channels":
            return f"{self.log} File default Enabled - NOTICE WARNING ERROR \n"
        if command == "core show channels concise":
            return self.concise
        return ""


class Noted(Rehearsal):
    def __init__(self) -> None:
        super().__init__()
        self.commands: list[list[str]] = []

    def after_undo(self, argv: Any, seconds: float = 60.0) -> None:
        self.commands.append(list(argv))


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    log = tmp_path / "messages.log"
    log.write_text("\n".join(BAD) + "\n")  # of yesterday: behind the mark only what is new counts

    def make(writes: list[str], concise: str = "", after: State | None = None) -> Daemon:
        daemon = Daemon(log, writes, concise)
        looks = iter([state(), *([after or state()] * 50)])
        monkeypatch.setattr(run, "_running", lambda: Installation(present=True, running=True, pids=[os.getpid()]))
        monkeypatch.setattr(run, "_control", lambda _found: daemon)
        monkeypatch.setattr(run, "look", lambda _control, _pids: next(looks))
        monkeypatch.setattr(run, "_QUIET", 0.01)
        monkeypatch.setattr(run, "_REGISTRATIONS", 0.1)
        return daemon

    return make


def test_a_good_reload(scripted: Any) -> None:
    daemon = scripted(NOISE)
    journal = Noted()
    report = run.activate(journal, entries.read([RELOAD, RESTART]), run.Orders())
    assert report.problems == []
    assert report.ran == ["pjsip"]
    assert [one["name"] for one in report.pending] == ["restart"]
    assert journal.commands == [["asterisk", "-rx", "module reload res_pjsip.so"]]
    assert not any("restart" in one for one in daemon.asked)


def test_a_reload_that_kept_the_old_object(scripted: Any) -> None:
    scripted(BAD)
    report = run.activate(Noted(), entries.read([RELOAD]), run.Orders())
    assert len(report.problems) == 3
    assert all(one.startswith("the log says: ") for one in report.problems)


def test_something_worse_afterwards(scripted: Any) -> None:
    scripted([], after=state(sockets=[]))
    report = run.activate(Noted(), entries.read([RELOAD]), run.Orders())
    assert report.problems == ["no longer listening: tcp 5061, udp 5060"]


@pytest.mark.parametrize(
    ("concise", "why"), [(CONCISE, "an emergency call is up"), (CONCISE[:70], "1 channels are up")]
)
def test_no_restart_while_somebody_talks(scripted: Any, concise: str, why: str) -> None:
    daemon = scripted([], concise)
    orders = run.Orders(allow_restart=True, emergency_numbers=("110", "112"))
    report = run.activate(Noted(), entries.read([RESTART]), orders)
    assert [one["why"] for one in report.pending] == [why]
    assert report.ran == []
    assert "core restart gracefully" not in daemon.asked


def test_check_mode_says_what_would_run() -> None:
    activations = entries.read([RELOAD, RESTART])
    assert run.plan(activations, run.Orders()).ran == ["pjsip"]
    assert run.plan(activations, run.Orders(allow_restart=True)).pending == []


def test_health_alone(scripted: Any) -> None:
    scripted([])
    assert run.health({}, Allowed()).problems == []
    scripted([])
    assert run.health(state(sockets=["tcp 9"]).to_json(), Allowed()).problems == ["no longer listening: tcp 9"]


def test_a_daemon_that_does_not_answer(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted([])

    def silent(_control: Any, _pids: Any) -> State:
        raise AskError("control socket: nobody answers")

    monkeypatch.setattr(run, "look", silent)
    with pytest.raises(ActivationError, match="nobody answers"):
        run.activate(Noted(), entries.read([RELOAD]), run.Orders())


def test_thresholds_are_what_the_texts_say() -> None:
    assert compare.CONTACTS_LOST == 0.05
    assert compare.CALLS_ENDED == 0.5
