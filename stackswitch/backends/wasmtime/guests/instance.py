"""Instances of the library on wasmtime, whichever way stacks are switched."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import struct
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import COMMAND, DAMAGED, OVERFLOW, CallState, OpenRequest
from stackswitch.backends.guest_values import checked
from stackswitch.backends.notes import note_stack
from stackswitch.errors import (
    GuestError,
    GuestStateError,
    GuestTimeoutError,
    GuestTrapError,
    GuestTypeError,
)
from stackswitch.models.values import NUMBER_BITS
from stackswitch.wasm.growth_limiter import REMAINING_EXPORT, has_growth_limiter
from stackswitch.wasm.stack_pointer import unreachable_stack_pointer

from ..c_stack import CStack, c_stack_of
from ..capi import VAL_KINDS, Extern, GuestTrap, Val
from ..errors import ProtocolError
from ..instance import ModuleInstance
from ..memory import LinearMemory
from ..store import PAGE, GuestException
from ..switcher import LinkedFunction, OpenStore, SwitcherOptions
from ..wasi import StoreWasi
from .code import GuestCode
from .values import HostResults, Objects, PyValues

_FORMATS = {"i32": "<i", "i64": "<q", "f32": "<f", "f64": "<d", "v128": "16s"}


class WasmtimeInstance:
    """See ``backends.guest_protocol.GuestInstance``.

    :param open_store: opens its store
    :param compiled: the module as it runs, which may be instrumented
    :ivar calls: those in progress, each with the task that runs it
    :ivar stopped: the stack that a call was stopped with, innermost first, until an error has been given it
    """

    def __init__(self, request: OpenRequest, open_store: OpenStore, compiled: GuestCode) -> None:
        self.request = request
        self.module = compiled.module
        self.explainer = compiled.explainer
        self.objects = Objects()
        self.poisoned: str | None = None
        self.stopped: tuple[int, ...] | None = None
        self._compiled = compiled
        self.calls: dict[CallState, asyncio.Task[Any] | None] = {}
        self._sent_away: set[CallState] = set()
        self._closing = False
        self._left = asyncio.Event()
        self._c_stack: CStack | None = None
        self._leaks = unreachable_stack_pointer(self.module, functions=False)
        self._fuel = request.limits.fuel
        options = SwitcherOptions(
            is_over=weakly(self._is_over),
            stacks=request.stacks,
            on_suspend=weakly(self._suspended) if request.stacks else None,
            on_failure=weakly(self._failed),
            on_stopped=weakly(self._was_stopped) if request.stacks else None,
        )
        self.switching = open_store((compiled,), options)
        self.store = self.switching.store
        self.exports = ModuleInstance("the module", self.store, self.module, weakly(self._values))
        self.switcher = self.switching.add(self.exports, compiled)
        self._finish, self._new_call = self.switcher.finish, self.switcher.call
        self.wasi = StoreWasi(self.store, request.wasi) if request.wasi is not None else None
        if request.limits.max_memory is not None:
            # The module has its budget in itself; this is for collected objects. Adapters take a page.
            self.store.owner.set_limits(memory_size=max(request.limits.max_memory, PAGE))
        if self._fuel is not None:
            self.store.set_fuel(self._fuel)
        # By hand, and the store first: calls that are suspended would be freed in no order. What is freed
        # refers to the instance only weakly, so that a guest that is not closed can be collected.
        closing = contextlib.ExitStack()
        if self.wasi is not None:
            closing.callback(self.wasi.close)
        closing.callback(self.switching.close)
        self._free = weakref.finalize(self, closing.close)

    def _values(self, kinds: tuple[str, ...], place: str) -> PyValues:
        """Return what reads and writes values of exports, and arguments of imports."""
        return PyValues(self.switching.values(kinds), self.objects, place)

    # --- calls

    async def call(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function (see ``GuestInstance``)."""
        if self._closing:
            raise GuestStateError("the guest is being closed")
        calls = self.calls
        if self._fuel is not None and not calls:
            self.store.set_fuel(self._fuel)
        calls[state] = asyncio.current_task()
        try:
            parent = self._parent(state.parent, export) if state.parent is not None else None
            call = self._new_call(self.exports.function(export), args, state, may_wait=True, parent=parent)
            results = await self._finish(call)
            if self._c_stack is not None and self._c_stack.overflowed:
                raise self._overflowed()  # noqa: TRY301 (as if the guest had trapped)
        except BaseException as error:  # noqa: BLE001 (raised again, as what it is)
            results = self._ended(error, export, state)
        finally:
            del calls[state]
            # The state and the call refer to each other, which would be garbage for the collector.
            state.waiting = state.backend_call = None
            if self._closing:
                self._leave()
        if self._closing:  # by a host function of this call's own
            raise GuestStateError("the guest was closed while the call was under way")
        return results

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function that must not wait (see ``GuestInstance``)."""
        self.calls[state] = None
        try:
            parent = self._parent(state.parent, export) if state.parent is not None else None
            call = self._new_call(self.exports.function(export), args, state, may_wait=False, parent=parent)
            return self.switcher.finish_now(call)
        except BaseException as error:  # noqa: BLE001 (raised again, as what it is)
            return self._ended(error, export, state)
        finally:
            del self.calls[state]
            state.backend_call = None
            if self._closing:
                self._leave()

    def _parent(self, parent: CallState, export: str) -> Any:
        """Return the call whose host function makes another one; refuse what wasmtime's collector misses."""
        references = self._compiled.collected
        if references is not None:
            raise GuestError(
                f"{export} cannot be called from a host function on fibers: {references} may lie"
                " in a frame that is suspended meanwhile, where wasmtime's collector does not look; use jspi"
            )
        return parent.backend_call

    def _ended(self, error: BaseException, export: str, state: CallState) -> tuple[Any, ...]:
        """A call ended by an error: raise it as what it is, or return what it comes to."""
        entered = state.backend_call is not None and state.backend_call.entered
        if self._c_stack is not None and self._c_stack.overflowed:
            self.poisoned = self.poisoned or DAMAGED
        if self.poisoned is None and entered and self._leaks and not isinstance(error, GuestTypeError):
            self.poisoned = f"a call was dropped half way, and {self._leaks}"
        if isinstance(error, asyncio.CancelledError) and state in self._sent_away:
            task = self.calls.get(state)
            if task is not None and hasattr(task, "uncancel"):
                task.uncancel()
            raise GuestStateError("the guest was closed while the call was under way") from None
        if isinstance(error, GuestException):
            self.store.let_go(error.exception)
        found = self.explained(error, state)
        if isinstance(found, GuestTrapError):
            if found.exit_status == 0 and export == COMMAND:
                return ()
            if found.kind == "asyncify-state":
                self.poisoned = "its stack was switched with a function on it that is not instrumented"
        if found is error:
            raise error
        raise found from error.__cause__

    def _overflowed(self) -> GuestTrapError:
        """Poison the instance, since a call has written below its C stack; return what to raise."""
        self.poisoned = self.poisoned or DAMAGED
        size = self.request.c_stack_bytes
        text = f"{OVERFLOW}: a call has {size} bytes of C stack where calls overlap"
        return GuestTrapError(text, kind="stack-overflow")

    def explained(self, error: BaseException, state: CallState) -> BaseException:
        """Return what to raise for a call's failure; if it was stopped, why, and the stack if it is known."""
        found = self.explainer.explain(error, state.export)
        stopped, self.stopped = self.stopped, None
        if not isinstance(found, GuestTimeoutError):
            return found
        frames = found.frames if stopped is None else self.explainer.deeper(found.frames, stopped)
        message = found.message
        if self.wasi is not None and self.wasi.is_full:
            message = f"{state.export} was stopped: {self.wasi.full_message}"
        # It may have been stopped before it was resumed after its last wait.
        return GuestTimeoutError(message, frames=frames or state.stack)

    # --- what the switcher calls

    def _is_over(self) -> bool:
        """Return whether the guest that runs is to be stopped, as the event loop cannot; called at each tick.

        :raises asyncio.CancelledError: its task was cancelled, by a signal handler or from another thread
        """
        if self.wasi is not None and self.wasi.is_full:
            return True
        state = self.switching.blocking()
        if state is None:
            return False
        if _is_cancelled(self.calls.get(state)) or _is_cancelled(state.awaited_by):
            raise asyncio.CancelledError
        if state.ends is None or time.monotonic() <= state.ends:
            return False
        if self.request.stacks and self.switching.reads_at_ticks:
            self.stopped = self._stack(state.backend_call)
        return True

    def _stack(self, call: Any) -> tuple[int, ...]:
        """Return the functions on a call's stack, innermost first, by index."""
        return tuple([index for _, index in self.switcher.read_stack(call)])

    def _suspended(self, call: Any, _import: str) -> None:
        """Note the stack of a call that is suspended; ``ProtocolError`` if it is not instrumented."""
        frames, instrumented = self._stack(call), self._compiled.instrumented
        call.note.stack = self.explainer.frames(frames)
        if instrumented is None:
            return
        lacking = [each for each in dict.fromkeys(frames) if each not in instrumented]
        if lacking:
            names = ", ".join(each.function for each in self.explainer.frames(tuple(lacking)))
            raise ProtocolError("not-instrumented", names)

    def _failed(
        self,
        state: CallState,
        import_: str,
        error: BaseException,
        frames: tuple[int, ...],
        offsets: tuple[int, ...],
    ) -> None:
        """Note on a host function's failure where in the guest it was called."""
        if isinstance(error, Exception) and not isinstance(error, GuestError):
            note_stack(error, import_, state.export, self.explainer.frames(frames, offsets))

    def _was_stopped(self, state: CallState, trap: GuestTrap | None, frames: tuple[int, ...]) -> None:
        """Note where a guest that computes was stopped."""
        innermost = () if trap is None else self.explainer.frames(trap.frames, trap.offsets)
        state.stopped = self.explainer.deeper(innermost, frames)

    # --- making

    async def make(self, state: CallState) -> None:
        """Link and instantiate; the start function runs, as a call.

        :raises BaseException: whatever that ended with
        """
        for each in self.request.functions.values():
            if each.javascript is not None:
                raise GuestError(f"{each.full_name} is JavaScript: only the backend jspi runs it")
        imports = [
            self._provided(each.module, each.name, theirs)
            for each, theirs in zip(self.module.imports, self._compiled.imports, strict=True)
        ]
        self.calls[state] = asyncio.current_task()
        try:
            await self.switcher.instantiate(imports, state)
        finally:
            del self.calls[state]
        limit = self.request.limits.max_memory
        if limit is not None and has_growth_limiter(self.module, self.request.module):
            self.exports.memory_budget = self.exports.global_access(REMAINING_EXPORT)
        self.exports.find_memory()
        self._c_stack = c_stack_of(
            self.exports,
            lazy=not self.request.concurrent,
            no_room=GuestError,
            region_bytes=self.request.c_stack_bytes,
        )
        self.switcher.connect(self._c_stack)

    def _provided(self, module: str, name: str, theirs: Any) -> LinkedFunction | Extern:
        """Return what an import gets; the library has checked that there is something."""
        host = self.request.functions.get((module, name))
        if host is not None:
            name = host.full_name
            params = self.exports.codec(host.type.params, name)
            results = HostResults(
                self.switching.values(self.exports.codec(host.type.results).kinds, given=True),
                self.objects,
                name,
            )
            return LinkedFunction(name, theirs.type, params, results, host.function, host.waits)
        assert self.wasi is not None
        return self.wasi.function(name)

    # --- memory, globals, output

    def memory(self, name: str) -> LinearMemory:
        """Return an exported memory."""
        return self.exports.linear_memory(name)

    def get_global(self, name: str) -> Any:
        """Read an exported global.

        :raises GuestTypeError: it is a reference
        """
        kind = self._global_kind(name)
        _, value = self.exports.read_global(name)
        data = ctypes.string_at(value.content, 16)
        return struct.unpack_from(_FORMATS[kind], data)[0]

    def set_global(self, name: str, content: Any) -> None:
        """Set an exported mutable global.

        :raises GuestTypeError: it is a reference, or the value does not fit
        """
        kind = self._global_kind(name)
        content = checked(kind, content, f"the global {name}")
        value, data = Val(kind=VAL_KINDS[kind]), struct.pack(_FORMATS[kind], content)
        ctypes.memmove(value.content, data, len(data))
        self.exports.write_global(name, value)

    def _global_kind(self, name: str) -> str:
        export = self.module.export_named(name)
        kind = self.module.global_type(export.index).type if export is not None else ""
        if kind not in NUMBER_BITS:
            raise GuestTypeError(f"the global {name} is a {kind}: only numbers can be read and set")
        return kind

    def output(self) -> tuple[bytes, bytes]:
        """What the guest has written to stdout and stderr so far."""
        return self.wasi.output() if self.wasi is not None else (b"", b"")

    # --- closing

    async def aclose(self) -> None:
        """End all calls under way and free it (see ``GuestInstance``)."""
        self._closing = True
        mine = asyncio.current_task()
        for state, task in [*self.calls.items()]:
            if task is not None and task is not mine and state.parent is None:
                self._sent_away.add(state)
                task.cancel()
        while any(task is not mine for task in self.calls.values()):
            self._left.clear()
            await self._left.wait()
        self._leave()

    def _leave(self) -> None:
        """A call has ended while we are being closed: the last one frees it."""
        self._left.set()
        if not self.calls:
            self._free()


def _is_cancelled(task: asyncio.Task[Any] | None) -> bool:
    """Whether a task was cancelled and ``CancelledError`` has not been raised in it yet.

    asyncio has no function for it: it marks a task that runs, and cancels what one that waits is waiting for.
    """
    if getattr(task, "_must_cancel", False):
        return True
    waited = getattr(task, "_fut_waiter", None)
    return waited is not None and bool(waited.cancelled())


def weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a bound method that does not keep its object."""
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> Any:
        found = reference()
        return None if found is None else found(*args)

    return call
