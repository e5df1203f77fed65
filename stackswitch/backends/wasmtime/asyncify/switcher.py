"""Asyncify as the sessions use it (see ``switcher``): a runtime for each instance of a store."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from stackswitch.binaryen.stack_memory import EXPORT_NAME, LOAD_EXPORT_NAME

from ..c_stack import CStack
from ..call import ExportedFunction
from ..capi import Extern
from ..compiled import CompiledModule
from ..engine import WasmtimeEngine
from ..errors import NoRoomError
from ..instance import ModuleInstance
from ..stacks import Place, StackReader
from ..switcher import LinkedFunction, SwitcherOptions
from ..values import SlotCodec
from .adapter import CONTROLS, Adapter, host_function, shape_of
from .asyncify_data import AsyncifyData, guest_memory, own_memory
from .call import AsyncifyCall
from .fast_path import adapted_import, finish
from .imports import direct_import
from .runtime import AsyncifyRuntime
from .state_machine import NORMAL


class AsyncifyStore:
    """See ``switcher.SwitcherStore``.

    :param buffer_bytes: the most that a saved stack may take; None: as much as there is
    """

    always_suspends = False
    reads_at_ticks = True

    def __init__(
        self,
        engine: WasmtimeEngine,
        modules: Sequence[CompiledModule],
        options: SwitcherOptions,
        *,
        buffer_bytes: int | None = None,
    ) -> None:
        self.engine = engine
        self.options = options
        self.buffer_bytes = buffer_bytes
        self.runtimes: list[AsyncifyRuntime] = []
        self.starting: list[Any] = [None]
        self.store = engine.store(self._is_over)
        self.reader = StackReader(self.store, modules)

    def _is_over(self) -> bool:
        now = time.thread_time()  # of this thread, so that a pause on a busy machine does not count
        return any(each.check_progress(now) for each in self.runtimes) or self.options.is_over()

    def values(self, kinds: tuple[str, ...], *, given: bool = False) -> SlotCodec:
        """Return what reads and writes values in slots."""
        return SlotCodec(kinds, self.store.references)

    def add(self, instance: ModuleInstance, compiled: CompiledModule) -> AsyncifySwitcher:
        """Return the switcher of an instance."""
        switcher = AsyncifySwitcher(self, instance, compiled)
        self.runtimes.append(switcher.runtime)
        return switcher

    def depth(self) -> int:
        """Return how many frames there are: all calls share the thread's stack."""
        return len(self.reader.read()) if any(each.machine.running for each in self.runtimes) else 0

    def blocking(self) -> Any:
        """Return the note of the oldest call on the thread's stack; None while a stack is being switched."""
        for each in self.runtimes:
            if each.machine.state != NORMAL:
                return None  # at the next tick, when the guest's stack can be read
            if each.machine.running:
                return each.machine.running[0].note
        return self.starting[0]

    def close(self) -> None:
        """Free the store."""
        self.store.close()


class AsyncifySwitcher:
    """See ``switcher.Switcher``."""

    def __init__(self, owner: AsyncifyStore, instance: ModuleInstance, compiled: CompiledModule) -> None:
        options, self._reader = owner.options, owner.reader
        self._engine = owner.engine
        self._store = owner.store
        self._starting = owner.starting
        self._instance = instance
        self._compiled = compiled
        self._adapter: Adapter | None = None
        self.runtime = AsyncifyRuntime(
            owner.store,
            options,
            partial(_asyncify_data, instance, owner.buffer_bytes),
            owner.reader.read,
            catches=options.catchable and compiled.knows_exceptions,
        )
        self.finish = partial(finish, self.runtime)
        self.finish_now = self.runtime.finish_now

    async def instantiate(
        self, imports: Sequence[Extern | LinkedFunction], note: Any, *, may_wait: bool = True
    ) -> None:
        """Link the imports and make the instance; its start function cannot wait."""
        store, module = self._store, self._compiled.module
        self._starting[0] = note
        try:
            with store.unlimited() if store.counts_fuel else contextlib.nullcontext():
                adapter = self._adapter = self._make_adapter(imports)
            numbers = adapter.shape.imports if adapter is not None else {}
            linked = []
            for each, found in zip(module.imports, imports, strict=True):
                if isinstance(found, Extern):
                    linked.append(found)
                elif adapter is not None and each.index in numbers:
                    linked.append(adapter.extern(f"i{numbers[each.index]}"))
                else:
                    callback = direct_import(self.runtime, found, self._starting)
                    store.keep(callback, found.type)
                    linked.append(host_function(store, callback, found.type))
            store.instantiate(self._compiled.code, linked, self._instance.handle)
        finally:
            self._starting[0] = None

    def _make_adapter(self, imports: Sequence[Extern | LinkedFunction]) -> Adapter | None:
        """Make the instance's adapter, with all the waiting imports that it serves."""
        module, shapes = self._compiled.module, self._compiled.shapes
        waiting = {
            each.index: found
            for each, found in zip(module.imports, imports, strict=True)
            if isinstance(found, LinkedFunction) and found.waits
        }
        key = tuple(waiting)
        if key not in shapes:
            shapes[key] = shape_of(module, key)
        shape = shapes[key]
        if shape is None:
            return None
        adapter = Adapter(self._engine, self._store, shape)
        for index, number in shape.imports.items():
            adapter.add_host(adapted_import(self.runtime, adapter, number, waiting[index]))
        adapter.instantiate()
        return adapter

    def connect(self, c_stack: CStack | None) -> None:
        """Look up the control functions; without them no call can be suspended."""
        instance = self._instance
        if instance.has("asyncify_start_unwind", "func"):
            controls = {each: instance.function(f"asyncify_{each}") for each in CONTROLS}
            load = instance.function(LOAD_EXPORT_NAME) if instance.has(LOAD_EXPORT_NAME, "func") else None
            self.runtime.connect(controls, c_stack, self._adapter, load)
        else:
            self.runtime.c_stack = c_stack

    def call(
        self,
        function: ExportedFunction,
        args: Sequence[Any],
        note: Any,
        *,
        may_wait: bool,
        parent: Any = None,
    ) -> AsyncifyCall:
        """Return a call, not yet begun."""
        call = note.backend_call = AsyncifyCall(function, args, note, may_wait=may_wait, parent=parent)
        return call

    def read_stack(self, call: Any) -> tuple[Place, ...]:
        """Return the functions on the thread's stack."""
        return self._reader.read()


def _asyncify_data(instance: ModuleInstance, room: int | None) -> AsyncifyData:
    """Make the data block of an instance, in a memory of its own if the build has one."""
    if instance.has(EXPORT_NAME, "memory"):
        return own_memory(instance.linear_memory(EXPORT_NAME), room)
    if instance.memory is None:
        raise NoRoomError("the build exports no memory, and a saved stack has to lie somewhere")
    wide = instance.function("asyncify_start_unwind").params.kinds == ("i64",)
    return guest_memory(instance.memory, room, wide=wide)
