#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Begin a guarded run, give it more time, confirm it; the code is in module_utils/guard and module_utils/journal."""

from __future__ import annotations

DOCUMENTATION = r"""
module: guard
short_description: Take changes back on the host itself unless they are confirmed
version_added: "0.2.0"
description:
  - Begins a run and arms its guard, in one call. A timer of systemd and a unit for the next boot, both real files, take
    everything the run changes back unless it is confirmed in time. They need neither the controller nor a connection.
  - When O(state=armed) succeeds, systemd has the timer scheduled and the boot unit enabled. Otherwise the module fails,
    and nothing is left behind. On a host without systemd it always fails, so nothing is changed there.
  - Confirming needs the id of the run. Do it over a new connection, after the checks that matter, so that it proves
    that the host can still be reached.
  - The timer uses the monotonic clock. Setting the clock does not move it.
  - A guard that fires restores files even where somebody changed them since. What they held then stays in the journal.
options:
  run:
    description:
      - Id of the run, given by the controller. The same for every module of the run.
    type: str
    required: true
  state:
    description:
      - V(armed) begins the run, if it is not begun, and arms its guard. An armed guard gets its time anew.
      - V(extended) gives an armed guard its time anew, counted from now, and fails when there is none.
      - V(confirmed) makes the changes stay and removes the guard without a trace. Journals that are too old are
        forgotten.
      - V(queried) changes nothing and says how things are.
    type: str
    choices: [armed, extended, confirmed, queried]
    default: armed
  seconds:
    description:
      - Time until the run is taken back.
    type: int
    default: 300
  keep:
    description:
      - How many finished runs can still be rolled back. Older ones are forgotten when a run is confirmed.
    type: int
    default: 50
  days:
    description:
      - For how many days a finished run can be rolled back.
    type: int
    default: 90
attributes:
  check_mode:
    description: >-
      Says whether something would have to be done, and in O(state=armed) refuses where arming would refuse (no systemd,
      another unfinished run). Changes nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Needs Linux with systemd and root rights.
    platforms: linux
    support: full
notes:
  - Nothing this module takes or returns is secret. Contents of files stay in the journal, which only root can read.
seealso:
  - module: grundton.voip.journal
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: Begin, with five minutes until everything is taken back
  grundton.voip.guard:
    run: "{{ grundton_run }}"
    seconds: 300

- name: Change what has to be changed
  ansible.builtin.include_role:
    name: grundton.voip.asterisk

- name: Come back over a new connection
  ansible.builtin.meta: reset_connection

- name: Keep the changes
  grundton.voip.guard:
    run: "{{ grundton_run }}"
    state: confirmed
"""

RETURN = r"""
guard:
  description: How the guard is after the call.
  returned: success, unless the run does not exist
  type: dict
  contains:
    run:
      description: Id of the run.
      type: str
    state:
      description: State of the run, one of C(open), C(unconfirmed), C(confirmed), C(rolling_back), C(rolled_back).
      type: str
    armed:
      description: Whether systemd will take the run back.
      type: bool
    fires_in:
      description: Seconds until then.
      type: float
    boot:
      description: Whether the run is taken back at the next boot.
      type: bool
forgotten:
  description: Ids of the runs that can no longer be rolled back.
  returned: when O(state=confirmed)
  type: list
  elements: str
"""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.guard import guard
from ansible_collections.grundton.voip.plugins.module_utils.journal import runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place


def main() -> None:
    """Do what is asked and say how things are."""
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "state": {
                "type": "str",
                "choices": ["armed", "extended", "confirmed", "queried"],
                "default": "armed",
            },
            "seconds": {"type": "int", "default": 300},
            "keep": {"type": "int", "default": 50},
            "days": {"type": "int", "default": 90},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**act(module.params, module.check_mode, Place()))
    except JournalError as error:
        module.fail_json(msg=str(error), **about(error))


def act(params: Dict[str, Any], check_mode: bool, place: Place) -> Dict[str, Any]:
    """One call: the module's parameters to its return values."""
    run, state, seconds = params["run"], params["state"], params["seconds"]
    if state == "armed":
        if check_mode:
            return guard.would_arm(run, seconds, place=place)
        return {"changed": True, "guard": guard.arm(run, seconds, place=place).to_json()}
    found = guard.state(run, place=place)
    if state == "extended" and check_mode:
        return {"changed": found.armed, "guard": found.to_json()}
    if state == "extended":
        return {"changed": True, "guard": guard.extend(run, seconds, place=place).to_json()}
    if state == "confirmed" and check_mode:
        return {"changed": found.state in ("open", "unconfirmed"), "guard": found.to_json(), "forgotten": []}
    if state == "confirmed":
        changed = guard.confirm(run, place=place)
        forgotten = runs.forget(place, params["keep"], params["days"])
        return {"changed": changed, "guard": guard.state(run, place=place).to_json(), "forgotten": forgotten}
    return {"changed": False, "guard": found.to_json()}


def about(error: JournalError) -> Dict[str, Any]:
    """What a message says, for programs: the run in the way and its state."""
    return {name: getattr(error, name) for name in ("run", "state", "refused") if hasattr(error, name)}


if __name__ == "__main__":
    main()
