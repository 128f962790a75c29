"""Do the files and the running daemon say the same, object by object and key by key?"""

from __future__ import annotations

import re

from grundton.assess.context import Context
from grundton.assess.judgement import Grouping, Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.sip_media import tos_number
from grundton.assess.rules.sip_view import Verdicts, doubts
from grundton.assess.values import host_of, is_false, is_true, items, network_of, number
from grundton.model.finding import Detail
from grundton.model.snapshot import Datum, Object
from grundton.model.verdict import Verdict

#: Keys whose text at run time is no simple echo of the file's.
_INCOMPARABLE = frozenset({
    "_order", "acl", "allow", "callerid", "cipher", "codec_prefs_incoming_answer", "codec_prefs_incoming_offer",
    "codec_prefs_outgoing_answer", "codec_prefs_outgoing_offer", "contact", "contact_acl", "contact_deny",
    "contact_permit", "deny", "disallow", "identify_by", "incoming_call_offer_pref", "local_net", "match",
    "outgoing_call_offer_pref", "password", "permit", "secret", "set_var", "setvar", "type", "user_agent",
})  # fmt: skip
#: What `webrtc=yes` switches on whatever the file says.
_WEBRTC = frozenset({
    "bundle", "dtls_auto_generate_cert", "dtls_rekey", "dtls_setup", "dtls_verify", "ice_support", "media_encryption",
    "media_use_received_transport", "rtcp_mux", "use_avpf",
})  # fmt: skip
#: Files whose objects the daemon shows in the same words; others have readers of their own.
_COMPARABLE = frozenset({"pjsip", "rtp", "http", "manager", "ari", "cdr", "cel", "asterisk", "udptl", "logger"})
#: Kinds of which there is one, under any name.
_SINGLE = frozenset({"pjsip.global", "pjsip.system"})
#: Kinds the daemon lists completely.
LISTED = ("pjsip.endpoint", "pjsip.aor", "pjsip.transport", "pjsip.identify", "pjsip.registration")
_AGREED = (Detail("values", "runtime", "as in the files", "as in the files", True),)
_DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


def _pairs(context: Context, kind: str) -> list[tuple[Object, Object]]:
    running = context.objects("runtime", kind)
    configured = context.objects("config", kind)
    if kind in _SINGLE:
        return [(configured[-1], running[-1])] if configured and running else []
    # What a console shows is set per console, not by the file alone.
    twins = {item.name: item for item in running if item.name != "console"}
    return [(item, twins[item.name]) for item in configured if item.name in twins]


@rule("runtime_agreement")
def runtime_agreement(context: Context) -> list[Judgement]:
    """Every value that both the files and the daemon know is the same in both."""
    kinds = [
        kind
        for kind in context.snapshot.kinds("config")
        if kind.split(".", 1)[0] in _COMPARABLE and context.objects("runtime", kind)
    ]
    if not kinds:
        states = [context.source("runtime", kind) for kind in ("pjsip.endpoint", "rtp.general", "asterisk.options")]
        reason = next((state.reason for state in states if state.reason), "the daemon does not run")
        return [unchecked("runtime", reason)]
    judgements: list[Judgement] = []
    for kind in kinds:
        grouping = Grouping(kind)
        # Most objects agree and are said to do so together, at the place of the first of them.
        agreeing: list[str] = []
        for item, twin in _pairs(context, kind):
            differing, common = _compare(item, twin)
            if differing:
                grouping.add(item.name, Verdict.FAIL, differing)
            elif common:
                if not agreeing:
                    grouping.add(item.name, Verdict.PASS, _AGREED)
                agreeing.append(item.name)
        if agreeing:
            grouping.add_all(agreeing, Verdict.PASS, _AGREED)
        judgements += grouping.judgements()
    return judgements


def _compare(item: Object, twin: Object) -> tuple[tuple[Detail, ...], bool]:
    """Keys that differ, and whether there was anything to compare."""
    skipped = _INCOMPARABLE | _WEBRTC if is_true(item.text("webrtc")) else _INCOMPARABLE
    differing: list[Detail] = []
    common = False
    for key, raw in item.raw_values.items():
        told = twin.raw_values.get(key)
        if told is None or told == [] or key in skipped:
            continue
        if len(raw) == 1 and raw[0][0] == told and isinstance(told, str):
            common = True
            continue
        written, running = item.values(key), twin.values(key)
        if any(not isinstance(value, str) for value in (*written, *running)):
            continue
        common = True
        if not _agree(key, written, running, item):
            location = item.location(key)
            differing.append(
                Detail(key, "runtime", f"{_text(written)} (in the files)", _text(running), False, str(location or ""))
            )
    return tuple(differing), common


