# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
# PRIVATE to this collection.
"""Makes the Python package `grundton` importable for the plugins that run on the controller."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from ansible.errors import AnsibleError


def load(name: str) -> ModuleType:
    """Import a module of `grundton`: from `src/` beside these plugins if it is there, else as installed."""
    source = Path(__file__).resolve().parents[2] / "src"
    if (source / "grundton").is_dir() and str(source) not in sys.path:
        sys.path.insert(0, str(source))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        raise AnsibleError(
            f"The Python that runs Ansible ({sys.executable}) has no module {problem.name!r}, which grundton.voip "
            "needs on the controller. Install grundton into that environment: pip install grundton"
        ) from problem
