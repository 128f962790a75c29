"""Where logs go, whether they are rotated, and who reads them for bans."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import fail2ban, logrotate, syslog
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.deadline import Deadline
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]
Look = Callable[..., Any]

# -- rsyslog and journald ------------------------------------------------------------------------------

RSYSLOG = """
module(load="imuxsock") # local
$IncludeConfig /etc/rsyslog.d/*.conf
/* a comment with action(type="omfwd" target="no.example") */
*.*  @@plain.example:10514
*.info;auth.none @udp.example
"""
MODERN = """
global(DefaultNetstreamDriver="gtls"
       DefaultNetstreamDriverCAFile="/etc/ssl/log-ca.pem")
input(type="imtcp" port="6514")
if $programname == 'asterisk' then action(type="omfwd" target="logs.example" port="6514" protocol="tcp"
  StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="logs.example"
  queue.type="LinkedList" queue.filename="fwd" queue.saveOnShutdown="on" action.resumeRetryCount="-1"
  template="A (b)")
action(type="omfile" file="/var/log/x")
action(type="omrelp" target="relp.example" port="2514" tls="on")
"""


def test_rsyslog_targets(host: Host, look: Look) -> None:
    root = host({"/usr/sbin/rsyslogd": "", "/etc/rsyslog.conf": RSYSLOG, "/etc/rsyslog.d/10-fwd.conf": MODERN})
    found = look(syslog, root)
    values = found.one("log", "rsyslog")
    assert values["targets"] == [
        "logs.example:6514/tcp+tls",
        "relp.example:2514/relp+tls",
        "plain.example:10514/tcp",
        "udp.example:514/udp",
    ]
    assert (values["tls"], values["queue"], values["forwarding"]) == ("some", "none", "yes")
    assert values["inputs"] == ["imtcp/6514"]
    assert values["ca_file"] == "/etc/ssl/log-ca.pem"
    target = found.one("log.target", "logs.example:6514")
    assert (target["tls"], target["auth_mode"], target["queue"]) == ("yes", "x509/name", "disk")
    assert target["permitted_peer"] == ["logs.example"]
    assert "asterisk" in target["filter"]


def test_legacy_tls_needs_driver_and_mode(host: Host, look: Look) -> None:
    text = (
        "$DefaultNetstreamDriver gtls\n"
        "$ActionSendStreamDriverMode 1\n"
        "$ActionSendStreamDriverAuthMode x509/name\n"
        "*.* @@(o)[2001:db8::1]:6514\n"
    )
    found = look(syslog, host({"/usr/sbin/rsyslogd": "", "/etc/rsyslog.conf": text}))
    target = found.one("log.target", "2001:db8::1:6514")
    assert (target["tls"], target["auth_mode"]) == ("yes", "x509/name")
    without = text.replace("Mode 1", "Mode 0")
    assert [t.tls for t in syslog.parse("/x", {"/x": without}.get, lambda pattern: []).targets] == [False]


def test_journald(host: Host, look: Look) -> None:
    root = host(
        {
            "/lib/systemd/systemd-journald": "",
            "/etc/systemd/journald.conf": "[Journal]\n#Storage=auto\nMaxRetentionSec=1month\n",
            "/usr/lib/systemd/journald.conf.d/syslog.conf": "[Journal]\nForwardToSyslog=yes\n",
            "/etc/systemd/journald.conf.d/a.conf": "[Journal]\nStorage=volatile\n",
            "/etc/systemd/journal-upload.conf": "[Upload]\nURL=https://logs.example:19532\n",
            "/var/log/journal": None,
        }
    )
    found = look(syslog, root)
    values = found.one("log", "journald")
    assert (values["storage"], values["persistent"], values["forward_to_syslog"]) == ("volatile", "no", "yes")
    assert found.one("log.target", "logs.example:19532")["tls"] == "yes"


@given(st.text())
def test_any_rsyslog_text_is_answered(text: str) -> None:
    syslog.parse("/x", lambda path: text if path == "/x" else None, lambda pattern: ["/x"])
    syslog.parse_ini_section([text], "Journal")


@given(st.text(alphabet="action(typeomfwd=\"'tg)/*#\\\n @:$", max_size=120))
def test_any_rsyslog_like_text_is_answered(text: str) -> None:
    syslog.parse("/x", {"/x": text}.get, lambda pattern: [])


@given(st.text())
def test_comments_keep_line_count(text: str) -> None:
    assert syslog.strip_comments(text).count("\n") == text.count("\n")


# -- logrotate -----------------------------------------------------------------------------------------

ROTATE = """
weekly
rotate 4
create
include /etc/logrotate.d
"""
ASTERISK = """
/var/log/asterisk/debug /var/log/asterisk/messages
"/var/log/asterisk/*_log" { # as shipped
    missingok
    maxage 90
    size=10M
    su asterisk asterisk
    postrotate
        /usr/sbin/asterisk -rx 'logger reload' # } not the end
    endscript
}
/var/log/one.log { daily
 nocompress }
