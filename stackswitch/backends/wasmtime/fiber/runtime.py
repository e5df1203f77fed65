"""Calls on fibers: an ``async`` call of an export whose host functions may be coroutines, of any module.

A call is a *future* of wasmtime's. To poll it runs the guest, on a stack of its own, until it ends or calls
a host function; the poll then returns, the guest stays where it is, and the host function runs here, on
the thread's own stack: plain ones at once, coroutines with the event loop between. Then the guest is
polled again.

What keeps the process alive (each is an abort of wasmtime's or Python's): no Python runs on a fiber (see
``fibernative`` and ``fiberapi``); a future is deleted before its store (``close``); polls never nest, since
host functions run between them; and where references to collected objects may lie in frames, one call at a
time is for the caller to see to (``fiberbuild``): wasmtime's collector does not look into fibers that are
set aside.

The C shadow stack is kept as ``switch`` keeps it: a call that begins while others are set aside gets a
region.
"""

from __future__ import annotations

import asyncio
import ctypes
import types
from collections.abc import Callable, Coroutine, Generator
from time import monotonic
from types import CoroutineType
from typing import Any

from ..call import ShadowStack, rest
from ..capi import GuestTrap
from ..errors import CLOSED_MESSAGE, OVER_MESSAGE, SuspendError
from ..store import Store
from .buffers import Room
from .capi import FiberApi, Landing, check_room
from .native import NativeLanding, native_landing
from .parts import FiberCall, HostFunction, Side

__all__ = ["FiberCall", "FiberRuntime", "HostFunction", "Side"]


