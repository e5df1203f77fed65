"""The goals of the library, and whether a run reached them."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.bench import Goal, Ratio

from .rounds import DOCUMENTED, SLEEP, Rounds, ratio

_LEAST_US = 1e-3
"""Stands for a difference that the clock cannot show."""


def goal(
    name: str, bound: Literal["at most", "at least"], wanted: float, reached: float | Ratio, unit: str
) -> Goal:
    """Return a goal with what was reached."""
    value = reached.median if isinstance(reached, Ratio) else reached
    spread = (reached.least, reached.greatest) if isinstance(reached, Ratio) else (reached, reached)
    holds = value <= wanted if bound == "at most" else value >= wanted
    return Goal(
        name=name,
        bound=bound,
        goal=wanted,
        reached=value,
        least=spread[0],
        greatest=spread[1],
        unit=unit,
        holds=holds,
    )


def suspension_goals(by_depth: dict[int, Rounds]) -> list[Goal]:
    """Return the goals for suspensions: their CPU time beyond the ``asyncio.sleep`` that each contains."""
    found: list[Goal] = []
    beyond = {
        (host, depth): [
            max(each.cpu - sleep.cpu, _LEAST_US) for each, sleep in zip(timings, hosts[SLEEP], strict=True)
        ]
        for depth, hosts in by_depth.items()
        for host, timings in hosts.items()
        if host != SLEEP
    }
    first, last = min(by_depth), max(by_depth)
    sleep = [each.cpu for each in by_depth[first][SLEEP]]
    ours, fiber = beyond.get(("asyncify", first)), beyond.get(("fiber", first))
    if ours is not None:
        found.append(
            goal("asyncify, depth 1, beyond the sleep", "at most", 0.8, ratio(SLEEP, ours, sleep), "sleeps")
        )
        times = ratio("asyncify", beyond[DOCUMENTED, first], ours)
        found.append(
            goal("wasmtime-py as documented, beyond the sleep", "at least", 65, times, "times asyncify's")
        )
    if fiber is not None:
        found.append(
            goal("fiber, depth 1, beyond the sleep", "at most", 1.2, ratio(SLEEP, fiber, sleep), "sleeps")
        )
        deep = ratio("depth 1", beyond["fiber", last], fiber)
        found.append(goal(f"fiber, depth {last}", "at most", FLAT, deep, "times depth 1's"))
    return found


FLAT = 1.1
"""The ratio up to which a curve counts as flat: the machine's noise."""
GROWTH_KIB = 1024
"""How much the process may grow in 900,000 calls. A leak of one object a call is a dozen times as much."""
SUSPENDED_KIB = {"fiber": 40, "asyncify": 25}
"""How much memory each of 10,000 suspended calls may take."""
ECHO = 1.2
"""How much a round trip to Node may cost, as a multiple of a bare echo."""
