"""Reading a copied host: nothing outside the copy is ever seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ansible_collections.grundton.voip.plugins.module_utils.host import files
from ansible_collections.grundton.voip.plugins.module_utils.host.tree import Tree
from hypothesis import given
from hypothesis import strategies as st

Host = Callable[..., str]


def test_absolute_link_is_resolved_inside_the_copy(host: Host) -> None:
    root = host({"/etc/real": "inside", "/etc/link": ("link", "/etc/real")})
    assert Tree(root).text("/etc/link") == "inside"


def test_absolute_link_to_a_file_only_this_machine_has_reads_nothing(host: Host, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("outside")
    tree = Tree(host({"/etc/link": ("link", str(outside))}))
    assert tree.text("/etc/link") is None
    assert tree.stat("/etc/link") is None
    assert tree.problems == []


def test_dots_do_not_climb_out(host: Host, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    root = host({"/etc/link": ("link", "../../../../secret"), "/etc/dir": ("link", "../..")})
    tree = Tree(root)
    assert tree.text("/etc/link") is None
    assert tree.text("/../secret") is None
    assert tree.text("/etc/dir/secret") is None
    assert tree.names("/etc/dir") == ["etc"]


def test_link_through_a_linked_folder_stays_inside(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "shadow").write_text("outside")
    root = host({"/var/a": ("link", str(tmp_path / "etc")), "/etc/shadow": "inside"})
    assert Tree(root).text("/var/a/shadow") is None


def test_link_loop_is_named_as_a_problem(host: Host) -> None:
    tree = Tree(host({"/a": ("link", "/b"), "/b": ("link", "/a")}))
    assert tree.text("/a") is None
    assert any(problem.startswith("/a:") for problem in tree.problems)


def test_glob_follows_folder_links_inside_only(host: Host, tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text("outside")
    root = host({"/etc/conf.d": ("link", "/usr/conf"), "/usr/conf/a.conf": "1", "/usr/conf/.hidden.conf": "2"})
    (Path(root) / "out").symlink_to(tmp_path)
    tree = Tree(root)
    assert tree.glob("/etc/conf.d/*.conf") == ["/etc/conf.d/a.conf"]
    assert tree.glob("/out/*.conf") == []


def test_fifo_and_device_are_not_read(host: Host) -> None:
    root = host({"/etc/x": "1"})
    os.mkfifo(f"{root}/etc/pipe")
    assert Tree(root).text("/etc/pipe") is None


def test_long_file_is_cut_and_said(host: Host) -> None:
    tree = Tree(host({"/big": "x" * 100}))
    assert tree.text("/big", limit=10) == "x" * 10
    assert "longer than 10 bytes" in tree.problems[0]


def test_listing_of_a_linked_folder_reports_no_outside_file(
    host: Host, look: Callable[..., object], tmp_path: Path
) -> None:
    outside = tmp_path / "keys"
    outside.mkdir()
    (outside / "outside.key").write_text("x")
    root = host({"/etc/asterisk/pjsip.conf": "", "/etc/asterisk/keys": ("link", str(outside))})
    names = look(files, root).all("file")  # type: ignore[attr-defined]
    assert "/etc/asterisk/pjsip.conf" in names
    assert not [name for name in names if "outside" in name]


@given(st.text(max_size=60))
def test_any_path_is_answered(path: str) -> None:
    tree = Tree("/nonexistent-root")
    assert tree.text(path) is None
    assert tree.names(path) == []
    tree.glob(path)


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b"]), max_size=12))
def test_canonical_paths_have_no_dots(parts: list[str]) -> None:
    canonical = Tree("/nonexistent-root").canonical("/".join(parts))
    assert canonical.startswith("/")
    assert ".." not in canonical.split("/")
