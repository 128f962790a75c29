"""Bad input is one clear error with what to do, exit code 2, and no traceback."""

from __future__ import annotations

import pytest

from grundton import __version__


def test_version(grundton):
    assert grundton("--version").out == f"grundton {__version__}\n"


def test_help_names_every_command(grundton):
    shown = grundton("--help")
    assert shown.code == 0
    for command in (
        "apply", "audit", "assess", "report", "measures", "controls", "explain", "journal", "plan", "policy", "lab",
        "rollback",
    ):  # fmt: skip
        assert f"\n  {command}" in shown.out
        assert grundton(command, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit"], "what shall be audited"),
        (["audit", "x y"], "NAME=user@host"),
        (["audit", "a=b@c", "a=b@d"], "two targets are called 'a'"),
        (["audit", "-i", "nowhere"], "the inventory nowhere does not exist"),
        (["audit", "-i", "localhost,", "root@h"], "use --limit"),
        (["audit", "--root", "nowhere"], "it does not exist"),
        (["audit", "--root", ".", "h"], "not several of them"),
        (["audit", "h", "--name", "x"], "NAME=user@host"),
        (["audit", "-i", "h,", "--policy", "p.yml"], "stand in the inventory"),
        (["audit", "h", "--policy", "none.yml"], "does not exist"),
        (["audit", "h", "--policy", "broken.yml"], "broken.yml:3: not valid YAML"),
        (["audit", "h", "--policy", "p.yml"], "p.yml:2: voip_domian"),
        (["audit", "--root", ".", "--become"], "makes no sense with --root"),
        (["audit", "h", "--fail-on", "awful"], "'awful' is not one of"),
        (["plan"], "What shall be planned? Give a target"),
        (["plan", "h", "-i", "localhost,"], "not both"),
        (["plan", "h", "--measures", "M9.999"], "there is no measure M 9.999"),
        (["plan", "h", "--controls", "asterisk.endpoint.srt"], "did you mean asterisk.endpoint.srtp"),
        (["apply", "h"], "say --yes"),
        (["apply", "h", "--yes", "--without", "zzz"], "there is no control zzz"),
        (["rollback"], "What shall be taken back?"),
        (["rollback", "h", "--measures", "9"], "there is no measure M 9"),
        (["journal"], "Whose journal"),
        (["report", "last"], "no run 'last'"),
        (["assess", "2026"], "no run '2026'"),
        (["measures", "show", "M9.999"], "There are: M 2.372"),
        (["controls", "--measure", "5.999"], "there is no measure '5.999'"),
        (["controls", "--component", "fax"], "There are some for: asterisk"),
        (["explain", "asterisk.endpoint.strp"], "Did you mean"),
        (["explain", "zzz"], "List them with: grundton controls"),
        (["policy", "check"], "Give -i INVENTORY"),
        (["policy", "check", "--policy", "p.yml"], "voip_domian"),
        (["frobnicate"], "No such command"),
    ],
)
def test_bad_input(grundton, tmp_path, arguments, words):
    (tmp_path / "broken.yml").write_text("voip_tls:\n  minimum: [\n")
    (tmp_path / "p.yml").write_text("---\nvoip_domian: example.org\n")
    result = grundton(*arguments)
    assert result.code == 2
    assert words in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "runs").exists()


def test_unforeseen_errors_have_no_traceback_unless_asked(grundton, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("cannot happen")

    monkeypatch.setattr("grundton.catalog.load", broken)
    result = grundton("measures")
    assert result.code == 3
    assert "cannot happen" in result.err
    assert "--debug" in result.err
    assert "Traceback" not in result.err
    with pytest.raises(ZeroDivisionError):
        grundton("--debug", "measures")
