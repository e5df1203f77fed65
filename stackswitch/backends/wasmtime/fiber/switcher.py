"""Fibers as the sessions use them (see ``switcher``): one runtime for all instances of a store."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..c_stack import CStack
from ..call import ExportedFunction
from ..capi import Extern
from ..compiled import CompiledModule
from ..instance import ModuleInstance, ScriptError
from ..stacks import Place
from ..switcher import LinkedFunction, SwitcherOptions
from .buffers import BufferPool, CallBuffers
from .call import FiberCall, FiberImport, InstanceCalls
from .engine import FiberEngine
from .runtime import FiberRuntime
from .values import ValueArray


class FiberStore:
    """See ``switcher.SwitcherStore``.

    :param yields: let the event loop run at each of wasmtime's ticks while a guest computes
    """

    always_suspends = True
    reads_at_ticks = False

    def __init__(
        self,
        engine: FiberEngine,
        modules: Sequence[CompiledModule],
        options: SwitcherOptions,
        *,
        yields: bool = False,
    ) -> None:
        self.store = engine.yielding_store()
        self.runtime = FiberRuntime(engine.fibers, self.store, options, modules, yields=yields)
        self._instances: list[InstanceCalls] = []

    def values(self, kinds: tuple[str, ...], *, given: bool = False) -> ValueArray:
        """Return what reads and writes values in arrays of ``wasmtime_val_t``."""
        return ValueArray(kinds, self.store.references, given=given)

    def add(self, instance: ModuleInstance, compiled: CompiledModule) -> FiberSwitcher:
        """Return the switcher of an instance."""
        switcher = FiberSwitcher(self.runtime, instance, compiled)
        self._instances.append(switcher.calls)
        return switcher

    def depth(self) -> int:
        """Return 0: each call has a stack of its own."""
        return 0

    def blocking(self) -> Any:
        """Return the note of the oldest call that waits for one which must not wait.

        The event loop can stop all others.
        """
        for each in self._instances:
            call = each.running[-1] if each.running else None
            if call is not None and not call.may_wait:
                while call.parent is not None:
                    call = call.parent
                return call.note
        return None

    def close(self) -> None:
        """Free the calls under way, then the store."""
        self.runtime.close()


class FiberSwitcher:
    """See ``switcher.Switcher``."""

    def __init__(self, runtime: FiberRuntime, instance: ModuleInstance, compiled: CompiledModule) -> None:
        self._runtime = runtime
        self._instance = instance
        self._compiled = compiled
        self.calls = InstanceCalls()
        self.finish = runtime.finish
        self.finish_now = runtime.finish_now

    async def instantiate(
        self, imports: Sequence[Extern | LinkedFunction], note: Any, *, may_wait: bool = True
    ) -> None:
        """Link the imports and make the instance; its start function may wait.

        :raises ScriptError: an import is listed twice, with two types
        """
        api, store = self._runtime.api, self._runtime.store
        linker = api.wasmtime_linker_new(store.engine.ptr())
        try:
            self._link(linker, imports)
            begin = partial(
                api.wasmtime_linker_instantiate_async,
                linker,
                store.context,
                self._compiled.code.ptr(),
                self._instance.handle,
            )
            call = note.backend_call = FiberCall(self.calls, CallBuffers(begin), (), note, may_wait=may_wait)
            if may_wait:
                await self._runtime.finish(call)
            else:
                self._runtime.finish_now(call)
        finally:
            api.wasmtime_linker_delete(linker)

    def _link(self, linker: int, imports: Sequence[Extern | LinkedFunction]) -> None:
        """Define the imports in wasmtime's linker: the C API links asynchronous functions in no other way."""
        runtime, module = self._runtime, self._compiled.module
        api, callback = runtime.api, runtime.callback
        types: dict[tuple[str, str], object] = {}
        for each, linked in zip(module.imports, imports, strict=True):
            key = (each.module, each.name)
            type_ = each.kind, module.function_type(each.index) if each.kind == "func" else each.index
            if key in types:
                if types[key] != type_:
                    raise ScriptError(f"{each.module}.{each.name} is imported with two types")
                continue
            types[key] = type_
            first, second = each.module.encode(), each.name.encode()
            name = first, len(first), second, len(second)
            if isinstance(linked, Extern):
                error = api.wasmtime_linker_define(linker, runtime.store.context, *name, linked)
            else:
                read, write = linked.params.reader(), linked.results.writer()
                number = runtime.add(FiberImport(linked.name, read, write, linked.serve, linked.waits))
                environment = callback.environment(number)
                error = api.wasmtime_linker_define_async_func(
                    linker, *name, linked.type.ptr(), callback.address, environment, None
                )
            if error:
                raise runtime.store.taken(error)

    def connect(self, c_stack: CStack | None) -> None:
        """Note the C stack: there is nothing else to look up."""
        self.calls.c_stack = c_stack

    def call(
        self,
        function: ExportedFunction,
        args: Sequence[Any],
        note: Any,
        *,
        may_wait: bool,
        parent: Any = None,
    ) -> FiberCall:
        """Return a call, not yet begun."""
        pool = function.buffers
        if pool is None:
            runtime = self._runtime
            pool = function.buffers = BufferPool(
                runtime.api, runtime.store.context, function.at, function.params, function.results
            )
        call = note.backend_call = FiberCall(
            self.calls, pool.take(), args, note, may_wait=may_wait, parent=parent
        )
        return call

    def read_stack(self, call: Any) -> tuple[Place, ...]:
        """Return the stack that was sampled when the call came to its host function."""
        frames: tuple[Place, ...] = call.frames
        return frames
