"""The guard: takes a run back on the host itself, without the controller, unless it is confirmed in time.

``guard`` arms, extends, confirms; ``undo`` is what happens otherwise; ``standalone`` is the program that systemd
starts, from a copy of this code on the host.
"""
