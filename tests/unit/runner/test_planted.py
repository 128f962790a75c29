from __future__ import annotations

from grundton.lab.paths import data_dir
from grundton.runner.planted import Entry, compare, read_planted


def finding(control="c.one", verdict="fail", host="pbx", kind="pjsip.endpoint", objects=("11",), key="k", ok=False):
    return {
        "control": control, "verdict": verdict, "host": host, "kind": kind, "objects": list(objects),
        "details": [{"key": key, "ok": ok}],
    }  # fmt: skip


def document(*findings):
    return {"findings": findings, "catalog": {"controls": {"c.one": {"refs": ["AS-1"]}, "c.two": {"refs": ["AS-2"]}}}}


def entry(**changes):
    raw = {
        "id": "m", "what": "w", "kind": "pjsip.endpoint", "names": ["11"], "keys": {"k": "v"}, "controls_md": ["AS-1"],
    }  # fmt: skip
    return Entry.from_data(raw | changes)


def found(planted, *findings):
    return "m" in compare(document(*findings), [planted], []).found


def test_found_by_reference_and_name():
    assert found(entry(), finding())
    assert found(entry(), finding(kind="pjsip.auth", objects=["11", "12"]))
    assert found(entry(names=["intern"]), finding(objects=["intern,_X."]))


def test_not_found():
    assert not found(entry(), finding(verdict="pass"))
    assert not found(entry(), finding(host="other"))
    assert not found(entry(), finding(objects=["12"]))
    assert not found(entry(), finding(control="c.two"))
    assert not found(entry(controls=["c.two"]), finding())


def test_a_named_control_may_speak_of_another_kind():
    assert found(entry(controls=["c.two"]), finding(control="c.two", kind="module.loaded", objects=["x.so"]))
    assert not found(entry(controls=["c.two"]), finding(control="c.two", objects=["12"]))


def test_false_alarms():
    def alarms(*findings):
        return compare(document(*findings), [], [entry()]).false_alarms

    assert alarms(finding())
    assert not alarms(finding(key="other"))
    assert not alarms(finding(ok=True))
    assert not alarms(finding(objects=["12"]))
    assert not alarms(finding(verdict="pass"))


def test_the_list_of_the_office_can_be_read():
    mistakes, good = read_planted(data_dir() / "hosts" / "office" / "planted.yml")
    assert len(mistakes) > 50
    assert len(good) > 10
