"""Media: the RTP range, ICE, STUN, codecs, and marks for quality of service."""

from __future__ import annotations

from collections.abc import Hashable

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.matchers import compile_matchers
from grundton.assess.rules import rule
from grundton.assess.rules.sip_view import (
    Known,
    Verdicts,
    accepted,
    blocked,
    doubts,
    everywhere,
    in_order,
    known,
    refused,
)
from grundton.assess.values import is_true, network_of
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict

RTP, ENDPOINT = "rtp.general", "pjsip.endpoint"
#: Ports that belong to signalling: a media range across them takes them away.
_SIGNALLING_PORTS = (5060, 5061, 4569)


@rule("rtp_range")
def rtp_range(context: Context) -> list[Judgement]:
    """The media range is written down, inside the planned one, and clear of signalling ports."""
    source = context.source("config", RTP)
    if source.status in ("not_checked", "error"):
        return [unchecked(RTP, source.reason)]
    first, last = context.policy.rtp.start, context.policy.rtp.end
    expected = f"inside {first} to {last} (voip_rtp), first port even"
    details: list[Detail] = []
    configured = context.objects("config", RTP)
    item = configured[-1] if configured else None
    if item is None and source.incomplete:
        return [unchecked(RTP, f"no [general] in what could be read, but: {'; '.join(source.incomplete)}")]
    low, high = (_port(context, item, key) for key in ("rtpstart", "rtpend"))
    if low is None or high is None:
        return [unchecked(RTP, "rtpstart or rtpend could not be read")]
    where = str(item.location("rtpstart") or item.location() or "") if item is not None else ""
    details.append(Detail("rtpstart", "config", expected, f"{low} to {high}", _fits(low, high, first, last), where))
    for twin in context.objects("runtime", RTP):
        start, end = twin.text("rtpstart"), twin.text("rtpend")
        if start.isdigit() and end.isdigit():
            ok = _fits(int(start), int(end), first, last)
            details.append(Detail("rtpstart", "runtime", expected, f"{start} to {end}", ok))
    failed = tuple(detail for detail in details if not detail.ok)
    names = (item.name,) if item is not None else ()
    reason = "" if item is not None else (source.reason or "rtp.conf has no [general]: the code's range counts")
    return [Judgement(Verdict.FAIL if failed else Verdict.PASS, RTP, names, failed or tuple(details), reason)]


def _port(context: Context, item: Object | None, key: str) -> int | None:
    if item is not None and item.values(key):
        text = item.text(key)
    else:
        if item is not None and context.source("config", RTP).incomplete:
            return None
        default = context.default(RTP, key)
        text = default.value if default is not None and default.value else ""
    return int(text) if text.isdigit() else None


def _fits(low: int, high: int, first: int, last: int) -> bool:
    clear = not any(low <= port <= high for port in _SIGNALLING_PORTS)
    return first <= low < high <= last and low % 2 == 0 and clear


@rule("ice_candidates")
def ice_candidates(context: Context) -> list[Judgement]:
    """Where ICE is used, a filter keeps inside addresses out of it."""
    if found := blocked(context, RTP, ENDPOINT):
        return found
    users = [
        item
        for item in everywhere(context, ENDPOINT)
        if is_true(item.text("webrtc")) or is_true(item.text("ice_support"))
    ]
    configured = context.objects("config", RTP)
    item = configured[-1] if configured else None
    written = item.text("icesupport") if item is not None else ""
    if not users or (written and not is_true(written)):
        return []
    expected = "ice_acl, ice_deny or a mapping in [ice_host_candidates]"
    keys = [key for key in ("ice_acl", "ice_deny", "ice_blacklist") if item is not None and item.values(key)]
    mapped = [found for found in context.objects("config", "rtp.ice_host_candidates") if found.keys()]
    if keys or mapped:
        return [accepted(RTP, keys[0] if keys else "ice_host_candidates", expected, "set")]
    if reason := doubts(context, RTP):
        return [unchecked(RTP, f"no filter in what could be read, but: {reason}")]
    where = str(item.location() or "") if item is not None else ""
    return [refused(RTP, "ice_deny", expected, f"none, and {len(users)} endpoints use ICE", ["general"], at=where)]


#: Parts of host names of STUN servers that strangers run for everybody.
_PUBLIC_STUN = (
    "google", "stunprotocol", "ekiga", "sipgate", "counterpath", "xten", "1und1", "gmx.", "t-online", "cloudflare",
    "twilio", "mozilla", "nextcloud", "voipbuster", "voipstunt", "freeswitch", "stun.sip.us", "linphone", "antisip",
)  # fmt: skip


@rule("stun_server")
def stun_server(context: Context) -> list[Judgement]:
    """STUN is not used, or the server is the operator's own."""
    if found := blocked(context, RTP):
        return found
    verdicts = Verdicts(RTP)
    for item in everywhere(context, RTP):
        value = known(context, item, "stunaddr")
        host = value.text.lower().rsplit(":", 1)[0] if value.text.count(":") == 1 else value.text.lower()
        verdicts_for(context, verdicts, item, host, value)
    return verdicts.done() or (
        [accepted(RTP, "stunaddr", "no public server", "not set")] if _source_ok(context) else []
    )


