from __future__ import annotations

from dataclasses import dataclass

import pytest

from grundton.cli.main import run


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def grundton(capsys, tmp_path, monkeypatch):
    """Runs the command in an empty directory; returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(ended.value.code, captured.out, captured.err)

    return call
