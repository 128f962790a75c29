"""Mounts, core dumps, databases, front ends, audit, integrity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import services, storage, watch
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]
Look = Callable[..., Any]


def test_recorded_mounts(recorded: Callable[[str], str]) -> None:
    mounts = storage.parse_mountinfo(recorded("mountinfo"))
    root = storage.carrier("/var/spool/asterisk", mounts)
    assert root is not None
    assert (root.target, root.fstype) == ("/", "overlay")
    temporary = storage.carrier("/tmp/x", mounts)
    assert temporary is not None
    assert "nosuid" in temporary.options


def test_fstab(host: Host, look: Look) -> None:
    root = host(
        {
            "/etc/fstab": (
                "UUID=1 / ext4 defaults 0 1\n"
                "/dev/sdb1 /var/spool/asterisk/monitor\\040x xfs noexec 0 2\n"
                "nas:/b /backup nfs4 ro 0 0\n"
                "swap none swap sw 0 0\n"
                "# x\n"
            ),
            "/backup": None,
        }
    )
    found = look(storage, root)
    assert found.one("mount", "/backup")["remote"] == "yes"
    assert found.one("mount", "/")["encrypted"] == "unknown"
    assert found.source("system:swap").status == "not_checked"


def test_dm_crypt_is_found_below_lvm(tmp_path: Path) -> None:
    devices = tmp_path / "devices"
    for name, uuid in (("dm-1", "LVM-abc"), ("dm-0", "CRYPT-LUKS2-abc"), ("dm-2", "LVM-def")):
        (devices / name / "dm").mkdir(parents=True)
        (devices / name / "dm" / "uuid").write_text(uuid)
        (devices / name / "slaves").mkdir()
    (devices / "dm-1" / "slaves" / "dm-0").symlink_to(devices / "dm-0")
    disk = devices / "sda"
    (disk / "sda1").mkdir(parents=True)
    (disk / "sda1" / "partition").write_text("1")
    (devices / "dm-2" / "slaves" / "sda1").symlink_to(disk / "sda1")
    (tmp_path / "dev" / "block").mkdir(parents=True)
    for number, path in (("253:1", "dm-1"), ("253:2", "dm-2"), ("8:1", "sda/sda1")):
        (tmp_path / "dev" / "block" / number).symlink_to(devices / path)
    assert storage.encrypted(str(tmp_path), "253:1", "/dev/mapper/x") == "yes"
    assert storage.encrypted(str(tmp_path), "253:2", "/dev/mapper/y") == "no"
    assert storage.encrypted(str(tmp_path), "8:1", "/dev/sda1") == "no"
    assert storage.encrypted(str(tmp_path), "0:30", "tank/data") == "unknown"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("core", "file"),
        ("|/usr/lib/systemd/systemd-coredump %P %u", "systemd-coredump"),
        ("|/usr/share/apport/apport -p%p", "apport"),
        ("|/bin/false", "off"),
        ("", "off"),
        ("|/opt/x", "pipe"),
    ],
)
def test_core_patterns(pattern: str, expected: str) -> None:
    assert storage.handler(pattern) == expected


def test_databases(host: Host, look: Look) -> None:
    root = host(
        {
            "/usr/sbin/mariadbd": "",
            "/etc/mysql/my.cnf": "[client]\nport=1\n!includedir /etc/mysql/mariadb.conf.d/\n",
            "/etc/mysql/mariadb.conf.d/50-server.cnf": (
                "[mysqld]\nbind-address = 0.0.0.0 # all\nssl_cert=/x\nrequire_secure_transport=ON\n"
            ),
            "/etc/postgresql/15/main/postgresql.conf": (
                "listen_addresses = '*'\t# all\n#port = 1\nssl = on\npassword_encryption = md5\n"
            ),
            "/etc/postgresql/15/main/pg_hba.conf": (
                "local all postgres peer\nhost all all 127.0.0.1/32 md5\nhost all all 0.0.0.0/0 md5\n"
                "host x y 10.0.0.0 255.0.0.0 trust\nhost all all ::/0 reject\n"
            ),
            "/etc/redis/redis.conf": "bind 127.0.0.1 -::1\nport 0\nrequirepass hunter22\n",
            "/usr/sbin/fwconsole": "",
            "/var/www/html/admin/modules/framework/module.xml": "<module><version>17.0.19</version></module>",
        }
    )
    found = look(services, root)
    maria = found.one("database", "mariadb")
    assert (maria["bind"], maria["port"], maria["tls"], maria["require_tls"]) == (["0.0.0.0"], "3306", "yes", "yes")
    postgres = found.one("database", "postgresql 15/main")
    assert postgres["bind"] == ["*"]
    assert postgres["hba_open"] == ["host all all 0.0.0.0/0 md5", "host x y 10.0.0.0 255.0.0.0 trust"]
    redis = found.one("database", "redis")
    assert (redis["networking"], redis["password"], redis["bind"]) == ("no", "yes", ["127.0.0.1", "-::1"])
    assert "hunter22" not in str(found.parts)
    assert found.one("frontend", "freepbx")["version"] == "17.0.19"


def test_audit_and_integrity(host: Host, look: Look) -> None:
    root = host(
        {
            "/usr/sbin/auditd": "",
            "/etc/audit/rules.d/10.rules": (
                "-D\n-w /etc/asterisk/ -p wa -k voip # x\n-a always,exit -F dir=/etc/kamailio -F perm=wa\n"
            ),
            "/etc/audit/rules.d/99.rules": "-e 2\n",
            "/etc/systemd/system/multi-user.target.wants/auditd.service": ("link", "/x"),
            "/usr/bin/aide": "",
            "/etc/aide/aide.conf": "",
            "/var/lib/aide/aide.db": "",
            "/etc/systemd/system/timers.target.wants/dailyaidecheck.timer": ("link", "/x"),
        }
    )
    found = look(watch, root)
    values = found.one("audit", "auditd")
    assert (values["watches"], values["rules"], values["immutable"]) == (["/etc/asterisk", "/etc/kamailio"], "2", "yes")
    assert values["enabled"] == "yes"
    assert found.one("integrity", "aide")["scheduled"] == "yes"
    assert found.one("integrity", "aide")["database"] == "/var/lib/aide/aide.db"


def test_without_auditd(host: Host, look: Look) -> None:
    assert look(watch, host({})).one("audit", "auditd") == {"installed": "no"}


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    mounts = [*storage.parse_mountinfo(text), *storage.parse_fstab(text)]
    storage.carrier("/var", mounts)
    storage.handler(text)
    watch.parse_rules(text)
    services.parse_mysql("/x", lambda path: text if path == "/x" else None, lambda pattern: ["/x"])
    services.parse_postgresql(text)
    services.open_hba(text)
    services.parse_redis(text)
