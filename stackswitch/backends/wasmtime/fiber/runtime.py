"""Calls on fibers: exports of any module, whose host functions may be coroutines, called with ``await``.

A call is a *future* of wasmtime's. A poll runs the guest on a stack of its own until it ends or calls a host
function. Then the poll returns and the guest stays where it is. The host function runs here, on the thread's
own stack: a plain one at once, a coroutine across the event loop. Then the guest is polled again.

Four rules keep wasmtime and Python from aborting the process:

- No Python runs on a fiber (see ``native`` and ``capi``).
- A future is deleted before its store (``close``).
- Polls never nest: host functions run between them.
- Where frames may hold references to collected objects, the caller makes one call at a time (see ``build``):
  wasmtime's collector does not look into suspended fibers.
"""

from __future__ import annotations

import asyncio
import ctypes
import types
from collections.abc import Coroutine, Generator, Sequence
from time import monotonic
from types import CoroutineType
from typing import Any

from ..call import resume_started
from ..capi import GuestTrap
from ..compiled import CompiledModule
from ..errors import CLOSED_MESSAGE, OVER_MESSAGE, SuspendError
from ..store import Store
from ..switcher import SwitcherOptions
from .buffers import CallBuffers
from .call import FiberCall, FiberImport
from .capi import FiberApi, HostCallback, check_depth
from .native import NativeCallback, native_callback
from .stacks import Sampler


