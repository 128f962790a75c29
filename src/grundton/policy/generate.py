"""Write, or with ``--check`` compare, what is generated from the declarations."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grundton.policy.published import json_schema, reference

SCHEMA = Path(__file__).parent / "schema" / "policy.schema.json"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "policy.md"


def generated() -> dict[Path, str]:
    """Return the text of every generated file."""
    return {SCHEMA: json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", PAGE: reference()}


def stale() -> list[Path]:
    """Return the generated files that are missing or differ from the declarations."""
    return [path for path, text in generated().items() if not path.is_file() or path.read_text("utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write the files; with ``--check`` only say which are stale."""
    if "--check" in arguments:
        for path in stale():
            sys.stderr.write(f"{path} is stale: run python -m grundton.policy.generate\n")
        return 1 if stale() else 0
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
