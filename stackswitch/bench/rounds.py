"""Rounds in which hosts take turns, so that a machine's noise falls on all of them, and figures of these."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from stackswitch.models.bench import Figure, Ratio

SLEEP = "await asyncio.sleep(0)"
DOCUMENTED = "wasmtime-py as documented"
CPU = "suspension, CPU time"
"""The group of suspensions measured by the CPU time of the thread."""


class Took:
    """What something took each time: by the clock, and of the thread's CPU time (µs)."""

    __slots__ = ("clock", "cpu")

    def __init__(self, clock: float, cpu: float) -> None:
        self.clock = clock
        self.cpu = cpu


Work = Callable[[], Awaitable[Took]]
"""Does something many times and returns what once took."""


async def timed(work: Awaitable[object], count: int) -> Took:
    """Time work that does something so many times."""
    started, used = time.perf_counter(), time.thread_time()
    await work
    cpu = time.thread_time() - used
    return Took((time.perf_counter() - started) / count * 1e6, cpu / count * 1e6)


async def sleeps(count: int) -> None:
    """Take so many turns of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def alternating(hosts: dict[str, Work], rounds: int) -> dict[str, list[Took]]:
    """Do all in turn, as often as there are rounds, after one round that does not count."""
    found: dict[str, list[Took]] = {host: [] for host in hosts}
    for number in range(rounds + 1):
        for host, work in hosts.items():
            took = await work()
            if number:
                found[host].append(took)
    return found


def clocks(rounds: dict[str, list[Took]]) -> dict[str, list[float]]:
    """Return what the clock said."""
    return {host: [each.clock for each in took] for host, took in rounds.items()}


def cpus(rounds: dict[str, list[Took]]) -> dict[str, list[float]]:
    """Return the CPU time."""
    return {host: [each.cpu for each in took] for host, took in rounds.items()}


def ratio(against: str, ones: Sequence[float], others: Sequence[float]) -> Ratio:
    """Return how the rounds of one compare with those of another."""
    each = sorted(one / other for one, other in zip(ones, others, strict=True))
    return Ratio(against=against, median=statistics.median(each), least=each[0], greatest=each[-1])


def figures(
    group: str, case: str, unit: str, rounds: dict[str, list[float]], against: str | None = None
) -> list[Figure]:
    """Make figures of what the rounds gave, by host.

    :param against: the host that the others are held against, round by round
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
