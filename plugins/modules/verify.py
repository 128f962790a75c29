#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Documentation of the action plugin of the same name; there is nothing to run on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Compare a host before and after its changes
version_added: "0.2.0"
description:
  - Runs on the controller, after a second M(grundton.voip.snapshot) went to C(after) below the run folder. Contacts no
    host.
  - Fails when telephony is not as well as before in a way that the plan had not announced. Somebody is not registered
    any more, something is gone, or a control that passed does not pass any more.
options:
  run_dir:
    description: The run folder.
    type: path
    required: true
attributes:
  check_mode:
    description: Hosts are not touched, so check mode does the same.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  platform:
    description: Runs on the controller.
    platforms: posix
    support: full
author:
  - The Grundton maintainers
"""

EXAMPLES = r"""
- name: Compare with before
  grundton.voip.verify:
    run_dir: "{{ grundton_run_dir }}"
  register: grundton_verified
"""

RETURN = r"""
worse:
  description: What got worse, in words.
  returned: when both snapshots could be read
  type: list
  elements: str
compared:
  description: Measures before and after, controls that were put right, still fail, or got worse.
  returned: when both snapshots could be read
  type: dict
"""
