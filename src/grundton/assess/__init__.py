"""Judge snapshots by the catalogue and the policy. Pure: no I/O, no clock, no Ansible."""

from grundton.assess.run import HostInput, assess

__all__ = ["HostInput", "assess"]
