"""Passwords, digests, outbound credentials, and sections that name each other."""

from __future__ import annotations

from collections.abc import Mapping

from grundton.assess.columns import columns
from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import (
    Verdicts,
    accepted,
    accepts_registrations,
    blocked,
    doubts,
    everywhere,
    known,
    line,
)
from grundton.assess.values import items, secret_of
from grundton.model.finding import Detail
from grundton.model.snapshot import Datum, Object
from grundton.model.verdict import Verdict

AUTH, ENDPOINT = "pjsip.auth", "pjsip.endpoint"
#: Where accounts of people and devices keep their secret: kind → keys.
_ACCOUNTS = {
    AUTH: ("password", "md5_cred", "password_digest"),
    "sip.peer": ("secret", "md5secret"),
    "iax.peer": ("secret",),
    "manager.user": ("secret",),
    "ari.user": ("password",),
}
_STRONG = {"sha-256", "sha-512-256"}


@rule("secret_reuse")
def secret_reuse(context: Context) -> list[Judgement]:
    """No two accounts have the same secret, over all account types of the PBX."""
    if found := blocked(context, AUTH):
        return found
    owners: dict[str, list[Object]] = {}
    for kind, keys in _ACCOUNTS.items():
        for item in context.objects("config", kind):
            if item.facets.get("role") == "trunk":
                continue
            secrets = [value for key in keys if key in item.raw_values for value in item.values(key)]
            for fingerprint in set(map(_fingerprint, secrets)) - {""}:
                owners.setdefault(fingerprint, []).append(item)
    if not owners:
        return []
    judgements = []
    alone: list[str] = []
    for group in owners.values():
        if len(group) == 1:
            alone.append(group[0].name)
            continue
        kinds = {item.kind for item in group}
        detail = Detail(
            "secret", "config", "a secret of its own", f"shared by {len(group)} accounts", False, line(group[0])
        )
        names = tuple(dict.fromkeys(item.name for item in group))
        judgements.append(Judgement(Verdict.FAIL, AUTH if AUTH in kinds else min(kinds), names, (detail,)))
    if judgements:
        return judgements
    if reason := doubts(context, AUTH):
        return [unchecked(AUTH, f"no secret is used twice in what could be read, but: {reason}")]
    names = tuple(dict.fromkeys(alone))
    return [accepted(AUTH, "secret", "a secret of its own", "used once", names)]


def _fingerprint(value: Datum) -> str:
    secret = secret_of(value)
    if secret is None or not secret.get("length") or "empty" in secret.get("flags", ()):
        return ""
    return str(secret.get("fp", ""))


@rule("auth_without_secret")
def auth_without_secret(context: Context) -> list[Judgement]:
    """An auth section holds a password, a digest or a token."""
    if found := blocked(context, AUTH):
        return found
    keys = ("password", "md5_cred", "password_digest", "refresh_token", "oauth_secret")
    verdicts = Verdicts(AUTH)
    for item in verdicts.each(context, *keys):
        if item.place != "config":
            continue
        held = [key for key in keys if any(_is_secret(value) for value in item.values(key))]
        if held:
            verdicts.good(item, "password", "a secret", "set")
        elif reason := doubts(context, AUTH):
            verdicts.unsure(item, "password", "a secret", f"none in what could be read, but: {reason}")
        else:
            verdicts.bad(item, "password", "a secret", "empty or not set")
    return verdicts.done()


def _is_secret(value: Datum) -> bool:
    secret = secret_of(value)
    return bool(value) if secret is None else bool(secret.get("length"))


def _offered(context: Context, auth: Object) -> tuple[list[str], bool]:
    """Digest algorithms an auth section offers to callers, and whether that is a default."""
    own = items(auth.values("supported_algorithms_uas"))
    if own:
        return [word.lower() for word in own], False
    for place in ("config", "runtime"):
        for item in context.objects(place, "pjsip.global"):
            words = items(item.values("default_auth_algorithms_uas"))
            if words:
                return [word.lower() for word in words], False
    default = context.default("pjsip.global", "default_auth_algorithms_uas")
    return (items([default.value.lower()]) if default is not None and default.value else []), True


def _inbound_auths(context: Context) -> list[Object]:
    used = {name for item in everywhere(context, ENDPOINT) for name in items(item.values("auth"))}
    return [item for item in context.objects("config", AUTH) if item.name in used]


