"""The old SIP driver and IAX2: settings a peer inherits from [general], guests, address lists."""

from __future__ import annotations

import re

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.matchers import compile_matchers
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import (
    Known,
    Verdicts,
    accepted,
    access_list,
    blocked,
    doubts,
    is_no,
    is_wildcard,
    known,
    refused,
)
from grundton.assess.values import is_false, is_true, items, network_of, secret_of
from grundton.model.snapshot import Object


def inherited(context: Context, item: Object, parent_kind: str, key: str, alias: tuple[str, ...] = ()) -> Known:
    """Value of a peer's key: its own, else that of [general], else the code default of [general]."""
    for name in (key, *alias):
        if item.values(name):
            return Known(tuple(item.values(name)))
    parents = context.objects("config", parent_kind)
    for name in (key, *alias):
        if parents and parents[-1].values(name):
            return Known(tuple(parents[-1].values(name)))
    if parents:
        return known(context, parents[-1], key)
    if reason := doubts(context, parent_kind):
        return Known(None, reason=f"{key} is not set in what could be read, but: {reason}")
    default = context.default(parent_kind, key)
    if default is None:
        return Known(None, reason=f"{key} is not set and its default is not known")
    return Known((default.value,) if default.value is not None else (), is_default=True)


def peers(context: Context, kind: str) -> list[Object]:
    """Peers, users and friends; IAX2 and chan_sip ignore sections without a type."""
    return [item for item in context.objects("config", kind) if item.text("type").lower() in ("peer", "user", "friend")]


@rule("inherited_setting")
def inherited_setting(context: Context) -> list[Judgement]:
    """Like `setting`, for peers that inherit absent keys from [general]."""
    options = context.options
    kind, parent = str(options["kind"]), str(options["parent"])
    if found := blocked(context, kind):
        return found
    want = compile_matchers(options["want"], context.policy)
    unless = compile_matchers(options.get("unless", {}), context.policy)
    alias: dict[str, tuple[str, ...]] = {}
    for other, key in options.get("alias", {}).items():
        alias[key] = (*alias.get(key, ()), other)
    verdicts = Verdicts(kind)
    for item in peers(context, kind):
        if unless and all(matcher(item.values(key)) for key, matcher in unless.items()):
            continue
        for key, matcher in want.items():
            value = inherited(context, item, parent, key, alias.get(key, ()))
            verdicts.judge(item, key, matcher.text, value, matcher(list(value.data or ())))
    return verdicts.done()


@rule("sip_insecure")
def sip_insecure(context: Context) -> list[Judgement]:
    """Calls without password only from a peer that is bound to its address."""
    if found := blocked(context, "sip.peer"):
        return found
    expected = "no invite, unless bound to an address"
    verdicts = Verdicts("sip.peer")
    for item in peers(context, "sip.peer"):
        value = inherited(context, item, "sip.general", "insecure")
        waved = bool({"invite", "very", "yes"}.intersection(value.words))
        host = item.text("host").lower()
        bound = item.text("type").lower() == "peer" and host not in ("", "dynamic")
        bound = bound or 4 in access_list(context, item).closed
        verdicts.judge(item, "insecure", expected, value, not waved or bound)
    return verdicts.done()


@rule("peer_acl")
def peer_acl(context: Context) -> list[Judgement]:
    """Peers that come from anywhere have an access list that denies by default."""
    kind = str(context.options["kind"])
    if found := blocked(context, kind):
        return found
    expected = "deny and permit, or acl"
    verdicts = Verdicts(kind)
    for item in peers(context, kind):
        kind_of_peer, host = item.text("type").lower(), item.text("host").lower()
        if kind_of_peer == "peer" and host not in ("", "dynamic"):
            continue
        if 4 in access_list(context, item).closed:
            verdicts.good(item, "deny", expected, "closed")
        elif reason := doubts(context, kind):
            verdicts.unsure(item, "deny", expected, f"none in what could be read, but: {reason}")
        else:
            verdicts.bad(item, "deny", expected, "none, or one that denies nothing")
    return verdicts.done()


_EXTENSION = re.compile(r"^[^,]*,[^,]*,\s*(\w+)")
#: Applications that connect nobody and reveal nothing.
_HARMLESS = frozenset({
    "answer", "busy", "congestion", "hangup", "log", "noop", "playback", "playtones", "progress", "ringing",
    "verbose", "wait", "zapateller",
})  # fmt: skip


@rule("dead_end_context")
def dead_end_context(context: Context) -> list[Judgement]:
    """The context a [general] section names reaches nothing."""
    kind, key = str(context.options["kind"]), str(context.options["key"])
    if found := blocked(context, kind):
        return found
    configured = context.objects("config", kind)
    if configured:
        value = known(context, configured[-1], key)
    else:
        default = context.default(kind, key)
        value = Known((default.value,), True) if default is not None and default.value else Known(None)
    if value.data is None:
        return [unchecked(kind, value.reason or f"{key} is not known")]
    name, expected = value.text, "a context that leads nowhere"
    names = [configured[-1].name] if configured else []
    where = str(configured[-1].location(key) or configured[-1].location() or "") if configured else ""
    source = context.source("config", "dialplan.context")
    found_context = context.snapshot.find("runtime", "dialplan.context", name) or context.snapshot.find(
        "config", "dialplan.context", name
    )
    if found_context is None:
        if source.status in ("not_checked", "error") or source.incomplete:
            return [unchecked(kind, source.reason or "; ".join(source.incomplete))]
        return [accepted(kind, key, expected, f"{name}: there is no such context", names)]
    leads = _leads(found_context)
    if leads:
        return [refused(kind, key, expected, f"{value.shown()}: {leads}", names, at=where)]
    return [accepted(kind, key, expected, name, names)]


