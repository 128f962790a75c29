"""What holds for any bytes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.asterisk import show, show_core, show_pjsip
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.collect import collect_files
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.lines import CommentState, significant, split
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import parse
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.show_dialplan import parse_dialplan
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree
from ansible_collections.grundton.voip.plugins.module_utils.redaction import Redactor
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.collect import Collector, collect_snapshot
from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import FileTable
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SLOW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
PIECES = [
    "[a]", "[a](!)", "[b](a)", "[a](+)", "[b](+x=1)", "[c](a,b)", "[", "]", "(", ")", "x=1", "x += 2",
    "y => 3", "type=endpoint", "type=wizard", "type=auth", "password=canaryX",
    "exten => 1,1,Authenticate(canaryX)", "same => n(x),Busy", "exten => 1,hint,a", ";", ";--", "--;", ";---",
    "\\;", "\\", "#include a.conf", "#include b.conf", "#include *.conf", "#tryinclude z", "#exec x",
    "1 => canaryX,Name,,,a=b|c", "register => u:canaryX@h", "console => [json]a,b", "remote_hosts=a,b",
    "sends_auth=yes", "outbound_auth/username=u", "\r", " ", "\t", "\x00", "=", "+=", "=>", "\ufeff", "ü",
    "[general]", "[globals]", "[settings]",
]  # fmt: skip
LINES = st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=30).map("\n".join)
FILES = ["pjsip.conf", "pjsip_wizard.conf", "extensions.conf", "voicemail.conf", "logger.conf", "manager.conf",
         "sip.conf", "iax.conf", "extconfig.conf", "sorcery.conf", "asterisk.conf", "users.conf",
         "a.conf", "b.conf"]  # fmt: skip


@SLOW
@given(st.binary(max_size=600) | LINES.map(str.encode), st.binary(max_size=200) | LINES.map(str.encode))
@example(b"[]\n\xef\xbb\xbf=", b"")
@example(b"[]\n!\\=", b"")
def test_parsing_is_total_and_places_are_real(first: bytes, second: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a.conf").write_bytes(first)
        (root / "b.conf").write_bytes(second)
        files = FileTable()
        config = parse(Tree("/"), folder, "a.conf", files)
        lines = {path: Path(path).read_bytes().split(b"\n") for path in files.paths}
        for section in config.sections:
            assert 1 <= section.line <= len(lines[files.paths[section.file]])
            for name, (_text, file, line) in section.variables:
                there = split(lines[files.paths[file]][line - 1], first=line == 1)[0]
                # A backslash may protect a semicolon, and a comment may stand within a name.
                assert _bare(name) in _bare(there) or ";--" in there


def _bare(text: str) -> str:
    return text.replace(";", "").replace("\\", "")


@SLOW
@given(st.dictionaries(st.sampled_from(FILES), st.binary(max_size=300) | LINES.map(str.encode), max_size=5))
def test_collecting_is_total_stable_and_silent(contents: dict[str, bytes]) -> None:
    def once(root: str) -> str:
        document: dict[str, Any] = collect_snapshot(root, b"k", readers=[Collector("files", collect_files, ["x:y"])])
        assert "reader failed" not in json.dumps(document["sources"])
        for source in document["sources"].values():
            source["ms"] = 0
        document["duration_ms"] = document["taken_at"] = 0
        return json.dumps(document, ensure_ascii=False)

    with tempfile.TemporaryDirectory() as folder:
        etc = Path(folder) / "etc" / "asterisk"
        etc.mkdir(parents=True)
        (etc / "modules.conf").write_text("[modules]\n")
        for name, content in contents.items():
            (etc / name).write_bytes(content)
        assert once(folder) == once(folder)


@given(st.binary(max_size=400))
def test_lines_are_total(data: bytes) -> None:
    state = CommentState()
    for number, text in significant(split(data), state, []):
        assert number >= 1
        assert text == text.strip()[: len(text)] or text


@given(st.text(max_size=500))
def test_answers_are_total(text: str) -> None:
    redactor = Redactor(b"k")
    parse_dialplan(text, redactor)
    parse_dialplan("[ Context 'a' created by 'b' ]\n" + text, redactor)
    show.parameters("ParameterName : ParameterValue\n" + text)
    show.columns(text, ("a", "b"))
    show_core.core(text, text, text, text)
    for reader in (show_core.modules, show_core.rtp, show_core.manager, show_core.http, show_core.cdr, show_core.cel,
                   show_core.voicemail, show_core.features, show_core.udptl, show_core.buildopts, show_core.ciphers,
                   show_core.acl_names, show_core.manager_users, show_core.permissions):  # fmt: skip
        reader(text)
    show_core.manager_user("a", text)
    show_core.acl("a", text)
    show_core.ari(text, text)
    show_core.logger(text, "/var/log/asterisk")
    show_core.iax(text, text)
    show_core.sip(text, text, redactor)
    show_pjsip.contacts(text, text, redactor)
    for kind in ("endpoint", "aor", "transport", "identify", "registration"):
        show_pjsip.names(kind, text)
