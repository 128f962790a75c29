"""Reports: the assessment as a document first, then one renderer per format, each from the document alone.

`to_document` turns an assessment into plain JSON data; every renderer and the gate take that data and nothing else,
so a stored `assessment.json` can be shown again at any time. The renderer for terminals is `grundton.report.terminal`,
imported where a person looks: it costs what a whole report for a browser costs.
"""

from grundton.report.canonical import from_json, to_json
from grundton.report.document import Document, DocumentError, Texts, from_document, to_document
from grundton.report.gate import THRESHOLDS, Gate, gate
from grundton.report.html import render_html
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
    "render_html",
    "schema",
    "to_document",
    "to_json",
    "validate",
]
