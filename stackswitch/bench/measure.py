"""A run of the benchmark: its parts, one after another."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from stackswitch import __version__
from stackswitch.models.bench import BenchResult

from .calling import bulk_memory, computing, crossings, instances
from .holding import concurrent, growth, instances_at_rest
from .hosts import Found, Say
from .suspending import in_node, round_trips, suspensions

_PARTS = (
    suspensions,
    in_node,
    round_trips,
    crossings,
    bulk_memory,
    instances,
    concurrent,
    instances_at_rest,
    computing,
    growth,
)


async def measured(backends: Sequence[str], rounds: int, *, quick: bool, say: Say) -> BenchResult:
    """Measure all, in alternating rounds through the library's own interface.

    :param rounds: in each of which all hosts take their turn; :param quick: a tenth of the work
    :param say: told what is measured
    :raises EngineError: a guest returned what is wrong
    """
    load = os.getloadavg()[0]
    found = Found(backends, rounds, quick=quick, say=say)
    for part in _PARTS:
        say((part.__doc__ or "").rstrip("."))
        await part(found)
    return BenchResult(
        stackswitch=__version__,
        python=platform.python_version(),
        engines=found.engines,
        rounds=rounds,
        load_average=round(load, 2),
        figures=tuple(found.figures),
        skipped=tuple(found.skipped),
        goals=tuple(found.goals),
    )