class FiberRuntime:
    """All calls of one store.

    :param modules: all that have instances in it
    :param yields: let the event loop run at each of wasmtime's ticks while a guest computes
    """

    def __init__(
        self,
        api: FiberApi,
        store: Store,
        options: SwitcherOptions,
        modules: Sequence[CompiledModule],
        *,
        yields: bool = False,
    ) -> None:
        self.api = api
        self.store = store
        self.catches = options.catchable and any(each.knows_exceptions for each in modules)
        self._on_suspend = options.on_suspend
        self._on_failure = options.on_failure
        self._on_stopped = options.on_stopped
        self._is_over = options.is_over
        self._yields = yields
        self._sampler: Sampler | None = None
        native = None if options.stacks else native_callback()
        self.callback: NativeCallback | HostCallback
        if native is None:
            self.callback = HostCallback((api.dll, store.pointer) if options.stacks else None)
            if options.stacks:
                self._sampler = Sampler(api.dll, store, modules, self.callback.sample_for)
        else:
            self.callback = native
        self._arm = native.arm if native is not None else None
        self._called = self.callback.called
        self._functions: list[FiberImport | None] = [None]  # 0: none was called
        self._futures: dict[int, Any] = {}
        self._delete_future = api.deleter(self._futures)
        self._ending: list[FiberCall] = []
        self._poll_future = api.wasmtime_call_future_poll

    def add(self, function: FiberImport) -> int:
        """Add a host function; return the number that calls of it have."""
        self._functions.append(function)
        return len(self._functions) - 1

    # --- calls

    @types.coroutine
    def finish(self, call: FiberCall) -> Generator[Any, Any, tuple[Any, ...]]:
        """Begin a call and take it to its end; to be awaited.

        :raises GuestTrap, GuestException: the guest trapped, or an exception left it
        :raises RecursionError: the caller's own stack is all but used up
        :raises BaseException: whatever a host function raised and the guest did not catch
        """
        calls, store, note = call.calls, self.store, call.note
        running, suspended, stack = calls.running, calls.suspended, calls.c_stack
        arm, called, poll, functions = self._arm, self._called, self._poll_future, self._functions
        is_quick = self._on_suspend is None and (stack is None or stack.lazy)  # only which calls run changes
        try:
            self._begin(call)
            while True:
                if arm is None or store.closed:
                    if self.poll(call):
                        return self._done(call)
                    function = call.arrived
                else:  # what ``poll`` does: here a call of a Python function would cost too much
                    arm()
                    if poll(call.pointer):
                        return self._done(call)
                    number, call.args_at, call.results_at, call.trap_at = called()
                    call.arrived = function = functions[number]
                if function is None:
                    yield from self._let_others_run(call)
                    continue
                try:
                    outcome = function.serve(note, *function.read(call.args_at))
                    # The cheap test of the type is nearly always enough.
                    if function.waits and (type(outcome) is CoroutineType or _is_coroutine(outcome)):
                        try:
                            yielded = outcome.send(None)
                        except StopIteration as done:
                            outcome = done.value
                        else:
                            call.suspensions += 1
                            note.since = monotonic()
                            note.waiting = function.name
                            if is_quick and running[-1] is call:  # what ``_suspend`` does
                                running.pop()
                                suspended.add(call)
                            else:
                                self._suspend(call, function.name)
                            try:
                                sent = yield yielded
                            except BaseException as error:  # noqa: BLE001 (it is the coroutine's)
                                outcome = yield from resume_started(outcome, None, error)
                            else:
                                rest = outcome if sent is None else resume_started(outcome, sent)
                                outcome = yield from rest
                            if is_quick:  # what ``_resume`` does
                                suspended.discard(call)
                                running.append(call)
                            else:
                                self._resume(call)
                            note.waiting = None
                            # The host function may have caught its cancellation.
                            if note.ends is not None and monotonic() > note.ends:
                                raise GuestTrap(OVER_MESSAGE)
                    if store.closed:
                        raise GuestTrap(CLOSED_MESSAGE)  # noqa: TRY301 (as if the function had)
                    function.write(call.results_at, outcome)
                except BaseException as error:  # noqa: BLE001 (it passes through the guest)
                    self._fail(call, error)
        finally:
            self._end(call)

    def _let_others_run(self, call: FiberCall) -> Generator[None, None, None]:
        """A guest that computes has returned at a tick: let the event loop run, if that is wanted."""
        self._ticked()
        if not self._yields:
            return
        self._suspend(call)
        try:
            yield
        except asyncio.CancelledError:
            self._resume(call)
            if self._on_stopped is not None and self._sampler is not None:
                trap, stack = self._sampler.stop(self._run_on, call, self.api)
                self._on_stopped(call.note, trap, tuple([index for _, index in stack]))
            raise
        self._resume(call)

    def _run_on(self, call: FiberCall) -> None:
        if self.poll(call):
            self._done(call)

    def finish_now(self, call: FiberCall) -> tuple[Any, ...]:
        """Begin a call that must not wait and take it to its end (see ``finish``).

        :raises SuspendError: it wanted to wait
        """
        try:
            self._begin(call)
            while not self.poll(call):
                function = call.arrived
                if function is None:
                    self._ticked()
                    continue
                try:
                    outcome = function.serve(call.note, *function.read(call.args_at))
                    if function.waits and _is_coroutine(outcome):
                        outcome = _done_at_once(outcome, function.name)
                    function.write(call.results_at, outcome)
                except BaseException as error:  # noqa: BLE001 (it passes through the guest)
                    self._fail(call, error)
            return self._done(call)
        finally:
            self._end(call)

    def _begin(self, call: FiberCall) -> None:
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        while self._ending:
            self._free(self._ending[-1])
            self._ending.pop()
        buffers, calls, stack = call.buffers, call.calls, call.calls.c_stack
        buffers.write(call.values)
        if stack is not None:
            call.outside = stack.get()
            if calls.suspended and not calls.running:
                stack.separate(call, calls.suspended)
        calls.running.append(call)
        call.future = future = buffers.begin()
        call.entered = True
        self._futures[future] = call.pointer = ctypes.c_void_p.from_param(future)

    def poll(self, call: FiberCall) -> bool:
        """Run the guest until it ends (True) or calls a host function or has run for a while (False)."""
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        if self._arm is not None:
            self._arm()
            done: bool = self._poll_future(call.pointer)
        else:
            check_depth()
            callback = self.callback
            assert isinstance(callback, HostCallback)  # the other one arms
            flag, ready = call.flag, call.arrived is not None
            try:
                if ready:
                    call.flag = callback.go(flag)
                else:
                    callback.expect(flag)
                callback.arguments.number = 0
                done = self._poll_future(call.pointer)
            finally:
                callback.stay(flag)
        if not done:
            number, call.args_at, call.results_at, call.trap_at = self._called()
            call.arrived = function = self._functions[number]
            if function is not None and self._sampler is not None:
                self._sampler.arrived(call, waits=function.waits)
        return done

    def _ticked(self) -> None:
        """The guest has returned at a tick: set the deadline of the store to the next one.

        wasmtime moves the deadline of a store when the guest resumes. Until then every other guest that is
        polled would be stopped at once, a thousand for each tick.

        :raises GuestTrap: its time is up
        """
        if self._is_over():
            raise GuestTrap(OVER_MESSAGE)
        if not self.store.closed:
            self.store.api.wasmtime_context_set_epoch_deadline(self.store.context, 1)

    def _done(self, call: FiberCall) -> tuple[Any, ...]:
        """The guest has ended: return the results of its call, or raise why there are none."""
        call.arrived = None
        self._delete(call)
        buffers = call.buffers
        if buffers.error or buffers.trap:
            raise self._taken(call, buffers)
        return buffers.read()

    def _taken(self, call: FiberCall, buffers: CallBuffers) -> BaseException:
        """Read why a call ended. If it was a host function's failure, report it."""
        store = self.store
        store.trap.value, store.failed_on = buffers.trap.value, None
        found = store.taken(buffers.error.value)
        failed, call.failed = call.failed, None
        if failed is found and self._on_failure is not None:
            trap = store.failed_on
            frames, offsets = (trap.frames, trap.offsets) if trap is not None else ((), ())
            self._on_failure(call.note, call.failed_in, found, frames, offsets)
        return found

    def _suspend(self, call: FiberCall, import_: str | None = None) -> None:
        """The call waits in an import, or, without one, for the event loop to have run."""
        if import_ is not None and self._on_suspend is not None:
            self._on_suspend(call, import_)
        calls = call.calls
        stack = calls.c_stack
        calls.running.remove(call)
        calls.suspended.add(call)
        if stack is not None and not stack.lazy:
            stack.suspended(call)
            stack.set(call.outside)

    def _resume(self, call: FiberCall) -> None:
        calls = call.calls
        if call not in calls.suspended:
            return
        calls.suspended.remove(call)
        calls.running.append(call)
        stack = calls.c_stack
        if stack is not None and not stack.lazy and not self.store.closed:
            call.outside = stack.get()
            stack.set(call.stack_pointer)

    def _fail(self, call: FiberCall, failure: BaseException) -> None:
        """Hand a host function's failure to the guest, for its next poll, or raise it.

        A failure that no guest can catch passes through the guest only so that its stack can be reported.
        """
        if isinstance(failure, GeneratorExit):
            raise failure
        call.note.waiting = None
        self._resume(call)
        reported = self._on_failure is not None and isinstance(failure, Exception)
        if (
            self.store.closed
            or isinstance(failure, (GuestTrap, KeyboardInterrupt, SystemExit))
            or not (self.catches or reported)
        ):
            raise failure  # its frames go with the future
        if reported and call.arrived is not None:
            call.failed, call.failed_in = failure, call.arrived.name
        trap = self.store.fail(failure, catchable=self.catches)
        ctypes.c_void_p.from_address(call.trap_at).value = trap

    def _delete(self, call: FiberCall) -> None:
        if call.future in self._futures:
            self._delete_future(call.future)

    def _end(self, call: FiberCall) -> None:
        """Free all that a call has, however it ended.

        Near the limit of recursion even this may fail. What is left is then done before the next call.
        """
        self._ending.append(call)
        while self._ending:
            self._free(self._ending[-1])
            self._ending.pop()

    def _free(self, call: FiberCall) -> None:
        calls, stack = call.calls, call.calls.c_stack
        self._delete(call)
        call.buffers.give_back()
        suspended = call in calls.suspended
        calls.suspended.discard(call)
        if call in calls.running or (suspended and stack is not None and stack.lazy):
            if stack is not None and not self.store.closed:
                stack.set(call.outside)
            if not suspended:
                calls.running.remove(call)
        if call.region is not None and stack is not None:
            region, call.region = call.region, None
            stack.give_back(region)

    def close(self) -> None:
        """Delete all futures, then the store; a second call does nothing. Not within a poll."""
        for future in [*self._futures]:
            self._delete_future(future)
        self.store.close()
        if self._sampler is not None:
            self._sampler.drop()


def _done_at_once(coroutine: Coroutine[Any, Any, Any], name: str) -> Any:
    """Return the result of a coroutine that never waits; ``SuspendError`` if it does."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise SuspendError(f"{name} wants to wait, and a frame of the host lies between it and its caller")


def _is_coroutine(outcome: object) -> bool:
    return type(outcome) is CoroutineType or (
        type(outcome) not in (tuple, list, int, float) and isinstance(outcome, Coroutine)
    )
