"""Kernel settings and network: kinds ``sysctl``, ``nft``, ``nft.chain``, ``interface``, ``route``, ``resolver``."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections import Counter
from typing import Any, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .command import run
from .sheet import Sheet, offline, yes
from .tree import Tree

PREFIXES = ("sysctl", "nft", "interface", "route", "resolver")

#: Keys read. ``*`` stands for ``all`` and ``default``.
SYSCTLS = tuple(
    name
    for line in """
    net.ipv4.ip_forward net.ipv4.tcp_syncookies net.ipv4.tcp_rfc1337 net.ipv4.tcp_timestamps
    net.ipv4.icmp_echo_ignore_broadcasts net.ipv4.icmp_ignore_bogus_error_responses net.ipv4.ip_local_port_range
    net.ipv4.ip_nonlocal_bind net.ipv4.conf.*.rp_filter net.ipv4.conf.*.accept_redirects
    net.ipv4.conf.*.secure_redirects net.ipv4.conf.*.send_redirects net.ipv4.conf.*.accept_source_route
    net.ipv4.conf.*.log_martians net.ipv4.conf.*.forwarding net.ipv4.conf.*.arp_ignore
    net.ipv6.conf.*.disable_ipv6 net.ipv6.conf.*.accept_ra net.ipv6.conf.*.accept_redirects
    net.ipv6.conf.*.accept_source_route net.ipv6.conf.*.forwarding net.ipv6.bindv6only
    net.netfilter.nf_conntrack_helper net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_udp_timeout
    net.netfilter.nf_conntrack_udp_timeout_stream net.core.rmem_max net.core.wmem_max
    net.core.netdev_max_backlog net.core.somaxconn net.core.bpf_jit_harden
    kernel.core_pattern kernel.core_uses_pid kernel.dmesg_restrict kernel.kptr_restrict
    kernel.randomize_va_space kernel.sysrq kernel.yama.ptrace_scope kernel.unprivileged_bpf_disabled
    kernel.unprivileged_userns_clone kernel.kexec_load_disabled kernel.modules_disabled kernel.perf_event_paranoid
    kernel.sched_rt_runtime_us kernel.panic kernel.panic_on_oops
    fs.suid_dumpable fs.protected_hardlinks fs.protected_symlinks fs.protected_fifos fs.protected_regular
    fs.file-max vm.swappiness user.max_user_namespaces
    """.splitlines()
    for word in line.split()
    for name in ([word.replace("*", "all"), word.replace("*", "default")] if "*" in word else [word])
)

#: Where ``sysctl.d(5)`` files lie, strongest first.
SYSCTL_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")

_HOOKS = ("input", "forward", "output")


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:
    """The five contributions of this module."""
    contributions = [_sysctl(root, live), _nft(root, live, deadline)]
    if live:
        contributions += _addresses(deadline)
    else:
        contributions += [offline("interface"), offline("route")]
    return [*contributions, _resolver(root)]


# -- sysctl ------------------------------------------------------------------------------------------


def parse_sysctl_conf(text: str) -> list[tuple[str, str]]:
    """(key with dots, value) pairs of a ``sysctl.d`` file in order."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = line.lstrip("-").partition("=")
        key = key.strip()
        if equals and key:
            if "/" in key and ("." not in key or key.index("/") < key.index(".")):
                key = key.replace(".", "\0").replace("/", ".").replace("\0", "/")
            found.append((key, value.strip()))
    return found


def _sysctl(root: str, live: bool) -> Contribution:
    tree, sheet = Tree(root), Sheet("sysctl")
    if live:
        values: dict[str, object] = {"read_from": "kernel"}
        for name in SYSCTLS:
            value = tree.line("/proc/sys/" + name.replace(".", "/"))
            if value is not None:
                values[name] = re.sub(r"\s+", " ", value)
    else:
        values = {"read_from": "files", **_sysctl_files(tree)}
        sheet.incomplete("settings are from the files, the kernel may have others (offline tree)")
    sheet.add("sysctl", "kernel", values)
    sheet.cut(tree.problems)
    return sheet.contribution()


def _sysctl_files(tree: Tree) -> dict[str, str]:
    paths: dict[str, str] = {}
    for folder in reversed(SYSCTL_FOLDERS):
        for name in tree.names(folder):
            if name.endswith(".conf"):
                paths[name] = f"{folder}/{name}"
    ordered = [paths[name] for name in sorted(paths)]
    if "/etc/sysctl.conf" not in map(tree.canonical, ordered):
        ordered.append("/etc/sysctl.conf")
    found: dict[str, str] = {}
    for path in ordered:
        found.update(pair for pair in parse_sysctl_conf(tree.text(path) or "") if pair[0] in SYSCTLS)
    return found


# -- nftables ----------------------------------------------------------------------------------------


