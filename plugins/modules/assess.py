#!/usr/bin/python
# Copyright: the Grundton maintainers
# GNU General Public License v3.0 or later (see LICENSE)
"""Documentation of the action plugin of the same name; there is nothing to run on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: assess
short_description: Judge the snapshots of a run and write the reports
version_added: "0.1.0"
description:
  - Runs on the controller, once, after M(grundton.voip.snapshot) has been registered as C(grundton_snapshot) for
    every host. Contacts no host.
  - Writes C(assessment.json), C(report.html) and C(hosts.json) into the run folder.
  - Fails when a host could not be audited, or when the assessment is below O(fail_on).
options:
  run_dir:
    description: The run folder the snapshots were written to.
    type: path
    required: true
  hosts:
    description: Inventory names of all hosts of the run.
    type: list
    elements: str
    required: true
  fail_on:
    description:
      - Fail when a control of this severity or worse fails or could not be checked; C(measure) when a measure is not
        fulfilled; C(none) never. Without it the task does not fail by findings.
    type: str
    choices: ["", none, measure, low, medium, high, critical]
    default: ""
  allow_not_checked:
    description: What could not be checked or reached does not count.
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
- name: Assess
  grundton.voip.assess:
    run_dir: "{{ grundton_run_dir }}"
    hosts: "{{ ansible_play_hosts_all }}"
  run_once: true
"""

RETURN = r"""
run_dir:
  description: The run folder.
  returned: always
  type: str
counts:
  description: Findings by verdict.
  returned: success
  type: dict
"""
