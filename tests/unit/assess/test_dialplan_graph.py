"""The dialplan graph: patterns, variables, branches."""

from __future__ import annotations

import pytest

from grundton.assess.dialplan.expand import CALLER, DIALLED, UNKNOWN, Scope, evaluate, split_args
from grundton.assess.dialplan.patterns import is_open, literal, matches, sample, sort_key
from grundton.assess.dialplan.plan import DialContext, Extension, Plan, Step, split_application
from grundton.assess.dialplan.targets import Peers, targets
from grundton.assess.dialplan.walk import CALLED_OUT, COUNTED, PIN, Walker

PEERS = Peers(frozenset({"telko"}), frozenset({"6001"}))


def plan_of(text: str, variables: dict[str, str] | None = None) -> Plan:
    """A plan from lines `context: pattern,priority,App(args)`, `context: include other`."""
    contexts: dict[str, DialContext] = {}
    found: dict[tuple[str, str, str], Extension] = {}
    for line in text.strip().splitlines():
        name, _colon, rest = line.strip().partition(": ")
        context = contexts.setdefault(name, DialContext(name))
        if rest.startswith("include "):
            included, _comma, timing = rest[8:].partition(",")
            context.includes.append((included, bool(timing)))
            continue
        pattern, priority, application = rest.split(",", 2)
        pattern, _slash, caller = pattern.partition("/")
        number, _paren, label = priority.partition("(")
        app, args = split_application(application)
        extension = found.get((name, pattern, caller))
        if extension is None:
            extension = found[(name, pattern, caller)] = Extension(name, pattern, caller)
            context.extensions.append(extension)
        extension.steps[int(number)] = Step(name, pattern, int(number), label.rstrip(")"), app, args, "")
    for context in contexts.values():
        context.index()
    return Plan("config", contexts, variables or {})


@pytest.mark.parametrize(
    ("pattern", "dialled", "expected"),
    [
        ("112", "112", True),
        ("1-12", "112", True),
        ("_X.", "5", False),
        ("_X.", "55", True),
        ("_X!", "5", True),
        ("_0Z", "00", False),
        ("_[1-4]X", "45", True),
        ("_[1-4]X", "55", False),
        ("_NXX", "199", False),
        ("_.", "h", True),
        ("_0X.", f"0{UNKNOWN}", True),
        ("_0XXX", f"012{DIALLED}", False),
        ("_[", "1", False),
    ],
)
def test_matches(pattern: str, dialled: str, expected: bool) -> None:
    assert matches(pattern, dialled) is expected


def test_names_come_first_then_the_narrowest_pattern() -> None:
    patterns = ["_X.", "_!", "_0X.", "112", "_1XX", "_[1-2]XX", "_11X"]
    assert sorted(patterns, key=sort_key) == ["112", "_0X.", "_11X", "_1XX", "_[1-2]XX", "_X.", "_!"]


def test_samples_match_their_pattern() -> None:
    for pattern in ("_0X.", "_[1-4]X", "_00881.", "_NXXZ", "_X!", "110"):
        assert matches(pattern, sample(pattern))
    assert literal("_00[1]X.") == "001"
    assert is_open("_0X.")
    assert not is_open("0.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${EXTEN:1}", "0221"),
        ("${EXTEN:-2}", "21"),
        ("${EXTEN:0:2}", "00"),
        ("PJSIP/${EXTEN}@${TRUNK}", "PJSIP/00221@telko"),
        ("${NOBODY}", UNKNOWN),
        ("${CALLERID(name)}", CALLER),
        ("${FILTER(0-9,${CALLERID(num)})}", UNKNOWN),
        ("${IF($[${EXTEN} > 5]?yes:no)}", "yes"),
        ("$[${EXTEN} + 1]", "222"),
        ('$["${EXTEN:0:2}" = "00"]', "1"),
        ("${MATH(1+2)}", UNKNOWN),
    ],
)
def test_expand(text: str, expected: str) -> None:
    assert Scope({"EXTEN": "00221"}, {"TRUNK": "telko"}).expand(text) == expected


def test_filter_takes_the_callers_characters_away_unless_it_lets_them_through() -> None:
    scope = Scope({"EXTEN": f"5{DIALLED}"}, {})
    assert scope.expand("${FILTER(0-9+*#,${EXTEN})}") == "5"
    assert DIALLED in scope.expand("${FILTER(0-9&,${EXTEN})}")
    assert DIALLED in scope.expand("${TOUPPER(${EXTEN})}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 = 1 & 2 < 1", "0"),
        ("(1 = 2) | (3 >= 3)", "1"),
        ('"a" != "b"', "1"),
        ("!1", "0"),
        ('"00491" =~ "^00"', "2"),
        (f"{UNKNOWN} > 2", UNKNOWN),
        ("1 / 0", UNKNOWN),
        ("1 ? 2", UNKNOWN),
    ],
)
def test_evaluate(text: str, expected: str) -> None:
    assert evaluate(text) == expected


