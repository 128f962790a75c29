"""Who watches the host: kinds ``audit`` and ``integrity``."""

from __future__ import annotations

import os
import re
import time
from typing import Optional

from ..snapshot.deadline import Deadline
from ..snapshot.model import Contribution
from . import unitfile
from .command import find, run
from .proc import running
from .sheet import Sheet, yes
from .tree import Tree

PREFIXES = ("audit", "integrity")

#: Tool, program, configuration, databases, job names.
_TOOLS = (
    ("aide", ("/usr/bin/aide", "/usr/sbin/aide"), ("/etc/aide/aide.conf", "/etc/aide.conf"),
     ("/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz"), ("aide",)),
    ("debsums", ("/usr/bin/debsums",), ("/etc/default/debsums",), (), ("debsums",)),
    ("tripwire", ("/usr/sbin/tripwire",), ("/etc/tripwire/tw.cfg",), ("/var/lib/tripwire",), ("tripwire",)),
    ("samhain", ("/usr/sbin/samhain",), ("/etc/samhain/samhainrc",), ("/var/lib/samhain/samhain_file",), ("samhain",)),
    ("wazuh", ("/var/ossec/bin/wazuh-control",), ("/var/ossec/etc/ossec.conf",), (), ("wazuh-agent",)),
    ("rkhunter", ("/usr/bin/rkhunter",), ("/etc/rkhunter.conf",), ("/var/lib/rkhunter/db",), ("rkhunter",)),
)  # fmt: skip


def parse_rules(text: str) -> tuple[list[str], int, bool]:
    """(watched paths, number of rules, immutable) of an audit rules text."""
    watches: list[str] = []
    count, immutable = 0, False
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        if re.match(r"-[wWaA]\s", line):
            count += 1
            watch = re.match(r"-w\s+(\S+)", line)
            filters = re.findall(r"-F\s+(?:path|dir)=(\S+)", line)
            watches.extend(([watch.group(1)] if watch else []) + filters)
        elif line == "-D":
            watches, count = [], 0
        elif re.match(r"-e\s+2\b", line):
            immutable = True
    return list(dict.fromkeys(watch.rstrip("/") or "/" for watch in watches)), count, immutable


def collect(root: str, live: bool, deadline: Deadline, now: Optional[float] = None) -> list[Contribution]:
    """The contributions ``system:audit`` and ``system:integrity``."""
    return [_audit(root, live, deadline), _integrity(root, time.time() if now is None else now)]


def _audit(root: str, live: bool, deadline: Deadline) -> Contribution:
    tree, sheet = Tree(root), Sheet("audit")
    if not tree.exists("/sbin/auditd") and not tree.exists("/usr/sbin/auditd"):
        sheet.add("audit", "auditd", {"installed": False})
        return sheet.contribution()
    paths = tree.glob("/etc/audit/rules.d/*.rules") or ["/etc/audit/audit.rules"]
    watches, count, immutable = parse_rules("\n".join(tree.text(path) or "" for path in paths))
    values: dict[str, object] = {
        "installed": "yes",
        "enabled": yes("auditd.service" in unitfile.wanted(tree)),
        "watches": watches,
        "rules": str(count),
        "immutable": yes(immutable),
    }
    if live:
        values["running"] = yes("auditd" in running(tree))
        if os.geteuid() == 0 and find("auditctl"):
            answer = run(["auditctl", "-l"], deadline, 1.0)
            if answer.ok:
                loaded, number, _ = parse_rules(answer.out)
                values.update(loaded=str(number), loaded_watches=loaded)
            else:
                sheet.incomplete(f"auditctl -l: {answer.why()}")
        else:
            sheet.incomplete("the loaded rules can only be read by root")
    sheet.add("audit", "auditd", values)
    sheet.cut(tree.problems)
    return sheet.contribution()


def _integrity(root: str, now: float) -> Contribution:
    tree, sheet = Tree(root), Sheet("integrity")
    links = unitfile.wanted(tree)
    for name, programs, configs, databases, words in _TOOLS:
        if not any(tree.exists(path) for path in programs):
            continue
        database = next((path for path in databases if tree.exists(path)), None)
        info = tree.stat(database) if database else None
        scheduled = any(word in link for word in words for link in links) or any(
            word in job for word in words for period in ("daily", "weekly") for job in tree.names(f"/etc/cron.{period}")
        )
        sheet.add(
            "integrity",
            name,
            {
                "installed": "yes",
                "config": next((path for path in configs if tree.exists(path)), None),
                "database": database,
                "database_age_d": max(0, int((now - info.st_mtime) // 86400)) if info else None,
                "scheduled": scheduled,
            },
        )
    sheet.cut(tree.problems)
    return sheet.contribution()
