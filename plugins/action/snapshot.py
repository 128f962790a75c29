# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Controller side of `grundton.voip.snapshot`: calls the module, files the snapshot, returns a summary."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.packing import unpack
from ansible_collections.grundton.voip.plugins.plugin_utils.package import load


class ActionModule(ActionBase):
    """One module call; the document goes to the run folder and never into Ansible's results."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take one host's snapshot."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        controller = load("grundton.runner.controller")
        result.update(
            controller.take_snapshot(
                host=task_vars["inventory_hostname"],
                arguments=self._task.args,
                variables=task_vars,
                template=self._templar.template,
                execute=lambda arguments: self._execute_module(
                    module_name="grundton.voip.snapshot", module_args=arguments, task_vars=task_vars
                ),
                unpack=unpack,
            )
        )
        return result
