"""The `voip_*` variables of a host: resolved, as plain data, and where each was written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from grundton.policy.origins import yaml_origins
from grundton.runner.errors import InputError

PREFIX = "voip_"


def policy_variables(
    variables: Mapping[str, Any], template: Callable[[Any], Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Pick the `voip_*` variables out of Ansible's; return their values and their origins (`file:line`)."""
    names = sorted(str(name) for name in variables if str(name).startswith(PREFIX))
    origins = {name: place for name in names if (place := _origin(variables[name]))}
    return {name: plain(template(variables[name])) for name in names}, origins


def plain(value: Any) -> Any:
    """Return Ansible's tagged and lazy values as the plain data they stand for."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    # The slice makes a plain text of a tagged one; dates and the like become their ISO text.
    return "".join(str(value))


def _origin(value: Any) -> str:
    """Where Ansible read a value, or nothing when it does not say (it is not part of its public interface)."""
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return ""
    found = Origin.get_tag(value)
    if found is None and isinstance(value, Mapping):
        found = next((tag for tag in map(Origin.get_tag, value) if tag), None)
    if found is None or not found.path:
        return ""
    return f"{found.path}:{found.line_num}" if found.line_num else str(found.path)


def read_policy_file(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a YAML file of `voip_*` variables; return the values and their origins (`file:line`)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"cannot read the policy file {path}: {reason}", "Name a YAML file with voip_* variables."
        ) from None
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise InputError(f"{path}:{line}: not valid YAML: {problem.problem}", "Correct the file, run again.") from None
    except yaml.YAMLError as problem:
        raise InputError(f"{path}: not valid YAML: {problem}", "Correct the file and run again.") from None
    if data is None:
        return {}, {}
    if not isinstance(data, dict):
        raise InputError(f"{path}:1: expected variables (voip_…: value), found {type(data).__name__}")
    for name in data:
        if not str(name).startswith(PREFIX):
            raise InputError(
                f"{path}: {str(name)!r} is not a policy variable",
                f"A policy file holds only variables that begin with {PREFIX}.",
            )
    origins = {name: f"{path}:{line}" for name, line in yaml_origins(text)}
    return {str(name): plain(value) for name, value in data.items()}, origins
