"""The sample configuration Debian ships with Asterisk 22 and 16, audited from a copy by the command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grundton.lab.image import ensure
from grundton.runner.folder import RunFolder

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("suite", "version", "open_door"),
    [("forky", "22.", "asterisk.iax.guest"), ("bullseye", "16.", "asterisk.sip.guest")],
)
def test_shipped_samples(suite: str, version: str, open_door: str, tmp_path: Path, lab_capable: None) -> None:
    image = ensure(suite, print).root
    copy = tmp_path / "copy"
    for path in ("etc/asterisk", "var/lib/dpkg/status", "etc/os-release"):
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = image / path
        shutil.copytree(source, target, symlinks=True) if source.is_dir() else shutil.copy(source, target)
    words = ["audit", "--root", str(copy), "--runs-dir", str(tmp_path / "runs"), "--fail-on", "none"]
    done = subprocess.run(
        [sys.executable, "-m", "grundton.cli.main", *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(RunFolder.find("last", tmp_path / "runs").assessment.read_text(encoding="utf-8"))
    findings = document["findings"]
    assert [finding for finding in findings if finding["verdict"] == "error"] == []
    assert open_door in {finding["control"] for finding in findings if finding["verdict"] == "fail"}
    (host,) = document["hosts"].values()
    assert host["components"]["asterisk"].startswith(version)
