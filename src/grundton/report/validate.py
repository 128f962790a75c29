"""The published JSON Schema of the assessment document, and the check against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from grundton.report.document import Document, DocumentError


@cache
def schema() -> Document:
    """Return the published JSON Schema (draft 2020-12) of the document."""
    path = resources.files("grundton.report") / "schema" / "assessment.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def validate(document: Mapping[str, Any]) -> None:
    """Check a document against the published schema, every field; raises DocumentError naming the place."""
    import jsonschema  # only a check needs it, and it is slow to load

    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(document))
    if problem is not None:
        where = ".".join(str(step) for step in problem.absolute_path) or "document"
        raise DocumentError(f"not a valid assessment: {where}: {problem.message[:300]}")
