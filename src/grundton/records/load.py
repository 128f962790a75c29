"""Records from policies and from records files, each problem with file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from grundton.policy import Policy
from grundton.policy.contradictions import entry_problems
from grundton.policy.entries import Attestation, Decision, Waiver
from grundton.policy.option import MISSING, Option, options_of
from grundton.policy.origins import lines_below
from grundton.policy.problems import Problem, show
from grundton.policy.reading import Reader
from grundton.records.book import Records

GROUPS = ("waivers", "attestations", "decisions")
_ADVICE = "A records file is YAML with the lists " + ", ".join(GROUPS) + "."

Entry = Waiver | Attestation | Decision


class RecordsError(Exception):
    """Records that cannot be used; carries every problem at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"The records have {count} problem{'s' if count != 1 else ''}:"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])


def read_records_file(path: str | Path) -> Records:
    """Return the records of a YAML file. Raises RecordsError with every problem found."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise _fatal(path, f"cannot be read: {problem.strerror or type(problem).__name__}.") from None
    except (UnicodeDecodeError, ValueError):
        raise _fatal(path, "cannot be read: it is not UTF-8 text.") from None
    return parse_records(text, str(path))


def parse_records(text: str, name: str) -> Records:
    """Return the records of a YAML text; ``name`` stands for the file in messages."""
    if text.startswith("$ANSIBLE_VAULT"):
        raise _fatal(name, "is vault-encrypted. Records hold no secrets: keep them readable.")
    try:
        data = yaml.safe_load(text)
        lines = list(lines_below(text))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise _fatal(place, f"not valid YAML: {problem.problem}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise _fatal(name, f"not valid YAML ({type(problem).__name__}).") from None
    if data is None:
        return Records()
    if not isinstance(data, dict):
        raise _fatal(f"{name}:1", f"found {show(data)}. {_ADVICE}")
    places = {path: f"{name}:{line}" for path, line in lines}
    twice = [path for path, count in Counter(path for path, _ in lines).items() if count > 1]
    if twice:
        raise _fatal(places[twice[0]], f"{show(twice[0])} is written twice; only one of them would count.")
    return _read(data, places, name)


def records_of(policies: Iterable[Policy], more: Iterable[Records] = ()) -> Records:
    """Return all records of an estate: those of every policy and those of records files.

    The same record seen by many hosts counts once. Two different records with one id raise RecordsError.
    """
    merged: dict[str, dict[str, Entry]] = {group: {} for group in GROUPS}
    problems: list[Problem] = []
    for holder in (*policies, *more):
        for group in GROUPS:
            for record in getattr(holder, group):
                known = merged[group].setdefault(record.id, record)
                if known != record:
                    message = f"'{record.id}' stands for two different records. Ids are unique in the whole estate."
                    origin = holder.origin(group) if isinstance(holder, Policy) else ""
                    problems.append(Problem(group, message, origin))
    if problems:
        raise RecordsError(tuple(dict.fromkeys(problems)))
    return Records(*(tuple(found[name] for name in sorted(found)) for found in merged.values()))  # type: ignore[arg-type]


def _read(data: dict[Any, Any], places: dict[str, str], name: str) -> Records:
    reader = Reader(origins=places)
    options = {option.name: option for option in options_of(Policy) if option.name in GROUPS}
    for key in data:
        if key not in options:
            reader.problems.append(Problem(show(key), f"there is no such list. {_ADVICE}", places.get(str(key), name)))
    records = Records(*(_value(reader, options[group], data.get(group)) for group in GROUPS))
    for problem in entry_problems(records.waivers, records.attestations, records.decisions):
        reader.note(problem.path, problem.message, problem.severity)
    errors = tuple(problem for problem in reader.problems if problem.severity == "error")
    if errors:
        raise RecordsError(errors)
    return records


def _value(reader: Reader, option: Option, value: Any) -> tuple[Any, ...]:
    read = () if value is None else reader.read(option, value, option.name)
    return () if read is MISSING else tuple(read)


def _fatal(place: str | Path, message: str) -> RecordsError:
    return RecordsError((Problem("records", message, str(place)),))
