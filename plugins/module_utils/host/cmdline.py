"""Command lines without their secrets, for process arguments, cron jobs and sudo rules."""

from __future__ import annotations

import re
from typing import Sequence

from ..redaction import Redactor, classes

_NAMES_OF_SECRETS = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|"
    r"secret[-_]?access[-_]?key|account[-_]?key|credentials?|encryption[-_]?key|auth[-_]?(?:key|token)|pin)"
)
#: What follows the word in names that hold a place, not a secret (``--password-file``, ``PASSWORD_COMMAND``).
_NOT_A_PLACE = r"(?![-_]?(?:file|command|cmd|path|dir|store|manager|env))"
_VALUE = r"(\"[^\"]*\"?|'[^']*'?|[^\s\"';|&]+)"

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}://)([^\s/@:\"']*):([^\s@\"'/]+|[^\s@\"']+(?=@[^\s@\"']*))@")
_ASSIGNED = re.compile(
    rf"(?i)((?<![A-Za-z0-9«])[-\w.]*{_NAMES_OF_SECRETS}{_NOT_A_PLACE}(?:[-_]?[A-Za-z0-9]+)??\s?[=:]\s?){_VALUE}"
)
_OPTION = re.compile(rf"(?i)((?<!\S)--?[-\w]*{_NAMES_OF_SECRETS}{_NOT_A_PLACE}\s+)(?!-){_VALUE}")
_BEARER = re.compile(r"(?i)(\b(?:bearer|basic|digest)\s+)([A-Za-z0-9._~+/=-]{6,})")
_USER_PAIR = re.compile(r"((?<!\S)(?:-u|-U|--user|--proxy-user|--cli-user)[=\s]\s*\"?'?[^\s:\"'/]+:)([^\s\"']+)")
_MYSQL = re.compile(
    r"((?:^|[\s/;|&(])(?:mysql|mariadb|mysqldump|mariadb-dump|mysqladmin|mariadb-admin)\b[^;|&\n]*?\s-p)([^\s\"';|&-][^\s\"';|&]*)"
)
_SSHPASS = re.compile(r"(\bsshpass\s+-p\s*)" + _VALUE)
_REDIS = re.compile(r"(\bredis-cli\b[^;|&\n]*?\s(?:-a|--pass)\s+)" + _VALUE)
_AT = re.compile(r"((?<!\S)--redis(?:-write)?[=\s])([^\s@/]+)(?=@)")

_DONE = "«secret:"

#: What is a secret in any text of the snapshot, beside the command line habits above.
_COMMON = Redactor(b"only marks, no fingerprints")


def mask(secret: str) -> str:
    """The stand-in for a secret inside a text: its length and classes, ``«secret:12:ld»``."""
    return f"{_DONE}{len(secret)}:{classes(secret)}»"


def _hide(match: re.Match[str]) -> str:
    value = match.group(match.lastindex or 1)
    if _DONE in value or (value.startswith("$") and not value.startswith("$$")):
        return match.group(0)  # done already, or a reference to a variable
    quote = value[0] if value[:1] in "\"'" else ""
    bare = value.strip(quote) if quote else value
    return match.group(0)[: match.start(match.lastindex or 1) - match.start()] + quote + mask(bare) + quote


def _hide_url(match: re.Match[str]) -> str:
    secret = match.group(3)
    return match.group(0) if _DONE in secret else f"{match.group(1)}{match.group(2)}:{mask(secret)}@"


def redact(text: str) -> str:
    """A command line with passwords, tokens and user info of URLs replaced by `mask`."""
    text = _URL.sub(_hide_url, text)
    for pattern in (_USER_PAIR, _MYSQL, _SSHPASS, _REDIS, _AT, _BEARER, _OPTION, _ASSIGNED):
        text = pattern.sub(_hide, text)
    return _COMMON.text(text)


def join(argv: Sequence[str]) -> str:
    """Arguments as one redacted line, those with spaces in double quotes."""
    if len(argv) == 1:  # a title the program gave itself
        return redact(argv[0])
    return redact(" ".join(f'"{part}"' if not part or re.search(r"\s", part) else part for part in argv))