def _leads(found: Object) -> str:
    for key in ("include", "switch"):
        if found.values(key):
            return f"{key} {', '.join(found.texts(key))}"
    for extension in found.texts("exten"):
        matched = _EXTENSION.match(extension)
        if matched is None or matched.group(1).lower() not in _HARMLESS:
            return extension
    return ""


# IAX2

PEER, GENERAL = "iax.peer", "iax.general"


def _has_secret(item: Object) -> bool:
    for value in [*item.values("secret"), *item.values("dbsecret"), *item.values("inkeys")]:
        secret = secret_of(value)
        if (secret.get("length") if secret is not None else value) not in (None, 0, ""):
            return True
    return False


@rule("iax_without_secret")
def iax_without_secret(context: Context) -> list[Judgement]:
    """No IAX2 user gets in without a secret, a key or a closed access list."""
    if found := blocked(context, PEER):
        return found
    expected = "a secret, keys, or a closed access list"
    verdicts = Verdicts(PEER)
    for item in peers(context, PEER):
        if item.text("type").lower() == "peer":
            continue
        if _has_secret(item):
            verdicts.good(item, "secret", expected, "set")
        elif 4 in access_list(context, item).closed:
            verdicts.good(item, "deny", expected, "access list")
        elif reason := doubts(context, PEER):
            verdicts.unsure(item, "secret", expected, f"none in what could be read, but: {reason}")
        else:
            verdicts.bad(item, "secret", expected, "none: anybody is let in")
    written = {item.name for item in context.objects("config", PEER)}
    for item in context.objects("runtime", "iax.user"):
        if item.name not in written and item.text("secret_set") == "no" and item.text("acl_set") != "yes":
            verdicts.bad(item, "secret", expected, "none: anybody is let in")
    judgements = verdicts.done()
    if not judgements and (reason := doubts(context, PEER)):
        return [unchecked(PEER, f"no user in what could be read, but: {reason}")]
    return judgements


@rule("iax_encryption")
def iax_encryption(context: Context) -> list[Judgement]:
    """IAX2 refuses calls that are not encrypted, unless the path is a VPN or the matrix asks for nothing."""
    if found := blocked(context, PEER):
        return found
    cell = context.policy.cell("trunk")
    if "required" not in (cell.signalling, cell.media):
        return []
    expected = "encryption and forceencryption"
    verdicts = Verdicts(PEER)
    for item in peers(context, PEER):
        force = inherited(context, item, GENERAL, "forceencryption")
        verdicts.judge(item, "forceencryption", expected, force, not is_no(force.text))
    return verdicts.done()


@rule("iax_call_token")
def iax_call_token(context: Context) -> list[Judgement]:
    """Nobody is excused from the call token."""
    if found := blocked(context, PEER):
        return found
    expected = "no calltokenoptional, no requirecalltoken=no"
    excused = [item for item in context.objects("config", GENERAL) if items(item.values("calltokenoptional"))]
    lax = [item for item in peers(context, PEER) if is_false(item.text("requirecalltoken"))]
    judgements: list[Judgement] = []
    for kind, key, found_items in ((GENERAL, "calltokenoptional", excused), (PEER, "requirecalltoken", lax)):
        verdicts = Verdicts(kind)
        for item in found_items:
            verdicts.bad(item, key, expected, ", ".join(item.texts(key)))
        judgements += verdicts.done()
    if judgements:
        return judgements
    if reason := doubts(context, PEER):
        return [unchecked(GENERAL, f"no exception in what could be read, but: {reason}")]
    return [accepted(GENERAL, "calltokenoptional", expected, "no exception")]


@rule("iax_bind")
def iax_bind(context: Context) -> list[Judgement]:
    """IAX2 is bound to given addresses."""
    if found := blocked(context, GENERAL):
        return found
    configured = context.objects("config", GENERAL)
    expected = "one address"
    if not configured:
        return [refused(GENERAL, "bindaddr", expected, "not set: every address of the host")]
    item = configured[-1]
    verdicts = Verdicts(GENERAL)
    value = known(context, item, "bindaddr")
    wild = [text for text in value.data or () if isinstance(text, str) and is_wildcard(text)]
    verdicts.judge(item, "bindaddr", expected, value, bool(value.data) and not wild)
    return verdicts.done()


# STIR/SHAKEN


@rule("stir_shaken_fetch")
def stir_shaken_fetch(context: Context) -> list[Judgement]:
    """Certificates of callers are fetched from public addresses, with port and path checked."""
    expected = "no private networks, no relaxed checks"
    judgements: list[Judgement] = []
    for kind in ("stir_shaken.verification", "stir_shaken.profile"):
        verdicts = Verdicts(kind)
        for item in context.objects("config", kind):
            relaxed = [
                key
                for key in ("relax_x5u_port_scheme_restrictions", "relax_x5u_path_restrictions")
                if is_true(item.text(key))
            ]
            private = [text for text in items(item.values("x5u_permit")) if _is_private(text)]
            if relaxed or private:
                key = relaxed[0] if relaxed else "x5u_permit"
                verdicts.bad(item, key, expected, ", ".join([*relaxed, *private]))
            else:
                verdicts.good(item, "x5u_permit", expected, "as built in")
        judgements += verdicts.done()
    return judgements


def _is_private(text: str) -> bool:
    network = network_of(text)
    return network is not None and (network.prefixlen == 0 or not network.ip.is_global())
