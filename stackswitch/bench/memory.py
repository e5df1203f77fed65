"""What takes memory: suspended calls on one instance and on many, and many calls in a row."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from stackswitch.backends.guest_protocol import CallState, GuestInstance
from stackswitch.errors import StackswitchError
from stackswitch.guest.guest import START, Guest
from stackswitch.guest.opening import open_guest, open_module
from stackswitch.models.bench import Figure
from stackswitch.tools import watchdog

from .calls import request_for
from .goals import GROWTH_KIB, SUSPENDED_KIB, goal
from .guest import WAT
from .measurement import Measurement, imports, sleep_once
from .rounds import figures


class Resident(NamedTuple):
    """Resident and proportional set size (KiB). Of pages shared with other processes, PSS counts a share."""

    rss: float
    pss: float

    def since(self, before: Resident, count: int) -> Resident:
        """Return how much each of ``count`` things has taken since."""
        return Resident((self.rss - before.rss) / count, (self.pss - before.pss) / count)


def resident() -> Resident:
    """Measure, after garbage collection; 0 on other systems than Linux."""
    gc.collect()
    if sys.platform != "linux":
        return Resident(0, 0)
    found = [_of(each) for each in _family("self")]
    return Resident(sum(rss for rss, _ in found), sum(pss for _, pss in found))


def _family(process: str) -> list[str]:
    """Return a process and its descendants."""
    found = [process]
    for each in Path(f"/proc/{process}/task").glob("*/children"):
        for child in each.read_text("ascii").split():
            found += _family(child)
    return found


def _of(process: str) -> Resident:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    except OSError:  # it has ended
        return Resident(0, 0)
    sizes = dict(re.findall(r"^(Rss|Pss): *([0-9]+)", text, re.MULTILINE))
    return Resident(float(sizes["Rss"]), float(sizes["Pss"]))


class Cost(NamedTuple):
    """What each suspended call took: time (µs) and memory (KiB), its task included."""

    time: float
    memory: Resident


Suspend = Callable[[str, int], Coroutine[Any, Any, Cost]]
"""Has so many calls suspended at once on a backend."""
_DEPTH = 10
_POLL_S = 0.02


class Gate:
    """A host function that waits until the gate is open.

    :ivar calls: how often it was called
    """

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.calls = 0

    async def __call__(self, _caller: object, number: int) -> int:
        """Wait."""
        self.calls += 1
        await self.opened.wait()
        return number & 1


async def suspended_calls(measurement: Measurement) -> None:
    """Calls suspended at once on one instance."""
    for count in (100,) if measurement.quick else (1000, 10_000):
        costs = await _in_children(measurement, _on_one_instance, count)
        for name, cost in costs.items():
            if count == 10_000 and name in SUSPENDED_KIB:
                text = f"{name}, {count:,} suspended calls, each (RSS)"
                found = goal(text, "at most", SUSPENDED_KIB[name], cost.memory.rss, "KiB")
                measurement.goals.append(found)
        case = f"{count} calls suspended"
        times = {name: [cost.time] for name, cost in costs.items()}
        measurement.figures += figures("at once", case, "µs", times)
        measurement.figures += _memory_figures(f"{case}, on one instance", costs)


async def suspended_instances(measurement: Measurement) -> None:
    """Instances of which each has a call that is suspended."""
    count = measurement.count(200)  # on jspi each is a thread, of some 14 MiB
    costs = await _in_children(measurement, _on_many_instances, count)
    measurement.figures += _memory_figures(f"{count} instances, a suspended call in each", costs)


async def _in_children(measurement: Measurement, suspend: Suspend, count: int) -> dict[str, Cost]:
    """Run it for each backend in a process of its own, since a process uses freed memory again."""
    costs = {}
    for backend in measurement.backends:
        child = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        try:
            # A child inherits the mask: Ctrl-C at a terminal reaches it too, and it would print a traceback.
            watchdog.ready()
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                loop = asyncio.get_running_loop()
                work = loop.run_in_executor(child, _in_child, suspend, backend, count)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for each in multiprocessing.active_children():
                watchdog.watch(each.pid or 0, group=False)
            try:
                costs[backend] = await work
            except StackswitchError as error:
                measurement.skip(backend, error)
        finally:
            child.shutdown(wait=False, cancel_futures=True)
    return costs


def _in_child(suspend: Suspend, backend: str, count: int) -> Cost:
    return asyncio.run(suspend(backend, count))


async def _on_one_instance(backend: str, count: int) -> Cost:
    gate = Gate()
    async with open_guest(WAT, backend=backend, imports=imports(gate), concurrent=True) as guest:
        return await _suspend(gate, count, partial(guest.call, "hold", _DEPTH))


async def _on_many_instances(backend: str, count: int) -> Cost:
    gate = Gate()
    module, _ = await open_module(await request_for(gate), backend)
    made: list[GuestInstance] = []

    async def call() -> None:
        instance = await module.instantiate(CallState(START))
        made.append(instance)
        await instance.call("hold", (_DEPTH,), CallState("hold"))

    try:
        return await _suspend(gate, count, call)
    finally:
        for instance in made:
            await instance.aclose()
        await module.aclose()


async def _suspend(gate: Gate, count: int, call: Callable[[], Awaitable[object]]) -> Cost:
    """Have so many calls suspended at once; return what each took."""
    gate.opened.set()
    for _ in range(10):  # what is made once is there before anything is measured
        await call()
    gate.opened.clear()
    before, started = resident(), time.perf_counter()
    tasks = [asyncio.ensure_future(call()) for _ in range(count)]
    expected = gate.calls + count
    while gate.calls < expected and not any(each.done() for each in tasks):  # noqa: ASYNC110 (no event for it)
        await asyncio.sleep(_POLL_S)
    paused = time.perf_counter()
    memory = resident().since(before, count)
    started += time.perf_counter() - paused
    gate.opened.set()
    await asyncio.gather(*tasks)
    return Cost((time.perf_counter() - started) / count * 1e6, memory)


def _memory_figures(case: str, costs: dict[str, Cost]) -> list[Figure]:
    rss = {name: [cost.memory.rss] for name, cost in costs.items()}
    pss = {name: [cost.memory.pss] for name, cost in costs.items()}
    return [*figures("at rest", case, "KiB each", rss), *figures("at rest", case, "KiB each, PSS", pss)]


async def growth(measurement: Measurement) -> None:
    """A million calls with a wait in each: what the process grows by after the first tenth."""
    calls = 10_000 if measurement.quick else 1_000_000
    case = f"from {calls // 10:,} calls to {calls:,}"
    grown: dict[str, list[float]] = {}
    async with measurement.guests(sleep_once) as guests:
        for name, guest in guests.items():
            before = await _resident_after(guest, calls // 10)
            grown[name] = [await _resident_after(guest, calls - calls // 10) - before]
            if not measurement.quick and name in SUSPENDED_KIB:  # Node's heap grows and shrinks by itself
                found = goal(f"{name}, growth {case}", "at most", GROWTH_KIB, grown[name][0], "KiB")
                measurement.goals.append(found)
    measurement.figures += figures("growth", case, "KiB", grown)


async def _resident_after(guest: Guest, count: int) -> float:
    for _ in range(count):
        await guest.call("run", 3, 1)
    return resident().rss
