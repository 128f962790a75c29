"""The operating system: kind ``os`` and the component ``host``."""

from __future__ import annotations

import os
import re
import shlex
from typing import Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Component, Contribution
from .sheet import Sheet
from .tree import Tree

PREFIXES = ("os",)

#: Hypervisors by what their firmware calls itself (``/sys/class/dmi/id``), first match wins.
VENDORS = (
    ("vmware", "vmware"), ("innotek", "oracle"), ("virtualbox", "oracle"), ("parallels", "parallels"),
    ("microsoft", "microsoft"), ("xen", "xen"), ("bochs", "bochs"), ("amazon ec2", "amazon"),
    ("google", "google"), ("kvm", "kvm"), ("qemu", "qemu"), ("openstack", "kvm"), ("hetzner", "kvm"),
    ("digitalocean", "kvm"), ("proxmox", "kvm"), ("bhyve", "bhyve"), ("apple virtualization", "apple"),
)  # fmt: skip


def parse_os_release(text: str) -> dict[str, str]:
    """``os-release(5)``: shell-like assignments; later ones win, broken lines are left out."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals or not re.fullmatch(r"[A-Z0-9_]+", key):
            continue
        try:
            found[key] = "".join(shlex.split(value)) if value[:1] in "\"'" else value
        except ValueError:
            found[key] = value.strip("\"'")
    return found


def hypervisor(dmi: str, cpuinfo: str, xen: str) -> Optional[str]:
    """The kind of virtual machine, ``None`` on plain hardware.

    ``dmi`` is vendor and product of the firmware, ``cpuinfo`` the text of ``/proc/cpuinfo``, ``xen`` the
    text of ``/sys/hypervisor/type``.
    """
    if xen.strip() == "xen":
        return "xen"
    lowered = dmi.lower()
    for sign, name in VENDORS:
        if sign in lowered and (name != "microsoft" or "virtual" in lowered) and name != "google":
            return name
    if re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo[:20000], re.MULTILINE):
        return "google" if "google" in lowered else "vm"
    return None


def virtualization(tree: Tree) -> str:
    """Container first, then virtual machine, else ``none``."""
    named = tree.line("/run/systemd/container")
    if named:
        return named
    if tree.exists("/.dockerenv"):
        return "docker"
    if tree.exists("/run/.containerenv"):
        return "podman"
    if tree.is_dir("/proc/vz") and not tree.is_dir("/proc/bc"):
        return "openvz"
    dmi = " ".join(
        tree.line(f"/sys/class/dmi/id/{name}") or ""
        for name in ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
    )
    cpuinfo = (tree.data("/proc/cpuinfo", 1 << 24) or b"")[:20000].decode("utf-8", "replace")
    return hypervisor(dmi, cpuinfo, tree.line("/sys/hypervisor/type") or "") or "none"


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contribution ``system:os`` and the component ``host``."""
    tree, sheet = Tree(root), Sheet("os")
    evidence = next((p for p in ("/etc/os-release", "/usr/lib/os-release") if tree.exists(p)), "")
    release = parse_os_release(tree.text(evidence) or "") if evidence else {}
    version = release.get("VERSION_ID") or _testing_version(tree, release)
    distribution = release.get("ID") or ("debian" if tree.exists("/etc/debian_version") else "unknown")
    if not release:
        sheet.incomplete("os-release was not found: the distribution is a guess")
    values: dict[str, object] = {
        "distribution": distribution,
        "version": version,
        "codename": release.get("VERSION_CODENAME") or release.get("UBUNTU_CODENAME"),
        "like": release.get("ID_LIKE", "").split() or None,
        "pretty": release.get("PRETTY_NAME"),
        "variant": release.get("VARIANT_ID"),
        "support_end": release.get("SUPPORT_END"),
        "hostname": tree.line("/etc/hostname"),
    }
    if live:
        uname = os.uname()
        modules = tree.line("/sys/kernel/security/lsm")
        enforcing = tree.line("/sys/fs/selinux/enforce")
        values.update(
            {
                "hostname": uname.nodename,
                "kernel": uname.release,
                "architecture": uname.machine,
                "virtualization": virtualization(tree),
                "init": tree.line("/proc/1/comm"),
                "lsm": modules.split(",") if modules else None,
                "apparmor": "yes" if tree.line("/sys/module/apparmor/parameters/enabled") == "Y" else "no",
                "selinux": {"1": "enforcing", "0": "permissive"}.get(enforcing or "", "no"),
            }
        )
    sheet.add("os", "os", values)
    sheet.component(
        Component(
            name="host",
            version=version or None,
            branch=release.get("VERSION_CODENAME") or None,
            package=None,
            running=live,
            evidence=[evidence] if evidence else [],
            extra={"distribution": distribution},
        )
    )
    sheet.cut(tree.problems)
    return [sheet.contribution()]


def _testing_version(tree: Tree, release: dict[str, str]) -> str:
    """Debian testing has no ``VERSION_ID``: the number belongs to its code name."""
    numbers = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"}
    codename = release.get("VERSION_CODENAME", "")
    if not codename and release.get("ID") == "debian":
        codename = (tree.line("/etc/debian_version") or "").split("/")[0]
    return numbers.get(codename, "")
