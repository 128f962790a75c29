"""Making written changes effective: run the reloads, read the log since, see that nothing got worse.

``run`` is the order of things, ``state`` what is looked at before and after, ``compare`` (pure) what counts as worse,
``logs`` the mark in the log and the patterns, ``calls`` who is on the line, ``probes`` whether SIP and TLS answer.
"""
