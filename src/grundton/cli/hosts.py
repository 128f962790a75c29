"""Which hosts a subcommand means and how to reach them, from its arguments and options."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from grundton.policy import PolicyError, load_policy
from grundton.runner.errors import InputError
from grundton.runner.plan_run import Order, Wish
from grundton.runner.play import Connection
from grundton.runner.targets import inventory_of, parse_targets
from grundton.runner.variables import read_policy_file


def inventory_given(
    targets: Sequence[str], inventories: Sequence[str], policy_path: Path | None, question: str
) -> list[str] | dict[str, Any]:
    """Return the inventory that is meant: the sources of -i, or one made of the targets."""
    if not targets and not inventories:
        raise click.UsageError(f"{question} Give a target (root@pbx.example) or -i INVENTORY.")
    if targets and inventories:
        raise click.UsageError("give either targets, or -i INVENTORY, not both. To narrow an inventory, use --limit.")
    if policy_path and inventories:
        raise click.UsageError("--policy is for targets; with -i, the voip_* variables stand in the inventory.")
    check_inventories(inventories)
    policy: Mapping[str, Any] = checked_policy(policy_path)
    return list(inventories) if inventories else inventory_of(parse_targets(targets), policy)


def plain_order(
    targets: Sequence[str], inventories: Sequence[str], policy_path: Path | None, rest: Mapping[str, Any], ask: str
) -> Order:
    """Return what a playbook needs to run, for commands that select nothing but measures."""
    return Order(
        inventory=inventory_given(targets, inventories, policy_path, ask),
        wish=Wish(measures=tuple(rest.get("measures", ()))),
        connection=connection_of(dict(rest)),
        runs_dir=rest["runs_dir"],
        command=["grundton", *sys.argv[1:]],
    )


#: Options that say how to reach hosts, by parameter: what stands before the value.
_REACH = {"limit": "--limit", "ssh_key": "--ssh-key", "ssh_config": "--ssh-config", "timeout": "--timeout",
          "vault_password_file": "--vault-password-file"}  # fmt: skip
_REACH_FLAGS = {"become": "--become", "ask_become_pass": "--ask-become-pass", "ask_pass": "--ask-pass"}


def same_hosts(name: str, targets: Sequence[str], inventories: Sequence[str], rest: Mapping[str, Any]) -> list[str]:
    """Return another command for the very same hosts, reached in the same way."""
    found = ["grundton", name, *targets]
    for source in inventories:
        found += ["-i", source]
    for parameter, option in _REACH.items():
        if rest.get(parameter):
            found += [option, str(rest[parameter])]
    return found + [flag for parameter, flag in _REACH_FLAGS.items() if rest.get(parameter)]


def check_inventories(inventories: Sequence[str]) -> None:
    """Raise InputError for an inventory that is not there."""
    for source in inventories:
        if "," not in source and not Path(source).exists():
            raise InputError(f"the inventory {source} does not exist", "Name a file or directory, or 'host,'.")


def checked_policy(path: Path | None) -> dict[str, Any]:
    """Read and check the policy before any host is contacted."""
    if path is None:
        return {}
    variables, origins = read_policy_file(path)
    try:
        load_policy(variables, host="", origins=origins)
    except PolicyError as problem:
        raise InputError(str(problem), "See `grundton policy show` for every variable and its default.") from problem
    return variables


def connection_of(rest: dict[str, Any]) -> Connection:
    """Return how to reach the hosts, from the options; asks for passwords where they are wanted."""
    become_password = ssh_password = None
    if rest["ask_pass"]:
        ssh_password = click.prompt("SSH password", hide_input=True, err=True)
    if rest["ask_become_pass"]:
        become_password = click.prompt("sudo password", hide_input=True, err=True)
    return Connection(
        limit=rest["limit"],
        forks=rest["forks"],
        timeout=rest["timeout"],
        private_key=rest["ssh_key"],
        ssh_config=rest["ssh_config"],
        become=rest["become"] or rest["ask_become_pass"],
        become_password=become_password,
        ssh_password=ssh_password,
        vault_password_file=rest["vault_password_file"],
    )
