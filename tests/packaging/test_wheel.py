"""The built wheel works in an empty environment, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)


def run(*command: str | Path, cwd: Path, ok: int | None = 0, **extra: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    environment |= {"HOME": str(cwd), **extra}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if ok is not None:
        assert done.returncode == ok, f"{command} → {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", target, repository, cwd=target)
    (built,) = target.glob("grundton-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it; returns its bin directory."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home / "venv", with_pip=True)
    run(home / "venv/bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=home)
    return home / "venv" / "bin"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copied tree with a small Asterisk configuration."""
    etc = tmp_path / "tree" / "etc"
    (etc / "asterisk").mkdir(parents=True)
    (etc / "hostname").write_text("pbx\n")
    (etc / "os-release").write_text('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
    (etc / "asterisk" / "asterisk.conf").write_text("[options]\n")
    (etc / "asterisk" / "pjsip.conf").write_text(
        "[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n\n[6001]\ntype=endpoint\nmedia_encryption=no\n"
    )
    return tmp_path / "tree"


def test_wheel_carries_package_data_and_collection(wheel: Path, repository: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    collection = "ansible_collections/grundton/voip"
    assert "grundton/py.typed" in names
    assert f"{collection}/galaxy.yml" in names
    assert f"{collection}/playbooks/audit.yml" in names
    for folder in ("plugins", "roles", "meta", "playbooks"):
        for path in (repository / folder).rglob("*"):
            relative = path.relative_to(repository)
            if path.is_file() and "__pycache__" not in path.parts and "collections" not in path.parts:
                assert f"{collection}/{relative.as_posix()}" in names
    for path in (repository / "src" / "grundton").rglob("*"):
        if path.is_file() and path.suffix in (".yml", ".json", ".html", ".css", ".js", ".j2"):
            assert path.relative_to(repository / "src").as_posix() in names
    assert not [name for name in names if name.startswith(("tests/", "docs/")) or "__pycache__" in name]


def test_command(installed: Path, tmp_path: Path, repository: Path) -> None:
    shown = run(installed / "grundton", "--version", cwd=tmp_path).stdout
    assert shown.startswith("grundton ")
    where = run(installed / "python", "-c", "import grundton; print(grundton.__file__)", cwd=tmp_path).stdout
    assert str(repository) not in where
    assert "M 5.135" in run(installed / "grundton", "measures", cwd=tmp_path).stdout
    run(installed / "grundton", "measures", "show", "M5.135", cwd=tmp_path)


def test_audit_of_a_tree(installed: Path, tmp_path: Path, tree: Path) -> None:
    done = run(installed / "grundton", "audit", "--root", tree, "--fail-on", "none", cwd=tmp_path)
    assert "M 5.135" in done.stdout
    (run_folder,) = (tmp_path / "runs").iterdir()
    assert (run_folder / "report.html").is_file()


def test_ansible_finds_the_collection_by_itself(installed: Path, tmp_path: Path) -> None:
    """`ansible-playbook grundton.voip.audit` needs no setting."""
    path = f"{installed}:{os.environ['PATH']}"
    done = run(
        installed / "ansible-playbook", "-i", "localhost,", "-c", "local", "grundton.voip.audit",
        cwd=tmp_path, ok=None, PATH=path,
    )  # fmt: skip
    assert "Take a snapshot" in done.stdout, done.stdout + done.stderr
    (run_folder,) = (tmp_path / "runs").iterdir()
    assert (run_folder / "hosts.json").is_file(), done.stdout + done.stderr
    assert (run_folder / "assessment.json").is_file(), done.stdout + done.stderr


def test_command_audits_through_ansible(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "grundton", "audit", "localhost", "--fail-on", "none", cwd=tmp_path, ok=None)
    (run_folder,) = (tmp_path / "runs").iterdir()
    assert (run_folder / "assessment.json").is_file(), done.stdout + done.stderr
    assert done.returncode in (0, 3), done.stdout + done.stderr
