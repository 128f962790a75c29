#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Documentation of the action plugin of the same name; there is nothing to run on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Say what would be changed on a host, and who would notice
version_added: "0.2.0"
description:
  - Runs on the controller, after M(grundton.voip.snapshot) has been registered as C(grundton_snapshot) for every host.
    Contacts no host.
  - With O(hosts) it plans all of them and writes C(plan.json) into the run folder. Without, it returns the part of
    the host it runs for, as M(grundton.voip.settings) and M(grundton.voip.activate) take it.
options:
  run_dir:
    description: The run folder the snapshots were written to.
    type: path
    required: true
  hosts:
    description: Inventory names of all hosts of the run.
    type: list
    elements: str
  measures:
    description: Only controls of these measures. C(M5.135), C(M 5.135) and C(5.135) mean the same.
    type: raw
    default: []
  controls:
    description:
      - Only these controls. With O(measures), both. A control that is a decision of the operator is planned only when
        it is named here.
    type: raw
    default: []
  without:
    description: Leave these controls out.
    type: raw
    default: []
  window:
    description: Plan also what takes effect only with a restart.
    type: bool
    default: false
  accept_breaks:
    description: Plan also what hurts somebody, or somebody who cannot be seen from here.
    type: bool
    default: false
  again:
    description: The snapshot of this host was taken again, so plan it again. Only without O(hosts).
    type: bool
    default: false
  agreed:
    description: Fail when planning again finds changes that the first plan did not have.
    type: bool
    default: false
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
- name: Plan
  grundton.voip.plan:
    run_dir: "{{ grundton_run_dir }}"
    hosts: "{{ ansible_play_hosts_all }}"
    measures: [M 5.135]
  run_once: true

- name: Read this host's part
  grundton.voip.plan:
    run_dir: "{{ grundton_run_dir }}"
  register: grundton_part
"""

RETURN = r"""
counts:
  description: Changes, hosts with changes, what is held back, hosts that could not be planned.
  returned: with O(hosts)
  type: dict
settings:
  description: Wanted values of this host.
  returned: without O(hosts)
  type: list
  elements: dict
activations:
  description: How they take effect, in order.
  returned: without O(hosts)
  type: list
  elements: dict
empty:
  description: Whether there is nothing to change on this host.
  returned: without O(hosts)
  type: bool
stale:
  description: Whether the snapshot is too old to change anything by it.
  returned: without O(hosts)
  type: bool
"""
