# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Compares a host before and after its changes, on the controller; touches no host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.grundton.voip.plugins.plugin_utils.package import load


class ActionModule(ActionBase):
    """Reads both snapshots of the run folder."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Compare."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        applying = load("grundton.runner.applying")
        result.update(applying.verify(host=task_vars["inventory_hostname"], arguments=self._task.args))
        return result
