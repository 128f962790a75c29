"""Turn the matchers of a record into predicates (docs/architecture.md section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from netaddr import IPNetwork

from grundton.assess import values as v
from grundton.model.snapshot import Datum
from grundton.model.version import at_least

Values = list[Datum]


class Lookup(Protocol):
    """What a matcher needs from the policy."""

    def lookup(self, path: str) -> Any:
        """Return the value at a dotted path."""

    def networks_of(self, name: str) -> tuple[IPNetwork, ...]:
        """Return the networks of a zone, by name or kind; empty when there are none."""


class NotCheckableError(Exception):
    """The expected value itself is unknown (a zone nobody defined): the control cannot be checked."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A predicate over the values of a key and the words that describe what it wants."""

    test: Callable[[Values], bool]
    text: str
    presence: bool = False  # looks only at whether there is a value, not at which

    def __call__(self, values: Values) -> bool:
        """Apply the predicate."""
        return self.test(values)


def compile_matcher(raw: object, policy: Lookup) -> Matcher:
    """Compile one matcher; `policy` resolves `{policy: path}` and zone names. Raises NotCheckableError."""
    if isinstance(raw, Mapping):
        if set(raw) == {"policy"}:
            return _literal(policy.lookup(raw["policy"]))
        parts = [_OPERATORS[name](argument, policy) for name, argument in raw.items()]
        return parts[0] if len(parts) == 1 else _all(parts)
    return _literal(raw)


def compile_matchers(raw: Mapping[str, object], policy: Lookup) -> dict[str, Matcher]:
    """Compile the matchers of a mapping key → matcher."""
    return {key: compile_matcher(matcher, policy) for key, matcher in raw.items()}


def _last(test: Callable[[Datum], bool]) -> Callable[[Values], bool]:
    return lambda values: bool(values) and test(values[-1])


def _literal(wanted: object) -> Matcher:
    if isinstance(wanted, list | tuple | set | frozenset):
        return _one_of(list(wanted))
    if isinstance(wanted, bool):
        wanted = "yes" if wanted else "no"
    return Matcher(_last(lambda value: v.same(value, wanted)), str(wanted))


def _resolve(argument: object, policy: Lookup) -> Any:
    if isinstance(argument, Mapping) and set(argument) == {"policy"}:
        return policy.lookup(argument["policy"])
    return argument


def _list(argument: object, policy: Lookup) -> list[Any]:
    resolved = _resolve(argument, policy)
    if isinstance(resolved, list | tuple | set | frozenset):
        return [item for element in resolved for item in _flat(_resolve(element, policy))]
    return [resolved]


def _flat(element: Any) -> list[Any]:
    return list(element) if isinstance(element, list | tuple | set | frozenset) else [element]


def _one_of(wanted: list[Any]) -> Matcher:
    text = " or ".join(str(item) for item in wanted) if wanted else "nothing"
    return Matcher(_last(lambda value: any(v.same(value, item) for item in wanted)), text)


def _none_of(argument: object, policy: Lookup) -> Matcher:
    unwanted = _list(argument, policy)
    inner = _one_of(unwanted)
    return Matcher(lambda values: not inner(values), "not " + inner.text)


def _not(argument: object, policy: Lookup) -> Matcher:
    inner = compile_matcher(argument, policy)
    return Matcher(lambda values: not inner(values), f"not {inner.text}")


def _min(argument: object, policy: Lookup) -> Matcher:
    limit = float(_resolve(argument, policy))
    return Matcher(_last(lambda value: (n := v.number(value)) is not None and n >= limit), f"at least {limit:g}")


def _max(argument: object, policy: Lookup) -> Matcher:
    limit = float(_resolve(argument, policy))
    return Matcher(_last(lambda value: (n := v.number(value)) is not None and n <= limit), f"at most {limit:g}")


def _matches(argument: object, policy: Lookup) -> Matcher:
    pattern = re.compile(str(_resolve(argument, policy)))
    return Matcher(
        _last(lambda value: isinstance(value, str) and bool(pattern.search(value))),
        f"matching {pattern.pattern}",
    )


def _not_matches(argument: object, policy: Lookup) -> Matcher:
    pattern = re.compile(str(_resolve(argument, policy)))
    return Matcher(
        lambda values: not any(isinstance(value, str) and pattern.search(value) for value in values),
        f"not matching {pattern.pattern}",
    )


def _present(_argument: object, _policy: Lookup) -> Matcher:
    return Matcher(lambda values: any(value != "" for value in values), "set", presence=True)


def _absent(_argument: object, _policy: Lookup) -> Matcher:
    return Matcher(lambda values: all(value == "" for value in values), "not set", presence=True)


