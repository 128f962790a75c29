"""Reading apt's sources, in both formats."""

from __future__ import annotations

from grundton.lab import mirror
from grundton.lab.mirror import Source, parse_deb822, parse_one_line


def test_one_line() -> None:
    text = (
        "# deb http://off.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        "http://a.example/debian bookworm main\n"
        "deb-src http://a.example/debian bookworm main\n"
        "deb http://b.example/debian-security bookworm-security main # why\n"
    )
    assert list(parse_one_line(text)) == [
        Source("http://a.example/debian", ("bookworm",), "/usr/share/keyrings/debian-archive-keyring.gpg"),
        Source("http://b.example/debian-security", ("bookworm-security",), ""),
    ]


def test_deb822() -> None:
    text = (
        "Types: deb deb-src\n# snapshot\nURIs: http://a.example/debian\nSuites: trixie trixie-updates\n"
        "Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: trixie\n\n"
        "Types: deb-src\nURIs: http://src.example/debian\nSuites: trixie\n"
    )
    (found,) = parse_deb822(text)
    assert found.uri == "http://a.example/debian"
    assert found.suites == ("trixie", "trixie-updates")


def test_which_is_debian() -> None:
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert mirror._is_main(Source("http://a.example/debian", ("bookworm", "bookworm-updates"), keyring))
    assert mirror._is_main(Source("http://a.example/debian", ("stable",), ""))
    assert not mirror._is_main(Source("http://a.example/node", ("nodistro",), "/usr/share/keyrings/node.gpg"))
    assert not mirror._is_main(Source("http://a.example/docker", ("bookworm",), "/etc/apt/keyrings/docker.asc"))
    security = Source("http://a.example/debian-security", ("bookworm-security",), keyring)
    assert mirror._is_security(security)
    assert not mirror._is_main(security)
