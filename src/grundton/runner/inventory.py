"""The hosts of an Ansible inventory and their policy variables, without running a playbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from grundton.runner.errors import AuditError, InputError
from grundton.runner.variables import policy_variables


def hosts_with_policy(
    sources: Sequence[str], limit: str | None = None
) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """Yield every host with its resolved `voip_*` variables and their origins."""
    from ansible.errors import AnsibleError
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar
    from ansible.vars.manager import VariableManager

    try:
        loader = DataLoader()
        inventory = InventoryManager(loader=loader, sources=list(sources))
        if limit:
            inventory.subset(limit)
        manager = VariableManager(loader=loader, inventory=inventory)
        hosts = inventory.get_hosts()
        if not hosts:
            raise AuditError(
                f"no host matched: {', '.join(sources)} has no host{' that matches ' + limit if limit else ''}",
                "List what is there with: ansible-inventory --graph -i INVENTORY",
            )
        for host in sorted(hosts, key=str):
            variables = manager.get_vars(host=host)
            chosen, origins = policy_variables(variables, Templar(loader=loader, variables=variables).template)
            yield host.name, chosen, origins
    except AnsibleError as problem:
        raise InputError(f"the inventory cannot be read: {problem}", "Correct it and run again.") from problem
