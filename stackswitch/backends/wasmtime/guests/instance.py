"""What instances of the library have in common on wasmtime, whichever way they switch stacks."""

from __future__ import annotations

import asyncio
import ctypes
import struct
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import COMMAND, CallState, HostFunction, OpenRequest
from stackswitch.backends.guest_values import checked
from stackswitch.backends.notes import note_stack
from stackswitch.errors import (
    GuestError,
    GuestFrame,
    GuestStateError,
    GuestTimeoutError,
    GuestTrapError,
    GuestTypeError,
)
from stackswitch.models.values import NUMBER_BITS
from stackswitch.wasm.growthcounter import has_growth_counter
from stackswitch.wasm.module import Module
from stackswitch.wasm.stackpointer import NAME, hidden_stack

from ..call import ShadowStack
from ..capi import VAL_KINDS, Extern, Handle, Val
from ..instance import ScriptError
from ..store import PAGE, GuestException, Store
from .failure import Explainer
from .memory import NativeMemory
from .module_instance import LowInstance
from .values import Objects, PyValues
from .wasi import GuestWasi

_FORMATS = {"i32": "<i", "i64": "<q", "f32": "<f", "f64": "<d"}


class WasmtimeInstance(ABC):
    """See ``backends.guest_protocol.GuestInstance``.

    :param store: its own; :param running: the module as it runs, which may be instrumented
    :ivar calls: those in progress, each with the task that runs it
    :ivar start: the call of the start function, while it runs
    :ivar stopped: the stack that a call was stopped with, innermost first, until it has been told
    """

    def __init__(self, plan: OpenRequest, store: Store, running: Module, explainer: Explainer) -> None:
        self.plan = plan
        self.store = store
        self.module = running
        self.explainer = explainer
        self.objects = Objects()
        self.handle = Handle()
        self.low = LowInstance(store, running, self.handle, weakly(self._values))
        self.poisoned: str | None = None
        self.start: CallState | None = None
        self.stopped: tuple[int, ...] | None = None
        self.calls: dict[CallState, asyncio.Task[Any] | None] = {}
        self._sent_away: set[CallState] = set()
        self._closing = False
        self._left = asyncio.Event()
        self._leaks = hidden_stack(running, functions=False)
        self._fuel = plan.limits.fuel
        self.wasi = GuestWasi(store, plan.wasi) if plan.wasi is not None else None
        if plan.limits.max_memory is not None:
            # The module has its budget in itself; this is for collected objects. Adapters take a page.
            store.owner.set_limits(memory_size=max(plan.limits.max_memory, PAGE))
        if self._fuel is not None:
            store.set_fuel(self._fuel)
        # By hand, and in this order: what is set aside would be freed in none. So that a guest that nobody
        # closed can go at all, what is freed knows of the instance only weakly.
        self._free = weakref.finalize(self, _freeing(self._parts()))

    @abstractmethod
    def _parts(self) -> list[Callable[[], None]]:
        """What frees it, in order; without a reference to itself."""

    @abstractmethod
    def _values(self, kinds: tuple[str, ...], place: str) -> PyValues:
        """Return what reads and writes values of exports."""

    @abstractmethod
    def _run(self, export: str, args: Sequence[Any], state: CallState) -> Awaitable[tuple[Any, ...]]:
        """Begin a call and take it to its end."""

    @abstractmethod
    def _run_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Begin a call that must not wait and take it to its end."""

    @abstractmethod
    def _entered(self, state: CallState) -> bool:
        """Whether a call that failed had run anything of the guest's."""

    # --- calls

    async def call(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function (see ``GuestInstance``)."""
        if self._closing:
            raise GuestStateError("the guest is being closed")
        if self._fuel is not None and not self.calls:
            self.store.set_fuel(self._fuel)
        self.calls[state] = asyncio.current_task()
        try:
            results = await self._run(export, args, state)
        except BaseException as error:  # noqa: BLE001 (raised again, told as what it is)
            results = self._ended(error, export, state)
        finally:
            del self.calls[state]
            state.waiting = state.backend_call = (
                None  # the two know each other: no garbage for the collector to find
            )
            if self._closing:
                self._leave()
        if self._closing:  # by a host function of this call's own
            raise GuestStateError("the guest was closed while the call was under way")
        return results

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """Call an exported function that must not wait (see ``GuestInstance``)."""
        self.calls[state] = None
        try:
            return self._run_now(export, args, state)
        except BaseException as error:  # noqa: BLE001 (raised again, told as what it is)
            return self._ended(error, export, state)
        finally:
            del self.calls[state]
            state.backend_call = None
            if self._closing:
                self._leave()

    def _ended(self, error: BaseException, export: str, state: CallState) -> tuple[Any, ...]:
        """A call ended by an error: raise it as what it is, or return what it comes to."""
        if self.poisoned is None and self._entered(state):
            self._spoil(error)
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
        # It may have been stopped before it went on from its last wait.
        return GuestTimeoutError(message, frames=frames or state.stack)

    def _spoil(self, error: BaseException) -> None:
        if self._leaks and not isinstance(error, GuestTypeError):
            self.poisoned = f"a call was dropped half way, and {self._leaks}"

    def told(
        self, error: BaseException, import_: str, state: CallState, frames: tuple[GuestFrame, ...]
    ) -> None:
        """Note on a host function's failure where in the guest it was called."""
        if isinstance(error, Exception) and not isinstance(error, GuestError):
            note_stack(error, import_, state.export, frames)

    def is_late(self, state: CallState) -> bool:
        """Whether a call is to be stopped while the event loop cannot: its time is up.

        :raises asyncio.CancelledError: its task was cancelled, by a signal handler or from another thread
        """
        if _is_cancelled(self.calls.get(state)) or _is_cancelled(state.awaited_by):
            raise asyncio.CancelledError
        return state.ends is not None and time.monotonic() > state.ends

    # --- making

    def connect(self) -> None:
        """Look up what the instance exports, once it stands."""
        budget = self.plan.limits.max_memory
        counted = budget is not None and has_growth_counter(self.module, self.plan.module)
        self.low.connect(counted=counted)

    def starts(self, state: CallState) -> None:
        """The start function runs from now on, as a call."""
        self.start = state
        self.calls[state] = asyncio.current_task()

    def started(self, state: CallState) -> None:
        """It has ended."""
        self.start = None
        del self.calls[state]

    def refuse_javascript(self) -> None:
        """See that all host functions are Python's.

        :raises GuestError: one is not
        """
        for each in self.plan.functions.values():
            if each.javascript is not None:
                raise GuestError(f"{each.full_name} is JavaScript: only the backend jspi runs it")

    def shadow_stack(self) -> ShadowStack | None:
        """Return what keeps the C stack whole; once the instance stands."""
        if self.plan.concurrent and self._leaks is not None:
            raise GuestError(f"concurrent=True: each call needs a C stack of its own, and {self._leaks}")
        export = self.module.export_named(NAME)
        if export is None or export.kind != "global" or not self.module.global_type(export.index).mutable:
            return None
        return ShadowStack(*self.low.global_access(NAME), weakly(self._region), lazy=not self.plan.concurrent)

    def _region(self) -> int | None:
        try:
            pages = self.low.grow_memory(1)
        except ScriptError as error:
            raise GuestError(f"there is no room for another C stack: {error}") from None
        return (pages + 1) * self.low.memory_page

    def provided(self, module: str, name: str) -> HostFunction | Extern:
        """Return what an import gets; the library has seen to it that there is something."""
        host = self.plan.functions.get((module, name))
        if host is not None:
            return host
        extern = self.wasi.function(name) if self.wasi is not None else None
        if extern is None:
            raise GuestError(f"{module}.{name} is no function of WASI preview 1")
        return extern

    # --- memory, globals, output

    def memory(self, name: str) -> NativeMemory:
        """Return an exported memory."""
        return NativeMemory(self.store, self.low.extern(name, "memory"), self.low.grow)

    def get_global(self, name: str) -> Any:
        """Read an exported global.

        :raises GuestTypeError: it is a reference
        """
        kind, extern, value = self._global(name)
        self.store.api.wasmtime_global_get(self.store.context, extern, ctypes.addressof(value))
        data = ctypes.string_at(ctypes.addressof(value) + 8, 16)
        return data if kind == "v128" else struct.unpack_from(_FORMATS[kind], data)[0]

    def set_global(self, name: str, content: Any) -> None:
        """Set an exported mutable global.

        :raises GuestTypeError: it is a reference, or the value does not fit
        """
        kind, extern, value = self._global(name)
        content = checked(kind, content, f"the global {name}")
        data = content if kind == "v128" else struct.pack(_FORMATS[kind], content)
        ctypes.memmove(ctypes.addressof(value) + 8, data, len(data))
        value.kind = VAL_KINDS[kind]
        self.store.api.wasmtime_global_set(self.store.context, extern, ctypes.addressof(value))

    def _global(self, name: str) -> tuple[str, int, Val]:
        export = self.module.export_named(name)
        kind = self.module.global_type(export.index).type if export is not None else ""
        if kind not in NUMBER_BITS:
            raise GuestTypeError(f"the global {name} is a {kind}: only numbers can be read and set")
        extern = self.low.extern(name, "global")
        self.store.keep(extern)
        return kind, ctypes.addressof(extern) + 8, Val()

    def output(self) -> tuple[bytes, bytes]:
        """What the guest has written to stdout and stderr so far."""
        return self.wasi.output() if self.wasi is not None else (b"", b"")

    # --- the end

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
    """Whether a task was cancelled and has not been told yet.

    asyncio has no question for it: it marks a task that runs, and cancels what one that waits is waiting for.
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


def _freeing(parts: list[Callable[[], None]]) -> Callable[[], None]:
    def free() -> None:
        for each in parts:
            each()

    return free
