"""The dialect, rule by rule. Every expectation here was also seen on a real Asterisk 16 and 22."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import Config
from ansible_collections.grundton.voip.plugins.module_utils.asterisk.tree import Tree, UnreadableError, expand_braces

Values = Callable[[Config, str], list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=b", ("a", "b")),
        ("  a\t = \t b c \t", ("a", "b c")),
        ("a=>b", ("a", "b")),
        ("a = > b", ("a", "> b")),
        ("a=b=c", ("a", "b=c")),
        ('a="b" ; c', ("a", '"b"')),
        ("a=b\\;c;d", ("a", "b;c")),
        ("a=b ;-- c --; d", ("a", "b  d")),
        ("a=", ("a", "")),
        ("a=b\r", ("a", "b")),
        ("\\#a=b", ("#a", "b")),
        ("a=b --; c", ("a", "b --; c")),
    ],
)
def test_a_line(tree: Any, values: Values, line: str, expected: tuple[str, str]) -> None:
    config = tree.parse(content=f"[s]\n{line}\n")
    assert values(config, "s") == [expected]


def test_block_comments_nest_and_hide_sections(tree: Any, values: Values) -> None:
    config = tree.parse(content="[s]\n;-- one\na=1\n;-- two\n--;\nb=1\n[t]\n--;c=1\n")
    assert values(config, "s") == [("c", "1")]
    assert [section.name for section in config.sections] == ["s"]


def test_rulers_are_ordinary_comments(tree: Any, values: Values) -> None:
    config = tree.parse(content="[s]\n;------\n;---- x ----;\na=1 ;---- y\nb=2\n")
    assert values(config, "s") == [("a", "1"), ("b", "2")]


def test_a_stray_end_of_comment_swallows_what_follows(tree: Any, values: Values) -> None:
    config = tree.parse(content="[s]\na=1 --; x\nb=2\n;-- y\nc=3\nd=4\n")
    assert values(config, "s") == [("a", "1 --; x"), ("c", "3"), ("d", "4")]


def test_an_open_comment_is_remarked(tree: Any) -> None:
    config = tree.parse(content="[s]\na=1\n;-- never closed\nb=2\n")
    assert [(r.line, r.text) for r in config.remarks] == [(3, "comment not closed (opened in line 3)")]


def test_append(tree: Any, values: Values) -> None:
    text = "[t](!)\na=1\n[s](t)\na+=,2\nA += 9\nb += x\n"
    config = tree.parse(content=text)
    assert values(config, "s") == [("a", "1,2"), ("A", "9"), ("b", "x")]
    [section] = config.named("s")
    assert section.variables[0][1][2] == 4


def test_templates_are_copied_at_once(tree: Any, values: Values) -> None:
    text = "[t](!)\na=1\n[s](t)\nb=2\n[t](+TEMPLATES=include)\na=3\n[u](t)\n[v](t,s)\nc=4\n"
    config = tree.parse(content=text)
    assert values(config, "s") == [("a", "1"), ("b", "2")]
    assert values(config, "u") == [("a", "1"), ("a", "3")]
    assert values(config, "v") == [("a", "1"), ("a", "3"), ("a", "1"), ("b", "2"), ("c", "4")]
    assert [section.name for section in config.active()] == ["s", "u", "v"]


def test_addition_takes_the_first_of_that_name(tree: Any) -> None:
    text = "[x]\ntype=endpoint\n[x]\ntype=auth\n[X](+)\na=1\n[x](+type=auth)\nb=2\n[x](+type=^auth$&b=2)\nc=3\n"
    config = tree.parse(content=text)
    first, second = config.sections
    assert [name for name, _written in first.variables] == ["type", "a"]
    assert [name for name, _written in second.variables] == ["type", "b", "c"]


def test_parents_before_and_after_an_addition(tree: Any, values: Values) -> None:
    text = "[t](!)\nt=1\n[a]\na=1\n[a](t,+)\nb=2\n[a](+,t)\nc=3\n"
    config = tree.parse(content=text)
    assert values(config, "a") == [("a", "1"), ("t", "1"), ("b", "2"), ("t", "1"), ("c", "3")]


def test_an_addition_can_make_a_template(tree: Any) -> None:
    config = tree.parse(content="[a]\na=1\n[a](+,!)\nb=2\n[z]\n")
    assert [section.name for section in config.active()] == ["z"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a=1\n", "line 1: a line before any section"),
        ("[a]\n[b\n", "line 2: no closing ']'"),
        ("[a](b\n", "line 1: no closing ')'"),
        ("[c](missing)\n", "line 1: [c] inherits from 'missing'"),
        ("[a](!)\n[b](!)\n[c](a, b)\n", "line 3: [c] inherits from ' b'"),
        ("[a](!)\n[a](+)\n", "line 2: addition to [a]"),
        ("[a](+)\n", "line 1: addition to [a]"),
        ("[a]\n#include nowhere.conf\n", "line 2: included 'nowhere.conf' does not exist"),
        ("[a]\n#include no*.conf\n", "line 2: included 'no*.conf' matches no file"),
        ("[a]\n\\ x=1\n", "line 2: invalid escape"),
    ],
)
def test_what_makes_asterisk_throw_the_file_away(tree: Any, text: str, place: str) -> None:
    config = tree.parse(content=text)
    assert place in config.invalid


def test_blank_after_the_bracket_means_no_options(tree: Any, values: Values) -> None:
    config = tree.parse(content="[t](!)\na=1\n[s] (t)\nb=2\n")
    assert values(config, "s") == [("b", "2")]


def test_empty_parents_mean_the_first_section(tree: Any, values: Values) -> None:
    config = tree.parse(content="[t](!)\na=1\n[s]()\nb=2\n")
    assert values(config, "s") == [("a", "1"), ("b", "2")]


def test_includes_continue_and_return(tree: Any, values: Values) -> None:
    tree.write("inc/one.conf", "b=2\n[two]\nc=3\n")
    tree.write("inc/bare.conf", "d=4\n")
    text = '[one]\na=1\n#include "inc/one.conf"\ne=5\n#include <inc/bare.conf>\n#tryinclude none.conf\nf=6\n'
    config = tree.parse(content=text)
    assert values(config, "one") == [("a", "1"), ("b", "2"), ("e", "5"), ("f", "6")]
    assert values(config, "two") == [("c", "3"), ("d", "4")]
    [one] = config.named("one")
    assert [written[1:] for _name, written in one.variables] == [(0, 2), (1, 1), (0, 4), (0, 7)]
    assert tree.files.paths[1] == "/etc/asterisk/inc/one.conf"


def test_wildcards_in_order_and_hidden_files_left_out(tree: Any) -> None:
    for name in ("b", "a", ".hidden", "C"):
        tree.write(f"d/{name}.conf", f"[{name}]\n")
    config = tree.parse(content="#include d/*.conf\n#include d/{b,a}.conf\n")
    assert [section.name for section in config.sections] == ["C", "a", "b", "b", "a"]


def test_an_error_in_an_included_file_ends_only_that_file(tree: Any) -> None:
    tree.write("bad.conf", "[b]\nx=1\n[never closed\n[c]\n")
    config = tree.parse(content="[a]\n#include bad.conf\n[d]\n")
    assert config.invalid == ""
    assert [section.name for section in config.sections] == ["a", "b", "d"]
    assert any(remark.level == "error" for remark in config.remarks)


def test_exec_is_recorded_and_not_run(tree: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    config = tree.parse(content=f"[a]\n#exec /usr/bin/touch {mark}\nb=1\n")
    assert not mark.exists()
    assert config.incomplete == ["#exec in /etc/asterisk/x.conf line 2 was not executed"]
    assert config.invalid == ""


def test_include_loops_end(tree: Any) -> None:
    tree.write("a.conf", "[a]\n#include b.conf\n")
    tree.write("b.conf", "[b]\n#include a.conf\n#include b.conf\n")
    config = tree.parse("a.conf")
    assert [section.name for section in config.sections] == ["a", "b"]
    assert len(config.incomplete) == 2


def test_include_depth_ends(tree: Any) -> None:
    for number in range(20):
        tree.write(f"{number}.conf", f"[s{number}]\n#include {number + 1}.conf\n[after{number}]\n")
    config = tree.parse("0.conf")
    assert [section.name for section in config.sections][:11] == [f"s{number}" for number in range(11)]
    assert any("too deep" in remark.text for remark in config.remarks)


def test_an_unreadable_include_makes_incomplete(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("secret.conf", "[s]\n")
    read = Tree.read

    def refuse(self: Tree, path: str, limit: int = 1 << 20) -> bytes:
        if path.endswith("secret.conf"):
            raise UnreadableError(f"{path}: permission denied")
        return read(self, path, limit)

    monkeypatch.setattr(Tree, "read", refuse)
    config = tree.parse(content="[a]\n#include secret.conf\nb=1\n")
    assert config.incomplete == ["include not readable: /etc/asterisk/secret.conf: permission denied"]
    assert config.invalid == ""


def test_long_lines_are_skipped_as_asterisk_does(tree: Any, values: Values) -> None:
    text = "[s]\na=" + "x" * 8188 + "\nb=" + "x" * 8189 + "\nc=1\n"
    config = tree.parse(content=text)
    assert [name for name, _value in values(config, "s")] == ["a", "c"]
    assert [remark.line for remark in config.remarks] == [3]


def test_encodings(tree: Any, values: Values) -> None:
    content = b"\xef\xbb\xbf[s]\r\nutf=J\xc3\xbcrgen\r\nlatin=J\xfcrgen\r\nnul=a\0b\r\n"
    config = tree.parse(content=content)
    assert values(config, "s") == [("utf", "Jürgen"), ("latin", "Jürgen"), ("nul", "a")]


def test_inheritance_bombs_end(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser._MAX_INHERITED", 10000)
    text = "[a0](!)\nx=1\n" + "".join(f"[a{n}](!," + ",".join([f"a{n - 1}"] * 100) + ")\n" for n in range(1, 9))
    config = tree.parse(content=text)
    assert "too much inheritance" in config.invalid


def test_braces() -> None:
    assert expand_braces("a{b,c{d,e}}f") == ["abf", "acdf", "acef"]
    assert expand_braces("a{b") == ["a{b"]
    assert len(expand_braces("{a,b}" * 30)) <= 512


def test_links_inside_a_copy_stay_inside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("[o]\n")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "data").write_text("[d]\n")
    (root / "etc/absolute").symlink_to("/data")
    (root / "etc/climbing").symlink_to("../../../../outside")
    (root / "etc/loop").symlink_to("loop")
    found = Tree(str(root))
    assert found.read("/etc/absolute") == b"[d]\n"
    with pytest.raises(FileNotFoundError):
        found.read("/etc/climbing")
    with pytest.raises(UnreadableError):
        found.read("/etc/loop")
    with pytest.raises(UnreadableError):
        found.read("/etc")


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError):
        Tree(str(tmp_path)).read("/pipe")
