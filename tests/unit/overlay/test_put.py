"""Settings put into many small configurations: effective as wanted, everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.first_wins import first_wins, rows
from ansible_collections.grundton.voip.plugins.module_utils.overlay.limits import Limits
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import (
    OverlayError,
    Setting,
    read_settings,
)

PHONE = "[6001]\ntype=endpoint\ncontext=intern\nallow=!all,alaw\n"


def srtp(name: str = "6001", **more: Any) -> Setting:
    given = {"controls": ("asterisk.endpoint.srtp",), "measures": ("M 5.135",), **more}
    return Setting("pjsip.endpoint", name, "media_encryption", "sdes", **given)


def general(stem: str, key: str, value: str, control: str = "a.b", measure: str = "M 5.135") -> Setting:
    return Setting(f"{stem}.general", "general", key, value, (control,), (measure,))


def test_the_overlay_and_the_one_line_in_the_file(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    outcome = host.put(srtp())
    assert [one.path for one in outcome.files] == ["/etc/asterisk/grundton.d/pjsip.conf", "/etc/asterisk/pjsip.conf"]
    assert host.read("pjsip.conf") == PHONE + '#tryinclude "grundton.d/pjsip.conf"\n'
    assert host.read("grundton.d/pjsip.conf").endswith(
        "\n; pjsip.endpoint 6001\n[6001](!)\ntype = endpoint\n[6001](+type=endpoint&TEMPLATES=include)\n"
        "; asterisk.endpoint.srtp | M 5.135\nmedia_encryption = sdes\n"
    )
    assert host.values("pjsip.endpoint", "6001")["media_encryption"] == ["sdes"]


def test_a_second_run_changes_nothing_and_order_does_not_matter(host: Any) -> None:
    host.write("pjsip.conf", PHONE + PHONE.replace("6001", "6002"))
    host.put(srtp("6002"), srtp("6001"))
    first = host.files()
    assert host.put(srtp("6001"), srtp("6002")).files == []
    assert host.put(srtp("6001")).files == []
    assert host.files() == first


def test_runs_add_up(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.put(srtp())
    host.put(Setting("pjsip.endpoint", "6001", "direct_media", "no", ("a.b",), ("M 5.136",)))
    host.put(srtp(controls=("other",), measures=("M 2.374",)))
    overlay = host.read("grundton.d/pjsip.conf")
    assert "; asterisk.endpoint.srtp, other | M 2.374, M 5.135\nmedia_encryption = sdes\n" in overlay
    assert "; a.b | M 5.136\ndirect_media = no\n" in overlay
    assert host.read("pjsip.conf").count("#tryinclude") == 1


def test_a_newer_value_takes_the_place_of_an_older_one(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.put(srtp())
    host.put(Setting("pjsip.endpoint", "6001", "media_encryption", "dtls", ("x",), ("M 1",)))
    assert host.values("pjsip.endpoint", "6001")["media_encryption"] == ["dtls"]
    assert "sdes" not in host.read("grundton.d/pjsip.conf")


def test_what_the_user_says_already_is_not_said_again(host: Any) -> None:
    host.write("pjsip.conf", PHONE + "media_encryption=sdes\n")
    outcome = host.put(srtp())
    assert outcome.files == []
    assert [one.key for one in outcome.unchanged] == ["media_encryption"]


def test_templates_stay_as_they_are(host: Any) -> None:
    host.write(
        "pjsip.conf",
        "[phone](!)\ntype=endpoint\nmedia_encryption=no\n[6001](phone)\n[6002](phone)\n[6003](phone)\ncontext=x\n",
    )
    host.put(srtp("6002"))
    values = {name: host.values("pjsip.endpoint", name)["media_encryption"] for name in ("6001", "6002", "6003")}
    assert values == {"6001": ["no"], "6002": ["sdes"], "6003": ["no"]}


def test_sections_of_one_name(host: Any) -> None:
    host.write(
        "pjsip.conf",
        "[6001]\ntype=aor\nmax_contacts=1\n[6001]\ntype=auth\nauth_type=userpass\nusername=u\n" + PHONE,
    )
    host.put(srtp(), Setting("pjsip.aor", "6001", "remove_existing", "yes", ("c",), ("m",)))
    host.put(Setting("pjsip.auth", "6001", "nonce_lifetime", "32", ("c",), ("m",)))
    assert host.values("pjsip.endpoint", "6001")["media_encryption"] == ["sdes"]
    assert host.values("pjsip.aor", "6001")["remove_existing"] == ["yes"]
    assert host.values("pjsip.auth", "6001")["nonce_lifetime"] == ["32"]


def test_a_selector_that_would_meet_another_section_first_is_anchored(host: Any) -> None:
    # a plain "type=endpoint" would also fit mwi_type
    host.write("pjsip.conf", "[6001]\ntype=aor\nmwi_type=endpoint\n" + PHONE)
    host.put(srtp())
    assert "(+^type$=^endpoint$&TEMPLATES=include)" in host.read("grundton.d/pjsip.conf")


def test_a_template_of_the_same_name_gets_no_second_one(host: Any) -> None:
    host.write("pjsip.conf", "[6001](!)\ntype=endpoint\ncontext=t\n[6001](6001)\n")
    host.put(srtp())
    assert "[6001](!)" not in host.read("grundton.d/pjsip.conf")
    assert host.values("pjsip.endpoint", "6001")["media_encryption"] == ["sdes"]


def test_included_files_and_additions(host: Any) -> None:
    host.write("pjsip.conf", '#include "pjsip.d/*.conf"\n[6001](+)\nmedia_encryption=no\n')
    host.write("pjsip.d/a.conf", PHONE)
    host.put(srtp())
    assert host.read("pjsip.d/a.conf") == PHONE
    assert host.values("pjsip.endpoint", "6001")["media_encryption"] == ["sdes"]


def test_lines_added_behind_our_include_are_seen_by_the_next_run(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.put(srtp())
    host.write("pjsip.conf", host.read("pjsip.conf") + PHONE.replace("6001", "6002"))
    host.put(srtp("6002"))
    assert host.read("pjsip.conf").endswith('alaw\n#tryinclude "grundton.d/pjsip.conf"\n')
    assert host.values("pjsip.endpoint", "6002")["media_encryption"] == ["sdes"]


def test_the_overlay_is_valid_when_its_object_goes(host: Any) -> None:
    host.write("pjsip.conf", PHONE + PHONE.replace("6001", "6002"))
    host.put(srtp("6001"), srtp("6002"))
    host.write("pjsip.conf", PHONE.replace("6001", "6002") + '#tryinclude "grundton.d/pjsip.conf"\n')
    assert host.values("pjsip.endpoint", "6002")["media_encryption"] == ["sdes"]
    assert ("pjsip.endpoint", "6001") not in host.everything()
    host.put(Setting("pjsip.endpoint", "6002", "direct_media", "no", ("c",), ("m",)))
    assert "6001" not in host.read("grundton.d/pjsip.conf")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"[general]\nenabled=yes", b'[general]\nenabled=yes\n#tryinclude "grundton.d/manager.conf"\n'),
        (b"[general]\r\nenabled=yes\r\n", b'[general]\r\nenabled=yes\r\n#tryinclude "grundton.d/manager.conf"\r\n'),
        (b"[general]\r\nenabled=yes", b'[general]\r\nenabled=yes\r\n#tryinclude "grundton.d/manager.conf"\r\n'),
        (b"; \xe4\xf6\n[general]\n", b'; \xe4\xf6\n[general]\n#tryinclude "grundton.d/manager.conf"\n'),
    ],
    ids=["no newline at the end", "CRLF", "CRLF, none at the end", "latin-1"],
)
def test_line_endings(host: Any, before: bytes, after: bytes) -> None:
    host.write("manager.conf", before)
    host.put(general("manager", "webenabled", "no"))
    assert host.path("manager.conf").read_bytes() == after
    assert host.values("manager.general", "general")["webenabled"] == ["no"]
    host.put(general("manager", "webenabled", "no"))
    assert host.path("manager.conf").read_bytes() == after


def test_a_section_that_is_not_there_is_made(host: Any) -> None:
    host.write("cdr.conf", "[csv]\nusegmtime=yes\n")
    host.put(general("cdr", "unanswered", "yes"))
    assert "\n[general]\n" in host.read("grundton.d/cdr.conf")
    host.put(Setting("pjsip.global", "global", "user_agent", "PBX", ("c",), ("m",)))
    assert host.read("grundton.d/pjsip.conf").endswith("[global]\ntype = global\n; c | m\nuser_agent = PBX\n")
    assert host.read("pjsip.conf") == '#tryinclude "grundton.d/pjsip.conf"\n'
    assert host.take(measures=("m", "M 5.135")).files
    assert not host.path("pjsip.conf").exists()


def test_the_one_global_section_may_have_any_name(host: Any) -> None:
    host.write("pjsip.conf", "[everything]\ntype=global\nuser_agent=Asterisk\n")
    host.put(Setting("pjsip.global", "global", "user_agent", "PBX", ("c",), ("m",)))
    host.put(Setting("pjsip.global", "global", "user_agent", "PBX", ("c",), ("m",)))
    assert host.values("pjsip.global", "everything")["user_agent"] == ["PBX"]


def test_several_general_sections(host: Any) -> None:
    # the option framework reads both, manager.conf only the first
    host.write("cel.conf", "[general]\nenable=no\n[general]\nenable=no\n")
    host.write("manager.conf", "[general]\nwebenabled=yes\n[general]\nwebenabled=yes\n")
    host.put(general("cel", "enable", "yes"), general("manager", "webenabled", "no"))
    assert host.values("cel.general", "general")["enable"] == ["yes"]
    assert host.values("manager.general", "general")["webenabled"] == ["no"]


def test_lists_grow(host: Any) -> None:
    host.write("modules.conf", "[modules]\nautoload=yes\nnoload=a.so\n")
    host.put(Setting("modules.modules", "modules", "noload", "chan_sip.so", ("c",), ("m",)))
    assert host.values("modules.modules", "modules")["noload"] == ["a.so", "chan_sip.so"]


def test_wizards(host: Any) -> None:
    host.write(
        "pjsip_wizard.conf",
        "[prov]\ntype=wizard\nsends_auth=no\naccepts_registrations=no\nremote_hosts=192.0.2.1\nendpoint/context=in\n",
    )
    host.put(srtp("prov"), Setting("pjsip.aor", "prov", "qualify_frequency", "60", ("c",), ("m",)))
    assert host.values("pjsip.endpoint", "prov")["media_encryption"] == ["sdes"]
    assert host.values("pjsip.aor", "prov")["qualify_frequency"] == ["60"]
    assert "endpoint/media_encryption = sdes" in host.read("grundton.d/pjsip_wizard.conf")
    assert host.put(srtp("prov")).files == []


def test_values_with_special_characters(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.put(Setting("pjsip.endpoint", "6001", "callerid", '"a;b" <1>', ("c",), ("m",)))
    assert host.values("pjsip.endpoint", "6001")["callerid"] == ['"a;b" <1>']
    assert host.put(Setting("pjsip.endpoint", "6001", "callerid", '"a;b" <1>', ("c",), ("m",))).files == []


# -- where the first value wins ----------------------------------------------------------------------


def test_where_the_first_value_wins_the_line_goes_out_of_force(host: Any) -> None:
    host.write("rtp.conf", "[general]\nrtpstart=5000\nstrictrtp = no ; because\nStrictRTP=no\n")
    host.put(general("rtp", "strictrtp", "yes", "asterisk.rtp.strict"))
    assert host.read("rtp.conf") == (
        "[general]\nrtpstart=5000\n; grundton(asterisk.rtp.strict) strictrtp = no ; because\n"
        '; grundton(asterisk.rtp.strict) StrictRTP=no\n#tryinclude "grundton.d/rtp.conf"\n'
    )
    assert host.values("rtp.general", "general")["strictrtp"] == ["yes"]


def test_taking_it_back_puts_the_line_in_force_again(host: Any) -> None:
    original = "[general]\r\nrtpstart=5000\r\nstrictrtp = no\r\n"
    host.write("rtp.conf", original)
    host.put(general("rtp", "strictrtp", "yes", "one", "M 1"), general("rtp", "rtpstart", "10000", "two", "M 2"))
    host.take(measures=("M 1",))
    assert "strictrtp = no\r\n" in host.read("rtp.conf").split("; grundton(two) rtpstart=5000\r\n")[1]
    host.take(controls=("two",))
    assert host.path("rtp.conf").read_bytes() == original.encode()
    assert not host.path("grundton.d/rtp.conf").exists()


def test_a_value_that_would_win_from_a_shared_template_stops_everything(host: Any) -> None:
    text = "[t](!)\nstrictrtp=no\n[general](t)\n[ice_host_candidates](t)\n"
    host.write("rtp.conf", text)
    with pytest.raises(OverlayError, match="strictrtp would change as well"):
        host.put(general("rtp", "strictrtp", "yes"))
    assert host.read("rtp.conf") == text


def test_a_comment_that_begins_on_the_line_stops_everything(host: Any) -> None:
    host.write("rtp.conf", "[general]\nstrictrtp=no ;-- from here\nrtpstart=1\n--;\nrtpend=9\n")
    with pytest.raises(OverlayError):
        host.put(general("rtp", "strictrtp", "yes"))


def test_the_table() -> None:
    assert first_wins("rtp.general", "strictrtp")
    assert not first_wins("rtp.general", "ice_deny")
    assert first_wins("modules.modules", "autoload")
    assert not first_wins("modules.modules", "noload")
    assert not first_wins("manager.general", "bindaddr")
    assert all(kind and keys and module and proof for kind, keys, module, proof in rows())


# -- refused -----------------------------------------------------------------------------------------


def refused(host: Any, setting: Setting, limits: Limits | None = None) -> str:
    before = host.files()
    outcome = host.put(setting, limits=limits)
    assert host.files() == before
    assert [one.setting.key for one in outcome.refused] == [setting.key]
    return str(outcome.refused[0].reason)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (srtp("nobody"), "no such object"),
        (Setting("pjsip.endpoint", "6001", "media_encrytion", "sdes"), "no Asterisk knows"),
        (Setting("pjsip.auth", "6001", "password", "x"), "secret"),
        (Setting("pjsip.endpoint", "6001", "type", "aor"), "type"),
        (Setting("pjsip.endpoint", "6001", "context", "a\nb"), "control characters"),
        (Setting("pjsip.endpoint", "6001", "a b", "x"), "no name of an option"),
        (Setting("pjsip.transport", "t", "method", "tlsv1_9"), "no TLS method"),
        (Setting("pjsip.transport", "t", "cipher", "HIGH:!aNULL"), "single cipher names"),
        (Setting("pjsip.transport", "t", "cipher", "AES256-SHA"), "could not be asked"),
        (Setting("dialplan.context", "x", "include", "y"), "dialplan"),
        (Setting("voicemail.mailbox", "1@default", "attach", "no"), "mailbox"),
        (Setting("nothing.general", "general", "a", "b"), "no configuration file"),
    ],
)
def test_what_is_refused(host: Any, setting: Setting, reason: str) -> None:
    host.write("pjsip.conf", PHONE + "[t]\ntype=transport\nprotocol=tls\n")
    assert reason in refused(host, setting)


@pytest.mark.parametrize(
    ("version", "fine"),
    [("16.28.0", False), ("18.19.0", False), ("18.20.0", True), ("20.4.0", False), ("20.5.0", True), ("22.10.1", True)],
)
def test_tls_1_3_by_version(host: Any, version: str, fine: bool) -> None:
    host.write("pjsip.conf", "[t]\ntype=transport\nprotocol=tls\nbind=0.0.0.0\n")
    outcome = host.put(Setting("pjsip.transport", "t", "method", "tlsv1_3"), limits=Limits(version))
    assert (outcome.refused == []) is fine


def test_ciphers_the_daemon_knows(host: Any) -> None:
    host.write("pjsip.conf", "[t]\ntype=transport\nprotocol=tls\nbind=0.0.0.0\n")
    limits = Limits("22.10.1", ciphers=frozenset(("A-1", "B-2")))
    assert "C-3" in refused(host, Setting("pjsip.transport", "t", "cipher", "A-1,C-3"), limits)
    assert host.put(Setting("pjsip.transport", "t", "cipher", "A-1,B-2"), limits=limits).refused == []


def test_what_the_command_line_decides(host: Any) -> None:
    limits = Limits("22", {"user": "asterisk"}, "process 29")
    reason = refused(host, Setting("asterisk.options", "options", "runuser", "voip"), limits)
    assert reason == "the command line decides this (user, process 29): change it in the service unit"
    assert host.put(Setting("asterisk.options", "options", "execincludes", "no"), limits=limits).refused == []


def test_realtime_gives_the_statement(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.write(
        "sorcery.conf", "[res_pjsip]\nendpoint=config,pjsip.conf,criteria=type=endpoint\nendpoint=realtime,ps_e\n"
    )
    host.write(
        "extconfig.conf", "[settings]\nps_e => odbc,asterisk,ps_endpoints\nrtp.conf => odbc,asterisk,ast_config\n"
    )
    first, second = host.put(srtp("700'1"), general("rtp", "strictrtp", "yes")).refused
    statements = {first.statement, second.statement}
    assert statements == {
        "UPDATE ps_endpoints SET media_encryption='sdes' WHERE id='700''1';",
        "UPDATE ast_config SET var_val='yes' WHERE filename='rtp.conf' AND category='general'"
        " AND var_name='strictrtp';",
    }
    assert host.put(srtp("6001")).refused == []


def test_a_file_asterisk_rejects_is_not_touched(host: Any) -> None:
    host.write("pjsip.conf", PHONE + "[broken\n")
    assert "rejects the file" in refused(host, srtp())


def test_a_name_that_differs_only_in_case_cannot_be_addressed(host: Any) -> None:
    host.write("pjsip.conf", PHONE.replace("6001", "ABC") + PHONE.replace("6001", "abc"))
    assert "another section" in refused(host, srtp("abc"))
    assert host.put(srtp("ABC")).refused == []


def test_an_open_comment_at_the_end_stops_everything(host: Any) -> None:
    host.write("pjsip.conf", PHONE + ";-- never closed\n")
    with pytest.raises(OverlayError, match="would not be what is wanted"):
        host.put(srtp())
    assert not host.path("grundton.d").exists()


def test_an_overlay_edited_by_hand_is_left_alone(host: Any) -> None:
    host.write("pjsip.conf", PHONE)
    host.put(srtp())
    host.write("grundton.d/pjsip.conf", host.read("grundton.d/pjsip.conf") + "rtp_symmetric = yes\n")
    with pytest.raises(OverlayError, match="edited by hand"):
        host.put(srtp())


def test_a_wildcard_that_would_read_the_overlay_too_early_stops_everything(host: Any) -> None:
    host.write("pjsip.conf", '#include "*/*.conf"\n' + PHONE)
    host.write("own/a.conf", PHONE.replace("6001", "6002"))
    with pytest.raises(OverlayError, match="would not be what is wanted"):
        host.put(srtp())
    assert not host.path("grundton.d").exists()


# -- front ends --------------------------------------------------------------------------------------

HEADER = ";-----;\n; Do NOT edit this file as it is auto-generated by FreePBX. ;\n;-----;\n"


def freepbx(host: Any) -> None:
    host.write("/etc/freepbx.conf", "<?php\n")
    host.write("pjsip.conf", HEADER + "#include pjsip.endpoint.conf\n#include pjsip.endpoint_custom_post.conf\n")
    host.write("pjsip.endpoint.conf", HEADER + PHONE)
    host.write("pjsip.endpoint_custom_post.conf", "")
    host.write("rtp.conf", HEADER + "[general]\nstrictrtp=no\n#include rtp_custom.conf\n")
    host.write("rtp_custom.conf", "")
    host.write("http.conf", HEADER + "[general]\nenabled=yes\n")


def test_freepbx_hooks_are_used(host: Any) -> None:
    freepbx(host)
    before = host.files()
    outcome = host.put(srtp(), general("rtp", "probation", "4"))
    assert outcome.refused == []
    assert {one.path.rpartition("/")[2] for one in outcome.files if not one.ours} == {
        "pjsip.endpoint_custom_post.conf",
        "rtp_custom.conf",
    }
    for name in ("pjsip.conf", "pjsip.endpoint.conf", "rtp.conf"):
        assert host.files()["etc/asterisk/" + name] == before["etc/asterisk/" + name]
    assert host.put(srtp()).files == []
    host.take(measures=("M 5.135",))
    assert host.files() == before


def test_generated_files_are_never_touched(host: Any) -> None:
    freepbx(host)
    assert "has no file for own settings" in refused(host, general("http", "enable_static", "no"))
    assert "its first strictrtp wins" in refused(host, general("rtp", "strictrtp", "yes"))


def test_the_warning_alone_is_enough(host: Any) -> None:
    host.write("http.conf", HEADER + "[general]\nenabled=yes\n")
    assert "a program" in refused(host, general("http", "enable_static", "no"))


# -- what a caller gives -----------------------------------------------------------------------------


def test_settings_of_a_caller_are_checked_and_joined() -> None:
    one = {"kind": "rtp.general", "object": "general", "key": "StrictRTP", "value": "yes", "controls": ["a"]}
    assert read_settings([one, {**one, "controls": ["b"]}]) == [
        Setting("rtp.general", "general", "strictrtp", "yes", ("a", "b"))
    ]
    with pytest.raises(OverlayError, match="two values"):
        read_settings([one, {**one, "value": "no"}])
    with pytest.raises(OverlayError, match="unprintable"):
        read_settings([{**one, "object": "a\nb"}])
