"""Turning inventory values into typed decisions, collecting every problem on the way."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from grundton.policy.nets import IPNetwork
from grundton.policy.option import MISSING, Option
from grundton.policy.problems import Problem, Severity, looks_secret, show
from grundton.policy.vocabulary import SHAPES

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(slots=True)
class Reader:
    """Reads values by their declaration; a bad value is noted and replaced by its default."""

    origins: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: str, message: str, severity: Severity = "error") -> None:
        """Remember a problem at a path."""
        self.problems.append(Problem(self.prefix + path, message, self.origin(path), severity))

    def origin(self, path: str) -> str:
        """Return where the value, or the nearest thing around it, was written."""
        full = self.prefix + path
        while full:
            if full in self.origins:
                return self.origins[full]
            full = _parent(full)
        return ""

    def read(self, option: Option, value: Any, path: str) -> Any:
        """Return the typed value, or MISSING when there is none to be had."""
        if value is None and option.nullable:
            return None
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return self._refuse(option, path, "holds a template that was not resolved")
        if isinstance(value, str) and value.startswith("$ANSIBLE_VAULT"):
            return self._refuse(option, path, "is vault-encrypted and was not decrypted. Policies hold no secrets")
        return getattr(self, f"_{option.kind}")(option, value, path)

    def _refuse(self, option: Option, path: str, message: str) -> Any:
        self.note(path, message + ".")
        return option.default

    def _expected(self, option: Option, value: Any, path: str, what: str) -> Any:
        shown = show(value, hidden=option.meta.hidden or looks_secret(path.rpartition(".")[2]))
        self.note(path, f"expected {what}, found {shown}.")
        return option.default

    def _bool(self, option: Option, value: Any, path: str) -> Any:
        if isinstance(value, bool):
            return bool(value)
        word = str(value).lower() if isinstance(value, str) else ""
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        return self._expected(option, value, path, "true or false")

    def _int(self, option: Option, value: Any, path: str) -> Any:
        number: int | None = None
        if (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and _INTEGER.fullmatch(value)
        ):
            number = int(value)
        unit = f" of {option.meta.unit}" if option.meta.unit else ""
        if number is None:
            return self._expected(option, value, path, f"a whole number{unit}")
        low, high = option.meta.minimum, option.meta.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            return self._expected(option, value, path, f"a number{unit} from {low} to {high}")
        return number

    def _str(self, option: Option, value: Any, path: str) -> Any:
        shape, hint = SHAPES.get(option.meta.shape, ("", "a text"))
        if isinstance(value, int) and not isinstance(value, bool) and option.meta.shape in ("digits", "prefix"):
            value = str(value) if abs(value) < 10**20 else None
        if not isinstance(value, str):
            return self._expected(option, value, path, hint)
        text = str(value)
        if not text and option.default == "":
            return ""
        if shape and not _compiled(shape).fullmatch(text):
            return self._expected(option, value, path, hint)
        return text

    def _choice(self, option: Option, value: Any, path: str) -> Any:
        if isinstance(value, float):
            value = format(value, "g")
        if isinstance(value, str) and value in option.choices:
            return str(value)
        what = "one of " + ", ".join(option.choices)
        if value is None:
            what += " (quote 'none' if that is meant)" if "none" in option.choices else ""
        close = get_close_matches(value.lower(), option.choices, n=1) if isinstance(value, str) else []
        if close and not option.meta.hidden and not looks_secret(str(value)):
            what = f"one of {', '.join(option.choices)} (did you mean '{close[0]}'?)"
        return self._expected(option, value, path, what)

    def _network(self, option: Option, value: Any, path: str) -> Any:
        if isinstance(value, str):
            text = value.strip()
            if "/" in text or _is_address(text):
                try:
                    return IPNetwork(str(ipaddress.ip_network(text)))
                except ValueError:
                    meant = _wider(text)
                    if meant:
                        what = f"a network without host bits (did you mean '{meant}'?)"
                        return self._expected(option, value, path, what)
        return self._expected(option, value, path, "a network such as 192.0.2.0/24 or 2001:db8::/32")

    def _date(self, option: Option, value: Any, path: str) -> Any:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        if isinstance(value, str) and _DAY.fullmatch(value[:10]) and value[10:11] in ("", "T", " "):
            try:
                return dt.date.fromisoformat(value[:10])
            except ValueError:
                return self._expected(option, value, path, "a day that exists, written 2027-01-31")
        return self._expected(option, value, path, "a day written 2027-01-31")

    def _list(self, option: Option, value: Any, path: str) -> Any:
        assert option.item is not None  # noqa: S101 - every list is declared with its element
        if not isinstance(value, list | tuple):
            return self._expected(option, value, path, "a list")
        low, high = option.meta.min_items, option.meta.max_items
        if len(value) < low or (high is not None and len(value) > high):
            what = f"exactly {low} elements" if low == high else "at least one element"
            return self._expected(option, value, path, f"a list with {what}")
        read = [self.read(option.item, item, f"{path}[{index}]") for index, item in enumerate(value)]
        good = tuple(item for item in read if item is not MISSING)
        if len(set(good)) < len(good) and option.item.kind != "group" and high is None:
            self.note(path, "names an element more than once; the repetition does nothing.", "warning")
            good = tuple(dict.fromkeys(good))
        return good if len(good) >= low else option.default

    def _map(self, option: Option, value: Any, path: str) -> Any:
        assert option.item is not None  # noqa: S101 - every map is declared with its element
        if not isinstance(value, Mapping):
            return self._expected(option, value, path, "a mapping from name to settings")
        shape, hint = SHAPES[option.meta.shape]
        found = []
        for name, settings in value.items():
            if not isinstance(name, str) or not _compiled(shape).fullmatch(name):
                self.note(path, f"the name {show(name)} cannot be used. Write {hint}.")
                continue
            item = self._group(option.item, settings, f"{path}.{name}", str(name))
            if item is not MISSING:
                found.append(item)
        return tuple(sorted(found, key=lambda item: str(item.name)))

    def _group(self, option: Option, value: Any, path: str, name: str | None = None) -> Any:
        assert option.cls is not None  # noqa: S101 - every group is declared with its class
        if not isinstance(value, Mapping):
            return self._expected(option, value, path, "a mapping with " + _names(option.fields))
        for key in value:
            if not isinstance(key, str) or option.field(key) is None:
                self.note(path, self._unknown(key, option.fields))
        read: dict[str, Any] = {} if name is None else {"name": name}
        complete = True
        for declared in option.fields:
            if declared.name in value:
                read[declared.name] = self.read(declared, value[declared.name], f"{path}.{declared.name}")
                complete = complete and read[declared.name] is not MISSING
            elif declared.required:
                self.note(path, f"'{declared.name}' is missing. {declared.meta.doc}")
                complete = False
        return option.cls(**read) if complete else option.default

    def _unknown(self, key: Any, fields: tuple[Option, ...]) -> str:
        if not isinstance(key, str):
            return f"the key {show(key)} is not a name. Known are {_names(fields)}."
        message = f"there is no setting {_key(key)}"
        if looks_secret(key):
            message += "; a policy holds rules, never secrets"
        close = get_close_matches(key, [option.name for option in fields], n=1)
        return f"{message}. Did you mean '{close[0]}'?" if close else f"{message}. Known are {_names(fields)}."


def _key(key: str) -> str:
    """Return a key for a message; keys are names, so only over-long or odd ones are shortened."""
    return f"'{key}'" if re.fullmatch(r"[A-Za-z_][\w-]{0,40}", key) else show(key)


def _names(fields: tuple[Option, ...]) -> str:
    return ", ".join(option.name for option in fields)


def _parent(path: str) -> str:
    cut = max(path.rfind("."), path.rfind("["))
    return path[:cut] if cut > 0 else ""


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(f"(?:{expression})")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _wider(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return ""
