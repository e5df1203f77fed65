"""Finds engines: where each can be, which are here, and the one that a user names, fetched if need be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stackswitch.errors import BackendUnavailableError, DownloadError
from stackswitch.models.base import Frozen
from stackswitch.tools.downloads import download_problem, npm_package, pypi_package
from stackswitch.tools.paths import in_package, this_platform
from stackswitch.tools.progress import Progress, silent

from .runtimes import ENGINES, RUNTIMES, Runtime
from .spec import EngineSpec, parse_engine


class Target(Frozen):
    """An engine to probe: as it was named, its kind, the program (None: a library), where it comes from."""

    spec: str
    runtime: Runtime
    path: Path | None
    source: str


def places(runtime: Runtime) -> Iterator[tuple[str, Path | str | None]]:
    """Yield each place of an engine, and its program there, or what is missing (None: it is a library)."""
    if runtime.how == "library":
        yield "the Python package", None
    if runtime.variable:
        named = os.environ.get(runtime.variable)
        yield f"${runtime.variable}", Path(named).expanduser() if named else "not set"
    for program in runtime.programs:
        on_path = shutil.which(program)
        yield "PATH", Path(on_path) if on_path else f"no {program}"
    if runtime.module:
        yield f"the package {runtime.wheel}", in_package(runtime.module, runtime.inside)


def found_targets() -> list[Target]:
    """Return the engines named by the environment, on PATH, and in Python packages; fetch nothing."""
    targets: dict[Path | None, Target] = {}
    for runtime in RUNTIMES.values():
        for source, path in places(runtime):
            if path is None or (isinstance(path, Path) and path.is_file()):
                key = path.resolve() if path is not None else None
                targets.setdefault(key, Target(spec=runtime.name, runtime=runtime, path=path, source=source))
    return list(targets.values())


def named_target(spec: str, progress: Progress = silent) -> Target:
    """Find the engine that was named, fetching it if need be.

    :param spec: ``NAME``: as found here, else from its package; ``NAME@VERSION``: from npm; ``NAME:/path``
    :raises ConfigError: the spec is malformed, or names an unknown engine
    :raises BackendUnavailableError: there is no such version or file, or it cannot be fetched
    """
    named = parse_engine(spec, RUNTIMES)
    runtime = RUNTIMES[named.name]
    try:
        source, path = chosen_program(named, progress) or _usual_program(runtime, progress)
    except DownloadError as error:
        problem = download_problem(str(error)) or str(error).splitlines()[0]
        raise BackendUnavailableError(f"it could not be fetched: {problem}") from None
    return Target(spec=spec, runtime=runtime, path=path, source=source)


def _usual_program(runtime: Runtime, progress: Progress) -> tuple[str, Path | None]:
    for source, path in places(runtime):
        if not isinstance(path, str):
            return source, path
    if runtime.pins:
        folder = pypi_package(runtime.pins, progress=progress)
        return f"PyPI, {runtime.pins[0]}", folder / runtime.module / runtime.inside
    if runtime.packages:
        return _fetched(runtime, "latest", progress)
    raise BackendUnavailableError(f"it is not here; to get it: {runtime.install}")


def chosen_program(named: EngineSpec, progress: Progress) -> tuple[str, Path] | None:
    """Return the program that a version or a path names, and its source first; None: neither is given.

    :raises BackendUnavailableError: there is no such file, or npm has none for this platform
    :raises DownloadError: the version cannot be fetched
    """
    if named.version is not None:
        return _fetched(RUNTIMES[named.name], named.version, progress)
    if named.path is None:
        return None
    if not named.path.is_file():
        raise BackendUnavailableError(f"{named.path}: there is no such file")
    return "named by its path", named.path


def engine_program(spec: str, progress: Progress = silent) -> Path | None:
    """Return the program for a traced command; None: ``node``, the one on PATH.

    Unlike ``find_engine`` it is not probed: Asyncify builds are observed on engines without JSPI too.

    :raises ConfigError: the spec is malformed, or names an unknown engine
    :raises BackendUnavailableError, DownloadError: see ``chosen_program``
    """
    chosen = chosen_program(parse_engine(spec, ENGINES), progress)
    return None if chosen is None else chosen[1]


def _fetched(runtime: Runtime, version: str, progress: Progress) -> tuple[str, Path]:
    if not runtime.packages:
        raise BackendUnavailableError(
            f"versions of {runtime.name} cannot be fetched; name one that is here: {runtime.name}:/path"
        )
    package = runtime.packages.get(this_platform())
    if package is None:
        raise BackendUnavailableError(
            f"npm has no {runtime.name} for {this_platform()}, only for {', '.join(runtime.packages)};"
            f" install one and name it {runtime.name}:/path/to/{runtime.programs[0]}"
        )
    path = npm_package(package, version, progress=progress) / runtime.inside
    return f"npm, {package}@{version}", path