"""


def test_logrotate_and_its_gaps(host: Host, look: Look) -> None:
    root = host(
        {
            "/etc/logrotate.conf": ROTATE,
            "/etc/logrotate.d/asterisk": ASTERISK,
            "/etc/logrotate.d/asterisk.dpkg-old": "/var/log/asterisk/* {\n}\n",
            "/var/log/asterisk/messages": "",
            "/var/log/asterisk/messages.1.gz": "",
            "/var/log/asterisk/queue_log": "",
            "/var/log/asterisk/security.log": "",
            "/var/log/asterisk/cdr-csv/Master.csv": "",
        }
    )
    found = look(logrotate, root)
    rule = found.one("logrotate", "/var/log/asterisk/*_log")
    assert (rule["rotate"], rule["frequency"], rule["size"], rule["maxage"]) == ("4", "size", "10M", "90")
    assert rule["su"] == "asterisk asterisk"
    assert rule["matches"] == ["/var/log/asterisk/queue_log"]
    assert "logger reload" in rule["postrotate"]
    assert found.one("logrotate", "/var/log/one.log")["frequency"] == "daily"
    assert found.one("logrotate", "/var/log/one.log")["compress"] == "no"
    gaps = found.one("logrotate.coverage", "/var/log/asterisk")
    assert gaps["covered"] == ["/var/log/asterisk/messages", "/var/log/asterisk/queue_log"]
    assert gaps["uncovered"] == ["/var/log/asterisk/security.log", "/var/log/asterisk/cdr-csv/Master.csv"]


@pytest.mark.parametrize(
    ("name", "rotated"),
    [
        ("a.log", False),
        ("a.log.1", True),
        ("a.log.2.gz", True),
        ("a.log-20261123", True),
        ("full.10", True),
        ("v1.2.log", False),
    ],
)
def test_rotated_names(name: str, rotated: bool) -> None:
    assert logrotate.is_rotated(name) is rotated


@given(st.text())
def test_any_logrotate_text_is_answered(text: str) -> None:
    logrotate.parse("/x", {"/x": text}.get, lambda path: [], lambda path: False)


@given(st.text(alphabet="/a{} \n\"'#postrotate=endscript", max_size=120))
def test_any_logrotate_like_text_is_answered(text: str) -> None:
    logrotate.parse("/x", {"/x": text}.get, lambda path: [], lambda path: False)


# -- fail2ban ------------------------------------------------------------------------------------------

JAIL = """
[INCLUDES]
before = paths.conf
[DEFAULT]
ignoreip = 127.0.0.1/8 ::1
bantime  = 10m
maxretry = 5
backend = auto
banaction = nft-multi
action_ = %(banaction)s[port="%(port)s"]
action = %(action_)s
filter = %(__name__)s[mode=%(mode)s]
mode = normal
enabled = false
[asterisk]
port = 5060,5061
logpath = %(ast_log)s
maxretry = 10
action = %(default/action_)s[name=%(__name__)s-tcp]
         %(default/action_)s[name=%(__name__)s-udp]
