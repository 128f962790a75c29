"""Secrets become facts about secrets, at the place where they are read.

A secret leaves this module only as its length, its classes of characters, what makes it weak, and a
fingerprint made with a key that lives for one run: equal secrets can be seen within the run, no
secret can be looked up afterwards. Nothing here logs, raises or returns the text of a secret.

Shapes (``docs/architecture.md`` section 3): a value that *is* a secret becomes
``{"secret": {"length": 12, "classes": "ld", "flags": ["equals_name"], "fp": "9f2c…"}}``; text that only
*contains* one keeps its shape with ``«secret:12:ld»`` in place of the secret.
"""

from __future__ import annotations

import hmac
import os
import re
from typing import Dict, FrozenSet, Iterable, List, Match, Optional, Tuple

#: A secret shorter than this is short, whatever it holds.
SHORT = 8


def _words(text: str) -> FrozenSet[str]:
    return frozenset(text.split())


#: What vendors, distributions and samples ship. Lower case.
DEFAULTS = _words(
    """
    0000 1111 1234 1234567890 2222 4242 5678 6001 6002 7000 amp109 amp111 admin amportal asterisk
    astaccountrealmedpassword bitsy bitsy2 blah changeme cisco default elastix eleastix.2oo7
    elastix.2oo7 foomoo freepbx grandstream guest inkeys issabel jehdiekwmdje markpasswd moofoo mypass
    mypassword myscret mysecret oauth_secret_value palosanto passw0rd password polycom raspberry secret
    sangoma shazbot snom supersecret test thegrouch trixbox unsecurepassword verysecretpassword vicidial
    voip welcome yealink zoiper
    """
)

#: Words nobody should use, lower case; a run of digits or marks behind one does not make it better.
WORDS = _words(
    """
    123123 12345 123456 1234567 12345678 123456789 123qwe 1q2w3e 1q2w3e4r 1qaz2wsx abc123 access admin
    administrator alarm anlage apfel asdf asdfgh asterisk baseball batman berlin blah buero changeme
    chef client computer customer daniel demo denis dragon einfach empfang extension fax firma flower
    football freedom fritz fritzbox geheim guest gast hallo hamburg hello iloveyou internet jordan
    kamailio kennwort kunde lager letmein linux login london lovely maria master matrix michael monkey
    mueller muenchen mustang mypassword network nothing office operator passw0rd passwd passwort
    password pbx phone phones pincode princess private public qazwsx qwer qwert qwerty qwertz reception
    register root router sales samsung schalke secret security server service setup shadow sip sipuser
    sommer sonne starwars summer sunshine superman support switch sysadmin system telefon telefonanlage
    telephone temp temppass test tester testing test123 trunk trustno1 unknown user vertrieb voice
    voicemail voip welcome whatever willkommen winter wizard zentrale
    """
)

#: Longer texts are not searched but replaced as a whole (Asterisk itself reads at most 8190 bytes a line).
_LONGEST = 16384

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "yxcvbnm",
    "zxcvbnm",
)
_LEET = str.maketrans("013457$@!", "oieastsai")

