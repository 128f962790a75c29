"""How one operator decision is declared.

A decision is a field of a frozen dataclass whose default comes from :func:`opt`. Type, default, unit,
limits, documentation and the demands it decides stand there once; the reader, the JSON Schema, the
reference page and the role argument specs are all derived from it with :func:`options_of`.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, TypeVar, cast

from grundton.policy.nets import IPNetwork

T = TypeVar("T")

Kind = Literal["bool", "int", "str", "choice", "network", "date", "list", "map", "group"]
Weaker = Literal["", "lower", "higher", "true", "false"]

META_KEY = "grundton"
PREFIX = "voip_"


class _Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclasses.dataclass(frozen=True, slots=True)
class Meta:
    """What a declaration says beyond type and default."""

    doc: str
    demands: tuple[str, ...] = ()
    secure: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    min_items: int = 0
    max_items: int | None = None
    shape: str = ""
    keyed: bool = False
    hidden: bool = False
    weaker: Weaker = ""
    example: str = ""
    decides: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """One variable, sub key or list element, with all that was declared about it."""

    name: str
    path: str
    kind: Kind
    meta: Meta
    default: Any = MISSING
    nullable: bool = False
    choices: tuple[str, ...] = ()
    item: Option | None = None
    fields: tuple[Option, ...] = ()
    cls: type[Any] | None = None

    @property
    def required(self) -> bool:
        """True when there is no default: the operator has to write it."""
        return self.default is MISSING

    def field(self, name: str) -> Option | None:
        """Return the sub key of that name."""
        return next((option for option in self.fields if option.name == name), None)


def opt(
    default: T,
    doc: str,
    *,
    demands: str = "",
    secure: str = "",
    unit: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    min_items: int = 0,
    max_items: int | None = None,
    shape: str = "",
    keyed: bool = False,
    hidden: bool = False,
    weaker: Weaker = "",
    example: str = "",
    decides: str = "",
) -> T:
    """Declare a decision with a secure default.

    ``demands`` lists demand ids separated by blanks, ``secure`` says why the default is the safe value,
    ``weaker`` names the direction in which a changed value protects less, ``hidden`` keeps values out of
    messages, ``decides`` lists demands whose decision is made by writing the variable.
    """
    meta = Meta(
        doc=doc,
        demands=tuple(demands.split()),
        secure=secure,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        min_items=min_items,
        max_items=max_items,
        shape=shape,
        keyed=keyed,
        hidden=hidden,
        weaker=weaker,
        example=example,
        decides=tuple(decides.split()),
    )
    return dataclasses.field(default=default, metadata={META_KEY: meta})


def need(doc: str, *, demands: str = "", shape: str = "", min_items: int = 0, max_items: int | None = None) -> Any:
    """Declare a sub key that has no default and must be written."""
    meta = Meta(doc=doc, demands=tuple(demands.split()), shape=shape, min_items=min_items, max_items=max_items)
    return dataclasses.field(metadata={META_KEY: meta})


def options_of(cls: type[Any], parent: str = "") -> tuple[Option, ...]:
    """Return the declared options of a dataclass, in the order they are written."""
    key = (cls, parent)
    if key not in _KNOWN:
        _KNOWN[key] = tuple(_declared(cls, parent))
    return _KNOWN[key]


_KNOWN: dict[tuple[type[Any], str], tuple[Option, ...]] = {}


def _declared(cls: type[Any], parent: str) -> Iterator[Option]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        meta = field.metadata.get(META_KEY)
        if meta is None:
            continue
        path = f"{parent}.{field.name}" if parent else field.name
        default = MISSING if field.default is dataclasses.MISSING else field.default
        yield _option(field.name, path, hints[field.name], meta, default)


def walk(options: tuple[Option, ...]) -> Iterator[Option]:
    """Yield options and all below them, parents first; paths of elements carry ``[]`` or ``<name>``."""
    for option in options:
        yield option
        yield from walk(option.fields)
        if option.item is not None:
            yield from walk(option.item.fields)


def _option(name: str, path: str, hint: Any, meta: Meta, default: Any) -> Option:
    nullable, hint = _strip_none(hint)
    origin = typing.get_origin(hint)
    if origin is Literal:
        choices = tuple(str(choice) for choice in typing.get_args(hint))
        return Option(name, path, "choice", meta, default, nullable, choices=choices)
    if origin is tuple:
        kind: Kind = "map" if meta.keyed else "list"
        below = f"{path}.<name>" if meta.keyed else f"{path}[]"
        item = _option("", below, typing.get_args(hint)[0], meta, MISSING)
        return Option(name, path, kind, meta, default, nullable, item=item)
    if dataclasses.is_dataclass(hint):
        cls = cast("type[Any]", hint)
        return Option(name, path, "group", meta, default, nullable, fields=options_of(cls, path), cls=cls)
    scalar: dict[Any, Kind] = {bool: "bool", int: "int", str: "str", IPNetwork: "network", date: "date"}
    return Option(name, path, scalar[hint], meta, default, nullable)


def _strip_none(hint: Any) -> tuple[bool, Any]:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return True, rest[0]
    return False, hint
