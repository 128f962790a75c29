"""The published JSON Schema of the plan document, and the check against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jsonschema


class PlanDocumentError(ValueError):
    """Not a plan of a schema we know."""


@cache
def schema() -> dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of the plan."""
    path = resources.files("grundton.plan") / "schema" / "plan.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def validate(document: Mapping[str, Any]) -> None:
    """Check a document against the published schema, every field; raises PlanDocumentError naming the place."""
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(document))
    if problem is not None:
        where = ".".join(str(step) for step in problem.absolute_path) or "document"
        raise PlanDocumentError(f"not a valid plan: {where}: {problem.message[:300]}")
