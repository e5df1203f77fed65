"""What one suspension costs: on our switch, and on a host written as the wasmtime-py documentation shows.

    python benchmarks/suspension.py [--rounds 7] [--json FILE]

All run one build, in one process, in alternating rounds: a guest that waits N times in a loop, under a stack
of 2, 10, 100 or 1000 frames. Ratios are taken round by round; their median, least and greatest are shown.

- ``ours``: the switch of the ``asyncify`` backend; ``captured``: the same, with the stack read at each wait.
- ``documented``: ``Linker.define_func``, ``Linker.instantiate``, exports fetched once, each function of the
  guest called as a ``Func``. Where the guest is, is asked of ``asyncify_get_state`` (once in each call of
  the import, once after each call of the export), and the data block's header is written before each unwind:
  as Binaryen's opening comment in src/passes/Asyncify.cpp shows a host. Eight calls of a ``Func`` a wait.
- ``lean``: the same by someone who counts: the state is kept in Python, the header written once. Five calls.
  Fewer it cannot be by that interface: start and stop an unwind, start and stop a rewind, the export.
- ``sleep``: the turn of the event loop alone, which all others contain.

Each wait is an ``await asyncio.sleep(0)``. The second part has no event loop: each wait yields once, and the
coroutine is sent on at once, so what is measured is the suspension and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import statistics
import sys
import time
import types
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch.backends.wasmtime.adapter import CONTROLS, Adapter, shape_of
from stackswitch.backends.wasmtime.area import own_memory
from stackswitch.backends.wasmtime.capi import Extern, Handle
from stackswitch.backends.wasmtime.engine import Engine
from stackswitch.backends.wasmtime.imports import adapted_import
from stackswitch.backends.wasmtime.instance import GuestInstance
from stackswitch.backends.wasmtime.stacks import StackReader
from stackswitch.backends.wasmtime.switch import Switch
from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.binaryen.ownmemory import (
    EXPORT_NAME,
    LOAD_EXPORT_NAME,
    with_load_exported,
    with_own_memory,
)
from stackswitch.wasm.module import parse_module

GUEST = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $loop (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $count))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func $down (export "run") (param $depth i32) (param $count i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $depth) (i32.const 2))
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $count)))
      (else (call $loop (local.get $count))))))"""
DEPTHS = (2, 10, 100, 1000)
"""Frames below a wait; ``run`` and ``loop`` are the fewest."""


async def build() -> bytes:
    binaryen = await open_binaryen()
    try:
        module = parse_module(bytes(wasmtime.wat2wasm(GUEST)))
        request = AsyncifyRequest(
            wasm=with_own_memory(module), imports=("env.wait",), optimize_level=2, memory=EXPORT_NAME
        )
        return with_load_exported((await binaryen.asyncify(request)).wasm)
    finally:
        await binaryen.aclose()


class Ours:
    """The switch that the backend runs on."""

    def __init__(self, engine: Engine, wasm: bytes, *, capture: bool) -> None:
        self.store = engine.store(lambda: False)
        self.turn: Turn = through_asyncio
        module, compiled = parse_module(wasm), engine.compile(wasm)
        handle = Handle()
        guest = GuestInstance("main", self.store, module, handle, frozenset((EXPORT_NAME,)))
        api, store = engine.api, self.store
        reader = StackReader(api, store, [compiled], [module.imported_function_count])

        def area() -> Any:
            memory = guest.extern(EXPORT_NAME, "memory")
            store.keep(memory)
            return own_memory(api, store.context, ctypes.addressof(memory) + 8, None)

        self.switch = Switch(store, area, on_suspend=(lambda *_: reader.read()) if capture else None)
        kinds = guest.codec(("i32",))

        async def wait(_call: Any, args: Any) -> tuple[int]:
            await self.turn()
            return (args[0] & 1,)

        shape = shape_of(module, (0,))
        if shape is None:
            raise SystemExit("the guest takes no adapter")
        adapter = Adapter(engine, store, shape)
        adapter.add_host(adapted_import(self.switch, adapter, 0, kinds, kinds, wait, "env.wait"))
        adapter.instantiate()
        externs = (Extern * 1)(adapter.extern("i0"))
        error = api.wasmtime_instance_new(
            store.context,
            ctypes.cast(compiled.ptr(), ctypes.c_void_p),
            ctypes.addressof(externs),
            1,
            ctypes.addressof(handle),
            store.trap_at,
        )
        if error or store.trap.value:
            raise store.taken(error)
        self.switch.connect(
            {each: guest.function(f"asyncify_{each}") for each in CONTROLS},
            None,
            adapter,
            guest.function(LOAD_EXPORT_NAME),
        )
        self.run_export = guest.function("run")

    async def run(self, depth: int, count: int) -> int:
        result = (await self.switch.call(self.run_export, (depth, count)))[0]
        return result or 0


