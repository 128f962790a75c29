"""Certificates the services use: there, fitting their key, strong, and made for our domain."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, number, unread, weakened
from grundton.model.snapshot import Object

CERTIFICATE = "certificate"


def _used(context: Context) -> list[Object]:
    """Certificates a service shows to others; authorities to check against are left out."""
    return [item for item in context.objects(SYSTEM, CERTIFICATE) if _users(item)]


def _users(item: Object) -> list[str]:
    return [user for user in item.texts("used_by") if not user.endswith("(authority)")]


@rule("certificate_usable")
def certificate_usable(context: Context) -> list[Judgement]:
    """Every certificate and authority file the configuration names can be read."""
    if missing := unread(context, CERTIFICATE):
        return missing
    answers = Answers(CERTIFICATE)
    for item in context.objects(SYSTEM, CERTIFICATE):
        if not item.texts("used_by"):
            continue
        state = item.text("state", "ok")
        ok = None if state == "unreadable" else state == "ok"
        reason = "the file could not be read by this run" if ok is None else ""
        answers.say(item.name, "state", "a readable certificate", state, ok, reason)
    return answers.judgements()


@rule("certificate_pair")
def certificate_pair(context: Context) -> list[Judgement]:
    """Certificate and private key belong together."""
    if missing := unread(context, CERTIFICATE):
        return missing
    answers = Answers(CERTIFICATE)
    for item in _used(context):
        if item.text("state", "ok") != "ok":
            continue
        key = item.text("key_file", "no key file found")
        matches = item.text("key_matches", "unknown")
        ok = None if matches == "unknown" else matches == "yes"
        reason = f"the key could not be compared ({weakened(context, CERTIFICATE) or key})" if ok is None else ""
        answers.say(item.name, "key_matches", "the key of this certificate", f"{key}: {matches}", ok, reason)
    return answers.judgements()


@rule("certificate_key")
def certificate_key(context: Context) -> list[Judgement]:
    """Keys are as long as the policy asks."""
    if missing := unread(context, CERTIFICATE):
        return missing
    limits = {"rsa": int(context.policy.lookup("tls.rsa_bits")), "ec": int(context.policy.lookup("tls.ec_bits"))}
    answers = Answers(CERTIFICATE)
    for item in _used(context):
        if item.text("state", "ok") != "ok":
            continue
        kind, bits = item.text("key_type"), number(item, "key_bits")
        expected = f"RSA {limits['rsa']} bits, EC {limits['ec']} bits or more, or Ed25519"
        if kind in ("ed25519", "ed448"):
            answers.say(item.name, "key_bits", expected, kind, True)
        elif kind in limits:
            ok = None if bits is None else bits >= limits[kind]
            answers.say(item.name, "key_bits", expected, f"{kind} {item.text('key_bits', 'unknown')}", ok)
        else:
            answers.say(item.name, "key_bits", expected, kind or "unknown", False if kind else None)
    return answers.judgements()


@rule("certificate_identity")
def certificate_identity(context: Context) -> list[Judgement]:
    """The SIP certificate names the SIP domain phones are configured with (RFC 5922)."""
    if missing := unread(context, CERTIFICATE):
        return missing
    domain = str(context.policy.lookup("domain") or "").lower()
    answers = Answers(CERTIFICATE)
    for item in _used(context):
        sip = any(user.startswith(("pjsip.transport", "sip.", "kamailio")) for user in _users(item))
        if not sip or item.text("state", "ok") != "ok":
            continue
        names = [name.lower() for name in item.texts("san")]
        shown = ", ".join(names) or f"no alternative name ({item.text('subject')})"
        if not domain:
            answers.say(item.name, "san", "the SIP domain", shown, None, "voip_domain is not written")
            continue
        ok = bool({f"dns:{domain}", f"uri:sip:{domain}", f"uri:sips:{domain}"} & set(names))
        answers.say(item.name, "san", f"DNS:{domain} or URI:sip:{domain}", shown, ok)
    return answers.judgements()
