from __future__ import annotations

import io
import time

from rich.console import Console

from grundton.runner.events import Event, EventQueue
from grundton.runner.progress import SNAPSHOT_TASK, Animated, Plain, Quiet, Tally, choose


def raw(kind, host=None, task=SNAPSHOT_TASK, **result):
    return {
        "event": kind,
        "stdout": "\x1b[0;32mtext\x1b[0m\r\n",
        "event_data": {"host": host, "task": task, "res": result},
    }


def test_fields_we_rely_on():
    event = Event.from_raw(raw("runner_on_failed", "pbx", msg="boom"))
    assert event == Event("runner_on_failed", "text", "pbx", SNAPSHOT_TASK, "boom")


def test_strange_events_are_survived():
    for strange in ({}, {"event": None, "event_data": None}, {"event_data": {"res": ["x"]}, "stdout": None}):
        assert Event.from_raw(strange).host is None


def test_handler_only_queues_and_keeps_events_off_the_disk():
    def slow(event):
        time.sleep(0.02)
        seen.append(event)

    seen = []
    with EventQueue(slow) as events:
        began = time.monotonic()
        assert [events.handler(raw("runner_on_ok", f"h{n}")) for n in range(20)] == [False] * 20
        assert time.monotonic() - began < 0.02 * 20 / 2
    assert [event.host for event in seen] == [f"h{n}" for n in range(20)]


def test_a_broken_listener_does_not_break_the_run():
    def broken(event):
        raise ValueError(event.kind)

    with EventQueue(broken) as events:
        events.handler(raw("a"))
        events.handler(raw("b"))
    assert isinstance(events.failure, ValueError)


def test_tally():
    tally = Tally()
    ends = {"a": "runner_on_ok", "b": "runner_on_failed", "c": "runner_on_unreachable"}
    for kind, host in [*(("runner_on_start", host) for host in "abcd"), *((kind, host) for host, kind in ends.items())]:
        tally.see(Event.from_raw(raw(kind, host)))
    tally.see(Event.from_raw(raw("runner_on_ok", "a", task="Assess")))
    assert tally.line() == "1 read, 1 failed, 1 unreachable, 1 under way"


def test_plain_lines():
    stream = io.StringIO()
    with Plain(Console(file=stream, width=200)) as plain:
        plain.see(Event.from_raw(raw("runner_on_ok", "a", msg="ignored")))
        plain.see(Event.from_raw(raw("runner_on_unreachable", "b", msg="no [route]\nmore")))
    assert stream.getvalue() == "a: read\nb: unreachable: no [route] more\n"


def test_choice():
    assert isinstance(choose(Console(file=io.StringIO()), quiet=True), Quiet)
    assert isinstance(choose(Console(file=io.StringIO()), quiet=False), Plain)
    assert isinstance(choose(Console(file=io.StringIO(), force_terminal=True), quiet=False), Animated)


def test_animation_draws():
    stream = io.StringIO()
    with Animated(Console(file=stream, force_terminal=True, width=80)) as shown:
        shown.see(Event.from_raw(raw("playbook_on_task_start", task="Take a snapshot")))
        time.sleep(0.2)
    assert "Take a snapshot" in stream.getvalue()
