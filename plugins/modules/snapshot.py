#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""One host's snapshot in one call; the code is in module_utils/snapshot and module_utils/asterisk."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Take a host's snapshot for an audit
version_added: "0.1.0"
description:
  - Reads what a host says about itself at one moment. The configuration of Asterisk with includes, templates and
    additions resolved, the running daemon's own answers, sockets, processes, units, packages, file modes and the
    other things listed in the architecture document under I(Snapshot).
  - Changes nothing. Asks the daemon only questions, over its control socket.
  - Secrets never leave the host. Where one is read it is replaced by its length, its classes of characters, what
    makes it weak and a fingerprint that is valid for one run.
  - What cannot be read is named in C(snapshot.sources), it never counts as fine.
  - Usually called through the action plugin of the same name, which files the document on the controller.
options:
  root:
    description:
      - Where the file system to read begins. Anything but C(/) is taken for a copy of another host, whose processes
        and sockets are not looked at.
    type: path
    default: /
  run_key:
    description:
      - Key of this run, in hexadecimal digits. Equal secrets get equal fingerprints wherever the same key is used.
      - Without it the key is random and fingerprints can be compared within this snapshot only.
    type: str
  timeout:
    description:
      - Seconds for everything. Sources that are not finished by then are reported as not checked.
    type: int
    default: 60
  generator_version:
    description:
      - Version to write into the document.
    type: str
    default: ""
  packed:
    description:
      - Return the document as one compressed text in C(packed) instead of C(snapshot). Ansible is slow with large
        results, a server with thousands of telephones needs this.
    type: bool
    default: false
attributes:
  check_mode:
    description: Nothing is ever changed, so check mode does the same.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Read on Linux; tried with Debian and its Asterisk 16 and 22.
    platforms: linux
    support: full
notes:
  - Needs nothing but Python 3.9 or newer on the host.
  - Without root rights it reads what it may and says what it could not.
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: Look at this host
  grundton.voip.snapshot:
  register: seen

- name: Look at the copy of another host's files
  grundton.voip.snapshot:
    root: /srv/support/pbx-2026-11
  register: copy
"""

RETURN = r"""
snapshot:
  description: The document, schema C(grundton.snapshot/1).
  returned: success, unless C(packed) was asked for
  type: dict
  contains:
    schema:
      description: Name and version of the schema.
      type: str
    components:
      description: What was found, with version and state.
      type: dict
    sources:
      description: Every source with its status, and what weakens it.
      type: dict
    objects:
      description: The flat list of everything the host says.
      type: list
      elements: dict
    files:
      description: Paths the positions in C(objects) refer to by number.
      type: list
      elements: str
    notes:
      description: What a person should read.
      type: list
      elements: dict
packed:
  description: The document as JSON, compressed with zlib, in base64.
  returned: success, when C(packed) was asked for
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import collect_snapshot
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.packing import pack


def main() -> None:
    """Take the snapshot and return it."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "default": "/"},
            "run_key": {"type": "str", "no_log": True},
            "timeout": {"type": "int", "default": 60},
            "generator_version": {"type": "str", "default": ""},
            "packed": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        key = bytes.fromhex(module.params["run_key"] or "")
    except ValueError:
        module.fail_json(msg="run_key must be made of hexadecimal digits")
    if module.params["timeout"] < 1:
        module.fail_json(msg="timeout must be at least one second")
    snapshot = collect_snapshot(
        root=module.params["root"],
        run_key=key or None,
        timeout=float(module.params["timeout"]),
        version=module.params["generator_version"],
    )
    if module.params["packed"]:
        module.exit_json(changed=False, packed=pack(snapshot))
    module.exit_json(changed=False, snapshot=snapshot)


if __name__ == "__main__":
    main()
