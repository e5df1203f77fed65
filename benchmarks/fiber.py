"""What a suspension costs on a fiber, by depth, beside what ``await asyncio.sleep(0)`` alone takes.

    python benchmarks/fiber.py [--rounds 7] [--json FILE]

A guest waits N times in a loop under a stack of so many frames, each wait an ``await asyncio.sleep(0)``; in
alternating rounds the sleeps alone are timed: the best of the rounds, and the median, least and greatest
ratio. Then calls that do not wait, plain imports, and what a call takes in memory that is set aside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch.backends.wasmtime.capi import Handle
from stackswitch.backends.wasmtime.fiber import FiberEngine
from stackswitch.backends.wasmtime.fibercall import FiberCall, Fibers, HostFunction, Side
from stackswitch.backends.wasmtime.fiberlink import Linker, array_of, calling, making
from stackswitch.backends.wasmtime.fiberworld import FiberInstance
from stackswitch.wasm.module import parse_module

GUEST = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
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
  (func (export "plain") (param $count i32) (result i32)
    (loop $again
      (drop (call $plain (local.get $count)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (i32.const 0))
  (func (export "nothing") (result i32) (i32.const 1)))"""


class Guest:
    """An instance on fibers, as a library would make it: no stacks are read."""

    def __init__(self, engine: FiberEngine, wat: str, functions: dict[str, Callable[..., Any]]) -> None:
        wasm = bytes(wasmtime.wat2wasm(wat))
        self.store = engine.yielding_store()
        self.fibers = Fibers(engine.fibers, self.store, catches=False, is_over=lambda: False)
        module, compiled, handle = parse_module(wasm), engine.compile(wasm), Handle()
        self.instance = FiberInstance("main", self.store, module, handle, frozenset())
        self.side = Side()
        linker = Linker(self.fibers)
        for each, theirs in zip(module.imports, compiled.imports, strict=True):
            type_ = module.function_type(each.index)
            params, results = self.instance.codec(type_.params), self.instance.codec(type_.results)
            function = HostFunction(
                each.name,
                array_of(self.store, params).read,
                array_of(self.store, results).write,
                _serving(functions[each.name]),
            )
            linker.define_function(each.module, each.name, theirs.type, function)
        self.fibers.finish_now(making(linker, self.side, compiled, handle, may_wait=False))
        linker.close()

    async def call(self, export: str, *args: int) -> int:
        return (await self.fibers.finish(self._call(export, args)))[0] or 0

    def call_now(self, export: str, *args: int) -> int:
        return self.fibers.finish_now(self._call(export, args))[0] or 0

    def _call(self, export: str, args: tuple[int, ...]) -> FiberCall:
        return calling(self.fibers, self.side, self.instance.function(export), args, may_wait=True)


def _serving(function: Callable[..., Any]) -> Callable[[FiberCall, Any], Any]:
    return lambda _call, args: function(*args)


async def wait(number: int) -> tuple[int]:
    await asyncio.sleep(0)
    return (number & 1,)


async def sleeps(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def timed(work: Awaitable[object], count: int) -> float:
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) / count * 1e6


def resident_kib() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


async def suspensions(guest: Guest, rounds: int, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for depth in (1, 100, 1000):
        pairs = []
        for _ in range(rounds):
            alone = await timed(sleeps(count), count)
            pairs.append((await timed(guest.call("run", depth, count), count), alone))
        ratios = sorted(ours / alone for ours, alone in pairs)
        found[str(depth)] = {
            "best_wait_us": min(ours for ours, _ in pairs),
            "best_sleep_us": min(alone for _, alone in pairs),
            "ratio": statistics.median(ratios),
            "ratio_least": ratios[0],
            "ratio_most": ratios[-1],
        }
    return found


async def at_once(engine: FiberEngine, calls: int) -> dict[str, Any]:
    """So many calls set aside at once on one instance: time and memory of each."""
    gate = asyncio.Event()

    async def hold(number: int) -> tuple[int]:
        await gate.wait()
        return (number,)

    guest = Guest(engine, GUEST, {"wait": hold, "plain": lambda _: (0,)})
    await asyncio.sleep(0)
    before, started = resident_kib(), time.perf_counter()
    tasks = [asyncio.ensure_future(guest.call("run", 10, 1)) for _ in range(calls)]
    await asyncio.sleep(0)
    while guest.fibers.live < calls:  # noqa: ASYNC110 (the loop has to turn, whatever becomes of them)
        await asyncio.sleep(0)
    held = resident_kib()
    gate.set()
    await asyncio.gather(*tasks)
    took = time.perf_counter() - started
    guest.fibers.close()
    return {"calls": calls, "kib_each": (held - before) / calls, "us_each": took / calls * 1e6}


async def main(rounds: int, count: int) -> dict[str, Any]:
    engine = FiberEngine()
    guest = Guest(engine, GUEST, {"wait": wait, "plain": lambda number: (number,)})
    found: dict[str, Any] = {"python": sys.version.split()[0], "wasmtime": engine.version}
    found["suspension"] = await suspensions(guest, rounds, count)

    async def calls() -> None:
        for _ in range(2000):
            guest.call_now("nothing")

    async def plain() -> None:
        guest.call_now("plain", 2000)

    async def best(work: Callable[[], Coroutine[Any, Any, None]]) -> float:
        return min([await timed(work(), 2000) for _ in range(rounds)])

    found["call_us"] = await best(calls)
    found["plain_import_us"] = await best(plain)
    guest.fibers.close()
    found["at_once"] = [await at_once(engine, calls) for calls in (1000, 10_000)]
    engine.close()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = asyncio.run(main(options.rounds, options.count))
    text = json.dumps(result, indent=2)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)
