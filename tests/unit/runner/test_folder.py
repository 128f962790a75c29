from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from grundton.runner.errors import InputError
from grundton.runner.folder import RunFolder
from grundton.runner.run_id import PATTERN, new_run_id


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_run_ids_sort_by_time_and_differ():
    early = new_run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert re.fullmatch(r"20260102T030405Z-[0-9a-f]{6}", early)
    assert PATTERN.fullmatch(new_run_id())
    assert early < new_run_id()
    assert len({new_run_id() for _ in range(50)}) == 50


def test_everything_is_private(tmp_path):
    folder = RunFolder.create(tmp_path / "runs")
    folder.write_snapshot("pbx", {"a": 1})
    folder.write_policy("pbx", {"voip_domain": "example.org"})
    folder.write_hosts({"pbx": {"status": "audited"}})
    folder.update_run(command=["grundton"])
    assert mode(folder.path) == 0o700
    for path in folder.path.rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_round_trip(tmp_path):
    folder = RunFolder.create(tmp_path)
    folder.write_snapshot("pbx", {"text": "Grüße \udc80"})
    assert folder.read_snapshot("pbx") == {"text": "Grüße \udc80"}
    assert folder.read_policy("pbx") == {}
    folder.update_run(command=["x"])
    folder.update_run(finished_at="now")
    assert folder.read_run() == {"schema": "grundton.run/1", "id": folder.id, "command": ["x"], "finished_at": "now"}


@pytest.mark.parametrize(
    "host", ["../../etc/passwd", "a/b", ".", "..", ".hidden", "häuschen", "a b", "2001:db8::1", "%2F"]
)
def test_strange_host_names_stay_inside(tmp_path, host):
    folder = RunFolder.create(tmp_path)
    folder.write_snapshot(host, {"host": host})
    (written,) = (folder.path / "snapshots").iterdir()
    assert written.parent == folder.path / "snapshots"
    assert folder.read_snapshot(host) == {"host": host}


def test_strange_names_do_not_collide(tmp_path):
    folder = RunFolder.create(tmp_path)
    names = ["a/b", "a%2Fb", "a_b", "a b"]
    for name in names:
        folder.write_snapshot(name, {"name": name})
    assert [folder.read_snapshot(name)["name"] for name in names] == names


def test_workers_agree_on_one_key_and_nothing_is_left(tmp_path):
    folder = RunFolder.create(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: folder.key(), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    folder.forget_key()
    assert not [path for path in folder.path.iterdir() if "key" in path.name]
    folder.forget_key()


def test_find(tmp_path):
    first, second = (
        RunFolder.prepare(tmp_path / "20260101T000000Z-aaaaaa"),
        RunFolder.prepare(tmp_path / "20260102T000000Z-bbbbbb"),
    )
    assert RunFolder.find("last", tmp_path).path == second.path
    assert RunFolder.find(first.id, tmp_path).path == first.path
    assert RunFolder.find("20260101", tmp_path).path == first.path
    assert RunFolder.find(str(first.path), tmp_path / "none").path == first.path
    with pytest.raises(InputError, match="more than one run"):
        RunFolder.find("2026", tmp_path)
    with pytest.raises(InputError, match="no run 'x'") as caught:
        RunFolder.find("x", tmp_path)
    assert second.id in caught.value.hint
    with pytest.raises(InputError, match="no run 'last'"):
        RunFolder.find("last", tmp_path / "nothing")


def test_broken_content_is_an_error_with_the_path(tmp_path):
    folder = RunFolder.create(tmp_path)
    (folder.path / "hosts.json").write_text("{")
    with pytest.raises(InputError, match=r"hosts\.json"):
        folder.read_hosts()
    with pytest.raises(InputError, match="incomplete"):
        folder.read_snapshot("pbx")


def test_runs_dir_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot create the run folder"):
        RunFolder.create(tmp_path / "file")