def _digests(context: Context, expected: str, strong: bool) -> list[Judgement]:
    if found := blocked(context, AUTH):
        return found
    doubt = doubts(context, AUTH)
    verdicts = Verdicts(AUTH)
    for item in _inbound_auths(context):
        words, is_default = _offered(context, item)
        if is_default and doubt:
            verdicts.unsure(item, "supported_algorithms_uas", expected, f"not set in what could be read, but: {doubt}")
            continue
        ok = bool(_STRONG.intersection(words)) if strong else "md5" not in words
        shown = ", ".join(word.upper() for word in words) + (" (default)" if is_default else "")
        (verdicts.good if ok else verdicts.bad)(item, "supported_algorithms_uas", expected, shown, is_default)
    return verdicts.done()


@rule("digest_algorithms")
def digest_algorithms(context: Context) -> list[Judgement]:
    """Callers are offered a strong digest."""
    return _digests(context, "SHA-256 or SHA-512-256 among them", True)


@rule("digest_without_md5")
def digest_without_md5(context: Context) -> list[Judgement]:
    """Callers are not offered MD5."""
    return _digests(context, "without MD5", False)


@rule("outbound_auth_on_phone")
def outbound_auth_on_phone(context: Context) -> list[Judgement]:
    """Endpoints that register with us do not answer challenges with a password of theirs."""
    if found := blocked(context, ENDPOINT):
        return found
    expected = "no outbound_auth on endpoints that register here"
    verdicts = Verdicts(ENDPOINT)
    for item in verdicts.each(context, by=lambda row: row.name if row.raw_values.get("outbound_auth") else ""):
        auths = items(item.values("outbound_auth"))
        if auths and items(item.values("auth")) and accepts_registrations(context, item):
            verdicts.bad(item, "outbound_auth", expected, ", ".join(auths))
        else:
            verdicts.good(item, "outbound_auth", expected, "as wanted")
    return verdicts.done()


@rule("outbound_realm")
def outbound_realm(context: Context) -> list[Judgement]:
    """Credentials for a provider answer only the provider's realm."""
    if found := blocked(context, AUTH):
        return found
    used = {
        name
        for kind in (ENDPOINT, "pjsip.registration")
        for item in everywhere(context, kind)
        for name in items(item.values("outbound_auth"))
    }
    verdicts = Verdicts(AUTH)
    for item in context.objects("config", AUTH):
        if item.name in used:
            value = known(context, item, "realm")
            verdicts.judge(item, "realm", "the provider's realm", value, value.text not in ("", "*"))
    return verdicts.done()


#: kind → key → kind of what it names
_REFERENCES = {
    ENDPOINT: {
        "auth": AUTH,
        "outbound_auth": AUTH,
        "aors": "pjsip.aor",
        "transport": "pjsip.transport",
        "acl": "acl.acl",
        "contact_acl": "acl.acl",
    },
    "pjsip.registration": {"outbound_auth": AUTH, "transport": "pjsip.transport", "endpoint": ENDPOINT},
    "pjsip.identify": {"endpoint": ENDPOINT},
    "pjsip.acl": {"acl": "acl.acl", "contact_acl": "acl.acl"},
}


def _lost(item: Object, keys: Mapping[str, str], names: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """What an object names under each key and nobody has."""
    found = {}
    for key, target in keys.items():
        raw = item.raw_values.get(key)
        if raw and not (len(raw) == 1 and type(raw[0][0]) is str and raw[0][0] in names[target]):
            lost = [name for name in items(item.values(key)) if name not in names[target]]
            if lost:
                found[key] = lost
    return found


@rule("pjsip_references")
def pjsip_references(context: Context) -> list[Judgement]:
    """Every section that is named exists."""
    if found := blocked(context, ENDPOINT):
        return found
    names = {
        kind: {item.name for item in everywhere(context, kind)}
        for kind in (AUTH, ENDPOINT, "pjsip.aor", "pjsip.transport", "acl.acl")
    }
    judgements: list[Judgement] = []
    for kind, keys in _REFERENCES.items():
        verdicts = Verdicts(kind)
        rows, written = context.objects("config", kind), columns(context, "config", kind).keys()
        named = {key: target for key, target in keys.items() if key in written}
        losses = [_lost(row, named, names) for row in rows]
        by_name = {row.name: lost for row, lost in zip(rows, losses, strict=True) if lost}
        for item in verdicts.one_of_each(
            rows, [row.name if lost else "" for row, lost in zip(rows, losses, strict=True)]
        ):
            broken = by_name.get(item.name, {})
            for key, lost in broken.items():
                target = keys[key]
                doubt = doubts(context, target)
                if doubt or context.source("config", target).status == "not_checked":
                    reason = doubt or context.source("config", target).reason
                    verdicts.unsure(item, key, "a section that exists", reason)
                else:
                    verdicts.bad(item, key, "a section that exists", f"there is no {', '.join(lost)}")
            if not broken:
                verdicts.good(item, "references", "sections that exist", "all exist")
        judgements += verdicts.done()
    return judgements
