#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Settings files, rights and units of a host, so that it can be undone; the code is in module_utils/hostchange."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_settings
short_description: Settings files, rights and units of the host below the telephony
version_added: "0.2.0"
description:
  - Writes settings files that are wholly ours, takes rights of paths away, enables and starts units. Everything is
    recorded in the journal of a run before it is touched.
  - A settings file is tried first, in place of effect but where nobody else sees it, with the program's own check
    (C(sshd -t), C(systemd-analyze verify), C(rsyslogd -N1), C(logrotate -d), C(fail2ban-client -t)). What does not pass
    is never written.
  - Settings of sshd are refused when they would shut out the account, address and key of this very connection, and
    when another file overrules them.
  - Reloads what has to be reloaded, and records the same for a rollback. What needs a restart is returned as
    RV(pending) unless O(allow_restart) says otherwise.
options:
  run:
    description: Id of the run that was begun on this host. Not needed in check mode.
    type: str
  files:
    description: Settings files.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Who reads the file. This decides where it may be, how it is tried, and what is reloaded.
        type: str
        choices: [sshd, systemd, sysctl, rsyslog, logrotate, fail2ban]
        required: true
      path:
        description: The file. For V(systemd) a drop-in below C(/etc/systemd/system/UNIT.d/).
        type: path
        required: true
      content:
        description: Its whole content. Never a secret.
        type: str
        required: true
  rights:
    description: Rights that paths have at most. Bits are only taken away.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: A path or a pattern. What does not exist is passed over.
        type: path
        required: true
      directory:
        description: Bits that folders keep at most.
        type: str
        default: "0750"
      file:
        description: Bits that files keep at most. Programs stay executable for those who may read them.
        type: str
        default: "0640"
      owner:
        description: Owner. When O(rights[].group) is given too, the group reads what the owner read before.
        type: str
      group:
        description: Group.
        type: str
      depth:
        description: Levels of folders below that are included.
        type: int
        default: 0
      keep:
        description: Patterns of paths whose owner and group stay.
        type: list
        elements: str
        default: []
      folders_only:
        description: >-
          Leave files alone. For folders whose files are written all the time, as logs are. A rollback would have to
          throw away what was written since.
        type: bool
        default: false
  units:
    description: Units of systemd.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its full name.
        type: str
        required: true
      enabled:
        description: Whether it is started at boot.
        type: bool
      active:
        description: Whether it runs.
        type: bool
  controls:
    description: Ids of the controls this is for, for the journal.
    type: list
    elements: str
    default: []
  measures:
    description: Measures this is for, for the journal.
    type: list
    elements: str
    default: []
  allow_restart:
    description: Restart units whose drop-ins are newer than their processes. Asterisk only when no call is up.
    type: bool
    default: false
attributes:
  check_mode:
    description: Tries everything and compares, writes nothing.
    support: full
  diff_mode:
    description: Of settings files. Secrets are left out.
    support: full
  platform:
    description: Needs Linux and root rights.
    platforms: linux
    support: full
notes:
  - To try a file, a private mount namespace is needed. Where a container forbids that, the file is not written.
  - When a reload fails, the module fails and what was written stays until the run is rolled back.
seealso:
  - module: grundton.voip.guard
  - module: grundton.voip.journal
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: No login with passwords
  grundton.voip.host_settings:
    run: 20261123T180000Z-3fa9c1
    files:
      - kind: sshd
        path: /etc/ssh/sshd_config.d/00-grundton.conf
        content: |
          PasswordAuthentication no
          KbdInteractiveAuthentication no
    controls: [host.ssh.password]
    measures: [M 4.287]

- name: Only Asterisk reads its configuration
  grundton.voip.host_settings:
    run: 20261123T180000Z-3fa9c1
    rights:
      - {path: /etc/asterisk, owner: root, group: asterisk, depth: 3}
"""

RETURN = r"""
paths:
  description: Paths that changed.
  returned: success
  type: list
  elements: str
units:
  description: Units that changed.
  returned: success
  type: list
  elements: str
ran:
  description: What was done to make changes effective.
  returned: success
  type: list
  elements: str
pending:
  description: What is written and waits, with C(unit), C(path) and C(why).
  returned: success
  type: list
  elements: dict
notes:
  description: What could not be checked.
  returned: success
  type: list
  elements: str
"""

from typing import Any, Dict, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.apply import Host
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.kinds import KINDS
from ansible_collections.grundton.voip.plugins.module_utils.hostchange.modes import Rights
from ansible_collections.grundton.voip.plugins.module_utils.journal.changes import Why
from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import rehearsal_or_journal


def main() -> None:
    """Change what is asked and say what was done."""
    names: Dict[str, Any] = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str"},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "kind": {"type": "str", "choices": list(KINDS), "required": True},
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                },
            },
            "rights": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "directory": {"type": "str", "default": "0750"},
                    "file": {"type": "str", "default": "0640"},
                    "owner": {"type": "str"},
                    "group": {"type": "str"},
                    "depth": {"type": "int", "default": 0},
                    "keep": dict(names),
                    "folders_only": {"type": "bool", "default": False},
                },
            },
            "units": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "enabled": {"type": "bool"},
                    "active": {"type": "bool"},
                },
            },
            "controls": dict(names),
            "measures": dict(names),
            "allow_restart": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    if not module.params["run"] and not module.check_mode:
        module.fail_json(msg="run is needed: the id of a run that was begun on this host")
    try:
        result = act(module.params, module.check_mode)
    except JournalError as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        result.pop("diff")
    module.exit_json(**result)


def act(params: Dict[str, Any], check_mode: bool) -> Dict[str, Any]:
    """One call: the module's parameters to its return values."""
    rights = [
        Rights(one["path"], _bits(one["directory"]), _bits(one["file"]), one["owner"], one["group"],
               one["depth"], tuple(one["keep"]), one["folders_only"])
        for one in params["rights"]
    ]  # fmt: skip
    host = Host(
        rehearsal_or_journal(params["run"], check_mode),
        Why(tuple(params["controls"]), tuple(params["measures"])),
        check_mode,
    )
    for one in rights:
        host.rights(one)
    for file in params["files"]:
        host.file(file["kind"], file["path"], file["content"])
    for unit in params["units"]:
        host.unit(unit["name"], unit["enabled"], unit["active"])
    for file in params["files"]:
        if file["kind"] == "systemd":
            host.restarts(file["path"], params["allow_restart"])
    return host.report.to_json()


def _bits(text: Optional[str]) -> int:
    try:
        return int(str(text), 8)
    except ValueError:
        raise JournalError(f"{text} are no permission bits; write them like 0640") from None


if __name__ == "__main__":
    main()
