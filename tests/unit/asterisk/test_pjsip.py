"""PJSIP objects: identity, order of values, wizards, what moves to a database."""

from __future__ import annotations

from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip import expand_wizards, resolve_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.pjsip_keys import KEYS, knows
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.realtime import (
    Mappings,
    read_extconfig,
    read_sorcery,
)


def resolved(tree: Any, redactor: Any, text: str) -> Any:
    return resolve_pjsip(tree.parse("pjsip.conf", text).active(), redactor)


def texts(view: Any, kind: str, name: str) -> dict[str, list[Any]]:
    for item in view.items:
        if (item.kind, item.name) == ("pjsip." + kind, name):
            return {key: [one[0] for one in occurrences] for key, occurrences in item.values.items()}
    raise AssertionError(f"no {kind} {name}")


def test_scalars_take_the_last_and_lists_keep_all(tree: Any, redactor: Any) -> None:
    text = (
        "[t](!)\ntype=endpoint\nallow=ulaw\ncontext=a\n[6001](t)\nCONTEXT=b\nallow=alaw\ncontext=c\n"
        "[id]\ntype=identify\nmatch=203.0.113.1\nmatch=203.0.113.2\nendpoint=6001\n"
    )
    view = resolved(tree, redactor, text)
    endpoint = texts(view, "endpoint", "6001")
    assert endpoint["context"] == ["c"]
    assert endpoint["allow"] == ["ulaw", "alaw"]
    assert texts(view, "identify", "id")["match"] == ["203.0.113.1", "203.0.113.2"]


def test_same_name_different_types(tree: Any, redactor: Any) -> None:
    text = "[a]\ntype=endpoint\naors=a\n[a]\ntype=aor\nmax_contacts=1\n[a]\ntype=auth\npassword=x\n"
    view = resolved(tree, redactor, text)
    assert [item.kind for item in view.items] == ["pjsip.endpoint", "pjsip.aor", "pjsip.auth"]


def test_the_first_type_counts_and_is_spelt_exactly(tree: Any, redactor: Any) -> None:
    text = "[t](!)\ntype=endpoint\n[a](t)\ntype=auth\n[b]\ntype=Endpoint\n[c]\ncontext=x\n"
    view = resolved(tree, redactor, text)
    assert [item.kind for item in view.items] == ["pjsip.endpoint", "pjsip.Endpoint"]
    assert [remark.text for remark in view.remarks] == ["[c] has no type; Asterisk ignores it"]


def test_doubles_weaken_the_source(tree: Any, redactor: Any) -> None:
    view = resolved(tree, redactor, "[a]\ntype=aor\n[a]\ntype=aor\nmax_contacts=2\n")
    assert len(view.items) == 1
    assert view.incomplete == ["[a] of type aor is there twice"]


def test_unknown_keys_are_remarked_even_from_a_template(tree: Any, redactor: Any) -> None:
    text = "[t](!)\ntype=endpoint\nmedia_encrypton=sdes\n[a](t)\n[b](t)\n@mark=1\n"
    view = resolved(tree, redactor, text)
    assert [(remark.line, remark.level) for remark in view.remarks] == [(3, "error"), (3, "error")]


def test_secrets_are_hidden_and_compared_with_names(tree: Any, redactor: Any) -> None:
    text = "[t](!)\ntype=auth\npassword=template-secret\n[6001](t)\nusername=anna\n[6002](t)\nusername=b\npassword=B\n"
    view = resolved(tree, redactor, text)
    first = texts(view, "auth", "6001")["password"][0]["secret"]
    second = texts(view, "auth", "6002")["password"][0]["secret"]
    assert first["flags"] == []
    assert second["flags"] == ["equals_name", "short"]
    assert "template-secret" not in repr(view)


def test_order_of_access_lists_is_kept_when_lines_do_not_tell(tree: Any, redactor: Any) -> None:
    text = "[x](!)\npermit=10.0.0.0/8\n[y](!)\ndeny=0.0.0.0/0\n[a](y,x)\ntype=acl\n[b](x,y)\ntype=acl\n"
    view = resolved(tree, redactor, text)
    assert texts(view, "acl", "a")["_order"] == ["deny=0.0.0.0/0", "permit=10.0.0.0/8"]
    assert "_order" not in texts(view, "acl", "b")


def test_wizards_expand(tree: Any, redactor: Any) -> None:
    text = (
        "[w](!)\ntype=wizard\nsends_auth=yes\nsends_registrations=yes\nendpoint/context=in\naor/qualify_frequency=30\n"
        "[p](w)\nremote_hosts=h1:5060, h2\noutbound_auth/username=u\noutbound_auth/password=topsecret\ntransport=t\n"
        "[s]\ntype=wizard\naccepts_auth=yes\naccepts_registrations=yes\ninbound_auth/username=s\n"
        "[broken]\ntype=wizard\naccepts_auth=yes\n"
    )
    made, remarks = expand_wizards(tree.parse("pjsip_wizard.conf", text).active())
    view = resolve_pjsip(made, redactor)
    names = {f"{item.kind[6:]} {item.name}" for item in view.items}
    assert names >= {
        "endpoint p",
        "aor p",
        "auth p-oauth",
        "identify p-identify",
        "registration p-reg-1",
        "auth s-iauth",
    }
    assert "identify s-identify" not in names
    assert "auth broken-iauth" not in names
    assert len(remarks) == 2
    assert texts(view, "aor", "p")["contact"] == ["sip:h1:5060", "sip:h2"]
    registration = texts(view, "registration", "p-reg-0")
    assert registration["client_uri"] == ["sip:u@h1:5060"]
    assert registration["outbound_auth"] == ["p-oauth"]
    assert texts(view, "endpoint", "p")["context"] == ["in"]
    assert "topsecret" not in repr(view)


def test_sorcery_and_extconfig_move_things(tree: Any, redactor: Any) -> None:
    mappings = Mappings()
    sorcery = (
        "[res_pjsip]\nendpoint=realtime,ps_endpoints\nauth=config,pjsip.conf,criteria=type=auth\nauth=realtime,ps_auths\n"
        "aor=config,pjsip.conf,criteria=type=aor\n[res_pjsip_publish_asterisk]\nx/cache=memory_cache,a\n"
    )
    read_sorcery(tree.parse("sorcery.conf", sorcery).active(), redactor, mappings)
    extconfig = "[settings]\nsippeers => odbc,asterisk,sip\nmusiconhold.conf => pgsql,db\n"
    read_extconfig(tree.parse("extconfig.conf", extconfig).active(), redactor, mappings)
    assert not mappings.pjsip_from_file("endpoint")
    assert mappings.pjsip_from_file("auth")
    assert mappings.pjsip_from_file("identify")
    assert len(mappings.incomplete["pjsip"]) == 2
    assert "sip" in mappings.incomplete
    assert mappings.moved("musiconhold.conf")


def test_key_table_is_plausible() -> None:
    assert "media_encryption" in KEYS["endpoint"]
    assert knows("phoneprov", "MAC")
    assert not knows("transport", "ciphers")
