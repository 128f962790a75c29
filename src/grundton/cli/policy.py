"""`grundton policy`: what the operator has decided, and whether it can be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from grundton.cli import options

if TYPE_CHECKING:
    from grundton.policy import Policy

_limit = click.option("-l", "--limit", metavar="PATTERN", help="Only these hosts or groups of the inventory.")


@click.group(short_help="Show or check the policy of an inventory.")
def policy() -> None:
    """The policy: the operator's decisions, as voip_* variables of an Ansible inventory or of a file."""


@policy.command()
@options.inventory
@options.policy_file
@_limit
def show(inventories: tuple[str, ...], policy_path: Path | None, limit: str | None) -> None:
    """Show the policy each host is judged by, defaults included. Without an inventory: the defaults."""
    for name, found in _policies(inventories, policy_path, limit):
        if isinstance(found, Exception):
            raise found
        values = {f"voip_{key}": value for key, value in found.to_dict().items()}
        click.echo(f"# {name}\n" + yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


@policy.command()
@options.inventory
@options.policy_file
@_limit
def check(inventories: tuple[str, ...], policy_path: Path | None, limit: str | None) -> int:
    """Check the policy of every host: unknown, wrong and contradictory variables, with file and line."""
    from grundton.cli.main import OK, USAGE

    if not inventories and not policy_path:
        raise click.UsageError("what shall be checked? Give -i INVENTORY or --policy FILE.")
    broken = 0
    for name, found in _policies(inventories, policy_path, limit):
        if isinstance(found, Exception):
            broken += 1
            click.echo(f"{name}: {found}", err=True)
            continue
        for warning in found.warnings:
            click.echo(f"{name}: warning: {warning}", err=True)
        click.echo(f"{name}: in order")
    return USAGE if broken else OK


def _policies(
    inventories: tuple[str, ...], path: Path | None, limit: str | None
) -> Iterator[tuple[str, Policy | Exception]]:
    from grundton.policy import PolicyError, load_policy
    from grundton.runner.inventory import hosts_with_policy
    from grundton.runner.variables import read_policy_file

    if inventories and path:
        raise click.UsageError("give either -i INVENTORY or --policy FILE.")
    if inventories:
        found = hosts_with_policy(inventories, limit)
    elif path:
        found = iter([(str(path), *read_policy_file(path))])
    else:
        found = iter([("defaults", {}, {})])
    for name, variables, origins in found:
        try:
            yield name, load_policy(variables, host=name, origins=origins)
        except PolicyError as problem:
            yield name, problem
