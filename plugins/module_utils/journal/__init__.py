"""What a run touches on this host, recorded before it is touched, and the way back.

``journal`` is what changing code uses; ``rollback`` takes a run back; ``runs`` lists, shows and forgets runs.
Standard library only: the guard keeps a copy of this package on the host and runs it without the controller.
"""
