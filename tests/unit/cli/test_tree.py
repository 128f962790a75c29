"""Audits of copied trees: no Ansible, no host, the collection's own collector."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)

PJSIP = "[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n\n[6001]\ntype=endpoint\nmedia_encryption=no\n"


@pytest.fixture
def tree(tmp_path):
    etc = tmp_path / "tree" / "etc" / "asterisk"
    etc.mkdir(parents=True)
    (etc / "pjsip.conf").write_text(PJSIP)
    (etc / "asterisk.conf").write_text("[options]\n")
    return tmp_path / "tree"


def document():
    (found,) = Path("runs").iterdir()
    return json.loads((found / "assessment.json").read_text())


def test_name(grundton, tree):
    assert grundton("audit", "--root", tree, "--fail-on", "none", "-q").code == 0
    assert list(document()["hosts"]) == ["tree"]


def test_name_from_the_tree(grundton, tree):
    (tree / "etc" / "hostname").write_text("pbx7\n")
    assert grundton("audit", "--root", tree, "--fail-on", "none", "-q").code == 0
    assert list(document()["hosts"]) == ["pbx7"]


def test_name_given_and_policy(grundton, tree, tmp_path):
    (tmp_path / "p.yml").write_text("voip_domain: example.org\n")
    result = grundton(
        "audit", "--root", tree, "--name", "archive", "--policy", "p.yml", "--fail-on", "none", "--format", "json"
    )
    assert result.code == 0, result.err
    shown = json.loads(result.out)
    assert list(shown["hosts"]) == ["archive"]
    (run_folder,) = Path("runs").iterdir()
    assert json.loads((run_folder / "policy" / "archive.json").read_text()) == {"voip_domain": "example.org"}
    assert not list(run_folder.glob(".key*"))


def test_twice_the_same(grundton, tree):
    shown = [json.loads(grundton("audit", "--root", tree, "--format", "json").out) for _ in range(2)]
    first, second = ({**document, "run": None} for document in shown)
    assert first == second


def test_it_fails_the_gate(grundton, tree):
    result = grundton("audit", "--root", tree)
    assert result.code == 1
    assert "gate not met" in result.err
    assert "6001" in result.out


def test_empty_tree(grundton, tmp_path):
    (tmp_path / "empty").mkdir()
    result = grundton("audit", "--root", "empty")
    assert result.code == 3
    assert "no VoIP component found in empty" in result.err


def test_a_file_is_no_tree(grundton, tmp_path):
    (tmp_path / "file").write_text("")
    result = grundton("audit", "--root", "file")
    assert result.code == 2
    assert "it is not a directory" in result.err


@pytest.mark.parametrize(
    "content",
    [os.urandom(20_000), b"\x00" * 5000, b"#include pjsip.conf\n", b"[" * 5000, b"[a](b)\n[b](a)\n", b"\xff\xfe[\n=\n"],
    ids=["random", "zeros", "loop", "brackets", "templates", "odd"],
)
def test_strange_files_are_no_error(grundton, tree, content):
    (tree / "etc" / "asterisk" / "pjsip.conf").write_bytes(content)
    result = grundton("audit", "--root", tree, "--fail-on", "none", "-q")
    assert result.code == 0, result.err
    assert "Traceback" not in result.err


def test_many_endpoints(grundton, tree):
    blocks = [f"[{n}](base)\nauth={n}\naors={n}\n" for n in range(10_000, 30_000)]
    text = "[base](!)\ntype=endpoint\nmedia_encryption=no\n\n" + "\n".join(blocks)
    (tree / "etc" / "asterisk" / "pjsip.conf").write_text(text)
    result = grundton("audit", "--root", tree, "--fail-on", "none", "-q")
    assert result.code == 0, result.err
