"""How backup tools are recognised in commands, scripts and settings. Pure text work, repositories stay inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from .sheet import yes

_TOOLS = re.compile(
    r"\b(restic|borgmatic|borg|rsnapshot|duplicity|duply|rdiff-backup|kopia|bacula-fd|bareos-fd|"
    r"proxmox-backup-client|backup2l)\b"
)
_COPY = re.compile(r"\b(rsync|tar|rclone|scp|mariadb-dump|mysqldump|pg_dump(?:all)?)\b")
#: Names of units, scripts and files that speak of a backup, in English and German.
NAMED = re.compile(r"back-?up|sicherung|restic|borg|rsnapshot|snapshot-", re.I)
#: Jobs of the distribution that only look like backups.
NOT_BACKUPS = re.compile(r"dpkg|e2scrub|man-db|apt-compat|systemd-|lvm|mdadm|plymouth|snapd|popularity|fstrim|^btrfs")

_REPOSITORY = (
    re.compile(r"\b(?:RESTIC_REPOSITORY|BORG_REPO)\s*=\s*[\"']?([^\s\"'#]+)"),
    re.compile(r"\brestic\b[^\n;|&]*?\s(?:-r|--repo)[=\s]+[\"']?([^\s\"']+)"),
    re.compile(
        r"\bborg\s+(?:create|prune|check|list|init)\b[^\n;|&]*?[\s\"']((?:ssh://\S+?|[\w.-]+@[\w.-]+:\S+?|/\S+?))::"
    ),
    re.compile(r"^\s*-\s*(?:path:\s*)?[\"']?(ssh://\S+|[\w.-]+@[\w.-]+:\S+|/\S+?)[\"']?\s*$", re.M),
    re.compile(r"^snapshot_root\s+(\S+)", re.M),
    re.compile(r"\bduplicity\b[^\n;|&]*\s((?:\w+://|file:)\S+)"),
    re.compile(r"\brsync\b[^\n;|&]*\s((?:[\w.-]+@)?[\w.-]+::?/?\S*|rsync://\S+)"),
    re.compile(r"\bscp\b[^\n;|&]*\s((?:[\w.-]+@)?[\w.-]+:\S*)"),
    re.compile(r"\b(?:curl|lftp|wput|ncftpput)\b[^\n;|&]*\s[\"']?((?:s?ftps?|https?)://\S+)"),
    re.compile(r"\brclone\s+(?:copy|sync|move)\b[^\n;|&]*\s([\w-]+:\S*)"),
    re.compile(r"\btar\s+-?[A-Za-z]*c[A-Za-z]*f\s+[\"']?(/\S+?)[\"']?(?:\s|$)", re.M),
    re.compile(r"\brsync\b[^\n;|&]*\s(/\S+)\s*$", re.M),
)


@dataclass
class Facts:
    """What a job's texts say. ``repository`` is kept inside, only its kind is reported."""

    tool: str
    repository: str
    kind: str
    encryption: str
    check: bool
    dumps: bool


def repository_kind(repository: str, tool: str) -> str:
    """``local``, ``sftp``, ``rest``, ``s3``, ``rclone``, ``ssh``, ``ftp``, ``cloud`` or ``unknown``."""
    if not repository or "$" in repository:
        return "unknown"
    scheme = repository.partition(":")[0].lower()
    if repository.startswith(("/", "file:", "./", "~")):
        return "local"
    if scheme in ("sftp", "rest", "s3", "rclone", "ssh"):
        return scheme
    if scheme in ("ftp", "ftps"):
        return "ftp"
    if scheme in ("b2", "azure", "gs", "swift", "gdocs", "onedrive", "http", "https", "webdav", "webdavs"):
        return "cloud"
    if scheme in ("scp", "rsync") or re.match(r"(?:[\w.-]+@)?[\w.-]+:", repository):
        return "ssh"
    return "local" if tool in ("restic", "borg") else "unknown"


def facts(text: str) -> Optional[Facts]:
    """What a command, its script, environment and settings say about a backup; ``None`` when it makes none."""
    found = _TOOLS.search(text)
    copying = _COPY.search(text)
    if not found and not copying:
        return None
    tool = found.group(1) if found else "script"
    repository = next((match.group(1) for match in (p.search(text) for p in _REPOSITORY) if match), "")
    encryption = "unknown"
    if tool in ("restic", "kopia"):
        encryption = "yes"
    elif tool in ("borg", "borgmatic"):
        if re.search(r"--encryption[=\s]+none|encryption:\s*none", text):
            encryption = "no"
        elif re.search(r"BORG_PASS(?:PHRASE|COMMAND|PHRASE_FD)|encryption_pass", text):
            encryption = "yes"
    elif tool in ("script", "rsnapshot", "rdiff-backup", "backup2l"):
        encryption = yes(re.search(r"\b(?:gpg2?|age|openssl\s+enc|gocryptfs|ccrypt)\b", text) is not None)
    elif tool in ("duplicity", "duply"):
        encryption = yes("--no-encryption" not in text)
    return Facts(
        tool=tool,
        repository=repository,
        kind=repository_kind(repository, tool),
        encryption=encryption,
        check=bool(re.search(r"\b(?:restic\b[^\n;|&]*\scheck|borg(?:matic)?\s+check|--read-data)", text)),
        dumps=bool(re.search(r"mysqldump|mariadb-dump|pg_dump|sqlite3\b.*(?:\.backup|VACUUM)|ExecStartPre=", text)),
    )


def job(name: str, text: str) -> Optional[Facts]:
    """The same for a job: one that merely copies files counts when its name or its commands speak of a backup."""
    told = None if NOT_BACKUPS.search(name.rsplit("/", 1)[-1]) else facts(text)
    if told is None or (told.tool == "script" and not NAMED.search(f"{name} {text}")):
        return None
    return told
