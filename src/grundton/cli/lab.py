"""``grundton lab``: the network in a box."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from grundton.lab import image as images
from grundton.lab import lifecycle as labs
from grundton.lab import topology
from grundton.lab.errors import LabError
from grundton.lab.lab import Lab
from grundton.lab.machine import check_runnable

DEFAULT = "office"


def _say(line: str) -> None:
    click.echo(line, err=True)


def _fail(error: LabError) -> NoReturn:
    raise click.ClickException(str(error))


@click.group()
def lab() -> None:
    """A whole voice network on this machine: real hosts, nothing reachable from outside."""


@lab.command()
@click.argument("topology_name", metavar="TOPOLOGY", default=DEFAULT)
@click.option("--name", help="Name of this lab, to run several side by side.")
@click.option("--keep-failed", is_flag=True, help="Leave a failed start as it is, to look into it.")
def up(topology_name: str, name: str | None, keep_failed: bool) -> None:
    """Start a lab and wait until its services answer.

    TOPOLOGY is the name of one that comes with grundton (default: office), or a .yml file.
    """
    chosen = name or Path(topology_name).stem
    try:
        started = labs.up(chosen, topology_name=topology_name, keep_failed=keep_failed, progress=_say)
    except LabError as error:
        _fail(error)
    click.echo(f"inventory: {started.inventory}")
    click.echo(f"ssh:       ssh -F {started.ssh_config} {next(iter(started.hosts))}")


@lab.command()
@click.argument("name", default=DEFAULT)
@click.option("--all", "everything", is_flag=True, help="Stop every lab on this machine.")
def down(name: str, everything: bool) -> None:
    """Stop a lab and remove everything it made."""
    try:
        for each in labs.running() if everything else [name]:
            stopped = labs.down(each)
            click.echo(f"the lab {each} is gone" if stopped else f"no lab {each} was running")
    except LabError as error:
        _fail(error)


@lab.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(name: str | None, as_json: bool) -> None:
    """Show the running labs, their hosts and addresses. Exit code 3 if a host is down."""
    try:
        found = [labs.get(each) for each in ([name] if name else labs.running())]
    except LabError as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps([_as_data(each) for each in found], indent=2))
    elif not found:
        click.echo(f"no lab is running; there are: {', '.join(topology.available())}")
    else:
        for each in found:
            _print_lab(each)
    if any(not each.all_up() for each in found):
        sys.exit(3)


def _as_data(each: Lab) -> dict[str, object]:
    return {
        "name": each.name,
        "topology": each.topology.name,
        "up": each.all_up(),
        "inventory": str(each.inventory),
        "ssh_config": str(each.ssh_config),
        "hosts": {
            host.name: {
                "up": host.alive,
                "address": str(host.address),
                "netns": host.netns,
                "zones": {
                    leg.zone: [str(leg.v4), *([str(leg.v6)] if leg.v6 else [])] for leg in host.interfaces.values()
                },
            }
            for host in each.hosts.values()
        },
    }


def _print_lab(each: Lab) -> None:
    click.echo(f"{each.name}: {each.topology.title}")
    for host in each.hosts.values():
        legs = ", ".join(f"{leg.zone} {leg.v4}" for leg in host.interfaces.values())
        click.echo(f"  {host.name:<10} {'up  ' if host.alive else 'DOWN'}  {legs}")


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@click.option("--lab", "name", default=DEFAULT, help="Name of the lab.", show_default=True)
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def exec_(name: str, host: str, command: tuple[str, ...]) -> None:
    """Run COMMAND in HOST as root, not over ssh (default: a shell)."""
    _become(name, host, command or ("bash",), over_ssh=False)


@lab.command(context_settings={"ignore_unknown_options": True})
@click.option("--lab", "name", default=DEFAULT, help="Name of the lab.", show_default=True)
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str, host: str, command: tuple[str, ...]) -> None:
    """Log in to HOST over ssh, or run COMMAND there."""
    _become(name, host, command, over_ssh=True)


def _become(name: str, host: str, command: tuple[str, ...], *, over_ssh: bool) -> None:
    try:
        found = labs.get(name)
        argv = found.ssh_argv(host, command) if over_ssh else found.exec_argv(host, command)
    except LabError as error:
        _fail(error)
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is the point


@lab.command()
@click.argument("name", default=DEFAULT)
def inventory(name: str) -> None:
    """Print the path of a running lab's Ansible inventory."""
    try:
        click.echo(labs.get(name).inventory)
    except LabError as error:
        _fail(error)


@lab.group()
def image() -> None:
    """The disk images that hosts start from."""


@image.command("build")
@click.option("--suite", default="forky", show_default=True, help="Debian suite.")
@click.option("--fresh", is_flag=True, help="Build even if there is one (newer packages).")
def image_build(suite: str, fresh: bool) -> None:
    """Build an image, unless the cache has it."""
    try:
        if fresh:
            check_runnable()
        built = images.ensure(suite, _say, fresh=fresh)
    except LabError as error:
        _fail(error)
    click.echo(f"{built.name}: {built.root}")


@image.command("list")
def image_list() -> None:
    """List the images in the cache."""
    current = {images.recipe(suite).name for suite in images.suites()}
    for each in images.cached():
        click.echo(f"{each.name}{'' if each.name in current else '  (outdated recipe)'}")


@image.command("prune")
def image_prune() -> None:
    """Delete images whose recipe has changed since. Needs all labs to be down."""
    current = {images.recipe(suite).name for suite in images.suites()}
    try:
        if labs.running():
            raise LabError("labs are running", "Stop them first: grundton lab down --all")
        for each in images.cached():
            if each.name not in current:
                images.remove(each)
                click.echo(f"deleted {each.name}")
    except LabError as error:
        _fail(error)
