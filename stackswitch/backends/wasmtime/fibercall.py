"""Calls on fibers: an ``async`` call of an export whose host functions may be coroutines, of any module.

A call is a *future* of wasmtime's. To poll it runs the guest, on a stack of its own, until it ends or calls
a host function; the poll then returns, the guest stays where it is, and the host function runs here, on
the thread's own stack: plain ones at once, coroutines with the event loop between. Then the guest is
polled again.

What keeps the process alive (each is an abort of wasmtime's or Python's): no Python runs on a fiber (see
``fiberapi``); a future is deleted before its store (``close``); polls never nest, since host functions run
between them; and where references to collected objects may lie in frames, one call at a time is for the
caller to see to (``fiberbuild``): wasmtime's collector does not look into fibers that are set aside.

The C shadow stack is kept as ``switch`` keeps it: a call that begins while others are set aside gets a
region.
"""

from __future__ import annotations

import ctypes
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

from .call import ShadowStack, SuspendError
from .capi import GuestTrap
from .engine import OVER_MESSAGE
from .fiberapi import FiberApi, Landing, check_room
from .fibervalues import ValueArray
from .store import Store
from .values import Value

Results = Sequence[Value]
Serve = Callable[["FiberCall", tuple[Value, ...]], Results | Coroutine[Any, Any, Results]]
"""A host function: its results at once, or a coroutine that gives them."""


class HostFunction:
    """A host function and its types."""

    __slots__ = ("name", "params", "results", "serve")

    def __init__(self, name: str, params: ValueArray, results: ValueArray, serve: Serve) -> None:
        self.name = name
        self.params = params
        self.results = results
        self.serve = serve


class Side:
    """What the calls of one instance share: its C shadow stack, and which calls are where.

    :ivar running: the calls with frames that are not set aside, innermost last
    """

    __slots__ = ("aside", "running", "shadow_stack")

    def __init__(self) -> None:
        self.shadow_stack: ShadowStack | None = None
        self.running: list[FiberCall] = []
        self.aside: set[FiberCall] = set()


class FiberCall:
    """A call of an export, or the making of an instance, from its beginning to its end.

    :param start: starts it and returns wasmtime's future; :param result: reads what came of it
    :param parent: the call whose host function makes this one: it waits for its end
    :ivar may_wait: whether it can be set aside; :ivar suspensions: how often it was
    :ivar entered: whether the guest has run
    :ivar note: for whoever watches
    """

    __slots__ = (
        "arrived",
        "entered",
        "error",
        "flag",
        "future",
        "may_wait",
        "note",
        "outside",
        "parent",
        "pointer",
        "region",
        "result",
        "results_at",
        "side",
        "stack_pointer",
        "start",
        "suspensions",
        "trap",
        "trap_at",
    )

    def __init__(
        self,
        side: Side,
        start: Callable[[FiberCall], int],
        result: Callable[[], tuple[Value, ...]],
        *,
        may_wait: bool,
        parent: FiberCall | None = None,
    ) -> None:
        self.side = side
        self.start = start
        self.result = result
        self.may_wait = may_wait
        self.parent = parent
        self.suspensions = 0
        self.entered = False
        self.note: Any = None
        self.future = 0
        self.pointer = ctypes.c_void_p()
        self.flag = 0
        self.trap = ctypes.c_void_p()
        self.error = ctypes.c_void_p()
        self.arrived: HostFunction | None = None
        self.results_at = self.trap_at = 0
        self.outside = self.stack_pointer = 0
        self.region: int | None = None


def _is_coroutine(outcome: object) -> bool:
    # The first question is the quick one, and nearly always enough.
    return type(outcome) is types.CoroutineType or (
        type(outcome) not in (tuple, list) and isinstance(outcome, Coroutine)
    )


