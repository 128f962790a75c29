"""Which Asterisk modules are loaded, or will be at the next start."""

from __future__ import annotations

from grundton.assess.values import is_false, items
from grundton.model.snapshot import Object, Snapshot

RUNTIME = "module.loaded"
CONFIG = "modules.modules"


def is_loaded(snapshot: Snapshot, name: str) -> bool | None:
    """Tell whether a module is loaded; offline, whether modules.conf loads it. None: not known."""
    if snapshot.source("runtime", RUNTIME).status == "ok":
        return any(item.name == name for item in snapshot.objects("runtime", RUNTIME))
    files = snapshot.objects("config", CONFIG)
    if snapshot.source("config", CONFIG).status != "ok" or not files:
        return None
    return planned(files[-1], name)


def planned(modules: Object, name: str) -> bool:
    """Whether modules.conf loads the module at the next start: noload wins, then load, then autoload."""
    if name in _names(modules, "noload"):
        return False
    if any(name in _names(modules, key) for key in ("load", "preload", "require", "preload-require")):
        return True
    return not is_false(modules.text("autoload", "no"))


def _names(modules: Object, key: str) -> set[str]:
    return {item if item.endswith(".so") else f"{item}.so" for item in items(modules.values(key))}
