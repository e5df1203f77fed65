"""A guest on fibers below the library, for scripts that try to end the process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch.backends.wasmtime.call import CallContext
from stackswitch.backends.wasmtime.compiled import CompiledModule
from stackswitch.backends.wasmtime.fiber.call import FiberCall
from stackswitch.backends.wasmtime.fiber.engine import FiberEngine
from stackswitch.backends.wasmtime.fiber.switcher import FiberStore
from stackswitch.backends.wasmtime.instance import ModuleInstance
from stackswitch.backends.wasmtime.switcher import LinkedFunction, SwitcherOptions

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
        compiled = CompiledModule(engine, bytes(wasmtime.wat2wasm(wat)))
        opened = FiberStore(engine, [compiled], SwitcherOptions(is_over=lambda: False))
        self.store, self.runtime = opened.store, opened.runtime
        module = compiled.module
        self.instance = ModuleInstance("main", self.store, module, lambda kinds, _: opened.values(kinds))
        self.switcher = opened.add(self.instance, compiled)
        imports = []
        for each, theirs in zip(module.imports, compiled.imports, strict=True):
            type_ = module.function_type(each.index)
            params, results = self.instance.codec(type_.params), self.instance.codec(type_.results)
            serve = _serving(functions[each.name])
            imports.append(
                LinkedFunction(each.name, theirs.type, params, results, serve, each.name == "wait")
            )
        making = self.switcher.instantiate(imports, CallContext(), may_wait=False)
        with contextlib.suppress(StopIteration):
            making.send(None)
        self.switcher.connect(None)

    async def call(self, export: str, *args: int) -> int:
        return (await self.runtime.finish(self._call(export, args)))[0] or 0

    def call_now(self, export: str, *args: int) -> int:
        return self.runtime.finish_now(self._call(export, args))[0] or 0

    def _call(self, export: str, args: tuple[int, ...]) -> FiberCall:
        return self.switcher.call(self.instance.function(export), args, CallContext(), may_wait=True)


def _serving(function: Callable[..., Any]) -> Callable[..., Any]:
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
