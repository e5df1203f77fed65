"""Which engines to probe: those named, or those found here."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stackswitch.errors import ConfigError, DownloadError, StackswitchError
from stackswitch.models.base import Frozen
from stackswitch.tools.downloads import npm_package, pypi_package
from stackswitch.tools.paths import this_platform
from stackswitch.tools.progress import Progress, silent

from .runtimes import RUNTIMES, Runtime
from .spec import parse_engine


class Target(Frozen):
    """An engine to probe: as it was named, its kind, the program (None: a library), where it comes from."""

    spec: str
    runtime: Runtime
    path: Path | None
    source: str


class NoTargetError(Exception):
    """A named engine is not available; the message says why, in one line."""


def found_targets() -> list[Target]:
    """Return the engines named by the environment, on PATH, and in Python packages; fetch nothing."""
    targets: dict[Path | None, Target] = {}
    for runtime in RUNTIMES.values():
        for source, path in _places(runtime):
            if path is None or path.is_file():
                key = path.resolve() if path is not None else None
                targets.setdefault(key, Target(spec=runtime.name, runtime=runtime, path=path, source=source))
    return list(targets.values())


def _places(runtime: Runtime) -> Iterator[tuple[str, Path | None]]:
    if runtime.how == "library":
        yield "the Python package", None
    if named := os.environ.get(runtime.variable, "") if runtime.variable else "":
        yield f"${runtime.variable}", Path(named).expanduser()
    for program in runtime.programs:
        if on_path := shutil.which(program):
            yield "PATH", Path(on_path)
    if runtime.module and (program_ := _in_wheel(runtime)) is not None:
        yield f"the package {runtime.wheel}", program_


def _in_wheel(runtime: Runtime) -> Path | None:
    try:
        spec = importlib.util.find_spec(runtime.module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / runtime.inside
    return path if path.is_file() else None


def named_target(spec: str, progress: Progress = silent) -> Target:
    """Find the engine that was named, fetching it if need be.

    :param spec: ``NAME``: as found here, else from its package; ``NAME@VERSION``: from npm; ``NAME:/path``
    :raises NoTargetError: there is no such engine, version or file, or it cannot be fetched
    """
    try:
        named = parse_engine(spec, RUNTIMES)
    except ConfigError as error:
        raise NoTargetError(str(error)) from None
    runtime, path = RUNTIMES[named.name], named.path
    if path is not None:
        if not path.is_file():
            raise NoTargetError(f"{path}: there is no such file")
        return Target(spec=spec, runtime=runtime, path=path, source="as asked for")
    try:
        if named.version:
            return _fetched(spec, runtime, named.version, progress)
        for source, place in _places(runtime):
            return Target(spec=spec, runtime=runtime, path=place, source=source)
        if runtime.pins:
            path = pypi_package(runtime.pins, progress=progress) / runtime.module / runtime.inside
            return Target(spec=spec, runtime=runtime, path=path, source=f"PyPI, {runtime.pins[0]}")
        if runtime.packages:
            return _fetched(spec, runtime, "latest", progress)
    except DownloadError as error:
        raise NoTargetError(_one_line(error)) from None
    except StackswitchError as error:
        raise NoTargetError(str(error).splitlines()[0]) from None
    raise NoTargetError(f"it is not here; to get it: {runtime.install}")


def _fetched(spec: str, runtime: Runtime, version: str, progress: Progress) -> Target:
    if not runtime.packages:
        raise NoTargetError(
            f"versions of {runtime.name} cannot be fetched; name one that is here: {runtime.name}:/path"
        )
    package = runtime.packages.get(this_platform())
    if package is None:
        raise NoTargetError(f"npm has no {runtime.name} for {this_platform()}")
    path = npm_package(package, version, progress=progress) / runtime.inside
    return Target(spec=spec, runtime=runtime, path=path, source=f"npm, {package}@{version}")


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


def _one_line(error: DownloadError) -> str:
    text = str(error)
    meaning = next((meaning for mark, meaning in _FETCH_ERRORS if mark in text), "")
    return f"it could not be fetched: {meaning or text.splitlines()[0]}"