def summarise_ruleset(text: str) -> Optional[dict[str, Any]]:
    """Tables, chains and policies of an ``nft -j list ruleset`` answer; ``None`` when it is not one.

    The result has ``tables`` (names), ``chains`` (one dict per chain) and ``helpers`` (ct helper types).
    """
    try:
        entries = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    tables: list[str] = []
    chains: dict[tuple[str, str, str], dict[str, Any]] = {}
    helpers: set[str] = set()
    compat = False
    for entry in entries:
        if not isinstance(entry, dict) or len(entry) != 1:
            continue
        (kind, body), *_ = entry.items()
        if not isinstance(body, dict):
            continue
        family, table = str(body.get("family", "")), str(body.get("table", body.get("name", "")))
        if kind == "table":
            tables.append(f"{family} {body.get('name', '')}")
        elif kind == "chain":
            name = str(body.get("name", ""))
            chains[family, table, name] = {
                "family": family,
                "table": table,
                "chain": name,
                **{key: str(body[word]) for key, word in _CHAIN_KEYS if word in body},
                "rules": 0,
                "verdicts": Counter(),
            }
        elif kind == "ct helper":
            helpers.add(str(body.get("type", "")))
        elif kind == "rule":
            chain = chains.get((family, table, str(body.get("chain", ""))))
            expressions = body.get("expr")
            compat = compat or (isinstance(expressions, list) and any(_is_compat(part) for part in expressions))
            if chain is not None:
                chain["rules"] += 1
                chain["verdicts"].update(_verdicts(expressions))
    return {
        "tables": tables,
        "chains": list(chains.values()),
        "helpers": sorted(helpers),
        "compat": compat,
    }


_CHAIN_KEYS = (("type", "type"), ("hook", "hook"), ("priority", "prio"), ("policy", "policy"), ("device", "dev"))


def _is_compat(part: object) -> bool:
    return isinstance(part, dict) and "xt" in part


def _verdicts(expressions: object) -> list[str]:
    if not isinstance(expressions, list):
        return []
    words = (
        "accept",
        "drop",
        "reject",
        "jump",
        "goto",
        "masquerade",
        "snat",
        "dnat",
        "redirect",
        "queue",
        "return",
        "log",
        "limit",
    )
    return [word for part in expressions if isinstance(part, dict) for word in words if word in part]


def default_policy(chains: list[dict[str, Any]], hook: str, family: str = "") -> Optional[str]:
    """What happens to a packet no rule decides: ``drop`` or ``accept``; ``None`` without a base chain there.

    ``family`` is ``ip`` or ``ip6``; without it the answer is ``drop`` only when both are dropped. One
    dropping chain is enough, whatever the other chains at the hook say.
    """
    if not family:
        both = [default_policy(chains, hook, name) for name in ("ip", "ip6")]
        if both == [None, None]:
            return None
        return "drop" if both == ["drop", "drop"] else "accept"
    policies = [
        chain.get("policy", "accept")
        for chain in chains
        if chain.get("hook") == hook and chain.get("type") == "filter" and chain["family"] in (family, "inet")
    ]
    if not policies:
        return None
    return "drop" if "drop" in policies else "accept"


def _nft(root: str, live: bool, deadline: Deadline) -> Contribution:
    tree, sheet = Tree(root), Sheet("nft")
    config = tree.text("/etc/nftables.conf")
    values: dict[str, object] = {
        "config": yes(config is not None),
        "config_flushes": yes(re.search(r"^\s*flush\s+ruleset\b", config or "", re.MULTILINE) is not None),
    }
    if not live:
        sheet.incomplete("the loaded rules are unknown (offline tree)")
        sheet.add("nft", "ruleset", values)
        sheet.cut(tree.problems)
        return sheet.contribution()
    legacy = {
        family: tree.text(f"/proc/net/{name}")
        for family, name in (("ip", "ip_tables_names"), ("ip6", "ip6_tables_names"))
    }
    values["iptables_legacy"] = [
        f"{family} {table}" for family, text in legacy.items() for table in (text or "").split()
    ]
    if os.geteuid() != 0:
        sheet.incomplete("the rules can only be read by root")
    else:
        answer = run(["nft", "-j", "list", "ruleset"], deadline)
        summary = summarise_ruleset(answer.out) if answer.ok else None
        if summary is None:
            sheet.incomplete(f"nft list ruleset: {answer.why() if not answer.ok else 'not understood'}")
        else:
            _add_ruleset(sheet, values, summary)
    sheet.add("nft", "ruleset", values)
    sheet.cut(tree.problems)
    return sheet.contribution()


def _add_ruleset(sheet: Sheet, values: dict[str, object], summary: dict[str, Any]) -> None:
    chains = summary["chains"]
    values.update(
        present=yes(bool(summary["tables"])),
        tables=summary["tables"],
        chains=[f"{c['family']} {c['table']} {c['chain']}" for c in chains],
        families=sorted({c["family"] for c in chains if c.get("hook")}),
        rules=str(sum(c["rules"] for c in chains)),
        helpers=summary["helpers"],
        iptables_nft=yes(summary["compat"]),
        **{f"{hook}_policy": default_policy(chains, hook) for hook in _HOOKS},
        **{f"{hook}_policy_v4": default_policy(chains, hook, "ip") for hook in _HOOKS},
        **{f"{hook}_policy_v6": default_policy(chains, hook, "ip6") for hook in _HOOKS},
    )
    for chain in chains:
        counts = chain.pop("verdicts")
        sheet.add(
            "nft.chain",
            f"{chain['family']} {chain['table']} {chain['chain']}",
            {**chain, "rules": str(chain["rules"]), "verdicts": [f"{word}:{n}" for word, n in sorted(counts.items())]},
        )


