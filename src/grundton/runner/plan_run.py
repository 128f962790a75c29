"""Planning a run: snapshots of all hosts, and `plan.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grundton.runner.apply_folder import ApplyFolder
from grundton.runner.noted import noted
from grundton.runner.play import Connection, run_playbook
from grundton.runner.progress import Progress
from grundton.runner.unfinished import unfinished

Inventory = Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for, as the playbooks take it."""

    measures: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    window: bool = False
    accept_breaks: bool = False
    without: tuple[str, ...] = ()

    def variables(self) -> dict[str, Any]:
        """The playbooks' variables."""
        return {
            "grundton_measures": list(self.measures),
            "grundton_controls": list(self.controls),
            "grundton_window": self.window,
            "grundton_accept_breaks": self.accept_breaks,
            "grundton_without": list(self.without),
        }

    def check(self) -> None:
        """Raise InputError for a measure or control that does not exist, before any host is contacted."""
        from grundton import catalog
        from grundton.runner.planning import selection_of

        asked = {"measures": self.measures, "controls": self.controls, "without": self.without}
        selection_of(asked, catalog.load())


@dataclass(frozen=True, slots=True)
class Order:
    """What plan and apply need: hosts, wish, how to reach them, where runs go, the command for the record."""

    inventory: Inventory
    wish: Wish
    connection: Connection
    runs_dir: Path
    command: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A finished plan and the run folder it lies in."""

    folder: ApplyFolder
    document: dict[str, Any]

    @property
    def missed(self) -> dict[str, str]:
        """Hosts that could not be planned, and why."""
        return {name: host["reason"] for name, host in self.document["hosts"].items() if host["reason"]}

    @property
    def empty(self) -> bool:
        """True when nothing would be changed anywhere."""
        return not self.document["counts"]["changes"]


def plan(order: Order, progress: Progress) -> Planned:
    """Plan the hosts; raises a GrundtonError when there is no plan."""
    order.wish.check()
    folder = ApplyFolder.create(order.runs_dir)
    with noted(folder, order.command):
        played = run_playbook(
            "plan",
            inventory=order.inventory,
            variables={"grundton_run_dir": str(folder.path.absolute()), **order.wish.variables()},
            connection=order.connection,
            progress=progress,
            log=folder.log,
        )
        if not folder.plan.exists():
            raise unfinished(played, folder, order.inventory, order.connection.limit, "plan")
        return Planned(folder, folder.read_plan())