[sshd]
port = ssh
backend = systemd
logpath = /var/log/auth.log
"""


def jails(host: Host) -> str:
    return host(
        {
            "/etc/fail2ban/jail.conf": JAIL,
            "/etc/fail2ban/paths.conf": "[DEFAULT]\nast_log = /var/log/asterisk/messages\n",
            "/etc/fail2ban/jail.d/office.conf": "[asterisk]\nenabled = yes\n",
            "/etc/fail2ban/jail.local": "[DEFAULT]\nignoreip = %(known/ignoreip)s 10.0.0.0/8 ; office\n",
            "/etc/fail2ban/action.d/nft-multi.conf": "[INCLUDES]\nbefore = nft.conf\n[Definition]\nactionban = x\n",
            "/etc/fail2ban/action.d/nft.conf": "[Init]\nblocktype = reject\n",
            "/etc/fail2ban/fail2ban.conf": "[DEFAULT]\ndbpurgeage = 1d\n",
        }
    )


def test_fail2ban_files_are_merged(host: Host, look: Look) -> None:
    found = look(fail2ban, jails(host))
    jail = found.one("fail2ban.jail", "asterisk")
    assert jail["enabled"] == "yes"
    assert jail["logpath"] == ["/var/log/asterisk/messages"]
    assert jail["logpath_missing"] == ["/var/log/asterisk/messages"]
    assert jail["ignoreip"] == ["127.0.0.1/8", "::1", "10.0.0.0/8"]
    assert jail["filter"] == "asterisk[mode=normal]"
    assert jail["action"] == [
        'nft-multi[port="5060,5061"][name=asterisk-tcp]',
        'nft-multi[port="5060,5061"][name=asterisk-udp]',
    ]
    assert (jail["maxretry"], jail["bantime"], jail["blocktype"]) == ("10", "10m", "reject")
    assert found.one("fail2ban.jail", "sshd")["enabled"] == "no"
    assert found.one("fail2ban.jail", "sshd")["logpath_missing"] == []
    assert found.one("fail2ban.server", "fail2ban")["configured"] == ["asterisk"]


def test_not_installed(host: Host, look: Look) -> None:
    assert look(fail2ban, host({})).source("system:fail2ban").status == "absent"


class FakeServer(threading.Thread):
    """Speaks the server's protocol with canned answers."""

    END = b"<F2B_END_COMMAND>"

    def __init__(self, path: Path, answers: dict[tuple[str, ...], object]) -> None:
        super().__init__(daemon=True)
        self.answers = answers
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        self.socket.listen()

    def run(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            waiting = b""
            while chunk := connection.recv(4096):
                waiting += chunk
                while self.END in waiting:
                    command, _, waiting = waiting.partition(self.END)
                    if command == b"<F2B_CLOSE_COMMAND>":
                        return
                    answer = self.answers.get(tuple(pickle.loads(command)), (1, "unknown"))
                    raw = answer if isinstance(answer, bytes) else pickle.dumps(answer, 4)
                    connection.sendall(raw + self.END)


def test_the_running_server_is_asked(tmp_path: Path, host: Host, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = ["/var/log/asterisk/messages"]
    status = [
        ("Filter", [("Currently failed", 1), ("Total failed", 7), ("File list", logs)]),
        ("Actions", [("Currently banned", 2), ("Total banned", 3), ("Banned IP list", ["192.0.2.9"])]),
    ]
    answers: dict[tuple[str, ...], object] = {
        ("version",): (0, "1.1.0"),
        ("status",): (0, [("Number of jail", 1), ("Jail list", "asterisk")]),
        ("status", "asterisk"): (0, status),
        ("get", "asterisk", "actions"): (0, ["nft-tcp", "nft-udp"]),
        ("get", "asterisk", "ignoreip"): (0, ["127.0.0.0/8"]),
        ("get", "asterisk", "bantime"): (0, 600),
        ("get", "asterisk", "maxretry"): (0, 10),
        ("get", "asterisk", "findtime"): (0, 600),
    }
    path = tmp_path / "f2b.sock"
    FakeServer(path, answers).start()
    monkeypatch.setattr(fail2ban, "SOCKETS", (str(path),))
    found = look(fail2ban, jails(host), live=True)
    jail = found.one("fail2ban.jail", "asterisk")
    assert (jail["running"], jail["total_failed"], jail["currently_banned"]) == ("yes", "7", "2")
    assert jail["effective_logpath"] == ["/var/log/asterisk/messages"]
    assert (jail["effective_bantime"], jail["effective_maxretry"]) == ("600", "10")
    server = found.one("fail2ban.server", "fail2ban")
    assert (server["running"], server["jails"], server["version"]) == ("yes", ["asterisk"], "1.1.0")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("/tmp/grundton-evil"),))


def test_an_answer_that_would_run_something_is_refused(
    tmp_path: Path, host: Host, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="not plain data"):
        fail2ban.load_plain(pickle.dumps(Evil()))
    path = tmp_path / "f2b.sock"
    FakeServer(path, {("version",): (0, "1"), ("status",): pickle.dumps((0, Evil()))}).start()
    monkeypatch.setattr(fail2ban, "SOCKETS", (str(path),))
    found = look(fail2ban, jails(host), live=True)
    assert "was not asked" in found.source("system:fail2ban").incomplete[0]
    assert "running" not in found.one("fail2ban.jail", "asterisk")
    assert not Path("/tmp/grundton-evil").exists()


def test_a_mute_server_costs_its_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    path = tmp_path / "f2b.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen()
        monkeypatch.setattr(fail2ban, "SOCKETS", (str(path),))
        deadline = Deadline.after(0.3)
        [part] = fail2ban.collect(jails(host), True, deadline)
        assert deadline.remaining() == 0
    assert part.sources[0].incomplete


@given(st.binary())
def test_any_bytes_are_plain_data_or_refused(data: bytes) -> None:
    try:
        fail2ban.pairs(fail2ban.load_plain(data))
    except ValueError:
        return


@given(st.text())
def test_any_jail_text_is_answered(text: str) -> None:
    sections = fail2ban.load("/x", {"/x": text}.get)
    for name in sections:
        jail = fail2ban.Jail(name, sections)
        for key in list(sections[name]):
            jail.get(key)


@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(["%(a)s", "%(b)s%(b)s", "%(c)s x %(a)s", "y"]), max_size=3)
)
def test_interpolation_always_ends(values: dict[str, str]) -> None:
    assert len(fail2ban.interpolate("%(a)s%(b)s%(c)s", values.get)) <= 20000
