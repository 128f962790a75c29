"""Asterisk: read its configuration the way Asterisk reads it, and ask the running daemon.

``lines`` and ``parser`` are the dialect of Asterisk's own files, ``resolve``, ``pjsip``, ``wizard`` and
``dialplan`` turn sections into the effective view, ``runtime`` and ``show_*`` read the daemon's answers,
``collect`` puts it together for the snapshot.
"""
