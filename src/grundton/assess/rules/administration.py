"""Rules about AMI, ARI and the web server: where they listen and whom they let in."""

from __future__ import annotations

from netaddr import IPNetwork, IPSet

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.modules import is_loaded
from grundton.assess.rules import rule
from grundton.assess.values import is_loopback, is_true, network_of
from grundton.model.finding import Detail
from grundton.model.snapshot import Object
from grundton.model.verdict import Verdict

_LOOPBACK = (IPNetwork("127.0.0.0/8"), IPNetwork("::1/128"))
_CDR_BACKENDS = (
    "cdr_csv.so",
    "cdr_custom.so",
    "cdr_adaptive_odbc.so",
    "cdr_odbc.so",
    "cdr_pgsql.so",
    "cdr_sqlite3_custom.so",
    "cdr_syslog.so",
    "cdr_radius.so",
    "cdr_tds.so",
    "cdr_beanstalkd.so",
    "cdr_mysql.so",
)


@rule("tls_listener_placed")
def tls_listener_placed(context: Context) -> list[Judgement]:
    """The TLS listener of AMI or the web server is where the policy wants it (`with: {kind, allowed, and_webrtc}`)."""
    kind = context.options["kind"]
    state = context.source("config", kind)
    if state.status in ("not_checked", "error"):
        return [unchecked(kind, state.reason)]
    allowed = bool(context.policy.lookup(context.options["allowed"]))
    beyond = bool(context.options.get("and_webrtc")) and bool(context.policy.lookup("features.webrtc"))
    judgements = []
    for item in context.objects("config", kind):
        if not is_true(item.text("enabled", "no")) or not is_true(item.text("tlsenable", "no")):
            continue
        key = "tlsbindaddr" if item.text("tlsbindaddr") else "bindaddr"
        address = item.text(key, "::")
        networks = context.policy.networks_of("management") if allowed else ()
        own = network_of(address)
        inside = own is not None and any(own in network for network in networks)
        ok = is_loopback(address) or inside or beyond
        expected = "a loopback address" + (" or an address of the management network" if allowed else "")
        if not ok and allowed and not networks:
            judgements.append(unchecked(kind, "the policy names no management network (voip_zones)", (item.name,)))
            continue
        detail = Detail(key, "config", expected, address, ok, str(item.location(key) or ""))
        judgements.append(Judgement(Verdict.PASS if ok else Verdict.FAIL, kind, (item.name,), (detail,)))
    if not judgements and state.incomplete:
        return [unchecked(kind, "; ".join(state.incomplete))]
    return judgements


@rule("user_address_rules")
def user_address_rules(context: Context) -> list[Judgement]:
    """Users log in from few addresses only (`with: {kind, ipv4_prefix, ipv6_prefix}`)."""
    kind = context.options["kind"]
    state = context.source("config", kind)
    if state.status in ("not_checked", "error"):
        return [unchecked(kind, state.reason)]
    lists = {item.name: item for item in context.objects("config", "acl.acl")}
    management = IPSet([*context.policy.networks_of("management"), *_LOOPBACK])
    judgements = []
    for item in context.objects("config", kind):
        allowed, missing = _allowed(item, lists)
        location = str(item.location("permit") or item.location("acl") or item.location() or "")
        expected = "deny everything, then permit single hosts or small networks (IPv4 and IPv6)"
        if missing:
            judgements.append(unchecked(kind, f"acl {missing} is not in acl.conf", (item.name,)))
            continue
        wide = [
            str(network)
            for network in allowed.iter_cidrs()
            if network.prefixlen < int(context.options["ipv4_prefix" if network.version == 4 else "ipv6_prefix"])
            and not (context.policy.networks_of("management") and IPSet([network]).issubset(management))
        ]
        shown = ", ".join(wide[:4]) if wide else ", ".join(str(network) for network in list(allowed.iter_cidrs())[:4])
        detail = Detail("permit, deny, acl", "config", expected, f"lets in {shown or 'nobody'}", not wide, location)
        judgements.append(Judgement(Verdict.FAIL if wide else Verdict.PASS, kind, (item.name,), (detail,)))
    if not judgements and state.incomplete:
        return [unchecked(kind, "; ".join(state.incomplete))]
    return judgements


def _allowed(item: Object, lists: dict[str, Object]) -> tuple[IPSet, str]:
    """Addresses an object lets in: of its own rules and of every named list, what all of them let in."""
    allowed = _after_rules(item)
    for text in item.texts("acl"):
        for name in text.split(","):
            name = name.strip().lstrip("!")
            if not name:
                continue
            if name not in lists:
                return allowed, name
            allowed &= _after_rules(lists[name])
    return allowed, ""


def _after_rules(item: Object) -> IPSet:
    """The addresses left after deny and permit in their order; the last rule that fits an address decides."""
    allowed = IPSet([IPNetwork("0.0.0.0/0"), IPNetwork("::/0")])
    for sense, text in _ordered(item):
        for part in text.split(","):
            part = part.strip()
            negated = part.startswith("!")
            network = network_of(part.lstrip("!"))
            if network is None:
                continue
            if (sense == "permit") != negated:
                allowed.add(network)
            else:
                allowed.remove(network)
    return allowed


def _ordered(item: Object) -> list[tuple[str, str]]:
    combined = [text.partition("=") for text in item.texts("_order")]
    entries = [(key, value) for key, _equals, value in combined if key in ("permit", "deny")]
    if entries:
        return entries
    if item.place != "config":
        return [(sense, text) for sense in ("deny", "permit") for text in item.texts(sense)]
    placed = [
        (entry[1], entry[2], sense, entry[0])
        for sense in ("deny", "permit")
        for entry in item.raw_values.get(sense, ())
        if isinstance(entry[0], str)
    ]
    return [(sense, text) for _file, _line, sense, text in sorted(placed, key=lambda entry: entry[:2])]


@rule("call_records_have_a_place")
def call_records_have_a_place(context: Context) -> list[Judgement]:
    """At least one backend that keeps call records is loaded."""
    kind = "module.loaded"
    loaded = {name: is_loaded(context.snapshot, name) for name in _CDR_BACKENDS}
    there = [name for name, state in loaded.items() if state]
    if not there and any(state is None for state in loaded.values()):
        state = context.source("runtime", kind)
        return [unchecked(kind, state.reason or "the loaded modules are not known")]
    place = "runtime" if context.source("runtime", kind).status == "ok" else "config"
    expected = "at least one of " + ", ".join(_CDR_BACKENDS[:4]) + " …"
    detail = Detail("backend", place, expected, ", ".join(there) or "none", bool(there))
    return [Judgement(Verdict.PASS if there else Verdict.FAIL, kind, tuple(there), (detail,))]
