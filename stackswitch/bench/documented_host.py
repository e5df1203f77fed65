"""A host as the documentation of wasmtime-py shows one: ``Linker.define_func``, each export a ``Func``.

It reads the state with ``asyncify_get_state`` and writes the data block's header before each unwind, as the
host in the opening comment of Binaryen's src/passes/Asyncify.cpp does.
"""

from __future__ import annotations

import asyncio
from typing import Any

import wasmtime

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.binaryen.stack_memory import EXPORT_NAME, with_stack_memory
from stackswitch.wasm.asyncified import CONTROL_EXPORTS
from stackswitch.wasm.module import parse_module

_HEADER, _BLOCK_END = 16, 1 << 20
_UNWINDING, _REWINDING = 1, 2


async def instrumented(wat: bytes, *, own_memory: bool = True) -> bytes:
    """Return a module's Asyncify build.

    :param own_memory: whether saved stacks get a memory of their own
    """
    binaryen = await open_binaryen()
    try:
        module = parse_module(bytes(wasmtime.wat2wasm(wat)))
        request = AsyncifyRequest(
            wasm=with_stack_memory(module) if own_memory else module.data,
            imports=("env.wait",),
            optimize_level=2,
            memory=EXPORT_NAME if own_memory else None,
        )
        return (await binaryen.asyncify(request)).wasm
    finally:
        await binaryen.aclose()


class DocumentedHost:
    """Runs the guest, with eight calls of a ``Func`` for each suspension."""

    def __init__(self, wasm: bytes) -> None:
        engine = wasmtime.Engine()
        self._store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        i32 = wasmtime.ValType.i32()
        type_ = wasmtime.FuncType([i32], [i32])
        linker.define_func("env", "wait", type_, self._wait)
        linker.define_func("env", "plain", type_, lambda number: number)
        exports: Any = linker.instantiate(self._store, wasmtime.Module(engine, wasm)).exports(self._store)
        self._exports = exports
        self._state = exports["asyncify_get_state"]
        self._start_unwind, self._stop_unwind, self._start_rewind, self._stop_rewind = (
            exports[each] for each in CONTROL_EXPORTS
        )
        self._memory = exports[EXPORT_NAME]
        self._waiting = self._result = 0

    def _wait(self, number: int) -> int:
        if self._state(self._store) == _REWINDING:
            self._stop_rewind(self._store)
            return self._result
        self._waiting = number
        header = (_HEADER + 8).to_bytes(4, "little") + _BLOCK_END.to_bytes(4, "little")
        self._memory.write(self._store, header, _HEADER)
        self._start_unwind(self._store, _HEADER)
        return 0

    async def call(self, name: str, *arguments: int) -> int:
        """Call an export; each wait is an ``await asyncio.sleep(0)``."""
        function = self._exports[name]
        result: int = function(self._store, *arguments)
        while self._state(self._store) == _UNWINDING:
            self._stop_unwind(self._store)
            await asyncio.sleep(0)
            self._result = self._waiting & 1
            self._start_rewind(self._store, _HEADER)
            result = function(self._store, *arguments)
        return result

    def close(self) -> None:
        """Free the store."""
        self._store.close()
