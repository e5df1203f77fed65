"""What a wait costs through the library on asyncify and fiber, beside ``await asyncio.sleep(0)`` alone.

    python benchmarks/library.py [--rounds 25] [--count 1500]
    python benchmarks/library.py --calls 1000000

In alternating rounds, by the CPU time of the thread, so that a busy machine shows less: a guest waits
``count`` times under a stack of so many frames; then what a call takes in memory that is set aside, 10,000 at
once on one instance. With ``--calls``: what the process has grown by after so many calls, each with a wait.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import stackswitch

GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $loop (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $count))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func $down (export "run") (param $depth i32) (param $count i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $depth) (i32.const 1))
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $count)))
      (else (call $loop (local.get $count)))))
  (func (export "nothing") (result i32) (i32.const 1)))"""
BACKENDS = ("asyncify", "fiber")


async def wait(_caller: stackswitch.Caller, number: int) -> int:
    await asyncio.sleep(0)
    return number


async def sleeps(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def calls(guest: Any, count: int) -> None:
    for _ in range(count):
        await guest.call("nothing")


async def timed(work: Awaitable[object], count: int) -> float:
    started = time.thread_time()
    await work
    return (time.thread_time() - started) / count * 1e6


def resident_kib() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 1024


async def held(backend: str, count: int) -> float:
    gate = asyncio.Event()

    async def hold(_caller: stackswitch.Caller, number: int) -> int:
        await gate.wait()
        return number

    async with await stackswitch.open(
        GUEST, backend=backend, imports={"env.wait": hold}, concurrent=True
    ) as guest:
        before = resident_kib()
        tasks = [asyncio.ensure_future(guest.call("run", 10, 1)) for _ in range(count)]
        while len(guest.suspended()) < count:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.05)
        found = (resident_kib() - before) / count
        gate.set()
        await asyncio.gather(*tasks)
    return found


async def grown(backend: str, count: int) -> None:
    async with await stackswitch.open(GUEST, backend=backend, imports={"env.wait": wait}) as guest:

        async def some(share: int) -> float:
            for _ in range(share):
                await guest.call("run", 3, 1)
            return resident_kib()

        before = await some(count // 10)
        after = await some(count - count // 10)
        print(
            f"{backend}: {before:.0f} KiB resident after {count // 10} calls, {after:.0f} after {count}"
            f" ({after - before:+.0f})",
            flush=True,
        )


async def grow(count: int) -> None:
    for backend in (*BACKENDS, "jspi"):
        await grown(backend, count)


async def main(rounds: int, count: int) -> None:
    guests = {
        each: await stackswitch.open(GUEST, backend=each, imports={"env.wait": wait}) for each in BACKENDS
    }
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for depth in (1, 100, 1000):
            alone = await timed(sleeps(count), count)
            for name, guest in guests.items():
                took = await timed(guest.call("run", depth, count), count)
                found.setdefault((name, depth), []).append((took, alone))
    for (name, depth), pairs in sorted(found.items()):
        ratios = sorted((took - alone) / alone for took, alone in pairs)
        print(
            f"{name}, {depth} frames: best {min(took for took, _ in pairs):.2f} us, the sleep"
            f" {min(alone for _, alone in pairs):.2f}; beyond the sleep {statistics.median(ratios):.2f} of it"
            f" ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    for name, guest in guests.items():
        print(f"{name}, a call: {min([await timed(calls(guest, count), count) for _ in range(5)]):.2f} us")
        await guest.aclose()
    for name in BACKENDS:
        print(f"{name}, 10,000 calls set aside: {await held(name, 10_000):.1f} KiB each")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--calls", type=int)
    options = parser.parse_args()
    asyncio.run(grow(options.calls) if options.calls else main(options.rounds, options.count))
