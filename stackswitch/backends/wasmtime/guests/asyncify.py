"""Guests of the library on Asyncify builds: on the event loop's own stack, unwound at each wait."""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from stackswitch.backends.guest_protocol import CallState, HostFunction, OpenRequest
from stackswitch.binaryen.ownmemory import EXPORT_NAME, LOAD_EXPORT_NAME
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.module import Module

from ..asyncify.adapter import CONTROLS, Adapter, Shape, host_function
from ..asyncify.data_block import DataBlock, guest_memory, own_memory
from ..asyncify.fast_path import adapted_import, finish
from ..asyncify.imports import plain_import, waiting_import
from ..asyncify.runtime import AsyncifyRuntime
from ..asyncify.state_machine import NORMAL
from ..call import GuestCall
from ..capi import Extern
from ..engine import Engine
from ..errors import NoRoomError, ProtocolError
from ..stacks import StackReader
from ..values import Codec
from .failure import Explainer
from .instance import WasmtimeInstance, weakly
from .values import HostResults, PyValues


class AsyncifyInstance(WasmtimeInstance):
    """An instance of an Asyncify build, or of a module that never waits.

    :param compiled: the module as it runs, wasmtime-py's; :param shape: of the adapter beside it
    :param imports: the module's, as wasmtime-py lists them
    """

    def __init__(
        self,
        plan: OpenRequest,
        engine: Engine,
        running: Module,
        explainer: Explainer,
        compiled: Any,
        shape: Shape | None,
        imports: tuple[Any, ...],
    ) -> None:
        self._engine = engine
        self._shape = shape
        self._import_list = imports
        self._reader: StackReader | None = None
        self._instrumented = instrumented_of(running) if plan.stacks else frozenset()
        self._compiled = compiled
        store = engine.store(weakly(self._is_over))
        super().__init__(plan, store, running, explainer)
        self.switch = AsyncifyRuntime(
            store,
            weakly(self._area),
            on_suspend=weakly(self._suspended) if plan.stacks else None,
            on_failure=weakly(self._failed),
        )

    def _parts(self) -> list[Callable[[], None]]:
        return [*([self.wasi.close] if self.wasi is not None else []), self.store.close]

    def _values(self, kinds: tuple[str, ...], place: str) -> PyValues:
        return PyValues(Codec(kinds, self.store.references), self.objects, place)

    def _results(self, host: HostFunction) -> Any:
        kinds = self.low.codec(host.type.results, host.full_name).kinds
        return HostResults(Codec(kinds, self.store.references), self.objects, host.full_name)

    def make(self, state: CallState) -> None:
        """Link and instantiate; the start function runs.

        :raises BaseException: whatever that ended with
        """
        self.refuse_javascript()
        self.starts(state)
        try:
            self._make(state)
        finally:
            self.started(state)

    def _make(self, state: CallState) -> None:
        store, api = self.store, self.store.api
        with store.unlimited() if store.counts_fuel else contextlib.nullcontext():
            adapter = self._adapter()
        starting = [state]
        imports = self._imports(adapter, starting)
        externs = (Extern * max(1, len(imports)))(*imports)
        error = api.wasmtime_instance_new(
            store.context,
            ctypes.cast(self._compiled.ptr(), ctypes.c_void_p),
            ctypes.addressof(externs),
            len(imports),
            ctypes.addressof(self.handle),
            store.trap_at,
        )
        if error or store.trap.value:
            raise store.taken(error)
        starting.clear()  # what is called from now on has a call of its own, and this one has its guest
        self.connect()
        shadow = self.shadow_stack()
        if self.low.has("asyncify_start_unwind", "func"):
            controls = {each: self.low.function(f"asyncify_{each}") for each in CONTROLS}
            load = self.low.function(LOAD_EXPORT_NAME) if self.low.has(LOAD_EXPORT_NAME, "func") else None
            self.switch.connect(controls, shadow, adapter, load)
        else:
            self.switch.shadow_stack = shadow

    def _adapter(self) -> Adapter | None:
        if self._shape is None:
            return None
        adapter = Adapter(self._engine, self.store, self._shape)
        for index, number in self._shape.imports.items():
            each = self.module.function_imports()[index]
            host = self.plan.functions[each.module, each.name]
            params, results = self.low.codec(host.type.params, host.full_name), self._results(host)
            callback = adapted_import(
                self.switch, adapter, number, params, results, host.function, host.full_name
            )
            adapter.add_host(callback)
        adapter.instantiate()
        return adapter

    def _imports(self, adapter: Adapter | None, starting: list[CallState]) -> list[Extern]:
        found = []
        for each, theirs in zip(self.module.imports, self._import_list, strict=True):
            if adapter is not None and each.kind == "func" and each.index in adapter.shape.imports:
                found.append(adapter.extern(f"i{adapter.shape.imports[each.index]}"))
                continue
            provided = self.provided(each.module, each.name)
            if isinstance(provided, HostFunction):
                provided = self._host_function(provided, theirs.type, starting)
            found.append(provided)
        return found

    def _host_function(self, host: HostFunction, functype: Any, starting: list[CallState]) -> Extern:
        params, results = self.low.codec(host.type.params, host.full_name), self._results(host)
        if host.waits:
            callback = waiting_import(self.switch, params, results, host.function, host.full_name)
        else:
            serve = self._serving(host, starting)
            callback = plain_import(self.switch, params, results, serve, host.full_name)
        self.store.keep(callback, functype)
        return host_function(self.store, callback, functype)

    def _serving(self, host: HostFunction, starting: list[CallState]) -> Callable[[tuple[Any, ...]], Any]:
        function, running = host.function, self.switch.machine.running

        def serve(args: tuple[Any, ...]) -> Any:
            return function(running[-1].note if running else starting[0], *args)

        return serve

    def _area(self) -> DataBlock:
        low, store = self.low, self.store
        if low.has(EXPORT_NAME, "memory"):
            memory = low.extern(EXPORT_NAME, "memory")
            store.keep(memory)
            return own_memory(store.api, store.context, ctypes.addressof(memory) + 8, None)
        if low.memory is None:
            raise NoRoomError("the build exports no memory, and a saved stack has to lie somewhere")
        wide = low.function("asyncify_start_unwind").params.kinds == ("i64",)
        return guest_memory(
            store.api,
            store.context,
            ctypes.addressof(low.memory) + 8,
            None,
            wide=wide,
            grow=partial(low.grow, low.memory),
        )

    # --- calls

    def _call(self, export: str, args: Sequence[Any], state: CallState, *, may_wait: bool) -> GuestCall:
        parent = state.parent.backend_call if state.parent is not None else None
        call = GuestCall(self.low.function(export), args, state, may_wait=may_wait, parent=parent)
        state.backend_call = call
        return call

    def _run(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        return finish(self.switch, self._call(export, args, state, may_wait=True))

    def _run_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        return self.switch.finish_now(self._call(export, args, state, may_wait=False))

    def _entered(self, state: CallState) -> bool:
        return bool(state.backend_call is not None and state.backend_call.entered)

    def _is_over(self) -> bool:
        """Whether the guest that runs is to be stopped; asked at each tick, while it does."""
        if self.switch.look_for_livelock(time.monotonic()):
            return True
        if self.wasi is not None and self.wasi.is_full:
            return True
        if self.switch.machine.state != NORMAL:
            return False  # at the next tick, when the guest has a stack to tell
        running = self.switch.machine.running
        state = running[0].note if running else self.start
        if state is None or not self.is_late(state):
            return False
        if self.plan.stacks:
            self.stopped = self._frames()
        return True

    # --- stacks

    def _frames(self) -> tuple[int, ...]:
        """Return the functions on the stack, innermost first, by index."""
        if self._reader is None:
            self._reader = StackReader(
                self.store.api, self.store, [self._compiled], [self.module.imported_function_count]
            )
        return tuple([index for _, index in self._reader.read()])

    def _suspended(self, call: GuestCall, _name: str) -> None:
        frames = self._frames()
        call.note.stack = self.explainer.frames(frames)
        lacking = [each for each in dict.fromkeys(frames) if each not in self._instrumented]
        if lacking:
            names = ", ".join(each.function for each in self.explainer.frames(tuple(lacking)))
            raise ProtocolError("not-instrumented", names)

    def _failed(self, error: BaseException, name: str) -> None:
        running = self.switch.machine.running
        if running and isinstance(error, Exception):
            self.told(error, name, running[-1].note, self.explainer.frames(self._frames()))


@lru_cache(maxsize=16)
def instrumented_of(module: Module) -> frozenset[int]:
    """Return the functions that a build instruments; found once for all instances."""
    return instrumented_functions(module)
