"""Options that several subcommands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from grundton.runner.bar import CHOICES, SEVERITIES

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

FORMATS = ("terminal", "json", "html")
DEFAULT_GATE = "high"

_INPUT_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

runs_dir = click.option(
    "--runs-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    envvar="GRUNDTON_RUNS_DIR",
    help="Where run folders are kept.",
)

inventory = click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    metavar="INVENTORY",
    help="Ansible inventory: file, directory, or 'host,'. May be repeated.",
)

policy_file = click.option(
    "--policy",
    "policy_path",
    type=_INPUT_FILE,
    help="YAML file with voip_* variables, for targets that are in no inventory.",
)

language = click.option(
    "--lang", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Language of the report."
)


def _stack(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


view: Callable[[Any], Any] = _stack(
    click.option("--format", "fmt", type=click.Choice(FORMATS), help="Default: by the file name of -o, else terminal."),
    click.option(
        "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of the terminal."
    ),
    click.option("--measure", "measures", multiple=True, metavar="MEASURE", help="Only this measure, e.g. 'M 5.135'."),
    click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only this host."),
    click.option("--severity", type=click.Choice(SEVERITIES), help="Only findings this bad or worse."),
    click.option("-v", "--verbose", is_flag=True, help="Everything: evidence, and what passed."),
    language,
)

gate: Callable[[Any], Any] = _stack(
    click.option(
        "--fail-on",
        type=click.Choice(CHOICES),
        default=DEFAULT_GATE,
        show_default=True,
        help="Exit with 1 when a finding this bad fails (or could not be checked), or when a measure is not fulfilled.",
    ),
    click.option(
        "--allow-not-checked",
        is_flag=True,
        help="What could not be checked does not count against the gate.",
    ),
)

connection: Callable[[Any], Any] = _stack(
    click.option("-l", "--limit", metavar="PATTERN", help="Only these hosts or groups of the inventory."),
    click.option("--ssh-key", type=_INPUT_FILE, help="Private key for SSH. Default: what ssh and ssh-agent offer."),
    click.option("--ssh-config", type=_INPUT_FILE, help="SSH configuration file (jump hosts, ports, users)."),
    click.option("-b", "--become", is_flag=True, help="Read as root through sudo. Without it, as the login user."),
    click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for the sudo password (implies --become)."),
    click.option("-k", "--ask-pass", is_flag=True, help="Ask for the SSH password (needs sshpass)."),
    click.option("--forks", type=click.IntRange(min=1), help="Hosts at the same time."),
    click.option("--timeout", type=click.IntRange(min=1), help="Seconds to wait for a connection."),
    click.option("--vault-password-file", type=_INPUT_FILE, help="Password file for Ansible Vault."),
)

care: Callable[[Any], Any] = _stack(
    click.option(
        "--serial",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Hosts at the same time. It ends at the first that fails.",
    ),
    click.option(
        "--guard-seconds",
        type=click.IntRange(min=10),
        help="Until a host that is not confirmed takes everything back by itself. Default: 180, with --window 420.",
    ),
)

selection: Callable[[Any], Any] = _stack(
    click.option(
        "--measures",
        multiple=True,
        metavar="MEASURE[,…]",
        help="Only controls of these measures: M5.135,M4.287. May be repeated.",
    ),
    click.option(
        "--controls",
        multiple=True,
        metavar="CONTROL[,…]",
        help="Only these controls. One that is a decision of yours must be named here.",
    ),
    click.option("--without", multiple=True, metavar="CONTROL[,…]", help="Leave these controls out."),
    click.option("--window", is_flag=True, help="Also what takes effect only with a restart (maintenance window)."),
    click.option(
        "--accept-breaks",
        is_flag=True,
        help="Also what hurts somebody: the ones the plan names, and those nobody can see from here.",
    ),
)