def test_arguments_are_split_outside_parentheses_and_quotes() -> None:
    assert split_args('PJSIP/1,20,L(1,2)t,"a,b"') == ["PJSIP/1", "20", "L(1,2)t", '"a,b"']


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("PJSIP/6001", "phone", ""),
        ("PJSIP/0221@telko", "trunk", "0221"),
        ("PJSIP/telko/sip:0221@telko.example", "trunk", "0221"),
        ("PJSIP/telko/0221", "trunk", "0221"),
        ("IAX2/user:x@provider/0221", "trunk", "0221"),
        ("DAHDI/g1/0221", "trunk", "0221"),
        ("DAHDI/3", "phone", ""),
        ("Local/5@weiter/n", "local", "5"),
        (f"{UNKNOWN}/0221", "unknown", ""),
        (f"PJSIP/0221@{UNKNOWN}", "unknown", "0221"),
    ],
)
def test_targets(text: str, kind: str, number: str) -> None:
    (found,) = targets(text, PEERS)
    assert (found.kind, found.number) == (kind, number)


def test_own_extensions_come_before_includes_and_priorities_fall_through() -> None:
    plan = plan_of("a: _1XX,1,Dial(PJSIP/6001)\na: include b\nb: 110,1,NoOp()\nb: 110,2,Dial(PJSIP/110@telko)")
    assert Walker(plan, PEERS).walk("a", "110").outward, "priority 2 of 110 is found in the included context"
    plan = plan_of("a: _1XX,1,Hangup()\na: include b\nb: 110,1,Dial(PJSIP/110@telko)")
    assert not Walker(plan, PEERS).walk("a", "110").outward


def test_both_branches_of_an_unknown_condition_are_followed_with_what_was_asked() -> None:
    plan = plan_of(
        """
        a: 1,1,GotoIf($[${GROUP_COUNT(x)} > 2]?full)
        a: 1,2,Dial(PJSIP/1@telko)
        a: 1,3,Hangup()
        a: 1,4(full),Busy()
        """
    )
    trace = Walker(plan, PEERS).walk("a", "1")
    assert [COUNTED in event.facts for event in trace.outward] == [True]
    assert sorted(CALLED_OUT in end.facts for end in trace.ends) == [False, True]


def test_known_conditions_take_one_branch() -> None:
    plan = plan_of('a: _X.,1,GotoIf($["${EXTEN:0:2}" = "00"]?3)\na: _X.,2,Dial(PJSIP/1@telko)\na: _X.,3,Hangup()')
    walker = Walker(plan, PEERS)
    assert walker.walk("a", "0221").outward
    assert not walker.walk("a", "0044").outward


def test_subroutines_return_to_where_they_were_called() -> None:
    plan = plan_of(
        "a: 1,1,Gosub(sub,s,1(42))\na: 1,2,Dial(PJSIP/2@telko)\nsub: s,1,Dial(PJSIP/${ARG1}@telko)\nsub: s,2,Return()"
    )
    trace = Walker(plan, PEERS).walk("a", "1")
    assert [event.targets[0].number for event in trace.outward] == ["42", "2"]


def test_loops_end() -> None:
    trace = Walker(plan_of("a: 1,1,Goto(1,1)"), PEERS).walk("a", "1")
    assert not trace.truncated
    growing = plan_of("a: _X.,1,Goto(${EXTEN}1,1)")
    assert Walker(growing, PEERS).walk("a", "55").truncated


def test_a_stranger_adds_digits_only_where_he_is_asked() -> None:
    text = """
        a: 1,1,{app}
        a: 1,2,Hangup()
        a: _0X.,1,Authenticate(/pin)
        a: _0X.,2,Dial(PJSIP/${{EXTEN:1}}@telko)
        in: 1,1,Goto(a,1,1)
        """
    for app, reached in (("Background(x)", True), ("Playback(x)", False), ("Dial(PJSIP/6001,20,T)", True)):
        walker = Walker(plan_of(text.format(app=app)), PEERS, inputs=("0555",))
        trace = walker.explore("in")
        assert bool(trace.outward) is reached
        assert all(PIN in event.facts for event in trace.outward)
