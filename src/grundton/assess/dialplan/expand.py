"""Variables and expressions of the dialplan, evaluated as far as they are known.

A value is text in which three private characters stand for what is not known: `UNKNOWN` for anything the
dialplan computes itself, `DIALLED` for characters the caller can choose behind an open pattern, `CALLER` for
what a caller writes about himself (name, number, headers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN, DIALLED, CALLER = "\ue000", "\ue001", "\ue002"
MARKS = UNKNOWN + DIALLED + CALLER
_WORDS = {UNKNOWN: "…", DIALLED: "‹dialled›", CALLER: "‹caller›"}

#: Longest text a variable holds (VAR_BUF_SIZE in Asterisk), how many expressions one step may hold,
#: and longest regular expression or text for one that is tried.
_MOST_TEXT, _MOST_EXPANSIONS, _MOST_PATTERN = 4096, 500, 256
#: What keeps a separator from separating.
_NESTING = frozenset('"([{')
#: A repetition of what repeats, which a regular expression may take for ever to give up on.
_NESTED_REPEAT = re.compile(r"[+*}][^()]*\)[+*{]")

_FUNCTION = re.compile(r"^(?P<name>[A-Za-z_]\w*)\((?P<args>.*)\)(?P<slice>(?::-?\d*){0,2})$", re.S)
_VARIABLE = re.compile(r"^_{0,2}(?P<name>[A-Za-z]\w*|~~\w+~~)(?P<slice>(?::-?\d*){0,2})$")
_CLEAN = frozenset(
    (
        "LEN",
        "MD5",
        "SHA1",
        "MATH",
        "REGEX",
        "EXISTS",
        "ISNULL",
        "URIENCODE",
        "GROUP_COUNT",
        "GROUP",
        "DB",
        "DB_EXISTS",
        "STRFTIME",
        "EPOCH",
        "RAND",
        "SYSINFO",
        "CHANNEL",
        "CDR",
        "DEVICE_STATE",
        "EXTENSION_STATE",
        "HINT",
        "QUEUE_MEMBER",
        "QUEUE_WAITING_COUNT",
        "VM_INFO",
        "ODBC",
        "STAT",
        "IFTIME",
        "INC",
        "DEC",
        "HASH",
        "LOCAL",
        "TIMEOUT",
        "UUID",
    )
)
_HEADERS = frozenset(["PJSIP_HEADER", "SIP_HEADER", "PJSIP_HEADERS", "CALLERID", "CONNECTEDLINE", "REDIRECTING"])


def readable(text: str) -> str:
    """A value for people: placeholders in place of what is not known."""
    for mark, word in _WORDS.items():
        text = text.replace(mark, word)
    return text


def is_known(text: str) -> bool:
    """Whether a value is known completely."""
    return not any(mark in text for mark in MARKS)


def is_true(text: str) -> bool:
    """What the dialplan takes for true: a number that is not zero, or any other text."""
    text = text.strip().strip('"')
    if not text:
        return False
    number = re.match(r"[+-]?\d+(?:\.\d+)?", text)
    return float(number.group()) != 0 if number else True


def split_args(text: str, separator: str = ",") -> list[str]:
    """Arguments of an application: separators inside parentheses, brackets, braces and quotes do not count."""
    if _NESTING.isdisjoint(text):
        return text.split(separator)
    parts, depth, quoted, current = [], 0, False, ""
    for char in text:
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "([{":
            depth += 1
        elif not quoted and char in ")]}":
            depth = max(0, depth - 1)
        elif not quoted and depth == 0 and char == separator:
            parts.append(current)
            current = ""
            continue
        current += char
    return [*parts, current]


@dataclass(slots=True)
class Scope:
    """What variables mean at one point of a walk; `calls` collects functions with effects outside."""

    variables: Mapping[str, str]
    globals: Mapping[str, str]
    calls: list[tuple[str, str]] = field(default_factory=list)
    left: int = _MOST_EXPANSIONS

    def expand(self, text: str, depth: int = 0) -> str:
        """The text with `${…}` and `$[…]` replaced."""
        if "$" not in text or depth > 12:
            return text
        self.left -= 1
        if self.left < 0:
            return UNKNOWN + _marks(text)
        result, index = "", 0
        while index < len(text):
            opening = text[index : index + 2]
            if opening in ("${", "$["):
                end = _closing(text, index + 1)
                inner = self.expand(text[index + 2 : end], depth + 1)
                result += self._variable(inner, depth) if opening == "${" else evaluate(inner)
                index = end + 1
            else:
                result += text[index]
                index += 1
        return result if len(result) <= _MOST_TEXT else UNKNOWN + _marks(result)

    def _variable(self, inner: str, depth: int) -> str:
        function = _FUNCTION.match(inner)
        if function is not None:
            value = self._function(function.group("name").upper(), function.group("args"), depth)
            return _slice(value, function.group("slice"))
        plain = _VARIABLE.match(inner)
        if plain is None:
            return UNKNOWN + _marks(inner)
        name = plain.group("name")
        value = self.variables.get(name, "")
        if not value and name not in self.variables:
            known = self.globals.get(name)
            value = UNKNOWN if known is None else self.expand(known, depth + 1)
        return _slice(value, plain.group("slice"))

    def _function(self, name: str, args: str, depth: int) -> str:
        key = f"{name}({args})"
        if key in self.variables:
            return self.variables[key]
        if name == "FILTER":
            allowed, _comma, text = args.partition(",")
            return _filter(allowed, text)
        if name in _HEADERS:
            return self.variables.get(f"{name}(all)", CALLER)
        if name == "GLOBAL":
            known = self.globals.get(args)
            return UNKNOWN if known is None else self.expand(known, depth + 1)
        if name == "EVAL":
            return self.expand(args, depth + 1)
        if name == "IF":
            condition, _mark, rest = args.partition("?")
            yes, _colon, no = rest.partition(":")
            if is_known(condition):
                return yes if is_true(condition) else no
            return UNKNOWN + _marks(yes + no)
        if name in ("TOUPPER", "TOLOWER", "QUOTE"):
            return args
        if name == "CUT":
            return UNKNOWN + _marks(self.variables.get(args.partition(",")[0].strip(), ""))
        if name in ("SHELL", "CURL", "CURLOPT"):
            self.calls.append((name, args))
            return UNKNOWN
        return UNKNOWN if name in _CLEAN or name.startswith("ODBC") else UNKNOWN + _marks(args)


def _marks(text: str) -> str:
    return "".join(mark for mark in (DIALLED, CALLER) if mark in text)


def _closing(text: str, start: int) -> int:
    opening, closing = text[start], {"{": "}", "[": "]"}[text[start]]
    depth = 0
    for index in range(start, len(text)):
        if text[index] == opening:
            depth += 1
        elif text[index] == closing:
            depth -= 1
            if depth == 0:
                return index
    return len(text)


def _slice(value: str, bounds: str) -> str:
    if not bounds or value.startswith(UNKNOWN) or value == CALLER:
        return value
    parts = [int(part) if part not in ("", "-") else 0 for part in bounds[1:].split(":")]
    value = value[parts[0] :] if parts[0] >= 0 else value[max(0, len(value) + parts[0]) :]
    if len(parts) > 1:
        value = value[: parts[1]]
    return value


def _filter(allowed: str, text: str) -> str:
    kept: set[str] = set()
    index = 0
    while index < len(allowed):
        if allowed[index] == "\\" and index + 1 < len(allowed):
            kept.add(allowed[index + 1])
            index += 2
        elif index + 2 < len(allowed) and allowed[index + 1] == "-":
            kept.update(chr(code) for code in range(ord(allowed[index]), ord(allowed[index + 2]) + 1))
            index += 3
        else:
            kept.add(allowed[index])
            index += 1
    dangerous = kept & set("&;|`$()<>/@ ")
    result = "".join(
        char for char in text if char == UNKNOWN or char in kept or (dangerous and char in (DIALLED, CALLER))
    )
    return result or (UNKNOWN if CALLER in text else "")


_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\|\||&&|==|!=|>=|<=|=~|[()|&=<>+*/%:!?-]|[^\s()|&=<>+*/%:!?"-]+)')
_LEVELS = (("|", "||"), ("&", "&&"), ("=", "==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"), ("=~", ":"))


def evaluate(text: str) -> str:
    """The result of `$[…]`; `UNKNOWN` when something in it is not known or too complex."""
    if not is_known(text):
        return UNKNOWN + _marks(text)
    tokens = _TOKEN.findall(text)
    if "".join(tokens).replace(" ", "") != text.replace(" ", "").replace("\t", ""):
        return UNKNOWN
    try:
        value, rest = _level(tokens, 0)
    except (ValueError, IndexError, ZeroDivisionError, re.error, RecursionError):
        return UNKNOWN
    return UNKNOWN if rest else value


def _level(tokens: list[str], level: int) -> tuple[str, list[str]]:
    if level == len(_LEVELS):
        return _operand(tokens)
    value, rest = _level(tokens, level + 1)
    while rest and rest[0] in _LEVELS[level]:
        operator = rest[0]
        right, rest = _level(rest[1:], level + 1)
        value = _apply(operator, value, right)
    return value, rest


def _operand(tokens: list[str]) -> tuple[str, list[str]]:
    if not tokens:
        return "", []
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        value, rest = _level(rest, 0)
        if rest[0] != ")":
            raise ValueError(head)
        return value, rest[1:]
    if head == "!":
        value, rest = _operand(rest)
        return ("0" if is_true(value) else "1"), rest
    if head == "-":
        value, rest = _operand(rest)
        return "-" + value, rest
    if head in ("=", "==", "!=", "<", ">", "<=", ">=", ")"):
        return "", tokens
    return head, rest


def _apply(operator: str, left: str, right: str) -> str:
    if operator in ("|", "||"):
        return left if is_true(left) else right
    if operator in ("&", "&&"):
        return left if is_true(left) and is_true(right) else "0"
    a, b = left.strip('"'), right.strip('"')
    if operator in ("=~", ":"):
        if len(b) > _MOST_PATTERN or len(a) > _MOST_PATTERN or _NESTED_REPEAT.search(b):
            raise ValueError(operator)
        found = re.search(b, a) if operator == "=~" else re.match(b, a)
        return (found.group(1) if found.groups() else str(len(found.group()))) if found else "0"
    if _numeric(a) and _numeric(b):
        x, y = float(a), float(b)
        numbers = {"=": x == y, "==": x == y, "!=": x != y, "<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}
        if operator in numbers:
            return "1" if numbers[operator] else "0"
        result = {"+": x + y, "-": x - y, "*": x * y}.get(operator)
        if result is None:
            result = x / y if operator == "/" else x % y
        return f"{result:g}"
    texts = {"=": a == b, "==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}
    if operator not in texts:
        raise ValueError(operator)
    return "1" if texts[operator] else "0"


def _numeric(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None
