"""The result of ``stackswitch bench``."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

BENCH_SCHEMA_VERSION = 1


class Ratio(Frozen):
    """The ratio of two hosts, round by round. Hosts alternate, so that the machine's noise affects both."""

    against: str
    median: float
    least: float
    greatest: float


class Figure(Frozen):
    """What one thing took on one host.

    ``group``: what was measured. ``case``: its size. ``host``: a backend, or what a user would use instead.
    ``unit``: of ``best``, ``median`` and ``worst`` of the rounds.
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
    """A goal of the project, and what this run reached: the median of the rounds, the least and the greatest.

    ``bound``: whether ``reached`` must be at most or at least ``goal``. ``holds``: whether it is.
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
    """A run: the file that ``bench --json`` writes. ``skipped``: what could not be measured, and why.

    Groups: ``suspension`` (by the clock), ``suspension, CPU time`` (of the thread, on which a busy machine
    has less effect; hosts in this process only), ``suspension in Node``, ``round trip to Node``, ``call``,
    ``memory``, ``instance``, ``at once``, ``at rest`` (memory of suspended calls), ``growth``,
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
