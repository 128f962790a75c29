"""Values the installed Asterisk would not take, or that would change nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, Mapping, Optional

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip_keys import knows
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.secrets import is_secret
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import Setting

_METHODS = frozenset("default unspecified tlsv1 tlsv1_1 tlsv1_2 sslv2 sslv3 sslv23".split())  # noqa: SIM905
_TLS13_SINCE = {18: (18, 20, 0), 20: (20, 5, 0)}

#: Options of asterisk.conf that the command line decides: key to option.
_COMMAND_LINE: Dict[str, str] = {
    "runuser": "user",
    "rungroup": "group",
    "dumpcore": "dumpcore",
    "highpriority": "highpriority",
    "initcrypto": "initcrypto",
    "maxcalls": "maxcalls",
    "maxload": "maxload",
    "minmemfree": "minmemfree",
    "nocolor": "nocolor",
    "nofork": "nofork",
    "quiet": "quiet",
    "timestamp": "timestamp",
    "verbose": "verbose",
    "debug": "debug",
}


@dataclass(frozen=True)
class Limits:
    """What is known about the installed Asterisk: version, options of its command line, cipher names it knows.

    ``ciphers`` None: nobody could be asked.
    """

    version: str = ""
    command_line: Mapping[str, str] = field(default_factory=dict)
    command_line_from: str = ""
    ciphers: Optional[FrozenSet[str]] = None


def objection(setting: Setting, limits: Limits) -> str:
    """Why a setting must not be written; empty when nothing speaks against it."""
    if any(ord(char) < 32 for char in setting.value) or setting.value != setting.value.strip():
        return "the value holds control characters or outer blanks"
    if len(setting.value.encode("utf-8", "surrogatepass")) > 4000:
        return "the value is too long for a line"
    if not re.fullmatch(r"[^\s=;\[\]#/\\]+", setting.key):
        return "this is no name of an option"
    if is_secret(setting.stem, setting.key, setting.value or "x"):
        return "a secret: secrets are not set this way"
    if setting.key == "type":
        return "the type of an object is not changed"
    if setting.stem == "pjsip" and not knows(setting.role, setting.key):
        return "no Asterisk knows this option; it would refuse the whole object"
    return _command_line(setting, limits) or _method(setting, limits) or _ciphers(setting, limits)


def _command_line(setting: Setting, limits: Limits) -> str:
    option = _COMMAND_LINE.get(setting.key) if setting.kind == "asterisk.options" else None
    if option is None or option not in limits.command_line:
        return ""
    return "the command line decides this ({0}, {1}): change it in the service unit".format(
        option, limits.command_line_from or "start script"
    )


def _method(setting: Setting, limits: Limits) -> str:
    if setting.kind != "pjsip.transport" or setting.key != "method":
        return ""
    value = setting.value.lower()
    if value == "tlsv1_3":
        version = _numbers(limits.version)
        if version is None:
            return "whether this Asterisk knows tlsv1_3 is not known; the transport would not load without"
        since = _TLS13_SINCE.get(version[0])
        if version[0] < 18 or version[0] == 19 or (since is not None and version < since):
            return "Asterisk {0} does not know tlsv1_3; the transport would not load".format(limits.version)
        return ""
    return "" if value in _METHODS else "no TLS method of Asterisk; the transport would not load"


def _ciphers(setting: Setting, limits: Limits) -> str:
    if (setting.kind, setting.key) not in (("pjsip.transport", "cipher"),):
        return ""
    names = [name.strip() for name in setting.value.split(",")]
    if any(not re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names):
        return "single cipher names only, separated by commas: the transport would not load"
    if limits.ciphers is None:
        return "the running Asterisk could not be asked which ciphers it knows"
    unknown = [name for name in names if name not in limits.ciphers]
    return "the running Asterisk does not know {0}".format(", ".join(unknown)) if unknown else ""


def _numbers(version: str) -> Optional["tuple[int, ...]"]:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in found.groups()) if found else None
