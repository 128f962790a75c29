# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Judges the snapshots of a run on the controller and writes the reports; runs once, touches no host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.grundton.voip.plugins.plugin_utils.package import load


class ActionModule(ActionBase):
    """Reads the run folder, writes assessment and reports there."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Assess the run."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        hostvars = task_vars["hostvars"]
        results = {host: hostvars[host].get("grundton_snapshot") for host in self._task.args["hosts"]}
        controller = load("grundton.runner.controller")
        judged = controller.assess_hosts(arguments=self._task.args, results=results)
        for line in judged.pop("lines"):
            self._display.display(line)
        result.update(judged)
        return result
