"""Runs one of the collection's playbooks through ansible-runner."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner

from grundton import collection
from grundton.runner.events import Event, EventQueue
from grundton.runner.leftovers import end_processes_of
from grundton.runner.progress import SNAPSHOT_TASK, Progress

_ERROR_LINE = re.compile(r"^(?:\[?ERROR\]?!?:?|fatal:)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the hosts; what is not set is left to the inventory and the SSH configuration."""

    limit: str | None = None
    forks: int | None = None
    timeout: int | None = None
    private_key: Path | None = None
    ssh_config: Path | None = None
    become: bool = False
    become_password: str | None = field(default=None, repr=False)
    ssh_password: str | None = field(default=None, repr=False)
    vault_password_file: Path | None = None

    def arguments(self) -> list[str]:
        """The options for ansible-playbook. Passwords are not among them."""
        found: list[str] = []
        if self.timeout:
            found += ["--timeout", str(self.timeout)]
        if self.private_key:
            found += ["--private-key", str(self.private_key.absolute())]
        if self.become:
            found.append("--become")
        if self.become_password is not None:
            found.append("--ask-become-pass")
        if self.ssh_password is not None:
            found.append("--ask-pass")
        if self.vault_password_file:
            found += ["--vault-password-file", str(self.vault_password_file.absolute())]
        if self.ssh_config:
            found += ["--ssh-common-args", shlex.join(["-F", str(self.ssh_config.absolute())])]
        if self.ssh_password is None:
            # Nobody sits at the terminal of these connections: ssh must fail instead of asking.
            # Host keys stay checked; an unknown one is an error of that host.
            found += ["--ssh-extra-args", "-o BatchMode=yes"]
        return found

    def passwords(self) -> dict[str, str]:
        """Answers to the prompts, by pattern."""
        found: dict[str, str] = {}
        if self.ssh_password is not None:
            found[r"^SSH password:\s*?$"] = self.ssh_password
        if self.become_password is not None:
            found[r"^BECOME password.*:\s*?$"] = self.become_password
        return found


@dataclass(slots=True)
class PlayResult:
    """How a playbook ended; `errors` are Ansible's own words for what went wrong, `unreachable` those by host."""

    status: str
    return_code: int
    no_hosts: bool = False
    errors: list[str] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)


class _Record:
    """Writes the log and remembers errors that belong to no host."""

    def __init__(self, log: Path) -> None:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._handle = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8", errors="replace")
        self.no_hosts = False
        self.errors: list[str] = []
        self.unreachable: dict[str, str] = {}
        self._inside_error = False

    def see(self, event: Event) -> None:
        if event.text:
            self._handle.write(event.text + "\n")
        if event.kind == "playbook_on_no_hosts_matched":
            self.no_hosts = True
        if event.kind == "runner_on_unreachable" and event.host:
            self.unreachable[event.host] = event.message
        if event.kind in ("verbose", "error", "warning"):
            self._collect(event.text)
        if event.kind == "runner_on_failed" and event.task != SNAPSHOT_TASK and event.message:
            self.errors.append(event.message)

    def _collect(self, text: str) -> None:
        for line in text.splitlines():
            if re.match(r"\[?ERROR\b", line):
                self.errors.append(_ERROR_LINE.sub("", line).strip())
                self._inside_error = True
            elif self._inside_error and line.strip() and not line.startswith("["):
                self.errors[-1] += "\n" + line.rstrip()
            else:
                self._inside_error = False

    def close(self) -> None:
        self._handle.close()


def run_playbook(
    name: str,
    *,
    inventory: Sequence[str] | Mapping[str, Any],
    variables: Mapping[str, Any],
    connection: Connection,
    progress: Progress,
    log: Path,
) -> PlayResult:
    """Run `playbooks/<name>.yml` of the collection; every event goes to `progress` and, as text, to `log`."""
    # ansible-runner leaves its environment, arguments and events on disk: it gets a private place that does not
    # outlive the run.
    private = Path(tempfile.mkdtemp(prefix="grundton-"))
    record = _Record(log)
    try:
        sources = dict(inventory) if isinstance(inventory, Mapping) else [_absolute(source) for source in inventory]
        with progress, EventQueue(record.see, progress.see) as events:
            runner = ansible_runner.run(
                private_data_dir=str(private),
                project_dir=str(Path.cwd()),
                playbook=str(collection.playbook(name)),
                inventory=sources,
                extravars=dict(variables),
                envvars=_environment(),
                passwords=connection.passwords() or None,
                cmdline=shlex.join(connection.arguments()) or None,
                limit=connection.limit,
                forks=connection.forks,
                event_handler=events.handler,
                suppress_env_files=True,
                quiet=True,
            )
        if runner.status not in ("successful", "failed"):
            end_processes_of(private)
        return PlayResult(runner.status, runner.rc, record.no_hosts, record.errors, record.unreachable)
    finally:
        record.close()
        shutil.rmtree(private, ignore_errors=True)


def _absolute(source: str) -> str:
    return source if "," in source else str(Path(source).absolute())


def _environment() -> dict[str, str]:
    environment = collection.run_environment(os.environ)
    # The ansible-playbook of our own environment, also when that is not activated.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # ansible-runner would switch host key checking off.
    environment["ANSIBLE_HOST_KEY_CHECKING"] = os.environ.get("ANSIBLE_HOST_KEY_CHECKING", "True")
    defaults = {
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
    }
    return environment | {name: os.environ.get(name, value) for name, value in defaults.items()}
