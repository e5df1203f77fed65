"""What ``stackswitch bench`` measured."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

BENCH_SCHEMA_VERSION = 1


class Ratio(Frozen):
    """A figure over another, round by round: hosts take turns, so that the machine's noise falls on both."""

    against: str
    median: float
    least: float
    greatest: float


class Figure(Frozen):
    """What one thing took on one host.

    ``group``: what was measured; ``case``: of which size; ``host``: a backend, or what a user would take
    instead; ``unit``: of ``best``, ``median`` and ``worst``, which are of the rounds.
    """

    group: str
    case: str
    host: str
    unit: str
    best: float
    median: float
    worst: float
    ratio: Ratio | None = None


class Goal(Frozen):
    """What the project set itself, and what this run reached: the median of the rounds, and their spread.

    ``bound``: whether ``reached`` is to be at most or at least ``goal``; ``holds``: whether it is.
    """

    name: str
    bound: Literal["at most", "at least"]
    goal: float
    reached: float
    least: float
    greatest: float
    unit: str
    holds: bool


class BenchResult(Frozen):
    """A run: the file that ``bench --json`` writes. ``skipped`` says what could not be measured, and why.

    Groups: ``suspension`` (by the clock), ``suspension, CPU time`` (of the thread, which a busy machine shows
    less of; hosts in this process only), ``suspension in Node``, ``round trip to Node``, ``call``,
    ``memory``, ``instance``, ``at once``, ``at rest`` (memory of what is set aside), ``growth``,
    ``computing``.
    """

    schema_version: int = BENCH_SCHEMA_VERSION
    stackswitch: str
    python: str
    engines: dict[str, str]
    rounds: int
    load_average: float
    figures: tuple[Figure, ...]
    skipped: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()
