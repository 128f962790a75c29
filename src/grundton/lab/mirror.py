"""Which Debian archive to build images from: the one this machine's apt already uses.

No host name is built in. The archive's address and the keyring come from apt's own source lists,
in the one-line format and in the deb822 format, wherever ``apt-config`` says they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grundton.lab.command import run
from grundton.lab.errors import LabError

SECURITY = re.compile(r"debian-security|security\.debian|[/-]security(?:/|\Z)")
DEBIAN_SUITES = {
    "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
    "oldoldstable", "oldstable", "stable", "testing", "unstable",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One archive of apt's configuration: address, suites, and the key it must be signed with."""

    uri: str
    suites: tuple[str, ...]
    signed_by: str


@dataclass(frozen=True)
class Mirror:
    """Addresses of the Debian archive and (maybe empty) of its security archive, plus keyring."""

    main: str
    security: str
    keyring: Path


def find() -> Mirror:
    """Take the Debian archive from apt's configuration.

    :raises LabError: apt has no Debian source, or its keyring is not installed.
    """
    sources = list(configured())
    main = [each for each in sources if _is_main(each)]
    if not main:
        raise LabError(
            "apt on this machine has no Debian archive to build images from",
            "Add a Debian source to apt (sources.list), or build the image on a Debian machine.",
        )
    security = [each for each in sources if _is_security(each)]
    return Mirror(
        main=main[0].uri,
        security=security[0].uri if security else "",
        keyring=_keyring(main[0].signed_by),
    )


def proxies() -> list[str]:
    """Options of apt on this machine to reach the archive through a proxy or a private CA."""
    dump = run(["apt-config", "dump", "--format", '%f "%v";%n', "Acquire"]).stdout
    wanted = re.compile(r'Acquire::https?::(?:.*::)?(?:Proxy|CaInfo|Proxy-Auto-Detect) "[^"]+";\Z')
    return [line for line in dump.splitlines() if wanted.match(line)]


def configured() -> Iterator[Source]:
    """Every enabled binary source of apt, in apt's reading order."""
    settings = _settings()
    single = settings["list"]
    if single.is_file():
        yield from parse_one_line(single.read_text(encoding="utf-8", errors="replace"))
    parts = settings["parts"]
    for path in sorted(parts.iterdir()) if parts.is_dir() else []:
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".list":
            yield from parse_one_line(text)
        elif path.suffix == ".sources":
            yield from parse_deb822(text)


def parse_one_line(text: str) -> Iterator[Source]:
    """Read the one-line format: ``deb [options] address suite component …``."""
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        found = re.match(r"deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)", line)
        if found is None:
            continue
        options = dict(part.split("=", 1) for part in (found.group(1) or "").split() if "=" in part)
        yield Source(found.group(2), (found.group(3),), options.get("signed-by", ""))


def parse_deb822(text: str) -> Iterator[Source]:
    """Read the deb822 format: paragraphs of ``Key: value`` lines."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        last = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and last:
                fields[last] += "\n" + line.strip()
            elif ":" in line:
                key, _, value = line.partition(":")
                last = key.strip().lower()
                fields[last] = value.strip()
        if fields.get("enabled", "yes").lower() in {"no", "false", "off", "0"}:
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            yield Source(uri, tuple(fields.get("suites", "").split()), fields.get("signed-by", ""))


def _is_security(source: Source) -> bool:
    named = any(suite.endswith("-security") for suite in source.suites)
    return named and bool(SECURITY.search(source.uri)) and _debian(source)


def _is_main(source: Source) -> bool:
    return not SECURITY.search(source.uri) and _debian(source)


def _debian(source: Source) -> bool:
    """Whether the suites are Debian's, and the key is Debian's (or left to apt)."""
    bases = {re.split(r"[-/]", suite, maxsplit=1)[0] for suite in source.suites}
    signed = source.signed_by
    return bool(bases & DEBIAN_SUITES) and (not signed or "debian-archive" in signed)


def _keyring(signed_by: str) -> Path:
    """The keyring to verify the archive with: the widest one of Debian's that is installed.

    A release is signed by the automatic keys of two generations, so that the keyring of an older
    stable still verifies the next testing; the combined file knows them all.
    """
    candidates = [Path("/usr/share/keyrings") / f"debian-archive-keyring.{end}"
                  for end in ("gpg", "pgp")]  # fmt: skip
    if signed_by.startswith("/"):
        candidates.append(Path(signed_by.split()[0]))
    for path in candidates:
        if path.is_file():
            return path
    raise LabError(
        "the keys of the Debian archive are not installed",
        "On Debian: apt-get install debian-archive-keyring",
    )


def _settings() -> dict[str, Path]:
    """Where apt keeps its source list and the folder with more of them."""
    text = run(["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]).stdout
    found = dict(re.findall(r"^(\w+)='(.*)'$", text, re.MULTILINE))
    return {
        "list": Path(found.get("LIST", "/etc/apt/sources.list")),
        "parts": Path(found.get("PARTS", "/etc/apt/sources.list.d")),
    }
