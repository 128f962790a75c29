from __future__ import annotations

import sys

import pytest

from grundton.runner.errors import InputError
from grundton.runner.targets import Target, inventory_of, parse_target, parse_targets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pbx.example", Target("pbx.example", "pbx.example")),
        ("root@pbx.example", Target("pbx.example", "pbx.example", "root")),
        ("root@pbx.example:2222", Target("pbx.example", "pbx.example", "root", 2222)),
        ("pbx=root@192.0.2.10:22", Target("pbx", "192.0.2.10", "root", 22)),
        ("2001:db8::5", Target("2001:db8::5", "2001:db8::5")),
        ("root@2001:db8::5", Target("2001:db8::5", "2001:db8::5", "root")),
        ("gw=a@[2001:db8::5]:2222", Target("gw", "2001:db8::5", "a", 2222)),
        ("localhost", Target("localhost", "localhost")),
    ],
)
def test_forms(text, expected):
    assert parse_target(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "x y", "root@", "@host", ":22", "host:0", "host:65536", "host:http", "-oProxyCommand=x", "root@-oX", "a:b:c",
     "[::1", "[host]:22", "=host", "../x", "host,other", "{{ x }}", "a@b@c"],
)  # fmt: skip
def test_what_is_no_target_is_refused_with_the_forms(text):
    with pytest.raises(InputError) as caught:
        parse_target(text)
    assert "NAME=user@host" in caught.value.hint
    assert caught.value.exit_code == 2


def test_two_targets_of_one_name():
    with pytest.raises(InputError, match="two targets are called 'pbx'"):
        parse_targets(["pbx=a@h1", "pbx=a@h2"])


def test_inventory():
    found = inventory_of(parse_targets(["pbx=root@192.0.2.10:2222", "localhost"]), {"voip_domain": "example.org"})
    assert found["all"]["vars"] == {"voip_domain": "example.org"}
    assert found["all"]["hosts"]["pbx"] == {"ansible_host": "192.0.2.10", "ansible_user": "root", "ansible_port": 2222}
    assert found["all"]["hosts"]["localhost"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }


def test_localhost_with_a_user_goes_over_ssh():
    assert parse_target("root@localhost").variables() == {"ansible_host": "localhost", "ansible_user": "root"}
