"""Grundton: audits and hardens VoIP systems, measure by measure, after BSI B 4.7 VoIP."""

__version__ = "0.1.0"
