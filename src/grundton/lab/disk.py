"""The root file system of one host: a thin layer over the shared image, plus its own files."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from grundton.lab.command import run
from grundton.lab.errors import LabError
from grundton.lab.topology import Account, FileMode, HostSpec

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
SETUP_LIMIT = 60.0
"""Seconds for one set-up command of a host."""


def mount(image_root: Path, directory: Path) -> Path:
    """Put an empty writable layer over the image and return the merged root.

    :raises LabError: the kernel refused the overlay (for example on a file system without
        extended attributes).
    """
    for name in ("upper", "work", "root"):
        (directory / name).mkdir(parents=True)
    root = directory / "root"
    run([
        "mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir={image_root},upperdir={directory / 'upper'},workdir={directory / 'work'}",
        str(root),
    ])  # fmt: skip
    return root


def unmount(directory: Path) -> None:
    """Undo :func:`mount`, also when a process still has a file open in it."""
    root = directory / "root"
    if os.path.ismount(root) and run(["umount", str(root)], check=False).returncode != 0:
        run(["umount", "--lazy", str(root)])


def fill(root: Path, host: HostSpec, hosts_file: str, authorized_key: str, host_key: str) -> None:
    """Make the merged root into the host of the topology, before its first boot.

    :param hosts_file: the content of /etc/hosts.
    :param authorized_key: public key that may log in as root.
    :param host_key: private key of the host's sshd (Ed25519).
    :raises LabError: a set-up command failed, or an owner does not exist.
    """
    etc = root / "etc"
    (etc / "hostname").write_text(f"{host.name}\n", encoding="ascii")
    (etc / "hosts").write_text(hosts_file, encoding="ascii")
    (etc / "machine-id").write_text(f"{secrets.token_hex(16)}\n", encoding="ascii")
    _write(etc / "ssh" / "ssh_host_ed25519_key", host_key, 0o600)
    (root / "root" / ".ssh").mkdir(mode=0o700, exist_ok=True)
    _write(root / "root" / ".ssh" / "authorized_keys", f"{authorized_key}\n", 0o600)
    for account in host.accounts:
        _add_account(root, account)
    for tree in host.trees:
        copy_tree(tree, root)
    for command in host.setup:
        _setup(root, host, command)
    for mode in host.modes:
        _apply_mode(root, host, mode)
    if host.enable:
        run(["systemctl", "--quiet", f"--root={root}", "enable", *host.enable])


def copy_tree(tree: Path, root: Path) -> None:
    """Copy a configuration tree over a root; files become root's, 0644 (0755 if executable)."""
    for source in sorted(tree.rglob("*")):
        target = root / source.relative_to(tree)
        if source.is_symlink():
            target.unlink(missing_ok=True)
            target.symlink_to(source.readlink())
        elif source.is_dir():
            target.mkdir(mode=0o755, exist_ok=True)
        else:
            known = target.exists()
            shutil.copyfile(source, target)
            if not known:
                target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    path.write_text(text, encoding="ascii")
    path.chmod(mode)


def _add_account(root: Path, account: Account) -> None:
    groups = ["--groups", ",".join(account.groups)] if account.groups else []
    run([
        "chroot", str(root), "useradd", "--create-home", "--shell", account.shell,
        "--comment", account.comment, "--password", account.password, *groups, account.name,
    ], env=ENVIRONMENT)  # fmt: skip


def _setup(root: Path, host: HostSpec, command: str) -> None:
    try:
        run(["chroot", str(root), "sh", "-eu", "-c", command],
            timeout=SETUP_LIMIT, env=ENVIRONMENT)  # fmt: skip
    except LabError as error:
        raise LabError(f"host {host.name}: set-up command failed: {command.strip()}", str(error)) \
            from error  # fmt: skip


def _apply_mode(root: Path, host: HostSpec, rule: FileMode) -> None:
    user, _, group = rule.owner.partition(":")
    uid = _lookup(root / "etc" / "passwd", user)
    gid = _lookup(root / "etc" / "group", group or user)
    if uid is None or gid is None:
        raise LabError(f"host {host.name}: the image has no owner {rule.owner} for {rule.path}")
    matched = sorted(root.glob(rule.path))
    if not matched:
        raise LabError(f"host {host.name}: no file matches {rule.path} in the list of modes")
    for path in matched:
        if path.is_symlink():
            continue
        os.chown(path, uid, gid)
        mode = rule.directory_mode if path.is_dir() else rule.mode
        if mode is not None:
            path.chmod(mode)


def _lookup(database: Path, name: str) -> int | None:
    """The id of a name in a passwd or group file."""
    for line in database.read_text(encoding="utf-8").splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2])
    return None
