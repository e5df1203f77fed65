"""Guests of the library on fibers: modules as they are, every call on a stack of its own."""

from __future__ import annotations

import ctypes
from collections.abc import Awaitable, Callable, Sequence
from types import CoroutineType
from typing import Any

from stackswitch.backends.guestvalues import checked_results
from stackswitch.backends.library import CallState, HostFunction, Plan
from stackswitch.errors import GuestError
from stackswitch.wasm.module import Module

from ..call import Function
from ..capi import GuestTrap
from ..fiber import FiberEngine
from ..fibercall import FiberCall, Fibers, Side
from ..fibercall import HostFunction as FiberFunction
from ..fiberlink import Linker, calling, making
from ..fibervalues import ValueArray
from ..values import Codec
from .failure import Explainer
from .instance import WasmtimeInstance
from .values import HostResults, PyValues


class FiberInstance(WasmtimeInstance):
    """An instance whose calls are futures of wasmtime's."""

    def __init__(
        self, plan: Plan, engine: FiberEngine, running: Module, explainer: Explainer, *, catches: bool
    ) -> None:
        store = engine.yielding_store()
        self.side = Side()
        self.fibers = Fibers(
            engine.fibers,
            store,
            catches=catches,
            is_over=self._never_over,
            on_failure=self._failed,
            yields=True,
        )
        super().__init__(plan, store, running, explainer)

    @staticmethod
    def _never_over() -> bool:
        return False

    def _parts(self) -> list[Callable[[], None]]:
        return [self.fibers.close, *([self.wasi.close] if self.wasi is not None else [])]

    def _array(self, kinds: tuple[str, ...]) -> ValueArray:
        store = self.store
        return ValueArray(Codec(kinds, store.references), store.api, store.context, store.references)

    def _values(self, kinds: tuple[str, ...], place: str) -> Any:
        return PyValues(self._array(kinds), self.objects, place)

    async def make(self, compiled: Any, state: CallState) -> None:
        """Link and instantiate; the start function may wait.

        :raises BaseException: whatever that ended with
        """
        self.refuse_javascript()
        linker = Linker(self.fibers)
        try:
            done: set[tuple[str, str]] = set()
            for each, theirs in zip(self.module.imports, compiled.imports, strict=True):
                key = (each.module, each.name)
                if key in done:
                    continue
                done.add(key)
                found = self.provided(*key)
                if isinstance(found, HostFunction):
                    linker.define_function(*key, theirs.type, self._host(found))
                else:
                    linker.define(*key, found)
            call = making(linker, self.side, compiled, self.handle, may_wait=True)
            call.note = state
            state.own = call
            await self.fibers.finish(call)
        finally:
            linker.close()
        self.low.find_memory()
        self.side.shadow_stack = self.shadow_stack()

    def _host(self, host: HostFunction) -> FiberFunction:
        function = host.function
        params = self.low.codec(host.type.params).kinds
        array = self._array(self.low.codec(host.type.results).kinds)
        results: Any = HostResults(array, self.objects, host.full_name)

        def serve_plain(state: CallState, *args: Any) -> Any:
            outcome = function(state, *args)
            if type(outcome) is CoroutineType:
                checked_results(host.type.results, outcome, host.full_name)  # says that it may not
            return outcome

        return FiberFunction(
            host.full_name,
            self._values(params, host.full_name).reader(),
            results.writer(),
            function if host.waits else serve_plain,
        )

    def _call(self, export: str, args: Sequence[Any], state: CallState, *, may_wait: bool) -> FiberCall:
        function: Function = self.low.function(export)
        parent = state.parent.own if state.parent is not None else None
        call = calling(self.fibers, self.side, function, args, may_wait=may_wait, parent=parent)
        call.note = state
        state.own = call
        return call

    def _run(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        return self.fibers.finish(self._call(export, args, state, may_wait=True))

    def _run_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        return self.fibers.finish_now(self._call(export, args, state, may_wait=False))

    def _failed(self, call: FiberCall, name: str, error: BaseException, trap: GuestTrap | None) -> None:
        frames = () if trap is None else self.explainer.frames(trap.frames, trap.offsets)
        self.told(error, name, call.note, frames)

    def _entered(self, state: CallState) -> bool:
        return bool(state.own is not None and state.own.entered)


def refuse(plan: Plan, kept: str | None) -> None:
    """Say why a module cannot run on fibers, if it cannot.

    :param kept: which references its frames may hold (see ``fiberbuild.kept_references``)
    :raises GuestError: it cannot, or not in this way
    """
    if kept is not None:
        raise GuestError(
            f"{kept} may lie in a frame that is set aside, where wasmtime's collector does not look;"
            " use jspi, or asyncify"
        )


def handle_at(instance: FiberInstance) -> int:
    """Return the native address of an instance's handle."""
    return ctypes.addressof(instance.handle)
