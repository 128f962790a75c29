# ruff: noqa: PT017 - either outcome is right, and both are looked at
"""Whatever stands in the inventory, reading it ends in a policy or a PolicyError."""

import json
import pickle

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from grundton.policy import Policy, PolicyError, json_schema, load_policy
from grundton.policy.lookup import default_of
from grundton.policy.option import MISSING, Option, options_of

EXAMPLES = {
    "demand": ["5.135-a", "4.289-b"],
    "measure": ["M 5.135", ""],
    "control": ["asterisk.*", ""],
    "id": [f"W-{number}" for number in range(99)],
    "zone_or_kind": ["endpoints", "servers", "trunk", "wlan", "outside", "any", "voice"],
    "digits": ["49", "0", "112"],
    "prefix": ["0900", "+881", "1"],
    "mode": ["0600"],
    "cipher": ["ECDHE-RSA-AES256-GCM-SHA384"],
    "domain": ["example.org", ""],
    "host": ["log.example.org", "2001:db8::1"],
    "module": ["chan_*.so"],
    "group": ["wheel"],
    "dial_pattern": ["_2XX"],
    "pattern": ["60*", "pbx?", "*"],
}
VALIDATOR = Draft202012Validator(json_schema())

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(),
    st.text(max_size=40),
    st.dates(),
    st.sampled_from(["none", "required", "1.2", "10.0.0.0/8", "::/0", "2001:db8::/32", "endpoints", "yes", "{{ x }}"]),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def likely(option: Option, noise: bool) -> st.SearchStrategy:
    """Values of the declared type; with noise, now and then anything."""
    if option.kind == "choice":
        good = st.sampled_from(option.choices)
    elif option.kind == "bool":
        good = st.booleans()
    elif option.kind == "int":
        good = st.integers(option.meta.minimum, option.meta.maximum)
    elif option.kind == "network":
        good = st.sampled_from(["10.0.0.0/8", "10.1.0.0/24", "192.0.2.7", "2001:db8::/32", "::/0"])
    elif option.kind == "list":
        good = st.lists(likely(option.item, noise), min_size=option.meta.min_items, max_size=option.meta.max_items or 3)
    elif option.kind == "map":
        good = st.dictionaries(
            st.sampled_from(["voice", "mgmt", "telco", "data"]), likely(option.item, noise), max_size=3
        )
    elif option.kind == "group":
        needed = {field.name: likely(field, noise) for field in option.fields if field.required}
        other = {field.name: likely(field, noise) for field in option.fields if not field.required}
        good = st.fixed_dictionaries(needed, optional=other)
    elif option.kind == "date":
        good = st.dates().map(str)
    elif option.meta.shape in EXAMPLES:
        good = st.sampled_from(EXAMPLES[option.meta.shape])
    else:
        good = st.sampled_from(["60*", "W-1", "5.135-a", "M 5.135", "some text", "0900", "voice", "servers"])
    return st.one_of(good, good, good, good, good, anything) if noise else good


def decisions(noise: bool) -> st.SearchStrategy:
    """A few variables of a policy."""
    options = options_of(Policy)
    some = st.lists(st.sampled_from(options), max_size=6, unique_by=lambda option: option.name)
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries({f"voip_{option.name}": likely(option, noise) for option in chosen})
    )


@given(st.one_of(anything, st.dictionaries(st.text(max_size=9).map("voip_".__add__), anything, max_size=5)))
@settings(max_examples=200, deadline=None)
def test_any_input(variables):
    try:
        load_policy(variables, host="pbx")
    except PolicyError as problem:
        assert problem.problems
        assert str(problem)


@given(decisions(noise=False) | decisions(noise=True))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_likely_input(variables):
    try:
        policy = load_policy(variables, host="pbx")
    except PolicyError as problem:
        assert problem.problems
        assert all("\n" not in str(found) for found in problem.problems)
        return
    plain = policy.to_dict()
    written = {f"voip_{name}": value for name, value in plain.items()}
    VALIDATOR.validate(json.loads(json.dumps(written)))
    stated = {f"voip_{name}": plain[name] for name in policy.stated}
    assert load_policy(stated, host="pbx") == policy
    assert pickle.loads(pickle.dumps(policy)) == policy
    for zone in (*policy.index.kinds, "endpoints", "trunk", "nowhere"):
        policy.cell(zone)
        policy.kind_of(zone)


@given(
    st.text(max_size=60), st.text(max_size=10), st.one_of(st.none(), st.text(max_size=50), st.ip_addresses().map(str))
)
@settings(max_examples=200, deadline=None)
def test_any_endpoint_has_a_zone(name, role, address):
    policy = load_policy(
        {"voip_zones": {"voice": {"kind": "endpoints", "networks": ["10.0.0.0/8"], "endpoints": ["6*", "[a"]}}},
        host="pbx",
    )
    zone = policy.zone_of_endpoint(name, role, address)
    assert policy.cell(zone).media == "required"


@given(st.text(max_size=60))
def test_any_path_is_a_value_or_a_key_error(path):
    try:
        Policy().lookup(path)
    except KeyError as problem:
        assert str(problem)


def test_defaults_are_json():
    for option in options_of(Policy):
        assert default_of(option) is not MISSING
        json.dumps(default_of(option))
