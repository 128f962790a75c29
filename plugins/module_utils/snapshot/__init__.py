"""Document assembly: what every collector hands over, and how the pieces become one snapshot.

``model`` is the contract between collectors and assembly, ``assemble`` turns contributions into the
document of ``docs/architecture.md`` section 3, ``collect`` runs the collectors.
"""
