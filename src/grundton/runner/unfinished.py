"""Why a playbook did not get to its end, in words a person can act on."""

from __future__ import annotations

import re
from pathlib import Path

from grundton.runner.errors import AuditError, GrundtonError, InputError
from grundton.runner.folder import RunFolder
from grundton.runner.play import PlayResult

_READ_THE_LOG = "The whole story is in {log}."


def unfinished(played: PlayResult, folder: RunFolder, inventory: object, limit: str | None, what: str) -> GrundtonError:
    """Return the error for a run without a result; `what` is the word for the run: `audit`, `plan`."""
    log = _READ_THE_LOG.format(log=folder.log)
    if played.status == "canceled":
        return AuditError(f"the {what} was interrupted", log)
    said = "\n".join(dict.fromkeys(played.errors))
    if "parse inventory source" in said:
        return InputError(f"the inventory cannot be read: {said}", _inventory_hint(folder.log))
    if played.no_hosts or "no hosts to target" in said or "does not match any hosts" in said:
        where = ", ".join(inventory) if isinstance(inventory, list) else "the targets"
        narrowed = f" with --limit {limit}" if limit else ""
        return AuditError(
            f"no host matched: {where}{narrowed} has no host to {what}",
            "List what is there with: ansible-inventory --graph -i INVENTORY",
        )
    return AuditError(
        f"the {what} did not come to an end: {said or f'ansible-playbook ended with {played.return_code}'}", log
    )


def _inventory_hint(log: Path) -> str:
    """What Ansible's inventory plugins said about the file, from the log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    said = re.search(r"Failed to parse inventory with '\w+' plugin: (.+)", text)
    place = re.search(r"^Origin: (\S+:\d+)", text, re.MULTILINE)
    return f"{place[1]}: {said[1]}" if said and place else _READ_THE_LOG.format(log=log)
