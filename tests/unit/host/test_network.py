"""Network and kernel settings: recorded ``nft`` and ``ip`` answers, ``sysctl.d`` files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.host import network
from hypothesis import given
from hypothesis import strategies as st

Recorded = Callable[[str], str]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "nftables",
                    "chain",
                    "rule",
                    "table",
                    "family",
                    "name",
                    "expr",
                    "ifname",
                    "addr_info",
                    "linkinfo",
                    "dst",
                    "info_data",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_recorded_ruleset(recorded: Recorded) -> None:
    summary = network.summarise_ruleset(recorded("nft_ruleset.json"))
    assert summary is not None
    assert summary["tables"] == ["ip filter", "inet filter", "ip nat"]
    chains = {f"{c['family']} {c['table']} {c['chain']}": c for c in summary["chains"]}
    assert chains["inet filter input"]["policy"] == "drop"
    assert chains["inet filter input"]["rules"] == 6
    assert chains["inet filter input"]["verdicts"]["accept"] == 4
    assert summary["helpers"] == ["sip"]
    assert summary["compat"]
    assert network.default_policy(summary["chains"], "input") == "drop"
    assert network.default_policy(summary["chains"], "forward") == "accept"
    assert network.default_policy(summary["chains"], "output") is None


def test_dropping_one_family_only_is_not_dropping() -> None:
    chains = [{"family": "ip", "hook": "input", "type": "filter", "policy": "drop"}]
    assert network.default_policy(chains, "input") == "accept"
    assert network.default_policy(chains, "input", "ip") == "drop"
    assert network.default_policy(chains, "input", "ip6") is None


def test_recorded_addresses(recorded: Recorded) -> None:
    found = dict(network.parse_addresses(recorded("ip_addr.json")))
    assert "10.47.20.10/24" in found["endpoints"]["addresses"]  # type: ignore[operator]
    assert found["endpoints"]["link_kind"] == "veth"
    assert found["lo"]["addresses"] == ["127.0.0.1/8", "::1/128"]


def test_recorded_routes(recorded: Recorded) -> None:
    found = dict(network.parse_routes(recorded("ip_route4.json"), "inet"))
    assert found["inet 10.47.20.0/24 dev endpoints"]["source"] == "10.47.20.10"
    assert not [name for name in found if "127.0.0.1" in name]
    assert network.parse_routes(recorded("ip_route6.json"), "inet6")


def test_offline_sysctl_by_file_name(host: Callable[..., str], look: Callable[..., Any]) -> None:
    root = host(
        {
            "/usr/lib/sysctl.d/10-a.conf": "net.ipv4.ip_forward = 1\n",
            "/usr/lib/sysctl.d/50-b.conf": "kernel.sysrq=1\n",
            "/etc/sysctl.d/50-b.conf": "-kernel.sysrq = 0\n; c\nnet/ipv4/conf/all/rp_filter=1\nunknown.key=1\n",
            "/etc/sysctl.conf": "net.ipv4.ip_forward=0\n",
            "/etc/nftables.conf": "#!/usr/sbin/nft -f\n\nflush ruleset\n",
            "/etc/resolv.conf": "# x\nnameserver 127.0.0.53\nsearch a.example b.example\noptions edns0\n",
        }
    )
    found = look(network, root)
    assert found.one("sysctl", "kernel") == {
        "read_from": "files",
        "net.ipv4.ip_forward": "0",
        "kernel.sysrq": "0",
        "net.ipv4.conf.all.rp_filter": "1",
    }
    assert found.one("nft", "ruleset") == {"config": "yes", "config_flushes": "yes"}
    assert found.source("system:nft").incomplete
    assert found.source("system:interface").status == "not_checked"
    assert found.one("resolver", "resolv.conf") == {
        "nameservers": ["127.0.0.53"],
        "search": ["a.example", "b.example"],
        "local": "yes",
    }


@given(JSON)
def test_any_json_is_answered(value: Any) -> None:
    text = json.dumps(value)
    summary = network.summarise_ruleset(text)
    if summary is not None:
        network.default_policy(summary["chains"], "input")
    network.parse_addresses(text)
    network.parse_routes(text, "inet")


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert network.summarise_ruleset(text) is None or text
    network.parse_addresses(text)
    network.parse_routes(text, "inet")
    network.parse_sysctl_conf(text)
    network.parse_resolv(text)
