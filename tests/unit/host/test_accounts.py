"""Accounts, sudo rules and PAM: states and names, never hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import accounts
from ansible_collections.grundton.voip.plugins.module_utils.host.names import parse_group, parse_passwd
from hypothesis import given
from hypothesis import strategies as st

PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\n"
    "toor:x:0:0::/root:/usr/sbin/nologin\n"
    "asterisk:x:102:102::/var/lib/asterisk:/usr/sbin/nologin\n"
    "ben:x:1000:1000::/home/ben:/bin/bash\n"
    "nobody:x:65534:65534::/:/usr/sbin/nologin\n"
    "broken:line\n"
)
GROUP = "root:x:0:\nasterisk:x:102:ben\nsudo:x:27:ben,anna\nben:x:1000:\n"
SHADOW = (
    "root:!:20000:0:99999:7:::\n"
    "asterisk:*:20000:0:99999:7:::\n"
    "ben:$y$j9T$abcdefgh$ijklmnopqrstuvwxyz:20700:0:99999:7::20800:\n"
    "toor::20000::::::\n"
)
DAY = 86400
NOW = 20780 * DAY


def test_accounts(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host({"/etc/passwd": PASSWD, "/etc/group": GROUP, "/etc/shadow": SHADOW})
    found = look(accounts, root, now=NOW)
    ben = found.one("account", "ben")
    assert ben["groups"] == ["ben", "asterisk", "sudo"]
    assert (ben["password"], ben["hash"], ben["login"]) == ("set", "yescrypt", "yes")
    assert (ben["last_change_age_d"], ben["expires_d"]) == ("80", "20")
    assert found.one("account", "asterisk")["password"] == "locked"
    assert found.one("account", "asterisk")["service"] == "yes"
    assert found.one("account", "toor")["password"] == "none"
    assert "nobody" not in found.all("account")
    assert "ijklmnop" not in str(found.parts)
    assert found.source("system:account").incomplete == []


def test_directory_accounts_are_named_as_missing(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host({"/etc/passwd": PASSWD, "/etc/nsswitch.conf": "passwd:  files systemd sss\n"})
    assert look(accounts, root).source("system:account").incomplete == ["accounts from sss are not listed"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ("none", "")),
        ("!", ("locked", "")),
        ("*", ("locked", "")),
        ("!$6$salt$hash", ("locked", "sha512")),
        ("$6$salt$hash", ("set", "sha512")),
        ("$1$salt$hash", ("set", "md5")),
        ("$2b$05$hash", ("set", "bcrypt")),
        ("ABCDEFGHIJKLM", ("set", "des")),
        ("x", ("locked", "")),
    ],
)
def test_password_states(field: str, expected: tuple[str, str]) -> None:
    assert accounts.password_state(field) == expected


SUDOERS = """
Defaults env_reset, !use_pty
Defaults use_pty, logfile="/var/log/sudo.log", timestamp_timeout=5
User_Alias OPS = anna, ben : NIGHT = carl
Cmnd_Alias TALK = /usr/sbin/asterisk -rx *, \\
                  /usr/bin/systemctl restart asterisk
root ALL=(ALL:ALL) ALL
OPS  pbx, lab = (root) NOPASSWD: TALK, PASSWD: /bin/ls
%admin ALL=(ALL) SETENV: NOPASSWD: ALL # everything
#includedir /etc/sudoers.d
"""


def test_sudo_rules(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/etc/sudoers": SUDOERS,
            "/etc/sudoers.d/web": "www-data ALL=NOPASSWD: /usr/bin/curl -u bob\\:hunter22 https\\://x\n",
            "/etc/sudoers.d/old.bak": "eve ALL=NOPASSWD: ALL\n",
        }
    )
    found = look(accounts, root)
    rules = found.all("sudo.rule")
    ops = rules["/etc/sudoers:8"]
    assert ops["who"] == ["anna", "ben"]
    assert ops["hosts"] == ["pbx", "lab"]
    assert (ops["nopasswd"], ops["runas"], ops["all"]) == ("yes", "root", "no")
    assert ops["commands"] == ["/usr/sbin/asterisk -rx *", "/usr/bin/systemctl restart asterisk"]
    assert rules["/etc/sudoers:8 (2)"]["nopasswd"] == "no"
    assert (rules["/etc/sudoers:9"]["all"], rules["/etc/sudoers:9"]["nopasswd"]) == ("yes", "yes")
    assert "hunter22" not in str(found.parts)
    assert not [name for name in rules if "old.bak" in name]
    defaults = found.one("sudo.defaults", "defaults")
    assert (defaults["use_pty"], defaults["logfile"], defaults["timestamp_timeout"]) == (
        "yes",
        "/var/log/sudo.log",
        "5",
    )


def test_pam_with_includes(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/etc/pam.d/sshd": "@include common-auth\naccount required pam_nologin.so\n",
            "/etc/pam.d/common-auth": (
                "auth required pam_faillock.so preauth deny=5\n"
                "auth [success=1 default=ignore] pam_unix.so nullok\n"
                "auth required pam_google_authenticator.so\n"
            ),
            "/etc/pam.d/su": "auth required pam_wheel.so\n@include su\n",
            "/etc/security/faillock.conf": "# deny = 9\nunlock_time = 900\n",
        }
    )
    found = look(accounts, root)
    values = found.one("pam", "sshd")
    assert (values["lockout"], values["deny"], values["unlock_time"]) == ("pam_faillock", "5", "900")
    assert (values["nullok"], values["mfa"]) == ("yes", ["google_authenticator"])
    assert found.one("pam", "su")["wheel"] == "yes"


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    parse_passwd(text)
    parse_group(text)
    accounts.parse_shadow(text)
    accounts.parse_pam(text)
    accounts.parse_sudoers("/x", {"/x": text}.get, lambda folder: ["y"])


@given(st.text(alphabet='ab ,:=()!\\"#%NOPASWD/', max_size=60))
def test_any_rule_is_answered(text: str) -> None:
    accounts.parse_rule(text, "x:1")
