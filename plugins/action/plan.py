# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Plans the hosts of a run on the controller; touches no host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.grundton.voip.plugins.plugin_utils.package import load


class ActionModule(ActionBase):
    """With `hosts`: plans all of them and writes the plan. Without: hands out this host's part of it."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Plan, or return a part of the plan."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        planning = load("grundton.runner.planning")
        arguments = self._task.args
        if arguments.get("hosts") is None:
            host = task_vars["inventory_hostname"]
            result.update(planning.part_of_host(host=host, arguments=arguments, again=bool(arguments.get("again"))))
            return result
        hostvars = task_vars["hostvars"]
        results = {str(host): hostvars[host].get("grundton_snapshot") for host in arguments["hosts"]}
        planned = planning.plan_hosts(arguments=arguments, results=results)
        for line in planned.pop("lines"):
            self._display.display(line)
        result.update(planned)
        return result
