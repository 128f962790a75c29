"""How the controller reaches the hosts: keys of the lab's own, ssh settings, an inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from grundton.lab.command import run


def make_key(path: Path, comment: str) -> str:
    """Make an Ed25519 key pair (private part 0600) unless it exists; returns the public key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
    return path.with_name(f"{path.name}.pub").read_text(encoding="ascii").strip()


def write_known_hosts(path: Path, keys: Mapping[str, tuple[str, str]]) -> None:
    """:param keys: host name → (management address, public host key)."""
    lines = [f"{name},{address} {' '.join(key.split()[:2])}" for name, (address, key) in keys.items()]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def write_ssh_config(path: Path, addresses: Mapping[str, str], identity: Path, known_hosts: Path) -> None:
    """Write settings for ``ssh -F``: every host under its own name, nothing from the user's."""
    blocks = [f"Host {name}\n  HostName {address}" for name, address in addresses.items()]
    blocks.append(
        "Host *\n"
        "  User root\n"
        f"  IdentityFile {identity}\n"
        "  IdentitiesOnly yes\n"
        "  IdentityAgent none\n"
        f"  UserKnownHostsFile {known_hosts}\n"
        "  GlobalKnownHostsFile /dev/null\n"
        "  StrictHostKeyChecking yes\n"
        "  PasswordAuthentication no\n"
        "  ConnectTimeout 5\n"
        "  LogLevel ERROR"
    )
    path.write_text("\n\n".join(blocks) + "\n", encoding="ascii")


def write_inventory(
    path: Path,
    addresses: Mapping[str, str],
    groups: Mapping[str, Sequence[str]],
    identity: Path,
    ssh_config: Path,
) -> None:
    """Write an Ansible inventory: how to reach the hosts, and their groups. No policy in it.

    The connection is set per host, so that this file may follow another inventory on the command
    line (``-i inventories/lab -i …``) and redirect its hosts to this lab.
    """
    hosts = {
        name: {
            "ansible_host": address,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(identity),
            "ansible_ssh_common_args": f"-F {ssh_config}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        for name, address in addresses.items()
    }
    children: dict[str, Any] = {
        group: {"hosts": dict.fromkeys(name for name in members if name in hosts)}
        for group, members in groups.items()
        if any(name in hosts for name in members)
    }
    data = {"all": {"hosts": hosts, "children": children}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="ascii")