def _contains(argument: object, policy: Lookup) -> Matcher:
    return _contains_all([_resolve(argument, policy)], policy)


def _lower(values: Values) -> set[str]:
    return {item.lower() for item in v.items(values)}


def _contains_all(argument: object, policy: Lookup) -> Matcher:
    wanted = [str(item) for item in _list(argument, policy)]
    return Matcher(
        lambda values: {item.lower() for item in wanted} <= _lower(values), "containing " + ", ".join(wanted)
    )


def _contains_none(argument: object, policy: Lookup) -> Matcher:
    unwanted = [str(item) for item in _list(argument, policy)]
    return Matcher(
        lambda values: not ({item.lower() for item in unwanted} & _lower(values)),
        "without " + ", ".join(unwanted),
    )


def _subset_of(argument: object, policy: Lookup) -> Matcher:
    allowed = [str(item) for item in _list(argument, policy)]
    text = "only " + ", ".join(allowed) if allowed else "none"
    return Matcher(lambda values: _lower(values) <= {item.lower() for item in allowed}, text)


def _within(argument: object, policy: Lookup) -> Matcher:
    names = [str(item) for item in _list(argument, policy)]
    networks: list[IPNetwork] = []
    for name in names:
        literal = v.network_of(name)
        found = [literal] if literal is not None else list(policy.networks_of(name))
        if not found:
            raise NotCheckableError(f"the policy names no network for zone {name!r} (voip_zones)")
        networks += found

    def test(value: Datum) -> bool:
        network = v.network_of(value) if isinstance(value, str) else None
        return network is not None and any(network in allowed for allowed in networks)

    return Matcher(
        lambda values: bool(values) and all(test(value) for value in v.items(values)),
        "within " + ", ".join(names),
    )


def _loopback(argument: object, _policy: Lookup) -> Matcher:
    wanted = bool(argument)
    return Matcher(
        _last(lambda value: isinstance(value, str) and v.is_loopback(value) is wanted),
        "a loopback address" if wanted else "no loopback address",
    )


def _mode_max(argument: object, policy: Lookup) -> Matcher:
    widest = str(_resolve(argument, policy))
    allowed = int(widest, 8)

    def test(value: Datum) -> bool:
        try:
            return isinstance(value, str) and int(value, 8) & ~allowed & 0o7777 == 0
        except ValueError:
            return False

    return Matcher(_last(test), f"{widest} or tighter")


def _version_min(argument: object, policy: Lookup) -> Matcher:
    minimum = str(_resolve(argument, policy))
    return Matcher(_last(lambda value: isinstance(value, str) and at_least(value, minimum)), f"{minimum} or newer")


def _secret(argument: Any, policy: Lookup) -> Matcher:
    length = int(_resolve(argument.get("min_length", 0), policy))
    classes = int(_resolve(argument.get("classes", 1), policy))
    refused = {str(flag) for flag in argument.get("no_flags", ())}

    def test(value: Datum) -> bool:
        secret = v.secret_of(value)
        return (
            secret is not None
            and secret.get("length", 0) >= length
            and len(secret.get("classes", "")) >= classes
            and not refused.intersection(secret.get("flags", ()))
        )

    words = [f"a secret of at least {length} characters"]
    if classes > 1:
        words.append(f"{classes} character classes")
    if refused:
        words.append("not " + ", not ".join(flag.replace("_", " ") for flag in sorted(refused)))
    return Matcher(_last(test), ", ".join(words))


def _all(parts: list[Matcher]) -> Matcher:
    return Matcher(lambda values: all(part(values) for part in parts), " and ".join(part.text for part in parts))


def _all_of(argument: Any, policy: Lookup) -> Matcher:
    return _all([compile_matcher(part, policy) for part in argument])


def _any_of(argument: Any, policy: Lookup) -> Matcher:
    parts = [compile_matcher(part, policy) for part in argument]
    return Matcher(lambda values: any(part(values) for part in parts), " or ".join(part.text for part in parts))


_OPERATORS: dict[str, Callable[[Any, Lookup], Matcher]] = {
    "one_of": lambda argument, policy: _one_of(_list(argument, policy)),
    "none_of": _none_of,
    "not": _not,
    "min": _min,
    "max": _max,
    "matches": _matches,
    "not_matches": _not_matches,
    "present": _present,
    "absent": _absent,
    "contains": _contains,
    "contains_all": _contains_all,
    "contains_none": _contains_none,
    "subset_of": _subset_of,
    "within": _within,
    "loopback": _loopback,
    "mode_max": _mode_max,
    "version_min": _version_min,
    "secret": _secret,
    "all": _all_of,
    "any": _any_of,
    "policy": lambda argument, policy: _literal(policy.lookup(argument)),
}
