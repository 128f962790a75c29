"""Settings beside the user's own configuration: worked out, proved in memory, then written through the journal.

``asterisk`` is the pure middle: files as they are and wanted values in, new file contents out. ``document`` is the
overlay file itself, ``targets`` says where a setting goes, ``trees`` where the include line may stand, ``edit`` changes
single lines of the user's files, ``proof`` compares what the files mean before and after. ``write`` is the edge.
"""
