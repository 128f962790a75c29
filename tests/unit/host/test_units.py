"""Units: recorded answers of two systemd generations, unit files with drop-ins, enablement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.host import unitfile, units
from ansible_collections.grundton.voip.plugins.module_utils.host.tree import Tree
from hypothesis import given
from hypothesis import strategies as st

Recorded = Callable[[str], str]


def test_recorded_show_of_systemd_262(recorded: Recorded) -> None:
    known = {entry["Id"][0]: units.shape(entry) for entry in units.parse_show(recorded("systemctl_show_forky.txt"))}
    asterisk = known["asterisk.service"]
    assert (asterisk["ActiveState"], asterisk["UnitFileState"]) == ("active", "enabled")
    assert asterisk["ExecStart"] == "/usr/sbin/asterisk -g -f -p -U asterisk -G asterisk"
    assert asterisk["DropInPaths"] == ["/etc/systemd/system/asterisk.service.d/override.conf"]
    assert "cap_sys_admin" in asterisk["CapabilityBoundingSet"]  # type: ignore[operator]
    assert asterisk["NoNewPrivileges"] == "no"
    assert known["fail2ban.service"]["ActiveState"] == "failed"
    assert known["logrotate.timer"]["Triggers"] == ["logrotate.service"]


def test_recorded_show_of_systemd_247(recorded: Recorded) -> None:
    known = {entry["Id"][0]: units.shape(entry) for entry in units.parse_show(recorded("systemctl_show_bullseye.txt"))}
    assert known["asterisk.service"]["LimitCORE"] == "infinity"
    assert known["apt-daily.timer"]["TimersCalendar"] == ["*-*-* 06,18:00:00"]


def test_recorded_exposure(recorded: Recorded) -> None:
    table = units.parse_security(recorded("systemd_analyze_security.txt"))
    assert table["asterisk.service"] == ("9.6", "UNSAFE")
    assert units.parse_security(recorded("systemd_analyze_one.txt")) == {"asterisk.service": ("9.6", "UNSAFE")}


def test_environment_is_reported_by_name_and_commands_without_secrets() -> None:
    shaped = units.shape(
        {
            "Environment": ['AMI_SECRET=hunter22 "B=x y" C=3'],
            "ExecStart": ["{ path=/bin/x ; argv[]=/bin/x --password hunter22 -v ; ignore_errors=no ; pid=0 }"],
            "SystemCallFilter": ["~@clock @debug"],
        }
    )
    assert shaped["Environment"] == ["AMI_SECRET", "B", "C"]
    assert "hunter22" not in str(shaped)
    assert shaped["SystemCallFilter"] == "deny-list"


def test_times_are_utc() -> None:
    assert units.parse_time("Mon 2026-11-23 18:12:51 UTC") == 1795457571
    assert units.parse_time("n/a") is None
    assert units.parse_time("") is None


def test_dropin_folders_weakest_first() -> None:
    assert unitfile.dropin_folders("a-b@x.service") == [
        "service.d",
        "a-.service.d",
        "a-b@.service.d",
        "a-b@x.service.d",
    ]


def test_offline_units_with_dropins(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/usr/lib/systemd/system/asterisk.service": (
                "[Unit]\nDescription=PBX\n[Service]\nExecStart=/usr/sbin/asterisk -g \\\n  -f\n"
                "CapabilityBoundingSet=CAP_CHOWN CAP_KILL\nUMask=0022\n[Install]\nWantedBy=multi-user.target\n"
            ),
            "/etc/systemd/system/asterisk.service.d/10.conf": (
                "[Service]\n# comment\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_NET_ADMIN\nUMask=0027\n"
            ),
            "/usr/lib/systemd/system/asterisk.service.d/10.conf": "[Service]\nUMask=0077\n",
            "/usr/lib/systemd/system/service.d/all.conf": "[Service]\nNoNewPrivileges=yes\n",
            "/etc/systemd/system/multi-user.target.wants/asterisk.service": (
                "link",
                "/usr/lib/systemd/system/asterisk.service",
            ),
            "/etc/systemd/system/fail2ban.service": ("link", "/dev/null"),
            "/usr/lib/systemd/system/ssh.service": (
                "[Service]\nExecStart=/usr/sbin/sshd\n[Install]\nAlias=sshd.service\n"
            ),
            "/etc/systemd/system/sshd.service": ("link", "/usr/lib/systemd/system/ssh.service"),
            "/usr/lib/systemd/system/postgresql@.service": "[Service]\nExecStart=/bin/pg %i\n",
            "/etc/systemd/system/x.target.wants/postgresql@15-main.service": (
                "link",
                "/usr/lib/systemd/system/postgresql@.service",
            ),
            "/lib/systemd/system/cron.service": "[Service]\nExecStart=/usr/sbin/cron -f\n[Install]\nAlias=x.y\n",
            "/etc/init.d/coturn": "#!/bin/sh\n",
            "/etc/rc3.d/S02coturn": ("link", "../init.d/coturn"),
        }
    )
    found = look(units, root)
    asterisk = found.one("unit", "asterisk.service")
    assert asterisk["ExecStart"] == "/usr/sbin/asterisk -g -f"
    assert asterisk["CapabilityBoundingSet"] == ["cap_net_admin"]
    assert asterisk["UMask"] == "0027"
    assert asterisk["NoNewPrivileges"] == "yes"
    assert asterisk["UnitFileState"] == "enabled"
    assert asterisk["DropInPaths"] == [
        "/etc/systemd/system/asterisk.service.d/10.conf",
        "/usr/lib/systemd/system/service.d/all.conf",
    ]
    assert found.one("unit", "fail2ban.service")["UnitFileState"] == "masked"
    assert found.one("unit", "ssh.service")["UnitFileState"] == "enabled", "by its alias in /etc"
    assert found.one("unit", "cron.service")["UnitFileState"] == "disabled"
    assert found.one("unit", "cron.service")["ExecStart"] == "/usr/sbin/cron -f"
    assert "sshd.service" not in found.all("unit")
    assert "postgresql@15-main.service" in found.all("unit")
    assert found.one("unit", "coturn.service")["UnitFileState"] == "enabled"
    assert "ActiveState" not in asterisk


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    for entry in units.parse_show(text):
        units.shape(entry)
    units.parse_security(text)
    units.parse_time(text)
    list(unitfile.parse(text))
    unit = unitfile.UnitFile("x.service")
    unit.feed(text)
    units.shape(unit.settings)


@given(st.text(max_size=30))
def test_any_unit_name_is_answered(name: str) -> None:
    assert unitfile.dropin_folders(name)
    assert unitfile.load(Tree("/nonexistent-root"), name) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["After", "UMask", "ExecStart"]), st.sampled_from(["", "a", "a b", "c"])), max_size=8
    )
)
def test_merging_follows_the_rules(lines: list[tuple[str, str]]) -> None:
    unit = unitfile.UnitFile("x.service")
    for key, value in lines:
        unit.feed(f"[Service]\n{key}={value}\n")
    words: list[str] = []
    for key, value in lines:
        if key == "After":
            words = [*words, *value.split()] if value else []
    assert unit.settings.get("After", []) == words
    last = [value for key, value in lines if key == "UMask"]
    assert unit.settings.get("UMask", [""]) == [last[-1] if last else ""]
