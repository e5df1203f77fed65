"""Runs the benchmark: its parts, one after another."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from stackswitch import __version__
from stackswitch.models.bench import BenchResult
from stackswitch.tools.progress import Progress

from .calls import bulk_memory, computing, crossings, instances
from .measurement import Measurement
from .memory import growth, suspended_calls, suspended_instances
from .suspensions import in_node, round_trips, suspensions

_PARTS = (
    suspensions,
    in_node,
    round_trips,
    crossings,
    bulk_memory,
    instances,
    suspended_calls,
    suspended_instances,
    computing,
    growth,
)
"""Each has as docstring what is said before it begins."""


async def run_benchmark(backends: Sequence[str], rounds: int, *, quick: bool, say: Progress) -> BenchResult:
    """Measure everything, through the public interface of the library.

    :param rounds: how many; in each, every host does its work once
    :param quick: do a tenth of the work
    :param say: called with a line of text before each part
    :raises EngineError: a guest returned a wrong result
    """
    load = os.getloadavg()[0]
    measurement = Measurement(backends, rounds, quick=quick)
    for part in _PARTS:
        say((part.__doc__ or "").rstrip("."))
        await part(measurement)
    return BenchResult(
        stackswitch=__version__,
        python=platform.python_version(),
        engines=measurement.engines,
        rounds=rounds,
        load_average=round(load, 2),
        figures=tuple(measurement.figures),
        skipped=tuple(measurement.skipped),
        goals=tuple(measurement.goals),
    )
