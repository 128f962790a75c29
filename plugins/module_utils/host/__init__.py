"""The host below the telephony: what ``system`` objects a snapshot holds, collector by collector.

``collectors.collectors()`` is the way in. Every kind and key is listed in this package's ``README.md``.
Each module has pure parse functions and one ``collect`` function that does the reading.
"""
