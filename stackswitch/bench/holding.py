"""What takes memory: calls that are set aside on one instance, instances that each have one, many calls."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from stackswitch.backends.guest_protocol import CallState, GuestInstance
from stackswitch.errors import StackswitchError
from stackswitch.guest.guest import START, Guest
from stackswitch.guest.opening import open_guest, open_module
from stackswitch.models.bench import Figure
from stackswitch.tools import watchdog

from .calling import request_for
from .goals import GROWTH_KIB, SUSPENDED_KIB, goal
from .guest import WAT
from .hosts import Found, Holding, imports, sleeps_once
from .resident import Resident, resident
from .rounds import figures

Hold = Callable[[str, int], Coroutine[Any, Any, tuple[float, Resident]]]
"""Has so many calls wait on a backend."""
_DEPTH = 10
_POLL_S = 0.02


async def concurrent(found: Found) -> None:
    """Calls set aside at once on one instance."""
    for calls in (100,) if found.quick else (1000, 10_000):
        held = await _each(found, _calls, calls)
        for name, (_, each) in held.items():
            if calls == 10_000 and name in SUSPENDED_KIB:
                text = f"{name}, {calls:,} suspended calls, each (RSS)"
                found.goals.append(goal(text, "at most", SUSPENDED_KIB[name], each.rss, "KiB"))
        case = f"{calls} calls set aside"
        found.figures += figures("at once", case, "µs", {name: [took] for name, (took, _) in held.items()})
        found.figures += _kib(f"{case}, on one instance", held)


async def instances_at_rest(found: Found) -> None:
    """Instances of which each has a call that is set aside."""
    count = found.count(200)  # on jspi each is a thread, of some 14 MiB
    held = await _each(found, _instances, count)
    found.figures += _kib(f"{count} instances, a call set aside in each", held)


async def _each(found: Found, hold: Hold, count: int) -> dict[str, tuple[float, Resident]]:
    """Do it for each backend, in a process of its own: memory that was let go of would not count again."""
    held = {}
    for backend in found.backends:
        child = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        try:
            # A child inherits the mask: Ctrl-C at a terminal reaches it too, and it would print a traceback.
            watchdog.ready()
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                work = asyncio.get_running_loop().run_in_executor(child, _in_child, hold, backend, count)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for each in multiprocessing.active_children():
                watchdog.watch(each.pid or 0, group=False)
            try:
                held[backend] = await work
            except StackswitchError as error:
                found.skip(backend, error)
        finally:
            child.shutdown(wait=False, cancel_futures=True)
    return held


def _in_child(hold: Hold, backend: str, count: int) -> tuple[float, Resident]:
    return asyncio.run(hold(backend, count))


async def _calls(backend: str, count: int) -> tuple[float, Resident]:
    holding = Holding()
    async with open_guest(WAT, backend=backend, imports=imports(holding), concurrent=True) as guest:
        await _warm(holding, partial(guest.call, "hold", _DEPTH))
        return await _held(holding, count, partial(guest.call, "hold", _DEPTH))


async def _instances(backend: str, count: int) -> tuple[float, Resident]:
    holding = Holding()
    module, _ = await open_module(await request_for(holding), backend)
    made: list[GuestInstance] = []

    async def hold() -> None:
        instance = await module.instantiate(CallState(START))
        made.append(instance)
        await instance.call("hold", (_DEPTH,), CallState("hold"))

    try:
        await _warm(holding, hold)
        return await _held(holding, count, hold)
    finally:
        for instance in made:
            await instance.aclose()
        await module.aclose()


async def _warm(holding: Holding, call: Callable[[], Awaitable[object]]) -> None:
    """Do it a few times, so that what is made once is there."""
    holding.gate.set()
    for _ in range(10):
        await call()
    holding.gate.clear()


async def _held(
    holding: Holding, count: int, call: Callable[[], Awaitable[object]]
) -> tuple[float, Resident]:
    """Have so many calls wait at once; return what each took of time (µs) and memory, its task included."""
    before, started = resident(), time.perf_counter()
    # Nothing tells when the last of them waits but looking.
    tasks = [asyncio.ensure_future(call()) for _ in range(count)]
    held = holding.held + count
    while holding.held < held and not any(each.done() for each in tasks):  # noqa: ASYNC110 (see above)
        await asyncio.sleep(_POLL_S)
    paused = time.perf_counter()
    found = resident().since(before, count)
    started += time.perf_counter() - paused
    holding.gate.set()
    await asyncio.gather(*tasks)
    return (time.perf_counter() - started) / count * 1e6, found


def _kib(case: str, held: dict[str, tuple[float, Resident]]) -> list[Figure]:
    return [
        *figures("at rest", case, "KiB each", {name: [each.rss] for name, (_, each) in held.items()}),
        *figures("at rest", case, "KiB each, PSS", {name: [each.pss] for name, (_, each) in held.items()}),
    ]


async def growth(found: Found) -> None:
    """A million calls with a wait in each: what the process grows by after the first tenth."""
    calls = 10_000 if found.quick else 1_000_000
    case = f"from {calls // 10:,} calls to {calls:,}"
    grown: dict[str, list[float]] = {}
    async with found.guests(sleeps_once) as guests:
        for name, guest in guests.items():

            async def some(count: int, guest: Guest = guest) -> float:
                for _ in range(count):
                    await guest.call("run", 3, 1)
                return resident().rss

            before = await some(calls // 10)
            grown[name] = [await some(calls - calls // 10) - before]
            if not found.quick and name in SUSPENDED_KIB:  # a heap of Node's has a will of its own
                found.goals.append(
                    goal(f"{name}, growth {case}", "at most", GROWTH_KIB, grown[name][0], "KiB")
                )
    found.figures += figures("growth", case, "KiB", grown)
