"""Scheduled jobs: kinds ``cron`` and ``cron.job``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from . import backuptools
from .cmdline import redact
from .sheet import Sheet
from .tree import Tree

PREFIXES = ("cron",)

_COMPONENTS = (
    ("asterisk", re.compile(r"\basterisk\b|\brasterisk\b|\bfwconsole\b|\bfreepbx\b|\bastdb\b|\bamportal\b")),
    ("kamailio", re.compile(r"\bkam(?:ailio|cmd|ctl|dbctl)\b")),
    ("opensips", re.compile(r"\bopensips(?:-cli)?\b")),
    ("rtpengine", re.compile(r"\brtpengine\b")),
    ("coturn", re.compile(r"\bturn(?:server|admin|db)\b|\bcoturn\b")),
)

#: Most jobs listed.
MAX_JOBS = 500


@dataclass(frozen=True)
class Job:
    """One entry of a crontab. ``where`` is ``file:line`` or the script's path."""

    where: str
    schedule: str
    user: str
    command: str


def parse_crontab(text: str, path: str, user: Optional[str] = None) -> Iterator[Job]:
    """The jobs of a crontab; with ``user`` it is a personal one, without the user stands in each line."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#") or re.match(r"[A-Za-z_]\w*\s*=", line):
            continue
        match = re.match(r"(@\w+|(?:\S+\s+){4}\S+)\s+(.*)$", line)
        if not match:
            continue
        owner, command = user, match.group(2)
        if owner is None:
            parts = command.split(None, 1)
            if len(parts) < 2:
                continue
            owner, command = parts
        yield Job(f"{path}:{number}", re.sub(r"\s+", " ", match.group(1)), owner, command)


def jobs(tree: Tree) -> tuple[list[Job], list[str]]:
    """(all jobs of the host, the tables they come from)."""
    found: list[Job] = []
    tables: list[str] = []
    for path in ["/etc/crontab", *tree.glob("/etc/cron.d/*")]:
        if path.rsplit("/", 1)[-1].startswith("."):
            continue
        text = tree.text(path)
        if text is not None:
            tables.append(path)
            found.extend(parse_crontab(text, path))
    for folder in ("/var/spool/cron/crontabs", "/var/spool/cron"):
        for name in tree.names(folder):
            path = f"{folder}/{name}"
            text = tree.text(path) if not tree.is_dir(path) else None
            if text is not None:
                tables.append(path)
                found.extend(parse_crontab(text, path, name))
    for period in ("hourly", "daily", "weekly", "monthly"):
        folder = f"/etc/cron.{period}"
        names = [name for name in tree.names(folder) if re.fullmatch(r"[A-Za-z0-9_-]+", name)]
        found.extend(Job(f"{folder}/{name}", period, "root", f"{folder}/{name}") for name in names)
    return found, tables


def script_of(tree: Tree, command: str) -> str:
    """The text of the script a command runs (its first absolute path), empty when there is none."""
    match = re.search(r"(?:^|[\s;&|(\"'])(/[\w./@+-]+)", command)
    if not match or match.group(1).startswith(
        ("/bin/", "/usr/bin/", "/usr/sbin/", "/sbin/", "/dev/", "/lib/", "/usr/lib/")
    ):
        return ""
    text = tree.text(match.group(1), 65536) or ""
    return text if text.startswith("#!") else ""


def touches(text: str) -> list[str]:
    """The components a command or script deals with."""
    return [name for name, pattern in _COMPONENTS if pattern.search(text)]


def without_comments(script: str) -> str:
    """A script without its comment lines."""
    return "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))


def collect(root: str, live: bool, deadline: Deadline) -> list[Contribution]:  # noqa: ARG001
    """The contribution ``system:cron``."""
    tree, sheet = Tree(root), Sheet("cron")
    found, tables = jobs(tree)
    listed = 0
    for job in found:
        text = f"{job.command}\n{without_comments(script_of(tree, job.command))}"
        components = touches(text)
        makes_backup = backuptools.job(job.where, text) is not None
        if not components and not makes_backup:
            continue
        listed += 1
        if listed > MAX_JOBS:
            sheet.incomplete(f"more than {MAX_JOBS} jobs, the rest is not listed")
            break
        sheet.add(
            "cron.job",
            job.where,
            {
                "schedule": job.schedule,
                "user": job.user,
                "command": redact(job.command)[:500],
                "touches": components,
                "backup": makes_backup,
            },
        )
    allow, deny = tree.text("/etc/cron.allow"), tree.text("/etc/cron.deny")
    sheet.add(
        "cron",
        "cron",
        {
            "tables": tables,
            "jobs": len(found),
            "allow": allow.split() if allow is not None else None,
            "deny": deny.split() if deny is not None else None,
        },
    )
    sheet.cut(tree.problems)
    return [sheet.contribution()]
