"""Guests of the library on fibers: modules as they are, every call on a stack of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import CoroutineType
from typing import Any

from stackswitch.backends.guest_protocol import CallState, HostFunction, OpenRequest
from stackswitch.backends.guest_values import checked_results
from stackswitch.errors import GuestError
from stackswitch.wasm.module import Module

from ..call import Function
from ..capi import GuestTrap
from ..fiber.engine import FiberEngine
from ..fiber.linker import Linker, array_of, calling, making
from ..fiber.parts import Serve
from ..fiber.runtime import FiberCall, FiberRuntime, Side
from ..fiber.runtime import HostFunction as FiberFunction
from ..fiber.stacks import Sampler
from ..fiber.values import ValueArray
from ..values import Codec
from .failure import Explainer
from .instance import WasmtimeInstance, weakly
from .values import HostResults, PyValues


class FiberInstance(WasmtimeInstance):
    """An instance whose calls are futures of wasmtime's.

    :param compiled: the module as it runs, wasmtime-py's
    :param kept: which references its frames may hold (see ``fiberbuild.kept_references``)
    :param imports: the module's, as wasmtime-py lists them
    """

    def __init__(
        self,
        plan: OpenRequest,
        engine: FiberEngine,
        running: Module,
        explainer: Explainer,
        compiled: Any,
        kept: str | None,
        imports: tuple[Any, ...],
    ) -> None:
        store = engine.yielding_store()
        self._compiled = compiled
        self._kept = kept
        self._import_list = imports
        self._sampler = (
            Sampler(store.api, store, [compiled], [running.imported_function_count]) if plan.stacks else None
        )
        self.side = Side()
        self.fibers = FiberRuntime(
            engine.fibers,
            store,
            catches=False,
            is_over=weakly(self._is_over),
            sampling=plan.stacks,
            on_failure=weakly(self._failed),
            yields=True,
            on_cancelled=weakly(self._cancelled) if plan.stacks else None,
        )
        super().__init__(plan, store, running, explainer)

    def _is_over(self) -> bool:
        """Whether the guest that runs is to be stopped; asked at each tick."""
        if self.wasi is not None and self.wasi.is_full:
            return True
        # The event loop sees to calls that it runs, not to those that a host function waits for.
        call = self.side.running[-1] if self.side.running else None
        return call is not None and not call.may_wait and self.is_late(self._root(call.note))

    def _cancelled(self, call: FiberCall) -> None:
        """Note where a guest that computes was stopped."""
        if self._sampler is None:
            return
        trap = self._sampler.stop(self.fibers, call)
        innermost = () if trap is None else self.explainer.frames(trap.frames, trap.offsets)
        whole = tuple([index for _, index in self._sampler.take()])
        call.note.stopped = self.explainer.deeper(innermost, whole)
        self._sampler.ready(self.fibers)

    @staticmethod
    def _root(state: CallState) -> CallState:
        while state.parent is not None:
            state = state.parent
        return state

    def _parts(self) -> list[Callable[[], None]]:
        parts = [self.fibers.close]
        if self._sampler is not None:
            parts.append(self._sampler.drop)
        if self.wasi is not None:
            parts.append(self.wasi.close)
        return parts

    def _array(self, kinds: tuple[str, ...], *, given: bool = False) -> ValueArray:
        return array_of(self.store, Codec(kinds, self.store.references), given=given)

    def _values(self, kinds: tuple[str, ...], place: str) -> Any:
        return PyValues(self._array(kinds), self.objects, place)

    async def make(self, state: CallState) -> None:
        """Link and instantiate; the start function may wait.

        :raises BaseException: whatever that ended with
        """
        self.refuse_javascript()
        if self._sampler is not None:
            self._sampler.ready(self.fibers)
        linker = Linker(self.fibers)
        try:
            done: set[tuple[str, str]] = set()
            for each, theirs in zip(self.module.imports, self._import_list, strict=True):
                key = (each.module, each.name)
                if key in done:
                    continue
                done.add(key)
                found = self.provided(*key)
                if isinstance(found, HostFunction):
                    linker.define_function(*key, theirs.type, self._host(found))
                else:
                    linker.define(*key, found)
            call = making(linker, self.side, self._compiled, self.handle, may_wait=True)
            call.note = state
            state.backend_call = call
            self.starts(state)
            try:
                await self.fibers.finish(call)
            finally:
                self.started(state)
        finally:
            linker.close()
        self.connect()
        self.side.shadow_stack = self.shadow_stack()

    def _host(self, host: HostFunction) -> FiberFunction:
        function = host.function
        params = self.low.codec(host.type.params).kinds
        array = self._array(self.low.codec(host.type.results).kinds, given=True)
        results: Any = HostResults(array, self.objects, host.full_name)

        def serve_plain(state: CallState, *args: Any) -> Any:
            outcome = function(state, *args)
            if type(outcome) is CoroutineType:
                checked_results(host.type.results, outcome, host.full_name)  # says that it may not
            return outcome

        answer = function if host.waits else serve_plain
        if self._sampler is not None:
            answer = self._sampled(answer, self._sampler, waits=host.waits)
        read = self._values(params, host.full_name).reader()
        return FiberFunction(host.full_name, read, results.writer(), answer)

    def _sampled(self, answer: Serve, sampler: Sampler, *, waits: bool) -> Serve:
        """Note the stack when a function that waits is called; another call may run before it does wait."""
        explainer, fibers = self.explainer, self.fibers

        def serve(state: CallState, *args: Any) -> Any:
            if waits:
                state.stack = explainer.frames(tuple([index for _, index in sampler.take()]))
            sampler.ready(fibers)
            return answer(state, *args)

        return serve

    def _call(self, export: str, args: Sequence[Any], state: CallState, *, may_wait: bool) -> FiberCall:
        function: Function = self.low.function(export)
        parent = self._parent(state.parent, export) if state.parent is not None else None
        call = calling(self.fibers, self.side, function, args, may_wait=may_wait, parent=parent)
        call.note = state
        state.backend_call = call
        return call

    def _parent(self, parent: CallState, export: str) -> FiberCall:
        """Return the call that makes another one.

        :raises GuestError: wasmtime's collector would not see what its frames hold
        """
        if self._kept is not None:
            raise GuestError(
                f"{export} cannot be called from a host function on fibers: {self._kept} may lie in a frame"
                " that is set aside meanwhile, where wasmtime's collector does not look; use jspi"
            )
        found: FiberCall = parent.backend_call
        return found

    def _run(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        return self.fibers.finish(self._call(export, args, state, may_wait=True))

    def _run_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        return self.fibers.finish_now(self._call(export, args, state, may_wait=False))

    def _failed(self, call: FiberCall, name: str, error: BaseException, trap: GuestTrap | None) -> None:
        frames = () if trap is None else self.explainer.frames(trap.frames, trap.offsets)
        self.told(error, name, call.note, frames)

    def _entered(self, state: CallState) -> bool:
        return bool(state.backend_call is not None and state.backend_call.entered)