class AsDocumented:
    """The same with ``Func``, ``Linker`` and Python values, as wasmtime-py's documentation shows them."""

    HEADER, BLOCK_END = 16, 1 << 20
    UNWINDING, REWINDING = 1, 2

    def __init__(self, engine: wasmtime.Engine, wasm: bytes) -> None:
        self.turn: Turn = through_asyncio
        self.store = wasmtime.Store(engine)
        self.store.set_epoch_deadline(1 << 40)
        linker = wasmtime.Linker(engine)
        i32 = wasmtime.ValType.i32()
        linker.define_func("env", "wait", wasmtime.FuncType([i32], [i32]), self._wait)
        exports = linker.instantiate(self.store, wasmtime.Module(engine, wasm)).exports(self.store)
        self.guest, self.get_state = exports["run"], exports["asyncify_get_state"]
        self.start_unwind, self.stop_unwind = (
            exports["asyncify_start_unwind"],
            exports["asyncify_stop_unwind"],
        )
        self.start_rewind, self.stop_rewind = (
            exports["asyncify_start_rewind"],
            exports["asyncify_stop_rewind"],
        )
        self.memory = exports[EXPORT_NAME]
        self.waiting: int | None = None
        self.result = 0
        self.write_header()

    def write_header(self) -> None:
        header = (self.HEADER + 8).to_bytes(4, "little") + self.BLOCK_END.to_bytes(4, "little")
        self.memory.write(self.store, header, self.HEADER)

    def _wait(self, number: int) -> int:
        if self.get_state(self.store) == self.REWINDING:
            self.stop_rewind(self.store)
            return self.result
        self.waiting = number
        self.write_header()
        self.start_unwind(self.store, self.HEADER)
        return 0

    async def run(self, depth: int, count: int) -> int:
        result: int = self.guest(self.store, depth, count)
        while self.get_state(self.store) == self.UNWINDING:
            self.stop_unwind(self.store)
            await self.turn()
            self.result = (self.waiting or 0) & 1
            self.start_rewind(self.store, self.HEADER)
            result = self.guest(self.store, depth, count)
        return result


class Lean(AsDocumented):
    """The same, the state kept in Python and the header written once."""

    rewinding = False

    def _wait(self, number: int) -> int:
        if self.rewinding:
            self.stop_rewind(self.store)
            self.rewinding = False
            return self.result
        self.waiting = number
        self.start_unwind(self.store, self.HEADER)
        return 0

    async def run(self, depth: int, count: int) -> int:
        result: int = self.guest(self.store, depth, count)
        while self.waiting is not None:
            self.stop_unwind(self.store)
            await self.turn()
            self.result, self.waiting = self.waiting & 1, None
            self.start_rewind(self.store, self.HEADER)
            self.rewinding = True
            result = self.guest(self.store, depth, count)
        return result


class OnlyTurn:
    """The turn that each wait takes, alone."""

    turn = staticmethod(lambda: through_asyncio())

    async def run(self, _depth: int, count: int) -> int:
        for _ in range(count):
            await self.turn()
        return count // 2


Turn = Callable[[], Awaitable[None]]


def through_asyncio() -> Awaitable[None]:
    return asyncio.sleep(0)


@types.coroutine
def by_hand() -> Generator[None, None, None]:
    yield


def drive(awaitable: Awaitable[int]) -> int:
    """Take a coroutine to its end at once."""
    steps = awaitable.__await__()
    try:
        while True:
            next(steps)
    except StopIteration as done:
        result: int = done.value
        return result


def microseconds(host: Any, depth: int, count: int, turn: Turn, loop: asyncio.AbstractEventLoop) -> float:
    """Time one round; the guest's answer is checked."""
    host.turn = turn
    started = time.perf_counter()
    asked = host.run(depth, count)
    result = loop.run_until_complete(asked) if turn is through_asyncio else drive(asked)
    took = time.perf_counter() - started
    if result != count // 2:
        raise SystemExit(f"wrong result: {result}, not {count // 2}")
    return took * 1e6 / count


def spread(ratios: list[float]) -> dict[str, float]:
    return {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}


def measure(rounds: int) -> dict[str, Any]:
    wasm = asyncio.run(build())
    engine, loop = Engine(), asyncio.new_event_loop()
    hosts: dict[str, tuple[Any, int]] = {
        "ours": (Ours(engine, wasm, capture=False), 5_000),
        "documented": (AsDocumented(engine.wasmtime, wasm), 500),
        "lean": (Lean(engine.wasmtime, wasm), 500),
        "captured": (Ours(engine, wasm, capture=True), 1_000),
        "sleep": (OnlyTurn(), 5_000),
    }
    rows: list[dict[str, Any]] = []
    for turn, name in ((through_asyncio, "asyncio"), (by_hand, "no loop")):
        for depth in DEPTHS:
            times: dict[str, list[float]] = {each: [] for each in hosts}
            for _ in range(rounds):
                for each, (host, count) in hosts.items():
                    times[each].append(microseconds(host, depth, count, turn, loop))
            ratios = {
                each: spread([slow / fast for slow, fast in zip(times[each], times["ours"], strict=True)])
                for each in ("documented", "lean")
            }
            shown = {
                each: {"best": min(of), "median": statistics.median(of), "worst": max(of)}
                for each, of in times.items()
            }
            rows.append({"through": name, "frames": depth, "us_per_suspension": shown, "ratio": ratios})
    loop.close()
    for host, _ in hosts.values():
        if not isinstance(host, OnlyTurn):
            host.store.close()
    return {
        "schema_version": 2,
        "rounds": rounds,
        "wasmtime": engine.version,
        "load": os.getloadavg()[0],
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    python = sys.version.split()[0]
    print(
        f"µs per suspension, best (median) of {options.rounds} rounds; wasmtime {found['wasmtime']},"
        f" Python {python}, load average {found['load']:.1f}"
    )
    names = ("documented", "lean", "ours", "captured", "sleep")
    columns = "".join(f"{name:>17}" for name in names)
    print(f"{'through':>8} {'frames':>6}{columns}  documented/ours  lean/ours")
    for row in found["rows"]:
        times = [row["us_per_suspension"][name] for name in names]
        shown = "".join(f"{each['best']:9.2f} ({each['median']:.1f})".rjust(17) for each in times)
        ratios = "  ".join(
            f"{each['median']:.0f} ({each['least']:.0f} to {each['greatest']:.0f})"
            for each in row["ratio"].values()
        )
        print(f"{row['through']:>8} {row['frames']:>6}{shown}  {ratios}")


if __name__ == "__main__":
    main()
