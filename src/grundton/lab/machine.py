"""What this machine can do, and the two ways it may run its own processes.

A machine with systemd as process 1 delegates a control group to each host (a scope). A machine
without (a container, a micro VM) has nobody to ask, so the lab makes the control groups itself.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from grundton.lab.command import run
from grundton.lab.errors import LabError

TOOLS = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mount": "mount",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""Program → Debian package, needed to run a lab."""

BUILD_TOOLS = {"mmdebstrap": "mmdebstrap", "apt-config": "apt"}
"""Program → Debian package, needed to build an image."""

INSTALL = "On Debian: apt-get install "


def check_runnable() -> None:
    """Refuse early, with the reason, on a machine that cannot run a lab.

    :raises LabError: not Linux, not root, a program is missing, or the kernel lacks overlayfs.
    """
    if not sys.platform.startswith("linux"):
        raise LabError(
            "the lab needs Linux: its hosts live in Linux network namespaces",
            "Use a Linux machine or a virtual machine with Debian 12 or newer.",
        )
    if os.geteuid() != 0:
        raise LabError(
            "the lab needs root: it makes network namespaces and mounts",
            "Run the same command with sudo.",
        )
    need_tools(TOOLS)
    check_overlayfs()
    if unified_cgroup() is None:
        raise LabError(
            "the lab needs control groups version 2, and no cgroup2 file system is mounted",
            "Mount one: mount -t cgroup2 none /sys/fs/cgroup/unified",
        )


def need_tools(tools: dict[str, str]) -> None:
    """:raises LabError: a program of ``tools`` is not installed; names the packages."""
    missing = sorted(name for name in tools if shutil.which(name) is None)
    if missing:
        packages = sorted({tools[name] for name in missing})
        raise LabError(f"the lab needs {', '.join(missing)}", f"{INSTALL}{' '.join(packages)}")


def check_overlayfs() -> None:
    """:raises LabError: the kernel has no overlayfs and its module cannot be loaded."""
    if _has_overlayfs():
        return
    modprobe = shutil.which("modprobe")
    if modprobe is not None:
        run([modprobe, "--quiet", "overlay"], check=False)
    if not _has_overlayfs():
        raise LabError(
            "the lab needs overlayfs, and this kernel does not have it",
            "Use a kernel with CONFIG_OVERLAY_FS (every Debian kernel has it as a module).",
        )


def _has_overlayfs() -> bool:
    try:
        known = Path("/proc/filesystems").read_text(encoding="ascii")
    except OSError:
        return False
    return any(line.split()[-1:] == ["overlay"] for line in known.splitlines())


def has_systemd() -> bool:
    """Whether process 1 of this machine is systemd."""
    return Path("/run/systemd/system").is_dir()


def unified_cgroup() -> Path | None:
    """Mount point of the version 2 control group tree, or None."""
    return _mount_point("cgroup2")


def named_cgroup() -> Path | None:
    """Mount point of the version 1 tree ``name=systemd`` (hybrid machines), or None."""
    return _mount_point("cgroup", option="name=systemd")


def _mount_point(kind: str, option: str = "") -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        filesystem, _, options = right.split(" ", 2)
        if filesystem == kind and (not option or option in options.split(",")):
            return Path(left.split(" ")[4])
    return None
