#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Make written changes effective and see that nothing got worse; the code is in module_utils/activation."""

from __future__ import annotations

DOCUMENTATION = r"""
module: activate
short_description: Reload Asterisk and check that nothing got worse
version_added: "0.2.0"
description:
  - Runs the reloads in their order, over the control socket. Then reads Asterisk's log since, because a reload says
    that it succeeded even when an object kept its old values and will be gone at the next start.
  - Compares what there was before and after. Objects, registrations, registered devices, modules, dialplan, listening
    sockets, calls, and whether SIP and TLS answer.
  - Fails when anything got worse, so that the caller takes the run back.
  - Never restarts unless O(allow_restart) says so. What needs a restart is returned as RV(pending).
  - Where no log file has notices, warnings and errors, a temporary one is added to the running daemon and removed.
options:
  run:
    description:
      - Id of the run. The commands are recorded in its journal, so that a rollback repeats them.
      - Not needed in check mode and for O(state=health).
    type: str
  state:
    description:
      - V(active) makes changes effective.
      - V(health) only looks, and fails when something is worse than in O(before), or does not answer.
    type: str
    choices: [active, health]
    default: active
  activations:
    description: What to run, from the catalogue.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      commands:
        description: Argument lists of the form C(asterisk -rx COMMAND).
        type: list
        elements: list
        default: []
      impact:
        description: Impact class. V(R3) and V(R4) are restarts.
        type: str
        default: R1
      effect:
        description: What it does to calls and registrations.
        type: str
        default: ""
      failure_patterns:
        description: Regular expressions for lines of the log that mean failure, beside those that always do.
        type: list
        elements: str
        default: []
      order:
        description: Lower ones run first.
        type: int
        default: 0
  before:
    description: For O(state=health), RV(before) or RV(facts) of an earlier call.
    type: dict
    default: {}
  allow_restart:
    description: Restart gracefully where that is needed, when no call is up.
    type: bool
    default: false
  restart_timeout:
    description: Seconds until a restart has to be over.
    type: int
    default: 120
  force:
    description: Restart even while calls are up. They end.
    type: bool
    default: false
  emergency_numbers:
    description: Numbers whose calls stop a restart.
    type: list
    elements: str
    default: ["110", "112"]
  may_close:
    description: Ports that are meant to close.
    type: list
    elements: int
    default: []
  may_unload:
    description: Modules that are meant to go.
    type: list
    elements: str
    default: []
  dialplan_changes:
    description: Whether the dialplan is meant to change.
    type: bool
    default: false
  ignore:
    description: Regular expressions for lines of the log that do not count, for hosts that were broken before.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Says what would run and what would stay pending.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Needs Linux and root rights.
    platforms: linux
    support: full
notes:
  - Nothing this module takes or returns is secret.
seealso:
  - module: grundton.voip.settings
  - module: grundton.voip.journal
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: Make new PJSIP settings effective
  grundton.voip.activate:
    run: 20261123T180000Z-3fa9c1
    activations:
      - name: pjsip_reload
        commands: [[asterisk, -rx, module reload res_pjsip.so]]
        order: 50
  register: active

- name: Is telephony as well as before
  grundton.voip.activate:
    state: health
    before: "{{ active.before }}"
"""

RETURN = r"""
ran:
  description: Names of the activations that ran.
  returned: always
  type: list
  elements: str
pending:
  description: What waits for a restart, with C(name), C(effect) and C(why).
  returned: always
  type: list
  elements: dict
problems:
  description: What got worse or was not taken over.
  returned: always
  type: list
  elements: str
notes:
  description: What a person may want to know.
  returned: always
  type: list
  elements: str
before:
  description: The daemon before.
  returned: always
  type: dict
facts:
  description: The daemon now. Objects, registrations, devices, modules, dialplan, sockets, calls, answers.
  returned: always
  type: dict
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.activation import entries, run
from ansible_collections.grundton.voip.plugins.module_utils.activation.compare import Allowed
from ansible_collections.grundton.voip.plugins.module_utils.activation.entries import ActivationError
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal


def main() -> None:
    """Activate or look, and say how it went."""
    texts = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str"},
            "state": {"type": "str", "choices": ["active", "health"], "default": "active"},
            "activations": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "commands": {"type": "list", "elements": "list", "default": []},
                    "impact": {"type": "str", "default": "R1"},
                    "effect": {"type": "str", "default": ""},
                    "failure_patterns": dict(texts),
                    "order": {"type": "int", "default": 0},
                },
            },
            "before": {"type": "dict", "default": {}},
            "allow_restart": {"type": "bool", "default": False},
            "restart_timeout": {"type": "int", "default": 120},
            "force": {"type": "bool", "default": False},
            "emergency_numbers": {"type": "list", "elements": "str", "default": ["110", "112"]},
            "may_close": {"type": "list", "elements": "int", "default": []},
            "may_unload": dict(texts),
            "dialplan_changes": {"type": "bool", "default": False},
            "ignore": dict(texts),
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        report = act(params, module.check_mode)
    except (ActivationError, JournalError) as error:
        module.fail_json(msg=str(error), ran=[], pending=[], problems=[str(error)], notes=[], before={}, facts={})
    result = report.to_json()
    if report.problems:
        module.fail_json(msg="telephony is not as before: {0}".format("; ".join(report.problems)), **result)
    module.exit_json(**result)


def act(params: Dict[str, Any], check_mode: bool) -> run.Report:
    """One call: the module's parameters to a report."""
    allowed = Allowed(frozenset(params["may_close"]), frozenset(params["may_unload"]), params["dialplan_changes"])
    if params["state"] == "health":
        return run.health(params["before"], allowed)
    activations = entries.read(params["activations"])
    orders = run.Orders(
        allowed,
        params["allow_restart"],
        float(params["restart_timeout"]),
        params["force"],
        tuple(params["emergency_numbers"]),
        tuple(params["ignore"]),
    )
    if check_mode:
        return run.plan(activations, orders)
    if not params["run"]:
        raise ActivationError("run is needed: the id of a run that was begun on this host")
    return run.activate(Journal.attach(params["run"]), activations, orders)


if __name__ == "__main__":
    main()
