"""The office: a real Asterisk with real phones, wrong in the ways planted.yml says."""

from __future__ import annotations

import socket
import subprocess
import sys
import wave
from pathlib import Path

import pytest
import yaml

from grundton.lab import Lab
from grundton.lab.paths import data_dir

pytestmark = pytest.mark.timeout(120)
PLANTED = yaml.safe_load((data_dir() / "hosts" / "office" / "planted.yml").read_text(encoding="utf-8"))
OPTIONS = r"""
import socket, sys
target = sys.argv[1]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(5)
    s.connect((target, 5060))
    host, port = s.getsockname()
    lines = [
        f"OPTIONS sip:x@{target} SIP/2.0", f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK1;rport",
        f"From: <sip:probe@{host}>;tag=1", f"To: <sip:x@{target}>", f"Call-ID: 1@{host}",
        "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0", "", "",
    ]
    s.send("\r\n".join(lines).encode())
    print(s.recv(4096).decode())
"""


def cli(lab: Lab, command: str) -> str:
    return lab.exec("pbx", ["asterisk", "-rx", command]).stdout


def test_starts_in_seconds(office: Lab) -> None:
    assert office.all_up()
    assert office.ssh("pbx", ["hostname"]).stdout == "pbx\n"
    assert cli(office, "core show version").startswith("Asterisk 22.")


def test_endpoints_are_there(office: Lab) -> None:
    said = cli(office, "pjsip show endpoints")
    names = {line.split()[1].split("/")[0] for line in said.splitlines() if line.startswith(" Endpoint:  ")}
    names.discard("<Endpoint")
    assert {"11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "41", "42", "50", "60", "61",
            "telko", "messe", "anonymous"} <= names  # fmt: skip


def test_nothing_of_ours_is_rejected_by_asterisk(office: Lab) -> None:
    log = office.exec("pbx", ["cat", "/var/log/asterisk/messages.log"]).stdout
    for words in ("Could not create an object", "Retaining existing configuration", "parse error",
                  "Error parsing", "Failed to process CEL"):  # fmt: skip
        lines = [line for line in log.splitlines() if words in line and "cel_sqlite3_custom" not in line]
        assert not lines


@pytest.mark.parametrize("host", ["phone1", "phone2"])
def test_phone_is_registered(office: Lab, host: str) -> None:
    office.wait(host, "phone registered")
    address = str(office.host(host).interfaces["endpoints"].v4)
    assert f"@{address}:" in cli(office, "pjsip show contacts")


def test_trunk_registers(office: Lab) -> None:
    office.wait("pbx", "asterisk -rx 'pjsip show registrations' | grep -q 'telko.* Registered'", timeout=60)


def test_phones_call_each_other(office: Lab, tmp_path: Path) -> None:
    office.exec("phone2", ["rm", "-f", "/home/phone/heard.wav"])
    office.exec("phone1", ["phone", "dial", "12"])
    try:
        office.wait("phone1", "phone calls | grep -q ESTABLISHED")
        office.wait("phone2", "phone calls | grep -q ESTABLISHED")
        assert "PJSIP/12" in cli(office, "core show channels concise")
        office.wait("phone2", "test $(stat -c %s /home/phone/heard.wav) -gt 24000")
    finally:
        office.exec("phone1", ["phone", "hangup"])
    office.wait("pbx", "asterisk -rx 'core show channels count' | grep -q '^0 active calls'")
    office.wait("phone2", "! phone calls | grep -q ESTABLISHED")
    heard = tmp_path / "heard.wav"
    heard.write_bytes((office.host("phone2").root / "home/phone/heard.wav").read_bytes())
    with wave.open(str(heard)) as audio:
        assert audio.getframerate() == 8000
        samples = audio.readframes(audio.getnframes())
    assert len(set(samples)) > 50  # a tone, not silence


def test_calls_through_the_provider(office: Lab) -> None:
    office.exec("phone1", ["phone", "dial", "0022147119999"])
    try:
        office.wait("phone1", "phone calls | grep -q ESTABLISHED")
        assert "PJSIP/telko" in cli(office, "core show channels concise")
    finally:
        office.exec("phone1", ["phone", "hangup"])
    office.wait("pbx", "asterisk -rx 'core show channels count' | grep -q '^0 active calls'")


def test_answers_options_from_outside(office: Lab) -> None:
    """Sent by a program of the controller inside the outside host's network, like a probe."""
    target = str(office.host("pbx").interfaces["outside"].v4)
    done = subprocess.run(
        office.netns_argv("outside", [sys.executable, "-c", OPTIONS, target]),
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    assert done.stdout.startswith("SIP/2.0 ")
    assert "Baeckermann" in done.stdout


def test_management_zone_reaches_the_open_interfaces(office: Lab) -> None:
    with socket.create_connection((str(office.host("pbx").address), 5038), timeout=5) as ami:
        assert ami.recv(64).startswith(b"Asterisk Call Manager/")


def test_planted_files_are_on_the_host(office: Lab) -> None:
    root = office.host("pbx").root
    missing = [entry["id"] for kind in ("mistakes", "good") for entry in PLANTED[kind]
               if not (root / entry["file"].lstrip("/")).exists()]  # fmt: skip
    assert not missing


def test_planted_mistakes_really_run(office: Lab) -> None:
    """Samples of what Asterisk itself answers, from every part of the list."""
    assert "Strict RTP:      No" in cli(office, "rtp show settings")
    assert "guest            -no secret-" in cli(office, "iax2 show users")
    assert "1234" in cli(office, "voicemail show users")
    assert "/metrics" in cli(office, "http show status")
    assert "telko" not in cli(office, "dialplan show heim@notruf")
    for key, value in (("media_encryption", "sdes"), ("media_encryption_optimistic", "true"),
                       ("srtp_tag_32", "true"), ("context", "heim")):  # fmt: skip
        assert f" {key} " in cli(office, "pjsip show endpoint 21")
        line = next(x for x in cli(office, "pjsip show endpoint 21").splitlines() if x.startswith(f" {key} "))
        assert line.split(":")[1].strip() == value
    assert office.exec("pbx", ["systemctl", "is-failed", "fail2ban"], check=False).stdout.strip() == "failed"
    modes = office.exec("pbx", ["stat", "-c", "%a", "/run/asterisk/asterisk.ctl",
                                "/etc/asterisk/keys/asterisk.key", "/var/spool/asterisk/outgoing"])  # fmt: skip
    assert modes.stdout.split() == ["666", "644", "750"]
    sshd = office.exec("pbx", ["sshd", "-T"]).stdout.lower()  # newer ones answer in mixed case
    assert "permitrootlogin yes" in sshd
    assert "passwordauthentication yes" in sshd


def test_tls_speaks_one_dot_zero_only(office: Lab) -> None:
    target = f"{office.host('pbx').interfaces['outside'].v4}:5061"
    old = office.exec("outside", ["sh", "-c", f"openssl s_client -connect {target} -tls1 -cipher DEFAULT@SECLEVEL=0 "
                                  "</dev/null 2>&1"], check=False).stdout  # fmt: skip
    assert "1024 bit" in old
    new = office.exec("outside", ["sh", "-c", f"openssl s_client -connect {target} -tls1_2 </dev/null 2>&1"],
                      check=False).stdout  # fmt: skip
    assert "1024 bit" not in new