#: Words in a name that say "secret". ``key`` alone is too common; see `looks_secret`.
_NAME_WORDS = _words(
    """
    auth_token bearer community communitystring cred credential credentials dbpass dbpassword dbpw
    keypass keypasswd md5secret pass passcode passphrase passwd password passwords passwort pin pincode
    pins psk pw pwd secret secrets token tokens userpass vmpin vmsecret
    """
)
_NAME_ENDS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "dbpass",
    "userpass",
    "authpass",
    "adminpass",
    "rootpass",
    "community",
    "credential",
    "credentials",
    "cred",
    "apikey",
    "authkey",
    "accesskey",
    "sharedkey",
    "encryptionkey",
    "pin",  # DISAPIN: dialplan variables are often written without a separator
    "pincode",
    "pass",
)
_NAME_NOT = (
    "file",
    "path",
    "dir",
    "format",
    "location",
    "length",
    "check",
    "notify",
    "policy",
    "hash_type",
    "bypass",
)
_BOOLEAN = frozenset(("", "yes", "no", "true", "false", "on", "off", "0", "1", "none"))
_FILE = re.compile(
    r"^(/[^\s]*|[\w./-]+\.(pem|key|crt|cert|cer|der|p12|pfx|wav|gsm|sln|ulaw|alaw|conf|py|sh|pl))$", re.I
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class Redactor:
    """Replaces secrets; one instance per snapshot, so that one key marks equal secrets in it."""

    def __init__(self, run_key: Optional[bytes] = None) -> None:
        """``run_key`` comes from the controller so that equal secrets show across hosts; random without."""
        self._key = run_key or os.urandom(32)
        self._marks: Dict[str, str] = {}

    def secret(self, text: str, *names: str) -> Dict[str, Dict[str, object]]:
        """What may be said about a secret; ``names`` are what it must not resemble (user, mailbox)."""
        return {
            "secret": {
                "length": len(text),
                "classes": classes(text),
                "flags": weaknesses(text, names),
                "fp": self._fingerprint(text),
            }
        }

    def mark(self, text: str) -> str:
        """The short form for a secret inside a longer text: ``«secret:12:ld»``."""
        return "«secret:{0}:{1}»".format(len(text), classes(text))

    def text(self, text: str) -> str:
        """``text`` with every secret it contains replaced; itself when there is none."""
        if not _maybe(text):
            return text
        if len(text) > _LONGEST:
            return self.mark(text)
        known = self._marks.get(text)
        if known is None:
            known = text
            for pattern in _PATTERNS:
                known = pattern.sub(self._replace, known)
            if len(self._marks) < 50000:
                self._marks[text] = known
        return known

    def _replace(self, match: Match[str]) -> str:
        secret = match.group("secret")
        if not secret or "«secret:" in secret or is_reference(secret):
            return match.group(0)
        start, end = match.span("secret")
        start, end = start - match.start(), end - match.start()
        whole = match.group(0)
        return whole[:start] + self.mark(secret) + whole[end:]

    def _fingerprint(self, text: str) -> str:
        if not text:
            return ""
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]


def classes(text: str) -> str:
    """Which kinds of characters a text uses, as a subset of ``luds`` in that order."""
    found = ""
    if text.upper() != text:
        found += "l"
    if text.lower() != text:
        found += "u"
    if _DIGIT.search(text):
        found += "d"
    if text and not text.isalnum():
        found += "s"
    return found


def weaknesses(text: str, names: Iterable[str] = ()) -> List[str]:
    """What makes a secret weak, as the flags of the snapshot; empty when nothing was found."""
    if not text:
        return ["empty"]
    flags: List[str] = []
    low = text.lower()
    if low in DEFAULTS:
        flags.append("default")
    if len(text) < 40 and _is_word(low):
        flags.append("dictionary")
    equal = contained = False
    for name in names:
        other = name.lower()
        if not other:
            continue
        if low in (other, other[::-1]):
            equal = True
        elif len(other) >= 3 and other in low:
            contained = True
    if equal:
        flags.append("equals_name")
    elif contained:
        flags.append("contains_name")
    if _is_sequence(low):
        flags.append("sequence")
    if _is_repeated(low):
        flags.append("repeated")
    if len(text) < SHORT:
        flags.append("short")
    return flags


def _is_word(low: str) -> bool:
    if low in WORDS:
        return True
    core = low.strip("0123456789!?.,-_#*$+@")
    if len(core) >= 4 and core in WORDS:
        return True
    plain = core.translate(_LEET)
    return len(plain) >= 4 and plain in WORDS


def _is_sequence(low: str) -> bool:
    if len(low) < 3:
        return False
    if len(low) <= 11:
        back = low[::-1]
        if any(low in row or back in row for row in _ROWS):
            return True
    step = ord(low[1]) - ord(low[0])
    return step in (1, -1, 2, -2) and all(ord(right) - ord(left) == step for left, right in zip(low, low[1:]))


def _is_repeated(low: str) -> bool:
    return len(low) >= 3 and low in (low + low)[1:-1]


def is_reference(text: str) -> bool:
    """Whether a text only refers to a value kept elsewhere (``${PIN}``), and so is no secret itself."""
    return text.startswith(("${", "$["))


_LOOKS: Dict[str, bool] = {}


def looks_secret(name: str, value: str) -> bool:
    """Whether a key nobody told us about holds a secret, judged by its name; errs on the safe side.

    Switches (``yes``/``no``), empty values, file names and pure references are not secrets.
    """
    known = _LOOKS.get(name)
    if known is None:
        known = name_looks_secret(name)
        if len(_LOOKS) < 20000:
            _LOOKS[name] = known
    if not known:
        return False
    return value.lower() not in _BOOLEAN and not _FILE.match(value) and not is_reference(value)


