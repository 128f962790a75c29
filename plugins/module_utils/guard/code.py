"""The copy of this code that stays on the host, so that the guard needs nobody.

One file that Python runs by itself (a zip archive with a ``__main__``), under the hash of its content.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import zipfile
from typing import Optional

from ..journal import disk
from ..journal.errors import JournalError
from ..journal.place import Place, make_private
from . import standalone

#: What the copy consists of, relative to ``module_utils``.
PARTS = (
    "guard", "guard.installed", "guard.standalone", "guard.undo", "guard.unitfiles",
    "host", "host.command",
    "journal", "journal.ballast", "journal.blobs", "journal.condition", "journal.disk", "journal.errors",
    "journal.lock", "journal.log", "journal.place", "journal.record", "journal.rollback", "journal.runs",
    "journal.units",
    "snapshot", "snapshot.deadline",
)  # fmt: skip

#: Name of the package inside the copy, and of the copy.
PACKAGE = "grundton_host"
FILE = "rollback.pyz"

_PACKAGES = ("guard", "host", "journal", "snapshot")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def archive() -> bytes:
    """The copy. The same code always gives the same bytes.

    :raises JournalError: a part of the code is not there.
    """
    root = __name__.rpartition(".guard.")[0]
    files = {f"{PACKAGE}/__init__.py": "", "__main__.py": f"from {PACKAGE}.guard.standalone import main\n\nmain()\n"}
    for part in PARTS:
        path = f"{PACKAGE}/{part.replace('.', '/')}"
        files[path + ("/__init__.py" if part in _PACKAGES else ".py")] = _source(f"{root}.{part}", part in _PACKAGES)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for path in sorted(files):
            target.writestr(zipfile.ZipInfo(path, _EPOCH), files[path])
    return packed.getvalue()


def _source(name: str, package: bool) -> str:
    spec = importlib.util.find_spec(name)
    source: Optional[str] = None
    if spec is not None and spec.loader is not None and hasattr(spec.loader, "get_source"):
        source = spec.loader.get_source(name)
    if source is None and not package:
        raise JournalError(f"a part of the guard's code is missing: {name.rpartition('.')[2]}")
    return source or ""


def store(place: Place) -> str:
    """Put the copy on the host, if it is not there, and remove copies of other versions.

    :returns: path of the file.
    :raises JournalError: it cannot be written.
    """
    data = archive()
    digest = hashlib.sha256(data).hexdigest()[:32]
    folder = os.path.join(place.code, digest)
    make_private(place.code)
    make_private(folder)
    path = os.path.join(folder, FILE)
    if _content(path) != data:
        try:
            with disk.folder(os.path.realpath(folder)) as at:
                disk.discard(at, "partial")
                descriptor = disk.create(at, "partial")
                try:
                    disk.write(descriptor, data)
                    disk.sync(descriptor)
                finally:
                    os.close(descriptor)
                disk.rename(at, "partial", FILE)
        except OSError as error:
            raise JournalError(f"the guard's code cannot be stored: {(error.strerror or str(error)).lower()}") from None
    for other in os.listdir(place.code):
        if other != digest:
            shutil.rmtree(os.path.join(place.code, other), ignore_errors=True)
    return path


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def interpreter(program: str) -> str:
    """A Python of this host that really runs the copy: the system's own if it can, otherwise the one that runs now.

    :raises JournalError: neither does.
    """
    for python in ("/usr/bin/python3", sys.executable):
        if python and os.path.isabs(python) and os.access(python, os.X_OK) and _runs(python, program):
            return python
    raise JournalError("no Python of this host runs the guard's code")


def _runs(python: str, program: str) -> bool:
    try:
        done = subprocess.run(
            [python, "-I", program, "check"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and done.stdout.strip() == standalone.READY.encode("ascii")
