"""Read and check the catalogue. A bad record fails here, with file and line, not later in a report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from grundton.catalog import stamp
from grundton.model.control import EVALUATORS, Control
from grundton.model.measure import Demand, Measure, Successor, Text
from grundton.model.verdict import Level, Severity


class CatalogError(ValueError):
    """A catalogue file that cannot be used; the message names file and line."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Everything the tool knows. `defaults`, `advisories`, `support` and `activations` are keyed by component.

    Names of activations are without the component's prefix, which records use: `pjsip_reload`.
    """

    version: str
    measures: Mapping[str, Measure]
    controls: Mapping[str, Control]
    defaults: Mapping[str, Mapping[str, Any]]
    advisories: Mapping[str, list[Mapping[str, Any]]]
    support: Mapping[str, Mapping[str, Any]]
    activations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def demands(self) -> dict[str, Demand]:
        """Every demand by id."""
        return {demand.id: demand for measure in self.measures.values() for demand in measure.demands}

    def controls_of(self, demand: str) -> list[Control]:
        """Controls that answer a demand, in catalogue order."""
        return [control for control in self.controls.values() if demand in control.demands]


class _Lines(dict[str, Any]):
    """A mapping read from YAML that remembers the line it starts on."""

    line = 0


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML with line numbers on mappings and duplicate keys refused."""


def _mapping(loader: Any, node: yaml.MappingNode) -> _Lines:
    result = _Lines()
    result.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """Read one YAML file; raises CatalogError with file and line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 0
        raise CatalogError(f"{path}:{line}: not valid YAML: {problem.problem}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise CatalogError(f"{path}: cannot be read: {problem}") from None


@cache
def _validator(schema: Path) -> Any:
    import jsonschema  # only a check needs it, and it is slow to load

    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _line_at(document: Any, path: list[Any]) -> int:
    line = getattr(document, "line", 1)
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            break
        line = getattr(document, "line", line)
    return int(line)


def _check(document: Any, schema: Path, path: Path) -> None:
    from jsonschema.exceptions import best_match

    problem = best_match(_validator(schema).iter_errors(document))
    if problem is not None:
        steps = list(problem.absolute_path)
        where = ".".join(str(step) for step in steps) or "document"
        raise CatalogError(f"{path}:{_line_at(document, steps)}: {where}: {problem.message}")


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.rglob("*.yml")))


def _text(raw: Mapping[str, str]) -> Text:
    return Text(en=raw["en"].strip(), de=raw["de"].strip())


def _measure(raw: Mapping[str, Any]) -> Measure:
    successor = raw["successor"]
    return Measure(
        id=raw["id"],
        slug=raw["slug"],
        title=_text(raw["title"]),
        stage=raw["stage"],
        kind=raw["kind"],
        successor=Successor(
            net_4_2=tuple(successor["net_4_2"]),
            net_4_1=tuple(successor["net_4_1"]),
            gpp=tuple(successor["gpp"]),
            level=successor["level"],
            support=successor["support"],
        ),
        components=tuple(raw["components"]),
        summary=_text(raw["summary"]),
        forbidden=tuple(raw["forbidden"]),
        questions=tuple(raw["questions"]),
        documents=tuple(raw["documents"]),
        attestations=tuple(raw["attestations"]),
        responsible={key: tuple(value) for key, value in raw["responsible"].items()},
        demands=tuple(
            Demand(
                id=demand["id"],
                title=_text(demand["title"]),
                text=_text(demand["text"]),
                force=demand["force"],
                checked_by=tuple(demand["checked_by"]),
                needs=demand["needs"],
                sources=tuple(demand["sources"]),
            )
            for demand in raw["demands"]
        ),
    )


def control_from_record(raw: Mapping[str, Any], file: str) -> Control:
    """Turn a checked record into a Control; `file` is the name of the file it stands in."""
    evaluator = next(key for key in EVALUATORS if key in raw)
    return Control(
        id=raw["id"],
        title=_text(raw["title"]),
        demands=tuple(raw["demands"]),
        component=raw["component"],
        severity=Severity(raw["severity"]),
        level=Level(raw["level"]),
        evaluator=evaluator,
        spec=raw[evaluator],
        refs=tuple(raw.get("refs", ())),
        since=raw.get("since", {}),
        until=raw.get("until", {}),
        when=raw.get("when"),
        fix=raw.get("fix"),
        activate=raw.get("activate"),
        impact=raw["impact"],
        breaks=raw.get("breaks"),
        why=" ".join(raw["why"].split()),
        remedy=" ".join(raw["remedy"].split()),
        sources=tuple(raw["sources"]),
        file=file,
        line=getattr(raw, "line", 0),
        given=raw.get("given", {}),
    )


def load_measures(root: Path, check: bool = True) -> dict[str, Measure]:
    """Read `measures/*.yml` below the catalogue folder, in numerical order."""
    measures = []
    for path in _files(root / "measures"):
        document = read_yaml(path)
        if check:
            _check(document, root / "schema" / "measure.schema.json", path)
        measures.append(_measure(document))
    measures.sort(key=lambda measure: [int(part) for part in measure.id.removeprefix("M ").split(".")])
    return {measure.id: measure for measure in measures}


def load_controls(root: Path, demands: Mapping[str, Demand], check: bool = True) -> dict[str, Control]:
    """Read `controls/**/*.yml`; every demand a record names must exist, every id must be unique."""
    controls: dict[str, Control] = {}
    for path in _files(root / "controls"):
        document = read_yaml(path)
        if check:
            _check(document, root / "schema" / "control.schema.json", path)
        for raw in document:
            where = f"{path}:{getattr(raw, 'line', 0)}"
            if raw["id"] in controls:
                raise CatalogError(f"{where}: control id {raw['id']} is already used in {controls[raw['id']].file}")
            for demand in raw["demands"]:
                if demand not in demands:
                    raise CatalogError(f"{where}: control {raw['id']}: there is no demand {demand}")
            controls[raw["id"]] = control_from_record(raw, path.name)
    return controls


def load_activations(root: Path, check: bool = True) -> dict[str, Any]:
    """Read `activations/<component>.yml`."""
    tables = {}
    for path in _files(root / "activations"):
        document = read_yaml(path)
        if check:
            _check(document, root / "schema" / "activations.schema.json", path)
        tables[path.stem] = document
    return tables


def _by_component(folder: Path) -> dict[str, Any]:
    return {path.stem: read_yaml(path) for path in _files(folder)} if folder.is_dir() else {}


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def load(root: Path | None = None) -> Catalog:
    """Load the catalogue that ships with the package, or the one in `root`; raises CatalogError."""
    if root is None:
        return _shipped()
    stamped = stamp.digest(root)
    check = not stamp.is_checked(stamped)
    measures = load_measures(root, check)
    demands = {demand.id: demand for measure in measures.values() for demand in measure.demands}
    catalog = Catalog(
        version=_digest(root),
        measures=measures,
        controls=load_controls(root, demands, check),
        defaults=_by_component(root / "defaults"),
        advisories=_by_component(root / "advisories"),
        support=_by_component(root / "support"),
        activations=load_activations(root, check),
    )
    if check:
        stamp.mark_checked(stamped)
    return catalog


@cache
def _shipped() -> Catalog:
    return load(Path(str(resources.files("grundton.catalog"))))
