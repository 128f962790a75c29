"""The network in a box: real Debian hosts in network namespaces on one Linux machine.

``up`` starts a lab and returns it, ``down`` removes it without a trace; see README.md here.
"""

from grundton.lab.errors import LabError
from grundton.lab.lab import Host, Interface, Lab
from grundton.lab.lifecycle import down, get, running, up

__all__ = ["Host", "Interface", "Lab", "LabError", "down", "get", "running", "up"]