def verdicts_for(context: Context, verdicts: Verdicts, item: Object, host: str, value: Known) -> None:
    """Judge one STUN server."""
    expected = "no STUN server of strangers"
    own = context.policy.domain.lower()
    if value.data is None:
        verdicts.unsure(item, "stunaddr", expected, value.reason)
    elif not host:
        verdicts.good(item, "stunaddr", expected, value.shown(), value.is_default)
    elif any(part in host for part in _PUBLIC_STUN):
        verdicts.bad(item, "stunaddr", expected, host)
    elif network_of(host) is not None:
        if context.policy.zone_of_address(host) is not None:
            verdicts.good(item, "stunaddr", expected, f"{host}, in a zone of ours")
        else:
            verdicts.bad(item, "stunaddr", expected, f"{host}, in no zone of voip_zones")
    elif own and (host == own or host.endswith("." + own)):
        verdicts.good(item, "stunaddr", expected, host)
    else:
        why = f"{host} is not below {own}" if own else "voip_domain is not decided"
        verdicts.unsure(item, "stunaddr", expected, f"nobody can tell whose server {host} is: {why}")


def _source_ok(context: Context) -> bool:
    source = context.source("config", RTP)
    return source.status in ("ok", "absent") and not source.incomplete


_LISTS = ("allow", "disallow")
_VIDEO = frozenset({"h261", "h263", "h263p", "h264", "h265", "vp8", "vp9", "mpeg4", "av1"})


@rule("codec_list")
def codec_list(context: Context) -> list[Judgement]:
    """Endpoints offer the planned codecs and no other."""
    if found := blocked(context, ENDPOINT):
        return found
    allowed = {codec.lower() for codec in context.policy.codecs}
    if context.policy.features.video:
        allowed |= _VIDEO
    expected = "only " + ", ".join(context.policy.codecs)
    verdicts = Verdicts(ENDPOINT)
    for item in verdicts.each(context, "allow", "disallow", "_order", by=_mixed):
        if item.place != "config":
            continue
        entries = in_order(item, _LISTS)
        codecs = _codecs(entries)
        extra = [codec for codec in codecs if codec not in allowed]
        if not entries:
            if reason := doubts(context, ENDPOINT):
                verdicts.unsure(item, "allow", expected, f"not set in what could be read, but: {reason}")
            else:
                verdicts.good(item, "allow", expected, "no codec")
        elif extra:
            verdicts.bad(item, "allow", expected, ", ".join(codecs))
        else:
            verdicts.good(item, "allow", expected, ", ".join(codecs) or "no codec")
    return verdicts.done()


def _mixed(item: Object) -> Hashable:
    """The order of `allow` and `disallow`, where an object has both."""
    return tuple(in_order(item, _LISTS)) if all(key in item.raw_values for key in _LISTS) else ()


def _codecs(entries: list[tuple[str, str]]) -> list[str]:
    """What a sequence of allow and disallow comes to; `all` stands for everything Asterisk knows."""
    codecs: dict[str, None] = {}
    for key, text in entries:
        for word in text.split(","):
            name = word.strip().lower().split(":", 1)[0]
            add = key == "allow"
            if name.startswith("!"):
                name, add = name[1:], not add
            if not name:
                continue
            if add:
                codecs[name] = None
            elif name == "all":
                codecs.clear()
            else:
                codecs.pop(name, None)
    return list(codecs)


_CLASSES = {f"cs{number}": number * 32 for number in range(8)}
_ASSURED = {f"af{x}{y}": (x * 8 + y * 2) * 4 for x in range(1, 5) for y in range(1, 4)}
_TOS = {**_CLASSES, **_ASSURED, "ef": 184}


def tos_number(text: str) -> int | None:
    """Value of the TOS byte for `ef`, `cs3`, `184` or `0xb8`; None when it is no mark."""
    word = text.strip().lower()
    if word in _TOS:
        return _TOS[word]
    try:
        return int(word, 16) if word.startswith("0x") else int(word)
    except ValueError:
        return None


@rule("dscp_marks")
def dscp_marks(context: Context) -> list[Judgement]:
    """Marks of a kind of object are those of voip_qos; names and numbers of the same mark are equal."""
    kind = str(context.options["kind"])
    if found := blocked(context, kind):
        return found
    unless = compile_matchers(context.options.get("unless", {}), context.policy)
    verdicts = Verdicts(kind)
    objects = everywhere(context, kind)
    wanted_marks = {key: str(context.policy.lookup(path)) for key, path in context.options["marks"].items()}
    for item in verdicts.each(context, *wanted_marks, *unless):
        if unless and all(matcher(item.values(key)) for key, matcher in unless.items()):
            continue
        for key, wanted in wanted_marks.items():
            value = known(context, item, key)
            expected = f"{wanted} ({_TOS[wanted.lower()]})"
            verdicts.judge(item, key, expected, value, tos_number(value.text) == _TOS[wanted.lower()])
    if objects or not kind.endswith(".general"):
        return verdicts.done()
    return _marks_by_default(context, kind)


def _marks_by_default(context: Context, kind: str) -> list[Judgement]:
    source = context.source("config", kind)
    if source.incomplete:
        return [unchecked(kind, f"no [general] in what could be read, but: {'; '.join(source.incomplete)}")]
    details = tuple(
        Detail(key, "config", str(context.policy.lookup(path)), "not set", False, "", True)
        for key, path in context.options["marks"].items()
    )
    return [Judgement(Verdict.FAIL, kind, (), details, source.reason or "there is no [general]")]
