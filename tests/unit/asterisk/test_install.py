"""Is Asterisk there, which one, where."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.install import (
    detect,
    dpkg_version,
    normalise,
    options,
)
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1:22.10.1~dfsg+~cs6.17.60671434-1", ("22.10.1", "22")),
        ("1:16.28.0~dfsg-0+deb11u4", ("16.28.0", "16")),
        ("Asterisk 20.5.0", ("20.5.0", "20")),
        ("Asterisk certified/18.9-cert4", ("18.9-cert4", "18")),
        ("Asterisk GIT-master-abc", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_versions(text: str | None, expected: tuple[str | None, str | None]) -> None:
    assert normalise(text) == expected


def test_command_lines() -> None:
    assert options(["-f", "-vvvg", "-C", "/x/a.conf", "-Uasterisk", "-p", "-x", "secret"]) == {
        "nofork": "yes",
        "verbose": "3",
        "dumpcore": "yes",
        "config": "/x/a.conf",
        "user": "asterisk",
        "highpriority": "yes",
    }


def test_a_copy_of_a_debian_host(tmp_path: Path) -> None:
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(
        "Package: asterisk-config\nStatus: install ok installed\nVersion: 9\n\n"
        "Package: asterisk\nStatus: install ok installed\nVersion: 1:22.10.1~dfsg-1\nDescription: x\n y: z\n\n"
        "Package: old\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    unit = tmp_path / "etc/systemd/system/asterisk.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/usr/sbin/asterisk -f -C /srv/a/asterisk.conf -U pbx\n")
    config = tmp_path / "srv/a/asterisk.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[directories](!)\nastetcdir=/wrong\n[files]\nastctl=x.ctl\n")
    found = detect(str(tmp_path), live=False)
    assert (found.version, found.branch, found.package) == ("22.10.1", "22", "1:22.10.1~dfsg-1")
    assert found.running is None
    assert found.directory == "/srv/a"
    assert found.socket == "/var/run/asterisk/x.ctl"
    assert found.command_line["user"] == "pbx"
    assert dpkg_version(Tree(str(tmp_path)), "old") is None
    assert dpkg_version(Tree(str(tmp_path)), "sterisk") is None


def test_nothing(tmp_path: Path) -> None:
    assert not detect(str(tmp_path), live=False).present
