"""What one suspension costs: our raw C-API switch, and a host written as the wasmtime-py documentation shows.

    python benchmarks/suspension.py [--rounds 7] [--json FILE]

Both run one build, in one process, in alternating rounds: a guest that waits N times in a loop, under a
stack of 2 or 100 frames, each wait an ``await asyncio.sleep(0)``. The ratio is taken round by round; its
median, least and greatest are shown. Beside them: what ``await asyncio.sleep(0)`` alone takes, and the
switch with the stack captured at each wait.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
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
MODULE_FRAMES = 2
"""Fewest frames that a wait has below it here: ``run`` and ``loop``."""


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
            await asyncio.sleep(0)
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

    HEADER = 16
    UNWINDING, REWINDING = 1, 2

    def __init__(self, engine: wasmtime.Engine, wasm: bytes) -> None:
        self.store = wasmtime.Store(engine)
        self.store.set_epoch_deadline(1 << 40)
        linker = wasmtime.Linker(engine)
        i32 = wasmtime.ValType.i32()
        linker.define_func("env", "wait", wasmtime.FuncType([i32], [i32]), self._wait)
        instance = linker.instantiate(self.store, wasmtime.Module(engine, wasm))
        self.exports = instance.exports(self.store)
        self.memory = self.exports[EXPORT_NAME]
        self.waiting: int | None = None
        self.result: int | None = None

    def _wait(self, number: int) -> int:
        if self.exports["asyncify_get_state"](self.store) == self.REWINDING:
            self.exports["asyncify_stop_rewind"](self.store)
            assert self.result is not None
            result, self.result = self.result, None
            return result
        self.waiting = number
        start = self.HEADER + 8
        header = start.to_bytes(4, "little") + (1 << 20).to_bytes(4, "little")
        self.memory.write(self.store, header, self.HEADER)
        self.exports["asyncify_start_unwind"](self.store, self.HEADER)
        return 0

    async def run(self, depth: int, count: int) -> int:
        run = self.exports["run"]
        result: int = run(self.store, depth, count)
        while self.exports["asyncify_get_state"](self.store) == self.UNWINDING:
            assert self.waiting is not None
            self.exports["asyncify_stop_unwind"](self.store)
            await asyncio.sleep(0)
            self.result, self.waiting = self.waiting & 1, None
            self.exports["asyncify_start_rewind"](self.store, self.HEADER)
            result = run(self.store, depth, count)
        return result


async def only_sleep(_depth: int, count: int) -> int:
    for _ in range(count):
        await asyncio.sleep(0)
    return count // 2


async def microseconds(run: Callable[[int, int], Awaitable[int]], depth: int, count: int) -> float:
    """Time one round; the guest's answer is checked."""
    started = time.perf_counter()
    result = await run(depth, count)
    took = time.perf_counter() - started
    if result != count // 2:
        raise SystemExit(f"wrong result: {result}, not {count // 2}")
    return took * 1e6 / count


def spread(ratios: list[float]) -> dict[str, float]:
    return {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}


async def measure(rounds: int) -> dict[str, Any]:
    wasm = await build()
    engine = Engine()
    ours = Ours(engine, wasm, capture=False)
    captured = Ours(engine, wasm, capture=True)
    documented = AsDocumented(engine.wasmtime, wasm)
    runs: dict[str, tuple[Callable[[int, int], Awaitable[int]], int]] = {
        "raw": (ours.run, 10_000),
        "documented": (documented.run, 1_000),
        "captured": (captured.run, 2_000),
        "sleep": (only_sleep, 10_000),
    }
    depths: list[dict[str, Any]] = []
    for depth in (MODULE_FRAMES, 100):
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, (run, count) in runs.items():
                times[name].append(await microseconds(run, depth, count))
        rows = zip(times["documented"], times["raw"], times["sleep"], strict=True)
        ratios = [slow / fast for slow, fast, _ in rows]
        rows = zip(times["documented"], times["raw"], times["sleep"], strict=True)
        alone = [(slow - turn) / (fast - turn) for slow, fast, turn in rows]
        depths.append(
            {
                "frames": depth,
                "us_per_suspension": {
                    name: {"best": min(each), "median": statistics.median(each), "worst": max(each)}
                    for name, each in times.items()
                },
                "ratio": spread(ratios),
                "ratio_without_the_turn_of_the_loop": spread(alone),
            }
        )
    ours.store.close()
    captured.store.close()
    documented.store.close()
    return {"schema_version": 1, "rounds": rounds, "wasmtime": engine.version, "depths": depths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(options.rounds))
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    python = sys.version.split()[0]
    print(f"µs per suspension, {options.rounds} rounds, wasmtime {found['wasmtime']}, Python {python}")
    print(f"{'frames':>6} {'':>12} {'best':>8} {'median':>8} {'worst':>8}")
    for each in found["depths"]:
        for name, times in each["us_per_suspension"].items():
            shown = " ".join(f"{times[key]:8.2f}" for key in ("best", "median", "worst"))
            print(f"{each['frames']:>6} {name:>12} {shown}")
        for key in ("ratio", "ratio_without_the_turn_of_the_loop"):
            ratio = each[key]
            print(
                f"{each['frames']:>6} documented / raw, {key.replace('_', ' ')}: {ratio['median']:.1f}"
                f" ({ratio['least']:.1f} to {ratio['greatest']:.1f})"
            )


if __name__ == "__main__":
    main()
