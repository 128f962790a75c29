"""Which values of Asterisk's configuration are secrets, and how the ones inside longer values are found."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.words import words
from ansible_collections.grundton.voip.plugins.module_utils.redaction import (
    Redactor,
    is_reference,
    looks_secret,
    name_looks_secret,
)
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import Text

#: Secrets wherever they stand.
_ALWAYS = words("""
    adminpin auth_password authpassword bindpass capture_password dbpass dbpassword dbpwd imappassword md5_cred
    md5secret oauth_secret pass passphrase passwd password password_digest pin pincode refresh_token
    remotesecret secret smtppassword ssl_keypasswd tlskeypassword turnpassword userpin vmpassword vmpin vmsecret
    """)

#: Names that look like secrets and are none: files, names of keys, switches, places in the internal database.
_NEVER = words("""
    authtype auth_type changepinprompt dbsecret dtls_private_key externpass externpasscheck externpassnotify inkeys
    keep_alive_interval md5 minpassword outkey password_format passwordlocation pickupexten priv_key_file private_key
    private_key_file sippasswordformat tlsprivatekey vm-password vm-passchanged vm-newpassword vm-reenterpassword
    vm-mismatch vm-invalid-password vm-pls-try-again
    """)

#: Keys whose value names what a secret must not resemble.
_NAMES = words("username user defaultuser fromuser authuser auth_user fullname mailbox name cid_number dbuser")

_REGISTER = re.compile(r"^(?P<head>[^:@]*:)(?P<secret>[^@]*?)(?P<tail>(?::[^:@]*)?@.*)$", re.S)
_REALM = re.compile(r"^(?P<head>[^:#@]*[:#])(?P<secret>.*?)(?P<tail>(?:@[^@]*)?)$", re.S)


_ALL, _NONE, _MAYBE = 1, 2, 3
_CLASSES: Dict[Tuple[str, str], int] = {}


def is_secret(stem: str, key: str, value: str) -> bool:
    """Whether the value of ``key`` (any case) in ``<stem>.conf`` is a secret as a whole."""
    found = _CLASSES.get((stem, key))
    if found is None:
        found = _class(stem, key)
        if len(_CLASSES) < 50000:
            _CLASSES[(stem, key)] = found
    if found == _MAYBE:
        return looks_secret(key.rpartition("/")[2], value)
    return found == _ALL


def _class(stem: str, key: str) -> int:
    bare = key.lower().rpartition("/")[2]  # pjsip_wizard.conf: inbound_auth/password
    if bare in _ALWAYS:
        return _ALL
    if bare in _NEVER or (stem, bare) == ("iax", "auth") or not name_looks_secret(bare):
        return _NONE
    return _MAYBE


def resembling(values: List[Tuple[str, str]], section: str) -> Tuple[str, ...]:
    """What the secrets of a section must not resemble: its name, user names, mailboxes, ...

    ``values`` are (key, text) pairs.
    """
    names = [section]
    names.extend(text for key, text in values if key.lower().rpartition("/")[2] in _NAMES and text)
    return tuple(dict.fromkeys(names))


def redact(redactor: Redactor, stem: str, key: str, value: str, names: Tuple[str, ...]) -> Text:
    """``value`` as it may leave the host: itself, with marks in it, or as a redacted secret."""
    if is_secret(stem, key, value):
        return redactor.secret(value, *names)
    return redact_plain(redactor, stem, key, value)


def redact_plain(redactor: Redactor, stem: str, key: str, value: str) -> str:
    """The same for a value that is no secret as a whole."""
    special = _SPECIAL.get((stem, key.lower()))
    if special is not None:
        return special(redactor, value)
    return redactor.text(value)


def assignment(redactor: Redactor, stem: str, text: str) -> str:
    """``NAME=value`` (setvar, voicemail options): the value marked when NAME says that it is a secret."""
    name, equals, value = text.partition("=")
    if equals and is_secret(stem, name.strip().lstrip("_"), value.strip()) and not is_reference(value.strip()):
        return "{0}={1}".format(name, redactor.mark(value.strip()))
    return redactor.text(text)


def _register(redactor: Redactor, value: str) -> str:
    """``[peer?][transport://]user[:secret[:authuser]]@host...`` of sip.conf and iax.conf."""
    head, scheme, rest = value.rpartition("://") if "://" in value else ("", "", value)
    found = _REGISTER.match(rest)
    if found is None or not found.group("secret"):
        return value
    marked = found.group("head") + redactor.mark(found.group("secret")) + found.group("tail")
    return head + scheme + marked


def _realm(redactor: Redactor, value: str) -> str:
    """``user:secret@realm`` and ``user#md5@realm`` of sip.conf."""
    found = _REALM.match(value)
    if found is None or not found.group("secret"):
        return value
    return found.group("head") + redactor.mark(found.group("secret")) + found.group("tail")


def _second(redactor: Redactor, value: str) -> str:
    """``id,secret,name`` of agents.conf."""
    parts = value.split(",")
    if len(parts) > 1 and parts[1].strip():
        parts[1] = redactor.mark(parts[1].strip())
    return ",".join(parts)


def _behind_first(redactor: Redactor, value: str) -> str:
    """``room,pin,adminpin`` of meetme.conf."""
    parts = value.split(",")
    marked = [redactor.mark(part.strip()) if part.strip() else part for part in parts[1:]]
    return ",".join(parts[:1] + marked)


def _assignment(redactor: Redactor, value: str) -> str:
    return assignment(redactor, "", value)


_SPECIAL = {
    ("sip", "register"): _register,
    ("iax", "register"): _register,
    ("sip", "auth"): _realm,
    ("agents", "agent"): _second,
    ("meetme", "conf"): _behind_first,
    ("pjsip", "set_var"): _assignment,
    ("sip", "setvar"): _assignment,
    ("iax", "setvar"): _assignment,
    ("manager", "setvar"): _assignment,
    ("users", "setvar"): _assignment,
    ("phoneprov", "setvar"): _assignment,
    ("chan_dahdi", "setvar"): _assignment,
}