class FiberRuntime:
    """All calls of one store.

    :param catches: whether some guest can catch a host function's failure
    :param is_over: asked at each of wasmtime's ticks: whether the guests are to be stopped
    :param sampling: take a sample of the stack whenever a host function is called
    :param on_suspend: told each time a call is set aside, and by which import
    :param on_failure: told a host function's failure that no guest caught: the call, the import, the failure,
        the trap that it went through the guest as, if there was one
    :param yields: let the event loop turn at each of wasmtime's ticks while a guest runs
    :param on_cancelled: told a call that is cancelled at such a tick, which can still be polled
    """

    def __init__(
        self,
        api: FiberApi,
        store: Store,
        *,
        catches: bool,
        is_over: Callable[[], bool],
        sampling: bool = False,
        on_suspend: Callable[[FiberCall, str], None] | None = None,
        on_failure: Callable[[FiberCall, str, BaseException, GuestTrap | None], None] | None = None,
        yields: bool = False,
        on_cancelled: Callable[[FiberCall], None] | None = None,
    ) -> None:
        self.api = api
        self.store = store
        self.catches = catches
        self.on_suspend = on_suspend
        self.on_failure = on_failure
        native = None if sampling else native_landing()
        self.landing: NativeLanding | Landing = native or Landing(
            (api.dll, store.pointer) if sampling else None
        )
        self._arm = native.arm if native is not None else None
        self._arrived = self.landing.arrived
        self._is_over = is_over
        self._yields = yields
        self._on_cancelled = on_cancelled
        self._functions: list[HostFunction | None] = [None]  # 0: nobody arrived
        self._futures: dict[int, Any] = {}
        self._delete_future = api.deleter(self._futures)
        self._ending: list[FiberCall] = []
        self._poll_future = api.wasmtime_call_future_poll

    @property
    def live(self) -> int:
        """How many calls have begun and not ended."""
        return len(self._futures)

    def add(self, function: HostFunction) -> int:
        """Take a host function in; return the number that its arrivals bear."""
        self._functions.append(function)
        return len(self._functions) - 1

    # --- calls

    @types.coroutine
    def finish(self, call: FiberCall) -> Generator[Any, Any, tuple[Any, ...]]:  # noqa: C901
        """Begin a call and take it to its end; to be awaited.

        :raises GuestTrap, GuestException: the guest trapped, or an exception left it
        :raises RecursionError: the caller's own stack is all but used up
        :raises BaseException: whatever a host function raised and the guest did not catch
        """
        side, store, note, on_suspend = call.side, self.store, call.note, self.on_suspend
        running, aside, stack = side.running, side.aside, side.shadow_stack
        arm, arrived, poll, functions = self._arm, self._arrived, self._poll_future, self._functions
        # Where a call that is set aside leaves nothing else to see to.
        is_quick = stack is None or stack.lazy
        try:
            self._begin(call)
            while True:
                if arm is None or store.closed:
                    if self.poll(call):
                        break
                else:  # what ``poll`` does: a call of Python's is dear here
                    arm()
                    if poll(call.pointer):
                        self._done(call)
                        break
                    number, call.args_at, call.results_at, call.trap_at = arrived()
                    call.arrived = functions[number]
                    if not number and self._is_over():
                        raise GuestTrap(OVER_MESSAGE)
                function = call.arrived
                if function is None:
                    self._ticked()
                    if self._yields:
                        self._set_aside(call)
                        try:
                            yield
                        except asyncio.CancelledError:
                            self._bring_back(call)
                            if self._on_cancelled is not None:
                                self._on_cancelled(call)
                            raise
                        self._bring_back(call)
                    continue
                try:
                    outcome = function.serve(note, *function.read(call.args_at))
                    # The first question is the quick one, and nearly always enough.
                    if type(outcome) is CoroutineType or _is_coroutine(outcome):
                        coroutine = outcome
                        try:
                            yielded = coroutine.send(None)
                        except StopIteration as done:
                            outcome = done.value
                        else:
                            call.suspensions += 1
                            note.since = monotonic()
                            note.waiting = function.name
                            if on_suspend is not None:
                                on_suspend(call, function.name)
                            if is_quick and running[-1] is call:  # what ``_set_aside`` does
                                running.pop()
                                aside.add(call)
                            else:
                                self._set_aside(call)
                            try:
                                sent = yield yielded
                            except GeneratorExit:
                                coroutine.close()
                                raise
                            except BaseException as error:  # noqa: BLE001 (it is the coroutine's)
                                outcome = yield from rest(coroutine, coroutine.throw, error)
                            else:
                                if sent is None:
                                    outcome = yield from coroutine
                                else:
                                    outcome = yield from rest(coroutine, coroutine.send, sent)
                            if is_quick:  # what ``_bring_back`` does
                                aside.discard(call)
                                running.append(call)
                            else:
                                self._bring_back(call)
                            note.waiting = None
                            # It may have taken a cancellation for an answer.
                            if note.ends is not None and monotonic() > note.ends:
                                raise GuestTrap(OVER_MESSAGE)
                    if store.closed:
                        raise GuestTrap(CLOSED_MESSAGE)  # noqa: TRY301 (as if the function had)
                    function.write(call.results_at, outcome)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 (it goes through the guest)
                    note.waiting = None
                    self._bring_back(call)
                    self._fail(call, error)
            return call.room.read()
        finally:
            self._end(call)

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
                    if _is_coroutine(outcome):
                        outcome = _done_at_once(outcome, function.name)
                    function.write(call.results_at, outcome)
                except BaseException as error:  # noqa: BLE001 (it goes through the guest)
                    self._fail(call, error)
            return call.room.read()
        finally:
            self._end(call)

    def _begin(self, call: FiberCall) -> None:
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        while self._ending:
            self._let_go(self._ending[-1])
            self._ending.pop()
        room, side, stack = call.room, call.side, call.side.shadow_stack
        room.write(call.values)
        if stack is not None:
            call.outside = stack.get()
            if side.aside and not side.running:
                self._choose_stack(call, stack)
        side.running.append(call)
        call.future = future = room.begin()
        call.entered = True
        self._futures[future] = call.pointer = ctypes.c_void_p.from_param(future)

    def _choose_stack(self, call: FiberCall, stack: ShadowStack) -> None:
        """Put a call's C frames where those of the calls that are set aside are safe from them."""
        parent = call.parent
        if parent is not None and parent in call.side.aside:
            if not stack.lazy:  # else it is there
                stack.set(parent.stack_pointer)  # it ends before its parent goes on
            return
        call.region = stack.take_region()
        if call.region is not None:
            stack.set(call.region)

    def poll(self, call: FiberCall) -> bool:
        """Run the guest until it ends (True) or calls a host function or has run for a while (False).

        :raises GuestTrap, GuestException: it ended by that
        """
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        if self._arm is not None:
            self._arm()
            done = self._poll_future(call.pointer)
        else:
            check_room()
            landing = self.landing
            assert isinstance(landing, Landing)  # the other one arms
            flag, ready = call.flag, call.arrived is not None
            try:
                if ready:
                    call.flag = landing.go(flag)
                else:
                    landing.expect(flag)
                landing.arrival.number = 0
                done = self._poll_future(call.pointer)
            finally:
                landing.stay(flag)
        if done:
            self._done(call)
            return True
        number, call.args_at, call.results_at, call.trap_at = self._arrived()
        call.arrived = self._functions[number]
        if not number and self._is_over():
            raise GuestTrap(OVER_MESSAGE)
        return False

    def _ticked(self) -> None:
        """The guest came back at a tick: the next is for all, not this one once more for each.

        wasmtime moves a store's deadline on when the guest goes on; until then every other one that is polled
        would be stopped at once, a thousand for each tick.
        """
        if not self.store.closed:
            self.store.api.wasmtime_context_set_epoch_deadline(self.store.context, 1)

    def _done(self, call: FiberCall) -> None:
        """The guest has ended.

        :raises GuestTrap, GuestException: by that
        """
        call.arrived = None
        self._delete(call)
        room = call.room
        if room.error or room.trap:
            raise self._taken(call, room)

    def _taken(self, call: FiberCall, room: Room) -> BaseException:
        """Read why a call ended, and tell whose failure it was."""
        store = self.store
        store.trap.value, store.failed_on = room.trap.value, None
        found = store.taken(room.error.value)
        failed, call.failed = call.failed, None
        if failed is found and self.on_failure is not None:
            self.on_failure(call, call.failed_in, found, store.failed_on)
        return found

    def _set_aside(self, call: FiberCall) -> None:
        side = call.side
        stack = side.shadow_stack
        side.running.remove(call)
        side.aside.add(call)
        if stack is not None and not stack.lazy:
            call.stack_pointer = stack.get()
            stack.set(call.outside)

    def _bring_back(self, call: FiberCall) -> None:
        side = call.side
        if call not in side.aside:
            return
        side.aside.remove(call)
        side.running.append(call)
        stack = side.shadow_stack
        if stack is not None and not stack.lazy and not self.store.closed:
            call.outside = stack.get()
            stack.set(call.stack_pointer)

    def _fail(self, call: FiberCall, failure: BaseException) -> None:
        """Hand a host function's failure to the guest for when it is polled next, or raise it.

        Where no guest can catch it, it goes through the guest only for its stack to be told.
        """
        told = self.on_failure is not None and isinstance(failure, Exception)
        if (
            self.store.closed
            or isinstance(failure, (GuestTrap, KeyboardInterrupt, SystemExit))
            or not (self.catches or told)
        ):
            raise failure  # its frames go with the future
        if told and call.arrived is not None:
            call.failed, call.failed_in = failure, call.arrived.name
        trap = self.store.fail(failure, catchable=self.catches)
        ctypes.c_void_p.from_address(call.trap_at).value = trap

    def _delete(self, call: FiberCall) -> None:
        if call.future in self._futures:
            self._delete_future(call.future)

    def _end(self, call: FiberCall) -> None:
        """Let go of all that a call has, whatever became of it.

        Where a ``RecursionError`` is due even this may fail: what is left is done before the next call.
        """
        self._ending.append(call)
        while self._ending:
            self._let_go(self._ending[-1])
            self._ending.pop()

    def _let_go(self, call: FiberCall) -> None:
        side, stack = call.side, call.side.shadow_stack
        self._delete(call)
        call.room.give_back()
        aside = call in side.aside
        side.aside.discard(call)
        if call in side.running or (aside and stack is not None and stack.lazy):
            if stack is not None and not self.store.closed:
                stack.set(call.outside)
            if not aside:
                side.running.remove(call)
        if call.region is not None and stack is not None:
            region, call.region = call.region, None
            stack.give_back(region)

    def close(self) -> None:
        """Delete all futures, then the store; a second call does nothing. Not within a poll."""
        for future in [*self._futures]:
            self._delete_future(future)
        self.store.close()


def _done_at_once(coroutine: Coroutine[Any, Any, Any], name: str) -> Any:
    """Return what a coroutine returns that does not wait after all.

    :raises SuspendError: it does
    """
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
