"""Installed packages (dpkg) and the CVE ids their Debian changelogs name: kind ``package``.

The distribution's own changelog is the first witness for fixed vulnerabilities: ``16.28.0`` with
``+deb11u10`` carries fixes that upstream's ``16.28.0`` does not.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Iterator, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from .sheet import Sheet
from .tree import Tree
from .watched import is_voip_package, is_watched_package

PREFIXES = ("package",)

STATUS = "/var/lib/dpkg/status"

#: A dpkg database of a full desktop is about 10 MiB.
STATUS_LIMIT = 64 * 1024 * 1024

#: Most text unpacked from one changelog.
CHANGELOG_LIMIT = 8 * 1024 * 1024

_CVE = re.compile(r"\bCVE-(\d{4}-\d{4,7})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """One paragraph of the dpkg database. ``status`` is the third word (``installed``)."""

    name: str
    version: str
    status: str
    architecture: str
    source: str
    source_version: str


def parse_paragraph(text: str) -> dict[str, str]:
    """Fields of one deb822 paragraph in lower case; continuation lines are joined with newlines."""
    fields: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t"):
            if key:
                fields[key] += "\n" + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            fields[key] = value.strip()
    return fields


def parse_status(text: str) -> Iterator[Package]:
    """The watched packages of a dpkg ``status`` text."""
    for paragraph in text.split("\n\n"):
        paragraph = paragraph.lstrip("\n")
        if not paragraph.startswith("Package:"):
            continue
        name = paragraph[8 : paragraph.find("\n")].strip() if "\n" in paragraph else paragraph[8:].strip()
        if not is_watched_package(name):
            continue
        fields = parse_paragraph(paragraph)
        source, _, bracket = fields.get("source", "").partition(" ")
        version = fields.get("version", "")
        yield Package(
            name=name,
            version=version,
            status=(fields.get("status", "").split() or ["unknown"])[-1],
            architecture=fields.get("architecture", ""),
            source=source or name,
            source_version=bracket.strip("() ") or version,
        )


def parse_cves(text: str) -> list[str]:
    """CVE ids in a text, sorted by year and number."""
    found = {f"CVE-{number}" for number in _CVE.findall(text)}
    return sorted(found, key=lambda cve: (int(cve[4:8]), int(cve[9:])))


def unpack(data: bytes, limit: int = CHANGELOG_LIMIT) -> Optional[bytes]:
    """The content of gzip data, at most ``limit`` bytes; ``None`` when it is not gzip."""
    worker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        return worker.decompress(data, limit)
    except zlib.error:
        return None


def changelog(tree: Tree, name: str) -> tuple[str, str]:
    """(``read``/``absent``/``unreadable``, text) of a package's Debian changelog."""
    for file in ("changelog.Debian.gz", "changelog.Debian", "changelog.gz"):
        path = f"/usr/share/doc/{name}/{file}"
        if not tree.exists(path):
            continue
        data = tree.data(path)
        if data is not None and file.endswith(".gz"):
            data = unpack(data)
        return ("unreadable", "") if data is None else ("read", data.decode("utf-8", "replace"))
    return "absent", ""


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contribution ``system:package``."""
    tree, sheet = Tree(root), Sheet("package")
    text = tree.text(STATUS, STATUS_LIMIT)
    if text is None:
        if tree.is_dir("/var/lib/rpm") or tree.is_dir("/usr/lib/sysimage/rpm"):
            sheet.not_checked("rpm packages are not supported yet")
        else:
            sheet.not_checked("; ".join(tree.problems) or "no dpkg database on this host")
        return [sheet.contribution()]
    read: dict[str, tuple[str, list[str]]] = {}
    for package in parse_status(text):
        state: Optional[str] = None
        cves: Optional[list[str]] = None
        if is_voip_package(package.name) and package.status == "installed":
            if read.get(package.source, ("absent", []))[0] != "read":
                word, log = changelog(tree, package.name)
                read[package.source] = (word, parse_cves(log))
            state, ids = read[package.source]
            cves = ids if state == "read" else None
        sheet.add(
            "package",
            package.name,
            {
                "version": package.version,
                "status": package.status,
                "architecture": package.architecture,
                "source": package.source,
                "source_version": package.source_version,
                "changelog": state,
                "cves": cves,
            },
        )
    sheet.cut(tree.problems)
    return [sheet.contribution()]
