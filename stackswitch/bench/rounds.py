"""Alternating rounds, in which a machine's noise affects all hosts, and their figures."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from stackswitch.models.bench import Figure, Ratio

SLEEP = "await asyncio.sleep(0)"
DOCUMENTED = "wasmtime-py as documented"
CPU = "suspension, CPU time"
"""The group of suspensions measured by the CPU time of the thread."""


class Timing(NamedTuple):
    """How long something took: by the clock, and of the thread's CPU time (µs; ms for cases)."""

    clock: float
    cpu: float


Rounds = dict[str, list[Timing]]
"""By host."""
Work = Callable[[], Awaitable[Timing]]
"""Does something many times and returns how long it took once."""


def timed(work: Callable[[], Awaitable[object]], count: int = 1) -> Work:
    """Measure work that does something ``count`` times."""

    async def measured() -> Timing:
        started, used = time.perf_counter(), time.thread_time()
        await work()
        cpu = time.thread_time() - used
        return Timing((time.perf_counter() - started) / count * 1e6, cpu / count * 1e6)

    return measured


async def sleeps(count: int) -> None:
    """Suspend for so many iterations of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def alternate(hosts: Mapping[str, Work], rounds: int) -> Rounds:
    """Let all hosts work in each round; a first round does not count."""
    found: Rounds = {host: [] for host in hosts}
    for number in range(rounds + 1):
        for host, work in hosts.items():
            timing = await work()
            if number:
                found[host].append(timing)
    return found


def clocks(rounds: Rounds) -> dict[str, list[float]]:
    """Return the times by the clock."""
    return {host: [each.clock for each in timings] for host, timings in rounds.items()}


def cpus(rounds: Rounds) -> dict[str, list[float]]:
    """Return the CPU times."""
    return {host: [each.cpu for each in timings] for host, timings in rounds.items()}


def ratio(against: str, ones: Sequence[float], others: Sequence[float]) -> Ratio:
    """Return the ratio of two hosts, round by round."""
    each = sorted(one / other for one, other in zip(ones, others, strict=True))
    return Ratio(against=against, median=statistics.median(each), least=each[0], greatest=each[-1])


def figures(
    group: str, case: str, unit: str, rounds: dict[str, list[float]], against: str | None = None
) -> list[Figure]:
    """Return a figure for each host.

    :param rounds: by host
    :param against: the host with which the others are compared, round by round
    """
    return [
        Figure(
            group=group,
            case=case,
            host=host,
            unit=unit,
            best=min(values),
            median=statistics.median(values),
            worst=max(values),
            ratio=ratio(against, values, rounds[against])
            if against is not None and host != against and against in rounds
            else None,
        )
        for host, values in rounds.items()
    ]
