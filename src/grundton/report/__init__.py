"""Reports: the assessment as a document first, then one renderer per format, each from the document alone."""

from grundton.report.canonical import from_json, to_json
from grundton.report.document import Document, DocumentError, Texts, from_document, to_document
from grundton.report.gate import THRESHOLDS, Gate, gate
from grundton.report.validate import schema, validate

__all__ = [
    "THRESHOLDS",
    "Document",
    "DocumentError",
    "Gate",
    "Texts",
    "from_document",
    "from_json",
    "gate",
    "schema",
    "to_document",
    "to_json",
    "validate",
]
