"""From the inventory variables of a host to its policy."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from grundton.policy.contradictions import contradictions
from grundton.policy.model import Policy
from grundton.policy.option import MISSING, PREFIX, options_of
from grundton.policy.problems import PolicyError, Problem, show
from grundton.policy.reading import Reader


def load_policy(variables: Mapping[str, Any], *, host: str, origins: Mapping[str, str] | None = None) -> Policy:
    """Return the policy of a host.

    Args:
        variables: the host's variables, resolved; everything not called ``voip_*`` is left alone.
        host: its inventory name, for messages.
        origins: ``file:line`` by variable or dotted path, from :func:`grundton.policy.origins.find_origins`.

    Raises:
        PolicyError: with every problem found, not only the first.
    """
    if not isinstance(variables, Mapping):
        raise PolicyError(host, (Problem("variables", f"expected a mapping, found {show(variables)}."),))
    reader = Reader(origins=origins or {}, prefix=PREFIX)
    options = {option.name: option for option in options_of(Policy)}
    values: dict[str, Any] = {}
    stated = set()
    for variable, value in variables.items():
        if not isinstance(variable, str) or not variable.startswith(PREFIX):
            continue
        name = str(variable)[len(PREFIX) :]
        option = options.get(name)
        if option is None:
            reader.note(name, _unknown(name, options))
            continue
        stated.add(name)
        read = reader.read(option, value, name)
        if read is not MISSING:
            values[name] = read
    known = tuple(sorted((path, place) for path, place in (origins or {}).items() if path.startswith(PREFIX)))
    places = tuple((path[len(PREFIX) :], place) for path, place in known)
    draft = Policy(host=host, stated=frozenset(stated), origins=places, **values)
    for found in contradictions(draft):
        reader.note(found.path, found.message, found.severity)
    errors = tuple(problem for problem in reader.problems if problem.severity == "error")
    if errors:
        raise PolicyError(host, errors)
    return draft.with_warnings(tuple(reader.problems))


def _unknown(name: str, options: Mapping[str, Any]) -> str:
    close = get_close_matches(name, options, n=1)
    message = "there is no such variable"
    return f"{message}. Did you mean '{PREFIX}{close[0]}'?" if close else f"{message}; see docs/reference/policy.md."