class Fibers:
    """All calls of one store.

    :param catches: whether some guest can catch a host function's failure
    :param is_over: asked at each of wasmtime's ticks: whether the guests are to be stopped
    :param sampling: take a sample of the stack whenever a host function is called
    :param on_suspend: told each time a call is set aside, and by which import
    :param yields: let the event loop turn at each of wasmtime's ticks while a guest runs
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
        yields: bool = False,
    ) -> None:
        self.api = api
        self.store = store
        self.catches = catches
        self.on_suspend = on_suspend
        self.landing = Landing((api.dll, store.pointer) if sampling else None)
        self._is_over = is_over
        self._yields = yields
        self._functions: list[HostFunction | None] = [None]  # 0: nobody arrived
        self._futures: dict[int, ctypes.c_void_p] = {}
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
    def finish(self, call: FiberCall) -> Generator[Any, Any, tuple[Value, ...]]:
        """Begin a call and take it to its end; to be awaited.

        :raises GuestTrap, GuestException: the guest trapped, or an exception left it
        :raises RecursionError: the caller's own stack is all but used up
        :raises BaseException: whatever a host function raised and the guest did not catch
        """
        try:
            self._begin(call)
            while not self._poll(call):
                if call.arrived is not None:
                    outcome, failure = self._serve(call)
                    if failure is None and _is_coroutine(outcome):
                        outcome, failure = yield from self._wait(call, outcome)
                    self._answer(call, outcome, failure)
                elif self._yields:
                    self._set_aside(call)
                    yield
                    self._bring_back(call)
            return call.result()
        finally:
            self._end(call)

    def finish_now(self, call: FiberCall) -> tuple[Value, ...]:
        """Begin a call that must not wait and take it to its end (see ``finish``).

        :raises SuspendError: it wanted to wait
        """
        try:
            self._begin(call)
            while not self._poll(call):
                if call.arrived is not None:
                    outcome, failure = self._serve(call)
                    if failure is None and _is_coroutine(outcome):
                        name = call.arrived.name
                        outcome.close()
                        failure = SuspendError(
                            f"{name} wants to wait, and a frame of the host lies between it and its caller"
                        )
                    self._answer(call, outcome, failure)
            return call.result()
        finally:
            self._end(call)

    def _begin(self, call: FiberCall) -> None:
        if self.store.closed:
            raise GuestTrap("the store has been closed")
        while self._ending:
            self._let_go(self._ending[-1])
            self._ending.pop()
        side, stack = call.side, call.side.shadow_stack
        if stack is not None:
            call.outside = stack.get()
            if side.aside and not side.running:
                self._choose_stack(call, stack)
        side.running.append(call)
        call.future = call.start(call)
        call.entered = True
        self._futures[call.future] = call.pointer = ctypes.c_void_p(call.future)

    def _choose_stack(self, call: FiberCall, stack: ShadowStack) -> None:
        """Put a call's C frames where those of the calls that are set aside are safe from them."""
        parent = call.parent
        if parent is not None and parent in call.side.aside:
            stack.set(parent.stack_pointer)  # it ends before its parent goes on
            return
        call.region = stack.take_region()
        if call.region is not None:
            stack.set(call.region)

    def _poll(self, call: FiberCall) -> bool:
        """Run the guest until it ends (True) or calls a host function or has run for a while (False).

        :raises GuestTrap, GuestException: it ended by that
        """
        if self.store.closed:
            raise GuestTrap("the store has been closed")
        check_room()
        landing, flag, ready = self.landing, call.flag, call.arrived is not None
        arrival = landing.arrival
        call.arrived = None
        try:
            if ready:
                call.flag = landing.go(flag)
            else:
                landing.expect(flag)
            arrival.number = 0
            done = self._poll_future(call.pointer)
        finally:
            landing.stay(flag)
        if not done:
            if number := arrival.number:
                call.arrived = self._functions[number]
                call.results_at, call.trap_at = arrival.results or 0, arrival.trap
            elif self._is_over():
                raise GuestTrap(OVER_MESSAGE)
            return False
        self._delete(call)
        if call.error.value or call.trap.value:
            self.store.trap.value = call.trap.value
            raise self.store.taken(call.error.value)
        return True

    def _serve(self, call: FiberCall) -> tuple[Any, BaseException | None]:
        function = call.arrived
        assert function is not None  # only called then
        try:
            return function.serve(call, function.params.read(self.landing.arrival.args or 0)), None
        except BaseException as error:  # noqa: BLE001 (it goes through the guest)
            return None, error

    @types.coroutine
    def _wait(
        self, call: FiberCall, coroutine: Coroutine[Any, Any, Results]
    ) -> Generator[Any, Any, tuple[Any, BaseException | None]]:
        """Run a host function that is a coroutine, the call set aside if it really waits."""
        try:
            yielded = coroutine.send(None)
        except StopIteration as done:
            return done.value, None
        except BaseException as error:  # noqa: BLE001 (it goes through the guest)
            return None, error
        call.suspensions += 1
        if self.on_suspend is not None:
            assert call.arrived is not None  # else nothing could wait
            self.on_suspend(call, call.arrived.name)
        self._set_aside(call)
        try:
            step: Callable[[Any], Any]
            while True:
                try:
                    value = yield yielded
                    step = coroutine.send
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 (it is the coroutine's, whatever it is)
                    step, value = coroutine.throw, error
                try:
                    yielded = step(value)
                except StopIteration as done:
                    return done.value, None
                except BaseException as error:  # noqa: BLE001 (it goes through the guest)
                    return None, error
        finally:
            coroutine.close()
            self._bring_back(call)

    def _set_aside(self, call: FiberCall) -> None:
        side = call.side
        side.running.remove(call)
        side.aside.add(call)
        if side.shadow_stack is not None:
            call.stack_pointer = side.shadow_stack.get()
            side.shadow_stack.set(call.outside)

    def _bring_back(self, call: FiberCall) -> None:
        side = call.side
        if call not in side.aside:
            return
        side.aside.remove(call)
        side.running.append(call)
        if side.shadow_stack is not None and not self.store.closed:
            call.outside = side.shadow_stack.get()
            side.shadow_stack.set(call.stack_pointer)

    def _answer(self, call: FiberCall, outcome: Results, failure: BaseException | None) -> None:
        """Hand a host function's results, or its failure, to the guest for when it is polled next."""
        function = call.arrived
        assert function is not None  # only called then
        if self.store.closed:
            raise failure or GuestTrap("the store has been closed")
        if failure is None:
            try:
                function.results.write(call.results_at, outcome)
            except Exception as error:  # noqa: BLE001 (results of the wrong kind or number)
                failure = error
            else:
                return
        if not self.catches or isinstance(failure, (GuestTrap, KeyboardInterrupt, SystemExit)):
            raise failure  # no guest can catch it: its frames go with the future
        trap = self.store.fail(failure, catchable=True)
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
        side.aside.discard(call)
        if call in side.running:
            if stack is not None and not self.store.closed:
                stack.set(call.outside)
            side.running.remove(call)
        if call.region is not None and stack is not None:
            region, call.region = call.region, None
            stack.give_back(region)

    def close(self) -> None:
        """Delete all futures, then the store; a second call does nothing. Not within a poll."""
        for future in [*self._futures]:
            self._delete_future(future)
        self.store.close()
