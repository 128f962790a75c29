"""The few shapes in which Asterisk's CLI answers: parameter tables, labelled lines, columns."""

from __future__ import annotations

import ipaddress
import re
from typing import Dict, List, Tuple

_FLOAT = re.compile(r"^-?\d+\.\d+$")


def parameters(text: str) -> Dict[str, List[str]]:
    """``pjsip show ... X``: the table after ``ParameterName : ParameterValue``; a name may come several times."""
    result: Dict[str, List[str]] = {}
    inside = False
    for line in text.split("\n"):
        if not inside:
            inside = "ParameterName" in line and "ParameterValue" in line
            continue
        name, colon, value = line.partition(" : ")
        if not colon:
            name, colon, value = line.rstrip().partition(" :")
            if not colon:
                if result and not line.strip():
                    break
                continue
        name = name.strip()
        if name and " " not in name:
            result.setdefault(name, []).append(plain_number(value.strip()))
    return result


def plain_number(text: str) -> str:
    """``3.000000`` becomes ``3.0``."""
    if _FLOAT.match(text):
        text = text.rstrip("0")
        return text + "0" if text.endswith(".") else text
    return text


def labels(text: str) -> Dict[str, str]:
    """``  Label:    value`` lines; labels in lower case without trailing colons. The first of a label counts."""
    result: Dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            result.setdefault(name.strip().lower(), value.lstrip(":").strip())
    return result


def columns(text: str, names: Tuple[str, ...]) -> List[Dict[str, str]]:
    """A table whose head line holds all ``names``: every row cut at the positions of these words.

    Text that is wider than its column is cut by Asterisk itself.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        starts = []
        at = 0
        for name in names:
            at = line.find(name, at)
            if at < 0:
                break
            starts.append(at)
            at += len(name)
        if len(starts) != len(names):
            continue
        rows = []
        for row in lines[number + 1 :]:
            if not row.strip() or set(row.strip()) <= set("-= "):
                continue
            ends = [*starts[1:], max(len(row), starts[-1])]
            rows.append({name: row[start:end].strip() for name, start, end in zip(names, starts, ends)})
        return rows
    return []


def yes_no(text: str) -> str:
    """``Enabled``/``Yes``/``On``/``true`` and their opposites as ``yes`` and ``no``; anything else as it is."""
    low = text.strip().lower()
    if low in ("enabled", "yes", "on", "true"):
        return "yes"
    if low in ("disabled", "no", "off", "false"):
        return "no"
    return text.strip()


def network(text: str) -> str:
    """``203.0.113.0/255.255.255.0`` as ``203.0.113.0/24``, a single host without its mask."""
    address, slash, mask = text.strip().partition("/")
    if not slash:
        return text.strip()
    if address.count(":") == 1 and address.count(".") == 3 and mask in ("32", "255.255.255.255"):
        return address  # an IPv4 address with a port
    try:
        host = ipaddress.ip_address(address)
        if mask.isdigit():
            bits = int(mask)
        else:
            number = int(ipaddress.ip_address(mask))
            bits = bin(number).count("1")
            width = host.max_prefixlen
            if number != ((1 << bits) - 1) << (width - bits):
                return text.strip()
    except ValueError:
        return text.strip()
    return address if bits == host.max_prefixlen else "{0}/{1}".format(address, bits)


def codecs(text: str) -> List[str]:
    """``(opus|alaw)`` as a list; empty for ``(nothing)``."""
    inner = text.strip().strip("()")
    return [] if inner in ("", "nothing", "none") else [part.strip() for part in inner.split("|")]


def rules(text: str) -> List[Tuple[str, str]]:
    """The numbered lines of an ACL: ``[("deny", "0.0.0.0/0"), ("permit", "192.0.2.0/24")]``."""
    found = []
    for sense, net in re.findall(r"(?m)^\s*\d+:\s*(allow|deny)\s*-\s*(\S+)\s*$", text):
        found.append(("permit" if sense == "allow" else "deny", network(net)))
    return found
