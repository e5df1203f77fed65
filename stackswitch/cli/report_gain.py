"""What a move to JSPI gains: ``stackswitch report`` measures it, or reads what was measured."""

from __future__ import annotations

from pathlib import Path

from stackswitch.bench.suite_times import time_cases
from stackswitch.engines.measure import measure_builds
from stackswitch.models.bench import BenchResult
from stackswitch.models.readiness import Gain
from stackswitch.suite.loader import load_suite
from stackswitch.tools.progress import Progress

from .ending import run_async

WAITS = ("suspension", "suspension in Node")
"""Groups of figures of ``bench`` that say by the clock what a wait costs."""


def measure_gain(
    module: Path | None,
    against: Path | None,
    timed: Path | None,
    bench: BenchResult | None,
    *,
    rounds: int,
    progress: Progress,
    data_only: bool = False,
) -> Gain | None:
    """Measure what was asked for; None if nothing was.

    :param module: the plain build, and ``against`` its Asyncify build
    :param timed: a suite, the cases of which are timed on both
    :param data_only: refuse one that starts programs
    :raises StackswitchError: one of them cannot be measured
    """
    gain = None
    if module is not None and against is not None:
        gain = measure_builds(module, against, rounds=rounds, progress=progress)
    if timed is not None:
        measures = run_async(time_cases(load_suite(timed, data_only=data_only), rounds=rounds, say=progress))
        gain = gain or Gain(how="stackswitch report --time", rounds=rounds)
        gain = gain.model_copy(update={"measures": (*gain.measures, *measures)})
    if bench is not None:
        engines = ", ".join(f"{name}: {version}" for name, version in bench.engines.items())
        engines_of_waits = (
            f"stackswitch bench, {bench.rounds} alternating rounds; Python {bench.python}; {engines}"
        )
        waits = tuple(each for each in bench.figures if each.group in WAITS)
        gain = (gain or Gain(how="stackswitch bench")).model_copy(
            update={"waits": waits, "waits_on": engines_of_waits}
        )
    return gain
