"""Packages, CVE ids of changelogs, apt settings, the distribution."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.host import packages, system, updates
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]
Look = Callable[..., Any]

STATUS = """Package: asterisk
Status: install ok installed
Architecture: amd64
Version: 1:16.28.0~dfsg-0+deb11u10
Depends: libc6,
 libssl1.1
Description: PBX
 Package: fake

Package: asterisk-modules
Status: install ok installed
Architecture: amd64
Source: asterisk (1:16.28.0~dfsg-0+deb11u10)
Version: 1:16.28.0~dfsg-0+deb11u10+b1

Package: kamailio
Status: deinstall ok config-files
Architecture: amd64
Version: 5.4.4-1

Package: coturn
Status: install ok installed
Architecture: amd64
Version: 4.5.2-3

Package: libreoffice
Status: install ok installed
Version: 1
"""
CHANGES = (
    b"asterisk (1:16.28.0~dfsg-0+deb11u9)\n  * CVE-2024-42365, cve-2025-1131\n  * CVE-2024-42365 again, CVE-99-1\n"
)


def test_packages_with_cves(host: Host, look: Look) -> None:
    root = host(
        {
            "/var/lib/dpkg/status": STATUS,
            "/usr/share/doc/asterisk/changelog.Debian.gz": gzip.compress(CHANGES),
            "/usr/share/doc/coturn/changelog.Debian.gz": b"not gzip",
        }
    )
    found = look(packages, root)
    asterisk = found.one("package", "asterisk")
    assert asterisk["cves"] == ["CVE-2024-42365", "CVE-2025-1131"]
    assert (asterisk["changelog"], asterisk["status"]) == ("read", "installed")
    modules = found.one("package", "asterisk-modules")
    assert modules["cves"] == asterisk["cves"]
    assert (modules["source"], modules["source_version"]) == ("asterisk", "1:16.28.0~dfsg-0+deb11u10")
    assert found.one("package", "kamailio")["status"] == "config-files"
    assert "cves" not in found.one("package", "kamailio")
    assert found.one("package", "coturn")["changelog"] == "unreadable"
    assert "cves" not in found.one("package", "coturn")
    assert "libreoffice" not in found.all("package")


@pytest.mark.parametrize("path", ["/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"])
def test_rpm_hosts_say_not_checked(host: Host, look: Look, path: str) -> None:
    root = host({path: "", "/etc/os-release": 'ID="rocky"\nVERSION_ID="9.4"\n'})
    assert look(packages, root).source("system:package").status == "not_checked"
    assert look(updates, root).source("system:updates").status == "not_checked"
    assert look(system, root).one("os", "os")["distribution"] == "rocky"


def test_a_gzip_bomb_is_cut() -> None:
    bomb = gzip.compress(b"\0" * 1_000_000)
    assert len(packages.unpack(bomb, 1000) or b"") == 1000


APT = """
APT { Periodic { Update-Package-Lists "1"; Unattended-Upgrade "0"; }; }; // old
Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename}-security"; # c
  // "origin=x";
  "second//;"; };
