"""sshd: recorded ``sshd -T`` of two OpenSSH generations, and the files read statically."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import sshd
from hypothesis import given
from hypothesis import strategies as st

PASSWD = "root:x:0:0:root:/root:/bin/bash\nben:x:1000:1000::/home/ben:/bin/bash\n"


@pytest.mark.parametrize("name", ["sshd_T_openssh8.txt", "sshd_T_openssh10.txt"])
def test_recorded_answers(recorded: Callable[[str], str], name: str) -> None:
    values = sshd.parse_effective(recorded(name))
    assert values["port"] == ["22"]
    assert values["listenaddress"] == ["[::]:22", "0.0.0.0:22"]
    assert values["pubkeyauthentication"] == "yes"
    assert values["permitrootlogin"] in ("yes", "prohibit-password")
    assert isinstance(values["ciphers"], list)
    assert "aes256-gcm@openssh.com" in values["ciphers"]
    assert "LANG" in values["acceptenv"]  # type: ignore[operator]
    assert all(key == key.lower() for key in values)


def test_first_value_wins_and_lists_grow(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/etc/ssh/sshd_config": (
                "Include /etc/ssh/sshd_config.d/*.conf\n"
                "PermitRootLogin yes\nPasswordAuthentication=no # trailing\n"
                "AllowGroups admins\nallowgroups 'voice team'\n"
                "Ciphers a,b\nciphers c\n"
                "Match User backup Address 10.0.0.0/8\n  PasswordAuthentication yes\n  Include match.inc\n"
                "Match all\nX11Forwarding no\n"
            ),
            "/etc/ssh/sshd_config.d/10-a.conf": (
                "PermitRootLogin without-password\nMatch Group sftp\nForceCommand internal-sftp\n"
            ),
            "/etc/ssh/sshd_config.d/20-b.conf": "PermitRootLogin no\nPort 2222\n",
            "/etc/ssh/match.inc": "AllowTcpForwarding no\n",
            "/usr/sbin/sshd": "",
        }
    )
    found = look(sshd, root)
    values = found.one("sshd", "effective")
    assert values["permitrootlogin"] == "prohibit-password"
    assert values["passwordauthentication"] == "no"
    assert values["port"] == ["2222"]
    assert values["allowgroups"] == ["admins", "voice team"]
    assert values["ciphers"] == ["a", "b"]
    assert values["x11forwarding"] == "no"
    assert values["read_from"] == "files"
    assert "defaults are missing (offline tree)" in found.source("system:sshd").incomplete[0]
    assert found.one("sshd.match", "Group sftp")["forcecommand"] == "internal-sftp"
    block = found.one("sshd.match", "User backup Address 10.0.0.0/8")
    assert (block["passwordauthentication"], block["allowtcpforwarding"]) == ("yes", "no")


def test_an_include_that_includes_itself_ends(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host({"/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config\nPort 22\n"})
    assert look(sshd, root).one("sshd", "effective")["port"][0] == "22"


def rsa_key(bits: int) -> str:
    number = (1 << (bits - 1)).to_bytes(bits // 8 + 1, "big")
    parts = (b"ssh-rsa", b"\x01\x00\x01", number)
    return base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in parts)).decode()


def test_authorized_keys_are_counted_not_copied(host: Callable[..., str], look: Callable[..., Any]) -> None:
    keys = (
        "# a comment ssh-rsa AAAA\n"
        f"ssh-rsa {rsa_key(1024)} old@laptop\n"
        f'from="10.0.0.0/8,192.0.2.1",command="echo \\"x y\\"" ssh-rsa {rsa_key(4096)} backup\n'
        "restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0\n"
        "sk-ssh-ed25519@openssh.com AAAAGnNr token\n"
    )
    root = host(
        {
            "/etc/ssh/sshd_config": "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u\n",
            "/etc/passwd": PASSWD,
            "/home/ben/.ssh/authorized_keys": keys,
            "/etc/ssh/keys/root": f"ssh-dss {rsa_key(1024)}\n",
        }
    )
    found = look(sshd, root)
    ben = found.one("sshd.keys", "ben")
    assert (ben["keys"], ben["restricted"], ben["weak"]) == ("4", "2", "1")
    assert ben["types"] == ["sk-ssh-ed25519@openssh.com", "ssh-ed25519", "ssh-rsa"]
    assert found.one("sshd.keys", "root")["weak"] == "1"
    assert "laptop" not in str(found.all("sshd.keys"))


def test_no_server_is_absent(host: Callable[..., str], look: Callable[..., Any]) -> None:
    assert look(sshd, host({})).source("system:sshd").status == "absent"


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    sshd.parse_effective(text)
    static = sshd.parse_files("/x", lambda path: text if path == "/x" else None, lambda pattern: ["/x"])
    sshd.flatten(static.settings)
    for line in text.splitlines():
        sshd.parse_key_line(line)


@given(st.from_regex(r"(?i)(port|include|match|allowusers|subsystem|ciphers)[ =][^\n]{0,40}", fullmatch=True))
def test_any_known_keyword_is_answered(line: str) -> None:
    sshd.parse_files("/x", {"/x": line}.get, lambda pattern: [])
