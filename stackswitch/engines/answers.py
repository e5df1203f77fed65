"""Answers kept in the cache: by the engine's program and version, and by the probes that were asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from stackswitch.models.engine import EngineReport
from stackswitch.tools.paths import cache_dir

from .probes import Probe, probes_version
from .targets import Target


def kept_report(target: Target, printed: str, probes: Sequence[Probe]) -> EngineReport | None:
    """Return the answers given before by the same engine to the same probes.

    :param printed: what the engine prints as its version
    """
    try:
        return EngineReport.model_validate_json(_place(target, printed, probes).read_bytes())
    except (OSError, ValidationError, ValueError):
        return None


def keep_report(target: Target, printed: str, probes: Sequence[Probe], report: EngineReport) -> None:
    """Keep the answers; a cache that cannot be written costs time, no more."""
    place = _place(target, printed, probes)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".report-")
        os.close(handle)
        Path(name).write_text(report.model_dump_json(), "utf-8")
        Path(name).replace(place)


def _place(target: Target, printed: str, probes: Sequence[Probe]) -> Path:
    if target.path is None:
        program = version("wasmtime")
    else:
        stat = target.path.stat()
        program = f"{target.path.resolve()}\0{stat.st_size}-{stat.st_mtime_ns}"
    facts = [target.runtime.name, program, printed, probes_version(), *(probe.name for probe in probes)]
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:24]
    return cache_dir() / "detect" / f"{target.runtime.name}-{digest}.json"
