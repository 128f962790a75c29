"""Time services from their files, and chrony's own answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.host import clock
from hypothesis import given
from hypothesis import strategies as st


def test_chrony_files(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/usr/sbin/chronyd": "",
            "/etc/chrony/chrony.conf": (
                "confdir /etc/chrony/conf.d\nsourcedir /etc/chrony/sources.d\npool 2.pool.example iburst\n"
                "makestep 1 3\n# server old\n"
            ),
            "/etc/chrony/conf.d/voice.conf": "allow 10.0.0.0/8\ncmdport 0\n",
            "/etc/chrony/sources.d/a.sources": "server ptb.example nts iburst\n",
            "/etc/chrony/sources.d/ignored.conf": "server ignored.example\n",
            "/etc/localtime": ("link", "/usr/share/zoneinfo/Europe/Berlin"),
        }
    )
    values = look(clock, root).one("time", "time")
    assert values["service"] == "chrony"
    assert values["sources"] == ["ptb.example", "2.pool.example"]
    assert (values["nts"], values["cmdport"], values["makestep"]) == ("some", "0", "1 3")
    assert values["allow"] == ["10.0.0.0/8"]
    assert values["timezone"] == "Europe/Berlin"
    assert "synchronised" not in values


def test_timesyncd_dropins_reset(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/lib/systemd/systemd-timesyncd": "",
            "/etc/systemd/timesyncd.conf": "[Time]\n#NTP=\nNTP=a.example\nFallbackNTP=f.example\n",
            "/etc/systemd/timesyncd.conf.d/1.conf": "[Time]\nNTP=\nNTP=b.example c.example\n",
        }
    )
    values = look(clock, root).one("time", "time")
    assert (values["service"], values["sources"]) == ("timesyncd", ["b.example", "c.example"])


def test_ntp_conf() -> None:
    settings = clock.parse_ntp(
        "server a.example nts\npool b.example\nrestrict default kod nomodify\nrestrict -6 default ignore\n"
    )
    assert settings.sources == [("a.example", True), ("b.example", False)]
    assert settings.allow == ["all"]
    assert clock.parse_ntp("restrict default ignore\n").allow == []


def test_chronyc_answers() -> None:
    good = "C0000201,192.0.2.1,3,1795459675.9,0.000120000,0.0,0.0,1.0,0.0,0.0,0.001,0.001,64.2,Normal\n"
    assert clock.parse_chronyc(good) == {"stratum": "3", "offset_ms": "0.120", "synchronised": "yes"}
    local = "7F7F0101,,8,1795459675.917308043,0.000000000,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal\n"
    assert clock.parse_chronyc(local)["synchronised"] == "no"
    assert clock.parse_chronyc("506 Cannot talk to daemon\n") == {}
    sources = "^,*,192.0.2.1,2,6,377,12,0.0,0.0,0.0\n^,?,127.0.0.9,0,6,0,4294967295,0.0,0.0,0.0\n"
    assert clock.reachable(sources) == 1


def test_no_service(host: Callable[..., str], look: Callable[..., Any]) -> None:
    assert look(clock, host({})).one("time", "time")["service"] == "none"


def test_the_kernel_answers() -> None:
    found = clock.kernel_clock()
    assert found is None or (isinstance(found[0], bool) and abs(found[1]) < 1e6)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    clock.parse_chrony("/x", {"/x": text}.get, lambda folder: ["a.conf"])
    clock.parse_ntp(text)
    clock.parse_timesyncd([text])
    clock.parse_chronyc(text)
    clock.reachable(text)
