"""Any configuration, any settings: effective as wanted, everything else unchanged, and taken back to the byte."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.grundton.voip.plugins.module_utils.asterisk.first_wins import first_wins
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import OverlayError, Setting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import FOUND, Host

NAMES = st.sampled_from(["6001", "6002", "trunk", "Büro", "a-b", "general"])
KEYS = st.sampled_from(
    ["media_encryption", "direct_media", "context", "rtp_timeout", "allow", "permit", "deny", "set_var"]
)
VALUES = st.sampled_from(["yes", "no", "sdes", "60", "a b", "x;y", "0.0.0.0/0", "=", ">", "(!)", "[z]", "ä"])
SCALARS = st.sampled_from(["media_encryption", "direct_media", "context", "rtp_timeout", "language"])
GENERAL = st.sampled_from(["strictrtp", "probation", "rtpstart", "icesupport"])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def pjsip(draw: st.DrawFn) -> str:
    end = draw(ENDS)
    lines: list[str] = []
    for number in range(draw(st.integers(0, 2))):
        lines += [f"[t{number}](!)", "type=endpoint", f"{draw(KEYS)} = {draw(VALUES).replace(';', chr(92) + ';')}"]
    templates = sum(line.startswith("[t") for line in lines)
    for name in draw(st.lists(NAMES, max_size=5, unique=True)):
        for kind in draw(st.lists(st.sampled_from(["endpoint", "aor", "auth"]), min_size=1, max_size=3, unique=True)):
            base = f"(t{draw(st.integers(0, templates - 1))})" if templates and kind == "endpoint" else ""
            lines += [f"[{name}]{base}", f"type={kind}"]
            for _ in range(draw(st.integers(0, 3))):
                lines.append(draw(st.sampled_from(["", "; note", "\t"])))
                if kind == "endpoint":
                    value = draw(VALUES).replace(";", "\\;")
                    lines.append(f"{draw(KEYS)}{draw(st.sampled_from(['=', ' = ', '=>']))}{value}")
    if draw(st.booleans()):
        lines.append("#tryinclude nothing.conf")
    return end.join(lines) + draw(st.sampled_from(["", end]))


@st.composite
def rtp(draw: st.DrawFn) -> str:
    end = draw(ENDS)
    lines = draw(
        st.sampled_from([["[general]"], ["[other]", "a=b", "[general]"], ["; [general]"], ["[general]", "x=1"]])
    )
    if "[general]" in lines:
        lines = [
            *lines,
            *(f"{draw(GENERAL)} = {draw(VALUES).replace(';', '')}" for _ in range(draw(st.integers(0, 5)))),
        ]
    return end.join(lines) + draw(st.sampled_from(["", end]))


def wanted() -> st.SearchStrategy[list[Setting]]:
    why = {"controls": st.just(("a.b",)), "measures": st.sampled_from([("M 1",), ("M 2",), ("M 1", "M 2")])}
    one = st.one_of(
        st.builds(Setting, st.just("pjsip.endpoint"), NAMES, SCALARS, VALUES, **why),
        st.builds(Setting, st.just("rtp.general"), st.just("general"), GENERAL, VALUES, **why),
    )
    return st.lists(one, min_size=1, max_size=6, unique_by=lambda setting: setting.place)


@given(pjsip(), rtp(), wanted(), wanted())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_wanted_and_nothing_else(phones: str, media: str, first: list[Setting], second: list[Setting]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder))
        host.write("pjsip.conf", phones)
        host.write("rtp.conf", media)
        host.write("asterisk.conf", "[options]\n")
        original = host.files()
        before = host.everything()
        done: dict[tuple[str, str, str], Setting] = {}
        for settings_ in (first, second):
            was = host.files()
            try:
                outcome = host.put(*settings_)
            except OverlayError:
                assert host.files() == was
                continue
            refused = {one.setting.place for one in outcome.refused}
            done.update({one.place: one for one in settings_ if one.place not in refused})
            assert host.put(*settings_).files == []
        check(host, before, done)
        host.take(measures=("M 1", "M 2"))
        left = host.files()
        for name, data in original.items():
            assert left[name] in (data, data + b"\n", data + b"\r\n")
        assert host.everything() == before


def check(host: Host, before: Any, done: dict[tuple[str, str, str], Setting]) -> None:
    after = host.everything()
    expected = {name: dict(values) for name, values in before.items()}
    for (kind, name, key), setting in done.items():
        expected.setdefault((kind, name), {})[key] = [setting.value]
    assert after == expected
    from ansible_collections.grundton.voip.plugins.module_utils.asterisk.parser import parse
    from ansible_collections.grundton.voip.plugins.module_utils.snapshot.model import FileTable

    config = parse(host.tree, FOUND.directory, "rtp.conf", FileTable())
    for (kind, name, key), setting in done.items():
        if first_wins(kind, key):
            section = next(config.named(name))
            assert section.first(key) == setting.value


@given(st.binary(max_size=300), st.binary(max_size=120))
@settings(max_examples=60, deadline=None)
def test_any_bytes(phones: bytes, media: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder))
        host.write("pjsip.conf", b"[6001]\ntype=endpoint\n" + phones)
        host.write("rtp.conf", b"[general]\nstrictrtp=no\n" + media)
        was = host.files()
        try:
            host.put(
                Setting("pjsip.endpoint", "6001", "media_encryption", "sdes", ("c",), ("m",)),
                Setting("rtp.general", "general", "strictrtp", "yes", ("c",), ("m",)),
            )
        except OverlayError:
            assert host.files() == was