def _text(values: list[Datum]) -> str:
    return ", ".join(str(value) for value in values)


def _agree(key: str, written: list[Datum], running: list[Datum], item: Object) -> bool:
    if len(written) > 1 or len(running) > 1:
        return _words(written) == _words(running)
    one, other = str(written[-1]).strip(), str(running[-1]).strip()
    return _same(one, other, key, item)


def _words(values: list[Datum]) -> set[str]:
    """Items of a list; `verbose(3)` and `verbose` are the same level."""
    return {re.sub(r"\(.*\)$", "", word.lower()) for word in items(values)}


def _same(one: str, other: str, key: str, item: Object) -> bool:
    left, right = one.lower(), other.lower()
    if left == right or (is_true(left) and is_true(right)) or (is_false(left) and is_false(right)):
        return True
    if (numbers := (number(left), number(right))) and None not in numbers and numbers[0] == numbers[1]:
        return True
    if key.startswith("tos") and tos_number(left) is not None and tos_number(left) == tos_number(right):
        return True
    if key.endswith("bindaddr") and "" not in (left, right):
        return host_of(left) == host_of(right)
    if key == "bind":
        return _bind(left, item) == _bind(right, item)
    if sorted(items([left])) == sorted(items([right])):
        return True
    return _plain(left) == _plain(right)


def _plain(text: str) -> str:
    return re.sub(r"[\s\"'<>()]", "", text)


def _bind(text: str, item: Object) -> tuple[str, int]:
    network = network_of(text)
    tail = text.rsplit("]", 1)[-1]
    port = tail.rsplit(":", 1)[1] if tail.count(":") == 1 else ""
    default = _DEFAULT_PORTS.get(item.text("protocol", "udp").lower(), 0)
    return str(network.ip) if network is not None else text, int(port) if port.isdigit() and int(port) else default


def _listed(context: Context) -> list[Judgement]:
    """A `not_checked` judgement when the daemon's lists cannot be trusted to be complete."""
    source = context.source("runtime", "pjsip.endpoint")
    if source.status != "ok":
        return [unchecked("pjsip.endpoint", source.reason or "the daemon does not run")]
    if source.incomplete:
        return [unchecked("pjsip.endpoint", "; ".join(source.incomplete))]
    return []


@rule("runtime_missing")
def runtime_missing(context: Context) -> list[Judgement]:
    """Every PJSIP object of the files is there in the running daemon."""
    if found := _listed(context):
        return found
    judgements: list[Judgement] = []
    for kind in LISTED:
        running = {item.name for item in context.objects("runtime", kind)}
        verdicts = Verdicts(kind)
        rows = context.objects("config", kind)
        for item in verdicts.one_of_each(rows, [row.name in running for row in rows]):
            if item.name in running:
                verdicts.good(item, kind, "running", "running")
            else:
                verdicts.bad(item, kind, "running", "not there: refused, or not loaded yet")
        judgements += verdicts.done()
    return judgements


@rule("runtime_unwritten")
def runtime_unwritten(context: Context) -> list[Judgement]:
    """Every PJSIP object of the running daemon is explained by a file."""
    if found := _listed(context):
        return found
    doubt = doubts(context, "pjsip.endpoint")
    source = context.source("config", "pjsip.endpoint")
    judgements: list[Judgement] = []
    for kind in LISTED:
        written = {item.name for item in context.objects("config", kind)}
        verdicts = Verdicts(kind)
        rows = context.objects("runtime", kind)
        for item in verdicts.one_of_each(rows, [row.name in written for row in rows]):
            if item.name in written:
                verdicts.good(item, kind, "in a file", "in a file")
            elif doubt or source.status not in ("ok", "absent"):
                verdicts.unsure(item, kind, "in a file", doubt or source.reason)
            else:
                verdicts.bad(item, kind, "in a file", "in no file")
        judgements += verdicts.done()
    return judgements
