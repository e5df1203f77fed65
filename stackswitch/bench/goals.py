"""The goals that the library set itself, and what a run says of each."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.bench import Goal, Ratio

from .rounds import DOCUMENTED, SLEEP, Took, ratio


def goal(
    name: str, bound: Literal["at most", "at least"], wanted: float, reached: float | Ratio, unit: str
) -> Goal:
    """Say what was reached."""
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


def suspension_goals(by_depth: dict[int, dict[str, list[Took]]]) -> list[Goal]:
    """What suspensions were to cost, by CPU time, beyond the sleep that each of them is."""
    found: list[Goal] = []
    beyond = {
        (host, depth): [
            max(each.cpu - sleep.cpu, 1e-3) for each, sleep in zip(took, hosts[SLEEP], strict=True)
        ]
        for depth, hosts in by_depth.items()
        for host, took in hosts.items()
        if host != SLEEP
    }
    first, last = min(by_depth), max(by_depth)
    sleep = [each.cpu for each in by_depth[first][SLEEP]]
    ours, fiber = beyond.get(("asyncify", first)), beyond.get(("fiber", first))
    if ours is not None:
        found.append(
            goal("asyncify, depth 1, beyond the sleep", "at most", 1.5, ratio(SLEEP, ours, sleep), "sleeps")
        )
        times = ratio("asyncify", beyond[DOCUMENTED, first], ours)
        found.append(
            goal("wasmtime-py as documented, beyond the sleep", "at least", 60, times, "times asyncify's")
        )
    if fiber is not None:
        if ours is not None:
            found.append(
                goal("fiber, depth 1", "at most", 1, ratio("asyncify", fiber, ours), "times asyncify's")
            )
        deep = ratio("depth 1", beyond["fiber", last], fiber)
        found.append(goal(f"fiber, depth {last}", "at most", FLAT, deep, "times depth 1's"))
    return found


_LEAST_US = 1e-3
FLAT = 1.1
"""How much more is flat: the machine's noise."""
GROWTH_KIB = 1024
"""How much the process may grow in 900,000 calls: a leak of an object a call is a dozen times as much."""
SUSPENDED_KIB = {"fiber": 40, "asyncify": 25}
"""What a call that is set aside may take, of 10,000."""
ECHO = 1.3
"""How much a round trip to Node may cost, in bare echoes."""
