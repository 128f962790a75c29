"""A collection with our playbook and action plugins, and a snapshot module that needs no host to speak of."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from grundton import collection

STUB = """
import json, os, time
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.packing import pack

def main():
    module = AnsibleModule(
        argument_spec={"run_key": {"type": "str", "no_log": True}, "generator_version": {"type": "str"},
                       "packed": {"type": "bool"}},
        supports_check_mode=True,
    )
    time.sleep(float(os.environ.get("STUB_SLEEP", "0")))
    behaviour = os.environ.get("STUB", "")
    if behaviour == "fail":
        module.fail_json(msg="the collector met a dragon")
    if behaviour == "silent":
        module.exit_json(changed=False)
    asterisk = {"version": "22.1.0", "branch": "22", "package": None, "running": True, "evidence": []}
    host = {"version": "12", "branch": "bookworm", "distribution": "debian", "package": None, "running": True}
    components = {"host": host} if behaviour == "bare" else {"asterisk": asterisk, "host": host}
    document = {
        "schema": "grundton.snapshot/1", "generator": "stub", "taken_at": "2026-11-23T18:00:00Z", "duration_ms": 1,
        "root": "/", "live": True, "hostname": "stub", "privilege": {"user": "root", "uid": 0},
        "components": components, "files": [], "sources": {}, "objects": [],
        "notes": [{"text": "MARK-OF-THE-SNAPSHOT"}],
    }
    module.exit_json(changed=False, packed="?" if behaviour == "garbled" else pack(document))

main()
"""


@pytest.fixture
def stub_collection(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base = tmp_path / "collections"
    root = base.joinpath(*collection.NAMESPACE)
    for folder in ("playbooks", "plugins/action", "plugins/plugin_utils", "plugins/module_utils", "meta"):
        shutil.copytree(repository / folder, root / folder, symlinks=True)
    shutil.copy(repository / "galaxy.yml", root)
    (root / "plugins" / "modules").mkdir()
    (root / "plugins" / "modules" / "snapshot.py").write_text(STUB)
    monkeypatch.setattr(collection, "checkout", lambda: None)
    monkeypatch.setattr(collection, "search_path", lambda: base)
    # Two levels of Ansible's own temporary and home directories, away from the user's.
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    monkeypatch.setenv("ANSIBLE_PYTHON_INTERPRETER", sys.executable)
    monkeypatch.chdir(tmp_path)
    return root
