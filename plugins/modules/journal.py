#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""List, show and roll back what runs did to a host; the code is in module_utils/journal and module_utils/guard."""

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: List, show and roll back what runs changed on a host
version_added: "0.2.0"
description:
  - Every change of a run is recorded on the host before it is made. This module says what was changed and why, and
    takes it back, to the byte, with owner, mode, time stamps and extended attributes.
  - A rollback that would overwrite what somebody changed since does nothing, fails, and lists every such path.
  - A rollback that was interrupted is simply run again.
  - To begin a run that takes itself back unless it is confirmed, use M(grundton.voip.guard).
options:
  run:
    description:
      - Id of the run. Needed for all but V(listed) and V(forgotten).
    type: str
  state:
    description:
      - V(listed) names the runs of this host.
      - V(shown) tells in detail what a run touched. Never contents of files.
      - V(begun) begins a run B(without) a guard. Meant for changes that cannot cut a connection or a call.
      - V(closed) ends the changes of a run. It waits for its confirmation then.
      - V(confirmed) makes the changes of a run stay, and removes its guard.
      - V(rolled_back) takes a run back, and removes its guard.
      - V(forgotten) removes journals of finished runs that are too old.
    type: str
    choices: [listed, shown, begun, closed, confirmed, rolled_back, forgotten]
    default: listed
  force:
    description:
      - Roll back also where somebody changed things since. What is there now is kept in the journal.
    type: bool
    default: false
  measures:
    description:
      - Roll back only what was done for these measures and no other. The run keeps its state.
    type: list
    elements: str
    default: []
  keep:
    description:
      - For V(forgotten), how many finished runs can still be rolled back.
    type: int
    default: 50
  days:
    description:
      - For V(forgotten), for how many days a finished run can be rolled back.
    type: int
    default: 90
attributes:
  check_mode:
    description: >-
      Changes nothing. For O(state=rolled_back) it names what would be restored, and refuses where the rollback would.
    support: full
  diff_mode:
    description: Contents of files never leave the host, so there is no diff.
    support: none
  platform:
    description: Needs Linux and root rights.
    platforms: linux
    support: full
notes:
  - Nothing this module takes or returns is secret. Contents of files stay in the journal, which only root can read.
seealso:
  - module: grundton.voip.guard
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: What was done here
  grundton.voip.journal:
  register: done

- name: Take a run back
  grundton.voip.journal:
    run: 20261123T180000Z-3fa9c1
    state: rolled_back

- name: See what taking back one measure would restore
  grundton.voip.journal:
    run: 20261123T180000Z-3fa9c1
    state: rolled_back
    measures: ["M 5.135"]
  check_mode: true
"""

RETURN = r"""
runs:
  description: The runs of this host, oldest first. Id, state, times, counts, controls and measures.
  returned: when O(state=listed)
  type: list
  elements: dict
run:
  description: The run, with everything it touched. Kind, mode and owner before and after, and why.
  returned: when O(state) is V(shown), V(begun), V(closed) or V(confirmed)
  type: dict
rollback:
  description: What was taken back.
  returned: when O(state=rolled_back)
  type: dict
  contains:
    state:
      description: State of the run afterwards.
      type: str
    restored:
      description: Paths and units that are as before the run.
      type: list
      elements: str
    kept:
      description: Folders of the run that stay, because they hold files that others made.
      type: list
      elements: dict
    displaced:
      description: Paths whose newer content was put into the journal.
      type: list
      elements: str
    failed:
      description: What could not be restored, and why. Roll back again when the reason is gone.
      type: list
      elements: dict
    activations:
      description: Commands that made the restored state effective, with C(ok) and C(why).
      type: list
      elements: dict
    damaged:
      description: Lines of the journal that cannot be read.
      type: list
      elements: int
refused:
  description: What somebody changed since, and what changed about it.
  returned: failure of a rollback for that reason
  type: list
  elements: dict
forgotten:
  description: Ids of the runs that can no longer be rolled back.
  returned: when O(state=forgotten)
  type: list
  elements: str
"""

import signal
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.guard import guard, undo
from ansible_collections.grundton.voip.plugins.module_utils.journal import rollback, runs
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Journal
from ansible_collections.grundton.voip.plugins.module_utils.journal.place import Place


def main() -> None:
    """Do what is asked and say what was done."""
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str"},
            "state": {
                "type": "str",
                "choices": ["listed", "shown", "begun", "closed", "confirmed", "rolled_back", "forgotten"],
                "default": "listed",
            },
            "force": {"type": "bool", "default": False},
            "measures": {"type": "list", "elements": "str", "default": []},
            "keep": {"type": "int", "default": 50},
            "days": {"type": "int", "default": 90},
        },
        required_if=[("state", one, ("run",)) for one in ("shown", "begun", "closed", "confirmed", "rolled_back")],
        supports_check_mode=True,
    )
    # A restored ssh or network setting may end the connection this runs under; the rest is restored all the same.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        result = act(module.params, module.check_mode, Place())
    except JournalError as error:
        about = {name: getattr(error, name) for name in ("run", "state", "refused") if hasattr(error, name)}
        module.fail_json(msg=str(error), **about)
    if result.get("rollback", {}).get("failed"):
        what = "; ".join(f"{one.get('path') or one.get('unit')}: {one['why']}" for one in result["rollback"]["failed"])
        module.fail_json(msg=f"not everything could be restored, roll back again: {what}", **result)
    module.exit_json(**result)


def act(params: Dict[str, Any], check_mode: bool, place: Place) -> Dict[str, Any]:
    """One call: the module's parameters to its return values."""
    run, state = params["run"], params["state"]
    if state == "listed":
        return {"changed": False, "runs": [runs.summary(one) for one in runs.all_runs(place)]}
    if state == "forgotten":
        forgotten = runs.forget(place, params["keep"], params["days"], rehearse=check_mode)
        return {"changed": bool(forgotten), "forgotten": forgotten}
    if state == "rolled_back":
        return take_back(params, check_mode, place)
    if state == "begun":
        return begin(run, check_mode, place)
    found = runs.load(run, place)
    changed = False
    if state == "closed":
        changed = found.state == "open"
        if changed and not check_mode:
            Journal.attach(run, place=place).close()
    elif state == "confirmed":
        changed = found.state in ("open", "unconfirmed")
        if not check_mode:
            changed = guard.confirm(run, place=place)
    return {"changed": changed, "run": runs.describe(runs.load(run, place), place)}


def begin(run: str, check_mode: bool, place: Place) -> Dict[str, Any]:
    """Begin a run that is not begun."""
    if check_mode:
        return {"changed": runs.may_begin(run, place)}
    changed = runs.may_begin(run, place)
    Journal.begin(run, place=place)
    return {"changed": changed, "run": runs.describe(runs.load(run, place), place)}


def take_back(params: Dict[str, Any], check_mode: bool, place: Place) -> Dict[str, Any]:
    """Roll back, or say what that would restore."""
    wanted = {"place": place, "force": params["force"], "measures": params["measures"]}
    if check_mode:
        outcome = rollback.roll_back(params["run"], rehearse=True, **wanted)
    else:
        outcome = undo.undo(params["run"], by="rollback", **wanted)
    return {"changed": bool(outcome.restored), "rollback": outcome.to_json()}


if __name__ == "__main__":
    main()