# -- addresses ---------------------------------------------------------------------------------------


def _json_list(text: str) -> list[dict[str, Any]]:
    try:
        entries = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def parse_addresses(text: str) -> list[tuple[str, dict[str, object]]]:
    """(name, values) per interface of an ``ip -j -d addr`` answer."""
    found: list[tuple[str, dict[str, object]]] = []
    for link in _json_list(text):
        name = link.get("ifname")
        if not isinstance(name, str):
            continue
        detail = link.get("linkinfo")
        detail = detail if isinstance(detail, dict) else {}
        data = detail.get("info_data")
        data = data if isinstance(data, dict) else {}
        given = link.get("addr_info")
        addresses = [
            f"{entry['local']}/{entry.get('prefixlen', '')}"
            for entry in (given if isinstance(given, list) else [])
            if isinstance(entry, dict) and "local" in entry
        ]
        found.append(
            (
                name,
                {
                    "state": str(link.get("operstate", "")).lower(),
                    "mac": str(link.get("address", "")),
                    "mtu": str(link.get("mtu", "")),
                    "addresses": addresses,
                    "link_kind": str(detail.get("info_kind", link.get("link_type", ""))),
                    "vlan": str(data["id"]) if detail.get("info_kind") == "vlan" and "id" in data else None,
                    "master": str(link["master"]) if "master" in link else None,
                },
            )
        )
    return found


def parse_routes(text: str, family: str) -> list[tuple[str, dict[str, object]]]:
    """(name, values) per route of an ``ip -j route show table all`` answer; local and broadcast left out."""
    found: dict[str, dict[str, object]] = {}
    for route in _json_list(text):
        kind, destination = str(route.get("type", "unicast")), str(route.get("dst", ""))
        if kind in ("local", "broadcast", "anycast", "multicast") or not destination:
            continue
        values: dict[str, object] = {
            "family": family,
            "destination": destination,
            "type": kind,
            "gateway": str(route["gateway"]) if "gateway" in route else None,
            "device": str(route["dev"]) if "dev" in route else None,
            "source": str(route["prefsrc"]) if "prefsrc" in route else None,
            "metric": str(route["metric"]) if "metric" in route else None,
            "table": str(route.get("table", "main")),
        }
        via = f" via {values['gateway']}" if values["gateway"] else ""
        device = f" dev {values['device']}" if values["device"] else ""
        table = f" table {values['table']}" if values["table"] != "main" else ""
        found.setdefault(f"{family} {destination}{via}{device}{table}", values)
    return list(found.items())


MAX_ROUTES = 2000


def _addresses(deadline: Deadline) -> list[Contribution]:
    interfaces, routes = Sheet("interface"), Sheet("route")
    answer = run(["ip", "-j", "-d", "addr", "show"], deadline)
    if answer.ok:
        for name, values in parse_addresses(answer.out):
            interfaces.add("interface", name, values)
    else:
        interfaces.not_checked(answer.why())
    count = 0
    for family, flag in (("inet", "-4"), ("inet6", "-6")):
        answer = run(["ip", "-j", flag, "route", "show", "table", "all"], deadline)
        if not answer.ok and family == "inet":
            routes.not_checked(answer.why())
            break
        for name, values in parse_routes(answer.out, family):
            count += 1
            if count > MAX_ROUTES:
                routes.incomplete(f"more than {MAX_ROUTES} routes, the rest is not listed")
                break
            routes.add("route", name, values)
    return [interfaces.contribution(), routes.contribution()]


def parse_resolv(text: str) -> dict[str, object]:
    """``resolv.conf(5)``: servers, search list, and whether every server is on this host."""
    servers, search = [], []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split(";", 1)[0].split()
        if len(words) > 1 and words[0] == "nameserver":
            servers.append(words[1])
        elif words[:1] in (["search"], ["domain"]):
            search = words[1:]
    return {"nameservers": servers, "search": search, "local": yes(bool(servers) and all(map(_is_loopback, servers)))}


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.split("%")[0]).is_loopback
    except ValueError:
        return False


def _resolver(root: str) -> Contribution:
    tree, sheet = Tree(root), Sheet("resolver")
    text = tree.text("/etc/resolv.conf")
    if text is None:
        sheet.absent("; ".join(tree.problems) or "/etc/resolv.conf does not exist")
    else:
        sheet.add("resolver", "resolv.conf", parse_resolv(text))
    return sheet.contribution()
