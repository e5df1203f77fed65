"""Reports of engines in the cache, by the engine's program and version and by the probes that were run."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from stackswitch.models.engine import EngineReport
from stackswitch.tools.files import replace_file
from stackswitch.tools.paths import cache_dir

from .probes import Probe, probes_version
from .targets import Target


def cached_report(target: Target, printed: str, probes: Sequence[Probe]) -> EngineReport | None:
    """Return the report on the same engine and the same probes, if the cache has one.

    :param printed: what the engine prints as its version
    """
    try:
        return EngineReport.model_validate_json(_path(target, printed, probes).read_bytes())
    except (OSError, ValidationError, ValueError):
        return None


def cache_report(target: Target, printed: str, probes: Sequence[Probe], report: EngineReport) -> None:
    """Write a report to the cache. A cache that cannot be written costs time only."""
    path = _path(target, printed, probes)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, report.model_dump_json().encode())


def _path(target: Target, printed: str, probes: Sequence[Probe]) -> Path:
    if target.path is None:
        program = version("wasmtime")
    else:
        stat = target.path.stat()
        program = f"{target.path.resolve()}\0{stat.st_size}-{stat.st_mtime_ns}"
    facts = [target.runtime.name, program, printed, probes_version(), *(probe.name for probe in probes)]
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:24]
    return cache_dir() / "detect" / f"{target.runtime.name}-{digest}.json"
