"""Machines that cannot run a lab say why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grundton.cli.lab import lab
from grundton.lab import LabError, image, machine, mirror
from grundton.lab.command import run
from grundton.lab.lock import locked


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRUNDTON_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GRUNDTON_CACHE", str(tmp_path / "cache"))


def test_not_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(LabError, match="needs Linux"):
        machine.check_runnable()


def test_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    done = CliRunner().invoke(lab, ["up"])
    assert done.exit_code == 1
    assert "needs root" in done.output
    assert "sudo" in done.output


def test_missing_program_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "systemd-nspawn" else f"/bin/{name}")
    with pytest.raises(LabError, match="apt-get install systemd-container"):
        machine.check_runnable()


def test_no_overlayfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_has_overlayfs", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(LabError, match="overlayfs"):
        machine.check_overlayfs()


def test_status_without_labs() -> None:
    done = CliRunner().invoke(lab, ["status"])
    assert done.exit_code == 0
    assert "no lab is running" in done.output
    assert "office" in done.output
    assert CliRunner().invoke(lab, ["status", "--json"]).output == "[]\n"


@pytest.mark.parametrize(
    "arguments", [["status", "nosuch"], ["exec", "--lab", "nosuch", "pbx"], ["inventory", "nosuch"]]
)
def test_unknown_lab(arguments: list[str]) -> None:
    done = CliRunner().invoke(lab, arguments)
    assert done.exit_code == 1
    assert "no lab named nosuch is running" in done.output


def test_bad_lab_name() -> None:
    done = CliRunner().invoke(lab, ["up", "office", "--name", "../x"])
    assert done.exit_code == 1
    assert "no name for a lab" in done.output


def test_failed_build_says_the_reason_and_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "mmdebstrap"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'I: downloading packages...'\necho 'E: no such package' >&2\nexit 5\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(image, "need_tools", lambda tools: None)
    monkeypatch.setattr(mirror, "proxies", list)
    monkeypatch.setattr(mirror, "find", lambda: mirror.Mirror("http://a.example/debian", "", tmp_path / "keys"))
    said: list[str] = []
    with pytest.raises(LabError, match="no such package") as caught:
        image.ensure("forky", said.append)
    log = tmp_path / "cache" / "images" / f"{image.recipe('forky').name}.log"
    assert str(log) in str(caught.value)
    assert "E: no such package" in log.read_text()
    assert any("downloading packages" in line for line in said)
    assert not image.cached()
    assert not [path for path in log.parent.iterdir() if path.is_dir()]


def test_recipe_key_follows_the_content() -> None:
    forky = image.recipe("forky")
    assert forky.key == image.recipe("forky").key
    assert image.Recipe("forky", False, (*forky.packages, "more")).key != forky.key
    assert image.Recipe("forky", False, tuple(reversed(forky.packages))).key == forky.key


def test_lock_is_exclusive_and_survives_deletion(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    told: list[str] = []
    with locked(path, timeout=1.0):
        with (
            pytest.raises(LabError, match="another process"),
            locked(path, timeout=0.1, waiting=lambda: told.append("x")),
        ):
            pass
        path.unlink()
    assert told == ["x"]
    with locked(path, timeout=0.1):
        pass


def test_command_errors_are_plain() -> None:
    with pytest.raises(LabError, match="no-such-program is not installed"):
        run(["no-such-program"])
    with pytest.raises(LabError, match=r"exit 3\): oh"):
        run(["sh", "-c", "echo oh >&2; exit 3"])
    with pytest.raises(LabError, match=r"within 0\.1 seconds"):
        run(["sleep", "5"], timeout=0.1)
