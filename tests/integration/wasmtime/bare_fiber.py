"""A guest on fibers below the library, for scripts that try to end the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch.backends.wasmtime.capi import Handle
from stackswitch.backends.wasmtime.cases.fiber_session import FiberCaseInstance
from stackswitch.backends.wasmtime.fiber.engine import FiberEngine
from stackswitch.backends.wasmtime.fiber.linker import Linker, array_of, calling, making
from stackswitch.backends.wasmtime.fiber.runtime import FiberCall, FiberRuntime, HostFunction, Side
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
        self.fibers = FiberRuntime(engine.fibers, self.store, catches=False, is_over=lambda: False)
        module, compiled, handle = parse_module(wasm), engine.compile(wasm), Handle()
        self.instance = FiberCaseInstance("main", self.store, module, handle, frozenset())
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
    return lambda _note, *args: function(*args)


async def wait(number: int) -> tuple[int]:
    await asyncio.sleep(0)
    return (number & 1,)


def resident_kib() -> int:
    """How much memory the process has."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
