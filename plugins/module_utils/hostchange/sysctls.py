"""Values of the kernel: read from a settings file, compared with what is in force, put into force."""

from __future__ import annotations

import errno
import os
from typing import Dict, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.journal.errors import JournalError


def parse(text: str) -> Dict[str, str]:
    """``key = value`` lines; a mistake is an error.

    :raises JournalError: a line is none.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        if not equals or not value.strip() or any(letter.isspace() for letter in key.strip()):
            raise JournalError(f"line {number} of the kernel settings is not of the form key = value")
        found[key.strip()] = " ".join(value.split())
    return found


def place(key: str, root: str = "/proc/sys") -> str:
    """The file of a value."""
    path = os.path.normpath(os.path.join(root, key.replace(".", "/")))
    if not path.startswith(root + "/"):
        raise JournalError(f"{key} is no value of the kernel")
    return path


def differing(wanted: Dict[str, str], root: str = "/proc/sys") -> Tuple[Dict[str, str], List[str]]:
    """What is in force where it is not as wanted, and keys this kernel does not have."""
    old, unknown = {}, []
    for key, value in wanted.items():
        try:
            with open(place(key, root), encoding="ascii", errors="replace") as stream:
                now = " ".join(stream.read().split())
        except OSError:
            unknown.append(key)
            continue
        if now != value:
            old[key] = now
    return old, unknown


def set_now(key: str, value: str, root: str = "/proc/sys") -> bool:
    """Put one value into force; False where this host does not own it (a container).

    :raises JournalError: the kernel refuses the value.
    """
    try:
        with open(place(key, root), "w", encoding="ascii") as stream:
            stream.write(value)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return False
        raise JournalError(f"the kernel refuses {key} = {value}: {(error.strerror or '').lower()}") from None
    return True
