"""Runs: taking snapshots through Ansible or from a tree, run folders, and what the gate says."""
