"""The command's entry: finds the subcommand, and turns errors into one message and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from grundton import __version__
from grundton.runner.errors import GrundtonError

OK, BELOW_GATE, USAGE, NOT_AUDITED = 0, 1, 2, 3
INTERRUPTED = 130

_COMMANDS = {
    "apply": "Apply the plan, guarded: a host that is not confirmed takes everything back.",
    "assess": "Judge a stored run again, with this version's catalogue.",
    "audit": "Audit hosts, or a copied file tree, measure by measure.",
    "controls": "List the controls, what they check and which demands they answer.",
    "explain": "Explain one control: what it wants, why, and what to do.",
    "journal": "List what was done to hosts, run by run.",
    "lab": "A whole voice network on this machine, to try things out.",
    "measures": "The measures of B 4.7, their demands, and what checks them.",
    "plan": "Say what apply would change, and who would notice. Changes nothing.",
    "policy": "Show or check the policy (voip_* variables) of an inventory.",
    "rollback": "Take back what apply did, to the byte.",
    "report": "Show a stored run, or write it in another format.",
}


class _Subcommands(click.Group):
    """Loads a subcommand's module when it is used, so that the command starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"grundton.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Subcommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grundton", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show Python tracebacks.")
def cli(debug: bool) -> None:
    """Audits VoIP systems, measure by measure, after BSI B 4.7 VoIP.

    \b
    grundton audit root@pbx.example          audit one host over SSH
    grundton audit -i inventories/office     audit the hosts of an Ansible inventory
    grundton report last --format html -o report.html

    Exit codes: 0 meets the gate, 1 below it, 2 wrong usage or input, 3 could not audit.
    """  # noqa: D301


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_guarded(given, debug="--debug" in given))


def _guarded(arguments: list[str], *, debug: bool) -> int:
    try:
        result = cli.main(args=arguments, prog_name="grundton", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as problem:
        problem.show()
        return USAGE
    except click.ClickException as problem:
        problem.show()
        return NOT_AUDITED
    except GrundtonError as problem:
        if debug:
            traceback.print_exc()
        _say(problem.message, problem.hint)
        return problem.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Keep Python from complaining while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as problem:
        if debug:
            raise
        if type(problem).__module__.startswith("grundton."):
            # A room's own error (a catalogue file, a stored document): its message is written for people.
            _say(str(problem))
            return NOT_AUDITED
        _say(
            f"grundton met a situation it does not know ({type(problem).__name__}: {problem})",
            "That is a defect of grundton. Run it again with `grundton --debug …` and report what it shows.",
        )
        return NOT_AUDITED
    return result if isinstance(result, int) else OK


def _say(message: str, hint: str = "") -> None:
    click.echo(click.style("Error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(hint, err=True)


if __name__ == "__main__":
    run()
