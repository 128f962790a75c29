"""Waivers, attestations and decisions: who accepted, confirmed or chose what, and until when."""

from __future__ import annotations

from grundton.policy.entries import Attestation, Decision, Waiver
from grundton.records.book import DemandStatus, Records, WaiverMatch
from grundton.records.day import RecordsOfDay
from grundton.records.load import RecordsError, parse_records, read_records_file, records_of

__all__ = [
    "Attestation",
    "Decision",
    "DemandStatus",
    "Records",
    "RecordsError",
    "RecordsOfDay",
    "Waiver",
    "WaiverMatch",
    "parse_records",
    "read_records_file",
    "records_of",
]
