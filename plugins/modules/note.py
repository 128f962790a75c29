#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Documentation of the action plugin of the same name; there is nothing to run on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: note
short_description: Write down in the run folder what became of a host
version_added: "0.2.0"
description:
  - Runs on the controller. Adds facts to what is known of the host in this run. Contacts no host.
options:
  run_dir:
    description: The run folder.
    type: path
    required: true
  part:
    description: What the facts are about.
    type: str
    choices: [applied, rolled_back, journals]
    default: applied
  facts:
    description: What to add. C(state) is noted with its time.
    type: dict
    default: {}
  line:
    description: A line to show for this host.
    type: str
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
- name: Note that the host is being changed
  grundton.voip.note:
    run_dir: "{{ grundton_run_dir }}"
    facts: {state: begun}
"""

RETURN = r"""
"""
