"""Disk images for lab hosts: built once with mmdebstrap, then shared read-only by every host.

An image is a directory in the cache, keyed by a hash of everything that shaped it. Two processes
may ask for the same image at once: one builds, the other waits.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from grundton.lab import mirror
from grundton.lab.errors import LabError
from grundton.lab.lock import locked
from grundton.lab.machine import BUILD_TOOLS, need_tools
from grundton.lab.paths import cache_dir, data_dir

BUILD_LIMIT = 1800.0
"""Seconds after which a build counts as hung."""

KEEP = ("/usr/share/doc/*/changelog.Debian*", "/usr/share/doc/*/copyright")
DROP = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*")
OPTIONS = (
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    *(f"--dpkgopt=path-exclude={pattern}" for pattern in DROP),
    *(f"--dpkgopt=path-include={pattern}" for pattern in KEEP),
)
"""A mirror may lag behind (hence no Valid-Until); the signature is always checked."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What goes into one image."""

    suite: str
    security: bool
    packages: tuple[str, ...]

    @property
    def key(self) -> str:
        """Twelve hex digits over everything of ours that shapes the image."""
        digest = hashlib.sha256()
        for part in (self.suite, str(self.security), *sorted(self.packages), *OPTIONS):
            digest.update(part.encode() + b"\0")
        digest.update(_finish().read_bytes())
        return digest.hexdigest()[:12]

    @property
    def name(self) -> str:
        """Folder name of the image in the cache."""
        return f"{self.suite}-{self.key}"


@dataclass(frozen=True)
class Image:
    """A built image in the cache."""

    name: str
    path: Path

    @property
    def root(self) -> Path:
        """Root directory of the image; never written to after the build."""
        return self.path / "root"


def suites() -> list[str]:
    """Debian suites there is a recipe for."""
    return sorted(path.stem for path in (data_dir() / "recipes").glob("*.yml"))


def recipe(suite: str) -> Recipe:
    """:raises LabError: no recipe for that suite."""
    path = data_dir() / "recipes" / f"{suite}.yml"
    if not path.is_file():
        raise LabError(f"there is no image recipe {suite}; there are: {', '.join(suites())}")
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    packages = [package for group in data["packages"].values() for package in group]
    return Recipe(str(data["suite"]), bool(data["security"]), tuple(packages))


def cached() -> list[Image]:
    """Every complete image in the cache."""
    folder = _folder()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [Image(path.name, path) for path in found if (path / "complete").is_file()]


def ensure(suite: str, progress: Progress, *, fresh: bool = False) -> Image:
    """Return the image of a suite, building it first if the cache has none.

    :param progress: called with one line of text per step.
    :param fresh: build even if there is one (to take newer packages).
    :raises LabError: the build failed; the message names the log.
    """
    wanted = recipe(suite)
    image = Image(wanted.name, _folder() / wanted.name)
    if not fresh and (image.path / "complete").is_file():
        return image
    if os.geteuid() != 0:
        raise LabError("building an image needs root", "Run the same command with sudo.")
    need_tools(BUILD_TOOLS)
    lock = _folder() / f"{wanted.name}.lock"

    def waiting() -> None:
        progress(f"another process is building the image {wanted.name}, waiting for it")

    with locked(lock, timeout=BUILD_LIMIT, waiting=waiting):
        if fresh or not (image.path / "complete").is_file():
            _build(wanted, image, progress)
    return image


def remove(image: Image) -> None:
    """Delete an image from the cache. Hosts that run on it lose their root: stop them first."""
    with locked(_folder() / f"{image.name}.lock", timeout=10.0):
        shutil.rmtree(image.path)


def _folder() -> Path:
    return cache_dir() / "images"


def _finish() -> Path:
    return data_dir() / "recipes" / "finish.sh"


def _build(wanted: Recipe, image: Image, progress: Progress) -> None:
    for left in _folder().glob(f"{wanted.name}.new-*"):
        shutil.rmtree(left)  # a build that was killed; we hold the lock, so nobody uses it
    new = _folder() / f"{wanted.name}.new-{os.getpid()}"
    new.mkdir(mode=0o755)
    log = _folder() / f"{wanted.name}.log"
    began = time.monotonic()
    progress(f"building the image {wanted.name}: {len(wanted.packages)} packages, one to three minutes, log in {log}")
    try:
        code = _mmdebstrap(wanted, new / "root", log, progress, began)
        if code != 0:
            raise LabError(
                f"building the image {wanted.name} failed: {_last_error(log)}",
                f"The whole log: {log}",
            )
        (new / "complete").write_text(f"{wanted.name}\n", encoding="ascii")
        if image.path.exists():
            image.path.rename(_folder() / f"{image.name}.new-old")
            shutil.rmtree(_folder() / f"{image.name}.new-old")
        new.rename(image.path)
    finally:
        if new.exists():
            shutil.rmtree(new)
    progress(f"image {wanted.name} built in {time.monotonic() - began:.0f} s")


def _mmdebstrap(wanted: Recipe, root: Path, log: Path, progress: Progress, began: float) -> int:
    archive = mirror.find()
    lines = [_source(archive.keyring, archive.main, wanted.suite)]
    if wanted.security and archive.security:
        lines.append(_source(archive.keyring, archive.security, f"{wanted.suite}-security"))
    argv = [
        "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
        *OPTIONS, *(f"--aptopt={line}" for line in mirror.proxies()),
        f"--keyring={archive.keyring}",
        f"--include={','.join(wanted.packages)}",
        f'--customize-hook=sh "{_finish()}" "$1"',
        wanted.suite, str(root), *lines,
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            for line in process.stdout or ():
                written.write(line)
                if line.startswith("I: ") and line.rstrip().endswith("..."):
                    progress(f"  {time.monotonic() - began:4.0f} s  {line[3:].strip()}")
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise


def _source(keyring: Path, uri: str, suite: str) -> str:
    return f"deb [signed-by={keyring}] {uri} {suite} main"


def _last_error(log: Path) -> str:
    """The line of the log that most likely says why the build failed."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for prefix in ("E: ", "Err:", "W: "):
        for line in lines:
            if line.startswith(prefix):
                return line.strip()
    return lines[-1].strip() if lines else "the log is empty"
