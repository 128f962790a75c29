# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Writes down in the run folder what became of a host; touches no host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.grundton.voip.plugins.plugin_utils.package import load


class ActionModule(ActionBase):
    """Adds facts to the host's file, and shows a line when there is one to show."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Note."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        applying = load("grundton.runner.applying")
        host = task_vars["inventory_hostname"]
        result.update(applying.note(host=host, arguments=self._task.args))
        if line := self._task.args.get("line"):
            self._display.display(f"{host}: {line}")
        return result