def name_looks_secret(name: str) -> bool:
    """Whether a name alone sounds like a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    low = name.lower()
    if any(low.endswith(end) for end in _NAME_NOT):
        return False
    if any(word in _NAME_WORDS for word in words):
        return True
    parts = re.split(r"[^a-z0-9]+", low)
    if any(part.endswith(_NAME_ENDS) or part in _NAME_WORDS for part in parts):
        return True
    if words[-1:] == ["key"] and len(words) > 1:
        return True
    return low == "key"


# -- secrets inside longer texts -------------------------------------------------------------------

_NAMES = (
    r"[\w.-]*(?:pass(?:word|wd|wort|phrase|code)?|pwd|secret|token|(?:api|auth|access)_?key"
    r"|pin(?:code)?|cred(?:ential)?s?|community|bearer)"
)
_CHANNELS = r"(?:SIP|PJSIP|IAX2?|H323|OOH323|MGCP|Skinny|Motif|Jingle)"
_HIDDEN_VARIABLE = r"\$\{[^}]*(?:pass|pin|secret|token)[^}]*\}"

_PATTERNS: Tuple["re.Pattern[str]", ...] = (
    # scheme://user:secret@host; the secret may itself hold an @ or a /
    re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@?#\"'«]*:(?P<secret>[^\s\"'«]+)@"),
    # https://token@host
    re.compile(r"(?i)\b(?:https?|ftps?|wss?)://(?P<secret>[^\s/:@?#\"'«]{16,})@"),
    # sip:user:secret@host
    re.compile(r"(?i)\bsips?:(?:\$\{[^}]*\}|\$(?!\{)|[^\s:@;?\"'<>«$])+:(?P<secret>[^\s@\"'<>«]+)@"),
    # SIP/user:secret@host and IAX2/user:[key]@host, as Dial takes them; also DUNDi mappings
    re.compile(r"(?i)\b" + _CHANNELS + r"[/,](?:\$\{[^}]*\}|\$(?!\{)|[^\s/:@,&()\"'«$])*:(?P<secret>[^\s@,&()\"'«]+)@"),
    # name=secret, name: secret, also in a query string, a connection string or a command
    re.compile(
        r"(?i)(?<![\w.${-])(?:--)?" + _NAMES + r"\)?(?:\s*=\s*|\s*:\s+)[\"']?(?P<secret>[^\s&;,|)\"'«>][^\s&;,|)\"'«]*)"
    ),
    # --password secret
    re.compile(r"(?i)\s--" + _NAMES + r"\s+[\"']?(?P<secret>[^\s\"'«-][^\s\"'«]*)"),
    # Authorization: Basic c2VjcmV0
    re.compile(r"(?i)\b(?:basic|bearer|digest)\s+(?P<secret>[A-Za-z0-9+/=_.~-]{8,})"),
    # curl -u user:secret, mysql -psecret
    re.compile(r"(?i)\s(?:-u|--user)[ =]?[\"']?[^\s:\"'«]+:(?P<secret>[^\s\"'«]+)"),
    re.compile(r"(?i)\b(?:mysql\w*|sshpass)\b[^|;]*?\s-p(?P<secret>[^\s\"'«]+)"),
    re.compile(r"(?i)\bsmbclient\b[^|;]*?%(?P<secret>[^\s\"'«]+)"),
    # "${PIN}" = "1234" and the other way round
    re.compile(r"(?i)" + _HIDDEN_VARIABLE + r"[\"']?\s*!?==?\s*[\"']?(?P<secret>[\w#*@.+-]{3,})"),
    re.compile(r"(?i)\$\[\s*[\"']?(?P<secret>[\w#*@.+-]{3,})[\"']?\s*!?==?\s*[\"']?" + _HIDDEN_VARIABLE),
)

_HINTS = re.compile(r"(?i)@|pass|pwd|secret|token|key|pin|cred|community|basic |bearer|digest | -[pu]| --|%|code")


def _maybe(text: str) -> bool:
    return (":" in text or "=" in text or " " in text) and _HINTS.search(text) is not None
