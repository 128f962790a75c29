"""Backups and cron jobs: recognised in units, crontabs and scripts; no secret leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import backup, backuptools, cmdline, cron
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]
Look = Callable[..., Any]
NOW = 1_795_000_000.0


def test_restic_by_timer(host: Host, look: Look) -> None:
    root = host(
        {
            "/etc/systemd/system/nightly.service": (
                "[Service]\nType=oneshot\nEnvironmentFile=/etc/restic/env\nExecStartPre=/usr/local/bin/dump\n"
                "ExecStart=/usr/bin/restic backup /etc/asterisk\n"
            ),
            "/etc/systemd/system/nightly.timer": "[Timer]\nOnCalendar=02:30\n[Install]\nWantedBy=timers.target\n",
            "/etc/systemd/system/timers.target.wants/nightly.timer": ("link", "../nightly.timer"),
            "/etc/restic/env": "RESTIC_REPOSITORY=rest:https://pbx:hunter22@backup.example/pbx\nRESTIC_PASSWORD=topsecret9\n",
            "/root/.cache/restic/abc/snapshots/12/1234": "",
            "/var/lib/systemd/timers/stamp-nightly.timer": "",
        }
    )
    os.utime(f"{root}/root/.cache/restic/abc/snapshots/12/1234", (NOW - 7200, NOW - 7200))
    os.utime(f"{root}/var/lib/systemd/timers/stamp-nightly.timer", (NOW - 10800, NOW - 10800))
    found = look(backup, root, now=NOW)
    job = found.one("backup", "nightly.service")
    assert (job["tool"], job["repository_kind"], job["remote"], job["encryption"]) == ("restic", "rest", "yes", "yes")
    assert (job["trigger"], job["schedule"], job["enabled"], job["pre_hook"]) == ("timer", "02:30", "yes", "yes")
    assert (job["last_snapshot_age_h"], job["last_run_age_h"]) == ("2", "3")
    assert "hunter22" not in str(found.parts)
    assert "topsecret9" not in str(found.parts)


def test_a_script_in_cron_that_copies_the_configuration(host: Host, look: Look) -> None:
    root = host(
        {
            "/etc/cron.d/pbx": (
                "FTPPASS=hunter22\n15 2 * * * root /usr/local/bin/sicherung.sh >/dev/null\n@daily root /opt/other.sh\n"
            ),
            "/usr/local/bin/sicherung.sh": (
                "#!/bin/sh\nPASS=topsecret9\ntar czf /var/www/html/anlage.tgz /etc/asterisk\n# curl -T x ftp://a\n"
            ),
            "/opt/other.sh": "#!/bin/sh\ntar cf /tmp/x /etc/hosts\n",
            "/etc/cron.daily/dpkg": "#!/bin/sh\n# backup of the status file\ntar cf /var/backups/x /var/lib/dpkg\n",
            "/var/www/html/anlage.tgz": "",
        }
    )
    os.utime(f"{root}/var/www/html/anlage.tgz", (NOW - 3600, NOW - 3600))
    found = look(backup, root, now=NOW)
    assert list(found.all("backup")) == ["/etc/cron.d/pbx:2"]
    job = found.one("backup", "/etc/cron.d/pbx:2")
    assert (job["tool"], job["repository_kind"], job["encryption"]) == ("script", "local", "no")
    assert (job["schedule"], job["last_snapshot_age_h"]) == ("15 2 * * *", "1")
    jobs = look(cron, root).all("cron.job")
    assert jobs["/etc/cron.d/pbx:2"]["touches"] == ["asterisk"]
    assert jobs["/etc/cron.d/pbx:2"]["backup"] == "yes"
    assert "topsecret9" not in str(found.parts)


def test_drills_are_dated(host: Host, look: Look) -> None:
    record = {"at": "2026-11-01T10:00:00+01:00", "result": "ok", "by": "ben"}
    root = host({f"{backup.DRILLS}/1.json": json.dumps(record), f"{backup.DRILLS}/2.json": "no json"})
    found = look(backup, root, now=backup.parse_iso("2026-11-11T09:00:00Z"))
    assert found.one("backup.drill", f"{backup.DRILLS}/1.json")["age_d"] == "10"
    assert f"{backup.DRILLS}/2.json: not valid JSON" in found.source("system:backup").incomplete


@pytest.mark.parametrize(
    ("text", "tool", "kind", "encryption"),
    [
        ("restic -r sftp:backup@nas:/pbx backup /etc", "restic", "sftp", "yes"),
        ("restic --repo /mnt/usb backup /etc", "restic", "local", "yes"),
        ("RESTIC_REPOSITORY=s3:https://s3.example/x\nrestic backup /etc", "restic", "s3", "yes"),
        ("BORG_REPO=ssh://u@h/./r\nBORG_PASSPHRASE=x\nborg create ::a /etc", "borg", "ssh", "yes"),
        ("borg create u@h:repo::a /etc", "borg", "ssh", "unknown"),
        ("rsync -a /etc/asterisk backup@nas:/srv", "script", "ssh", "no"),
        ("tar czf /srv/backup/a.tgz /etc/asterisk", "script", "local", "no"),
        ("tar c /etc | gpg -e -r x > /srv/a; scp /srv/a nas:/x", "script", "ssh", "yes"),
        ("restic -r $REPO backup /etc", "restic", "unknown", "yes"),
        ("duplicity --no-encryption /etc file:///srv/b", "duplicity", "local", "no"),
    ],
)
def test_tools(text: str, tool: str, kind: str, encryption: str) -> None:
    told = backuptools.facts(text)
    assert told is not None
    assert (told.tool, told.kind, told.encryption) == (tool, kind, encryption)


def test_checks_are_seen() -> None:
    told = backuptools.facts("restic check --read-data-subset=5%")
    assert told is not None
    assert told.check
    assert backuptools.facts("echo hello") is None


@pytest.mark.parametrize(
    "text",
    [
        "mysqldump -u root -phunter22 asterisk",
        "mysql --password=hunter22 x",
        "curl -u ben:hunter22 https://x",
        "curl https://ben:hunter22@x.example/y",
        "curl -H 'Authorization: Bearer hunter22hunter22'",
        "sshpass -p hunter22 ssh x",
        "redis-cli -a hunter22 ping",
        "x --api-key hunter22",
        "AMI_SECRET=hunter22 /bin/x",
        "turnserver --static-auth-secret=hunter22 --realm=x",
        'x --password "hunter22 y"',
        "rtpengine --redis=hunter22@127.0.0.1:6379/1",
    ],
)
def test_command_lines_lose_their_secrets(text: str) -> None:
    shown = cmdline.redact(text)
    assert "hunter22" not in shown
    assert "«secret:" in shown
    assert "«secret:«" not in shown
    assert cmdline.redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "/usr/sbin/asterisk -g -f -p -U asterisk -G asterisk",
        "restic --password-file /etc/restic/pw backup /etc",
        "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        "borg create --stats ::{now} /etc",
        "/usr/sbin/sshd -D -o AuthorizedKeysFile=/etc/ssh/keys",
    ],
)
def test_command_lines_without_secrets_stay(text: str) -> None:
    assert cmdline.redact(text) == text


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    cmdline.redact(text)
    list(cron.parse_crontab(text, "/x"))
    list(cron.parse_crontab(text, "/x", "root"))
    backuptools.facts(text)
    backuptools.job("x", f"restic {text}")
    backup.parse_iso(text)
