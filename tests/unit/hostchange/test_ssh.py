"""Who would be locked out by settings of sshd."""

from __future__ import annotations

import base64
import hashlib
import pwd
from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.hostchange import ssh
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.ssh import Connection

BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519 demo key of a test, which is no real one").decode()
KEY = f"ssh-ed25519 AAAA{BLOB[4:]} somebody@desk"
MARK = "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode("AAAA" + BLOB[4:])).digest()).decode().rstrip("=")
OPEN = """port 22
listenaddress 0.0.0.0:22
permitrootlogin yes
passwordauthentication yes
kbdinteractiveauthentication no
pubkeyauthentication yes
authorizedkeysfile .ssh/authorized_keys
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root and a person `anna`, whose home is a folder of the test."""

    def account(name: str) -> pwd.struct_passwd:
        if name not in ("root", "anna"):
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", 0 if name == "root" else 1000, 0, "", str(tmp_path), "/bin/sh"))

    monkeypatch.setattr(ssh, "_account", lambda user: account(user) if user in ("root", "anna") else None)
    monkeypatch.setattr(ssh, "_groups", lambda user: ["staff", user])
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def who(user: str = "anna", method: str = "", fingerprint: str = "") -> Connection:
    return Connection(user, "192.0.2.7", "50000", "192.0.2.1", "22", method, fingerprint)


def verdict(connection: Connection, *lines: str) -> str:
    keys = {line.split()[0] for line in lines}
    kept = [line for line in OPEN.splitlines() if line.split()[0] not in keys]
    return "; ".join(ssh.shut_out(connection, ssh.effective("\n".join([*kept, *lines]))))


def with_key(home: Path, text: str = KEY) -> None:
    (home / ".ssh" / "authorized_keys").write_text(text + "\n", encoding="utf-8")


def test_nothing_changes(home: Path) -> None:
    assert verdict(who()) == ""
    assert verdict(who("root")) == ""


def test_passwords_go_off(home: Path) -> None:
    assert "has no key" in verdict(who(), "passwordauthentication no")
    with_key(home)
    assert verdict(who(), "passwordauthentication no") == ""
    assert "logged in with a password" in verdict(who(method="password"), "passwordauthentication no")


def test_the_key_of_this_connection(home: Path) -> None:
    with_key(home)
    assert verdict(who(method="publickey", fingerprint=MARK), "passwordauthentication no") == ""
    assert "would not be accepted" in verdict(who(method="publickey", fingerprint="SHA256:other"))
    assert "accepted kind" in verdict(
        who(), "passwordauthentication no", "pubkeyacceptedalgorithms rsa-sha2-512,rsa-sha2-256"
    )
    assert "has no key" in verdict(who(method="publickey"), "authorizedkeysfile /etc/ssh/keys/%u")


def test_root(home: Path) -> None:
    with_key(home)
    assert "PermitRootLogin would be no" in verdict(who("root"), "permitrootlogin no")
    assert verdict(who("root"), "permitrootlogin without-password") == ""
    assert verdict(who(), "permitrootlogin no") == ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("allowgroups voip-admins", "AllowGroups lets in voip-admins only, and anna is in staff, anna"),
        ("allowgroups st*", ""),
        ("denygroups staff", "DenyGroups"),
        ("allowusers bert", "AllowUsers"),
        ("allowusers anna@192.0.2.0/24", ""),
        ("allowusers anna@198.51.100.0/24", "AllowUsers"),
        ("denyusers an*", "DenyUsers"),
        ("listenaddress 0.0.0.0:2222", ""),
        ("authenticationmethods publickey,password", "AuthenticationMethods"),
    ],
)
def test_lists(home: Path, line: str, told: str) -> None:
    with_key(home)
    found = verdict(who(), line)
    assert (told in found) if told else not found


def test_another_port(home: Path) -> None:
    assert "no longer listen on port 22" in verdict(who(), "port 2222", "listenaddress 0.0.0.0:2222")


def test_how_it_logged_in() -> None:
    log = "Accepted password for anna from 192.0.2.7 port 49999 ssh2\n"
    assert ssh.with_login(who(), log) == who()
    log += f"Accepted publickey for anna from 192.0.2.7 port 50000 ssh2: ED25519 {MARK}\n"
    assert ssh.with_login(who(), log) == who(method="publickey", fingerprint=MARK)


def test_the_connection_is_found_below_sudo(tmp_path: Path) -> None:
    for number, above, environ in (
        (30, 20, "HOME=/root\0USER=root\0"),
        (20, 10, "USER=anna\0SSH_CONNECTION=a 1 b 22\0"),
    ):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "environ").write_text(environ, encoding="utf-8")
        (tmp_path / str(number) / "stat").write_text(f"{number} (a) b) S {above} 1 1", encoding="utf-8")
    assert ssh.this_connection(str(tmp_path), 30) == Connection("anna", "a", "1", "b", "22")
    assert ssh.this_connection(str(tmp_path), 10) is None


def test_overruled_lines() -> None:
    general = ssh.effective("permitrootlogin yes\nmaxauthtries 6\nx11forwarding no")
    text = "PermitRootLogin no\nMaxAuthTries 6\nX11Forwarding=no\nMatch User x\nMaxAuthTries 2\n"
    assert ssh.without_effect(text, general) == ["PermitRootLogin stays yes"]
