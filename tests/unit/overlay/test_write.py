"""The edge: files really written, owner and mode, the diff for people."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.grundton.voip.plugins.module_utils.journal.journal import Rehearsal
from ansible_collections.grundton.voip.plugins.module_utils.overlay import write
from ansible_collections.grundton.voip.plugins.module_utils.overlay.settings import NewFile, Outcome, Setting

WHY = Setting("rtp.general", "general", "strictrtp", "yes", ("a.b",), ("M 1",))


class Kept(Rehearsal):
    """A rehearsal that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def write_file(self, path: str, data: bytes, **more: Any) -> bool:
        self.asked.append((path, more))
        return super().write_file(path, data, **more)

    def make_directory(self, path: str, **more: Any) -> bool:
        self.asked.append((path, more))
        return super().make_directory(path, **more)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_new_overlay_is_like_its_neighbour(tmp_path: Path, mode: int) -> None:
    config = tmp_path / "rtp.conf"
    config.write_bytes(b"[general]\n")
    config.chmod(mode)
    tmp_path.chmod(0o750)
    overlay = str(tmp_path / "grundton.d/rtp.conf")
    journal = Kept()
    new = NewFile(overlay, None, b"x", True, str(config), (WHY,))
    result = write._write(journal, Outcome([new]))
    assert result["changed"] is True
    asked = dict(journal.asked)
    assert asked[str(tmp_path / "grundton.d")]["mode"] == 0o750
    assert asked[overlay]["mode"] == mode == stat.S_IMODE(config.stat().st_mode)
    assert asked[overlay]["owner"] == os.getuid()
    assert asked[overlay]["why"].measures == ("M 1",)
    assert not (tmp_path / "grundton.d").exists()


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    config = tmp_path / "rtp.conf"
    config.write_bytes(b"[general]\nnew=1\n")
    with pytest.raises(Exception, match="changed by somebody else"):
        write._write(Kept(), Outcome([NewFile(str(config), b"[general]\n", b"x", False, str(config))]))


def test_the_diff_holds_only_lines_of_ours_and_no_secret() -> None:
    before = b"[general]\nsecret = canary-1\nstrictrtp = no\npassword = canary-2\n"
    after = before.replace(b"strictrtp", b"; grundton(a) strictrtp").replace(
        b"password = canary-2", b"; grundton(a) password = canary-2"
    )
    text = write.shown_diff(NewFile("/etc/asterisk/rtp.conf", before, after, False, ""))
    assert "canary" not in text
    assert "-strictrtp = no" in text
    assert "+; grundton(a) strictrtp = no" in text
    assert "[general]" not in text


def test_the_diff_of_an_overlay_is_whole() -> None:
    text = write.shown_diff(NewFile("/x/grundton.d/rtp.conf", None, b"[general](+)\nstrictrtp = yes\n", True, ""))
    assert "+strictrtp = yes" in text
