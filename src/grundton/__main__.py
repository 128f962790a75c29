"""`python -m grundton` is the command `grundton`."""

from grundton.cli.main import run

run()
