#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Set single options of a telephony daemon beside the user's own files; the code is in module_utils/overlay."""

from __future__ import annotations

DOCUMENTATION = r"""
module: settings
short_description: Set options of Asterisk without editing the files people write
version_added: "0.2.0"
description:
  - Works out the smallest overlay that makes the wanted values the effective ones, whatever includes, templates and
    additions the configuration is made of. The overlay is one file per configuration file in C(grundton.d/), brought
    in by one line at the end of the configuration file.
  - Before a byte is written the result is resolved in memory, with the code that reads the configuration for the
    audit. When a wanted value would not be effective, or any other value would change, nothing is written.
  - Where Asterisk takes the first value of a key, the earlier line is put behind a comment that names the control.
  - Files that a front end generates are never touched; their C(*_custom*.conf) files are used where there are any.
  - What lives in a database is refused, with the statement to run there.
  - Writes nothing but through the journal of a run. Changes become effective with M(grundton.voip.activate).
options:
  run:
    description: Id of the run that was begun on this host. Not needed in check mode.
    type: str
  component:
    description: What is configured.
    type: str
    choices: [asterisk]
    default: asterisk
  settings:
    description: The values wanted, or with O(state=absent) the ones to take back (their values do not matter then).
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the object as in the snapshot, for example V(pjsip.endpoint).
        type: str
        required: true
      object:
        description: Name of the object.
        type: str
        required: true
      key:
        description: The option.
        type: str
        required: true
      value:
        description: The value. Never a secret, such options are refused.
        type: str
        default: ""
      controls:
        description: Ids of the controls the value is for.
        type: list
        elements: str
        default: []
      measures:
        description: Measures the value is for.
        type: list
        elements: str
        default: []
  state:
    description:
      - V(present) sets the values beside those of earlier runs.
      - V(absent) takes back O(settings), and what was set for O(controls) and O(measures) alone.
    type: str
    choices: [present, absent]
    default: present
  controls:
    description: For O(state=absent), controls to take back.
    type: list
    elements: str
    default: []
  measures:
    description: For O(state=absent), measures to take back.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Works out and proves everything, writes nothing.
    support: full
  diff_mode:
    description: The whole overlay, and of people's files only the lines that change. Secrets are left out.
    support: full
  platform:
    description: Needs Linux and root rights.
    platforms: linux
    support: full
notes:
  - Options that hold secrets are refused, so the wanted values may be shown and logged.
  - A refused setting does not fail the task, see RV(refused).
seealso:
  - module: grundton.voip.activate
  - module: grundton.voip.journal
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: Telephone 6001 takes encrypted media only
  grundton.voip.settings:
    run: 20261123T180000Z-3fa9c1
    settings:
      - kind: pjsip.endpoint
        object: "6001"
        key: media_encryption
        value: sdes
        controls: [asterisk.endpoint.srtp]
        measures: [M 5.135]

- name: See what taking back one measure would change
  grundton.voip.settings:
    state: absent
    measures: [M 5.135]
  check_mode: true
  diff: true
"""

RETURN = r"""
changes:
  description: Files that changed, in the order they were written.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    action:
      description: V(created), V(changed) or V(removed).
      type: str
    settings:
      description: Everything this overlay holds now.
      type: list
      elements: dict
refused:
  description: Settings that were not written, with C(reason), and C(statement) where something can be run elsewhere.
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import rehearsal_or_journal
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import OverlayError
from ansible_collections.grundton.voip.plugins.module_utils.overlay.write import absent, present


def main() -> None:
    """Set or take back, and say what was done."""
    names = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str"},
            "component": {"type": "str", "choices": ["asterisk"], "default": "asterisk"},
            "settings": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "kind": {"type": "str", "required": True},
                    "object": {"type": "str", "required": True},
                    # names and values of options; those that hold secrets are refused
                    "key": {"type": "str", "required": True, "no_log": False},
                    "value": {"type": "str", "default": "", "no_log": False},
                    "controls": dict(names),
                    "measures": dict(names),
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "controls": dict(names),
            "measures": dict(names),
        },
        supports_check_mode=True,
    )
    params = module.params
    if not params["run"] and not module.check_mode:
        module.fail_json(msg="run is needed: the id of a run that was begun on this host")
    try:
        journal = rehearsal_or_journal(params["run"], module.check_mode)
        if params["state"] == "present":
            result = present(journal, params["settings"])
        else:
            result = absent(journal, params["settings"], params["controls"], params["measures"])
    except (OverlayError, JournalError) as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        result.pop("diff")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