/* APT::Periodic::Unattended-Upgrade "7"; */
"""


def test_updates(host: Host, look: Look) -> None:
    root = host(
        {
            "/etc/apt/apt.conf.d/20auto": APT,
            "/etc/apt/apt.conf.d/50more.conf": (
                'APT::Periodic::Unattended-Upgrade "1";\nUnattended-Upgrade::Automatic-Reboot "true";\n'
            ),
            "/etc/apt/apt.conf.d/90ignored.bak": 'APT::Periodic::Unattended-Upgrade "9";\n',
            "/etc/apt/sources.list": (
                "deb [trusted=yes] http://x.example/debian trixie main # c\ndeb-src http://x trixie main\n"
            ),
            "/etc/apt/sources.list.d/s.sources": (
                "Types: deb deb-src\nURIs: http://deb.example/debian-security\nSuites: trixie-security\n"
                "Components: main\n\n"
                "Types: deb\nURIs: http://off.example\nSuites: off\nComponents: main\nEnabled: no\n"
            ),
            "/usr/bin/unattended-upgrade": "",
            "/usr/sbin/needrestart": "",
            "/etc/needrestart/needrestart.conf": "#$nrconf{restart} = 'i';\n$nrconf{restart} = 'a';\n",
            "/etc/needrestart/conf.d/pbx.conf": "  $nrconf{restart} = 'l';\n",
        }
    )
    values = look(updates, root).one("updates", "apt")
    assert (values["periodic_update"], values["periodic_upgrade"]) == ("1", "1")
    assert values["origins"] == ["origin=Debian,codename=${distro_codename}-security", "second//;"]
    assert values["automatic_reboot"] == "true"
    assert values["suites"] == ["trixie main", "trixie-security main"]
    assert (values["security_suite"], values["untrusted"]) == ("yes", ["trixie main"])
    assert (values["unattended_upgrades"], values["needrestart_mode"]) == ("yes", "l")
    assert "reboot_required" not in values


def test_clear_empties_a_list() -> None:
    conf = updates.AptConf(['A::B { "x"; };', "#clear A::B;", 'A::B:: "y";'])
    assert conf.entries("a::b") == ["y"]


@pytest.mark.parametrize(
    ("uri", "suite", "expected"),
    [
        ("http://security.example.org/debian-security", "trixie-security", True),
        ("http://security.example.org/", "stretch/updates", True),
        ("http://archive.example.org/ubuntu", "noble-security", True),
        ("http://mirror.example.org/debian", "trixie-updates", False),
        ("http://mirror.example.org/debian", "trixie", False),
    ],
)
def test_security_suites(uri: str, suite: str, expected: bool) -> None:
    assert updates.is_security(uri, suite) is expected


def test_kernel_versions_sort_by_number() -> None:
    names = ["6.1.0-9-amd64", "6.1.0-31-amd64", "6.12.9-amd64", "6.1.0-28-amd64"]
    assert sorted(names, key=updates.version_key)[-2:] == ["6.1.0-31-amd64", "6.12.9-amd64"]


def test_testing_gets_its_number(host: Host, look: Look) -> None:
    found = look(
        system, host({"/etc/os-release": 'ID=debian\nVERSION_CODENAME=forky\nPRETTY_NAME="Debian forky/sid"\n'})
    )
    assert found.one("os", "os")["version"] == "14"
    [component] = [c for part in found.parts for c in part.components]
    assert (component.name, component.version, component.branch, component.running) == ("host", "14", "forky", False)


@pytest.mark.parametrize(
    ("dmi", "cpu", "xen", "expected"),
    [
        ("QEMU Standard PC", "", "", "qemu"),
        ("VMware, Inc. VMware Virtual Platform", "", "", "vmware"),
        ("Microsoft Corporation Virtual Machine", "", "", "microsoft"),
        ("Microsoft Corporation Surface", "", "", None),
        ("Dell Inc. PowerEdge", "flags\t\t: fpu vme", "", None),
        ("", "flags\t\t: fpu hypervisor", "", "vm"),
        ("Xen HVM domU", "", "xen", "xen"),
    ],
)
def test_hypervisors(dmi: str, cpu: str, xen: str, expected: str | None) -> None:
    assert system.hypervisor(dmi, cpu, xen) == expected


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    list(packages.parse_status(text))
    packages.parse_cves(text)
    updates.parse_apt_conf(text)
    updates.AptConf([text])
    updates.parse_one_line_source(text)
    updates.parse_deb822_source(text)
    updates.parse_needrestart(text)
    updates.version_key(text)
    system.parse_os_release(text)
    system.hypervisor(text, text, text)


@given(st.lists(st.sampled_from(["{", "}", ";", '"a"', "A", "B::C", "//x\n", "#clear A;", "/*", "*/"]), max_size=20))
def test_any_order_of_apt_words_is_answered(tokens: list[str]) -> None:
    updates.AptConf([" ".join(tokens)])


@given(st.binary())
def test_any_bytes_unpack_or_not(data: bytes) -> None:
    packages.unpack(data)
