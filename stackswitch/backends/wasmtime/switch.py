"""The switch itself: an ``async`` call of an export whose imports may be coroutines.

A waiting import's coroutine is started within the callback. If it ends there is nothing to unwind; if
not, the guest unwinds, the event loop goes on, and when the coroutine ends the guest is rewound to where it
was. Nothing here reads names, stacks or cases: this is the hot path, and a library's core.

Every call that is set aside keeps its own saved stack: it stays in the instance's one data block until
another call needs that, and is copied out then. The C shadow stack (``__stack_pointer``, where exported)
is, while a call is set aside, what it was before that call ran; a call that begins while others are set
aside gets a region of its own, if the guest's memory can grow by it, since C code moves the
pointer up and down freely and would write over the frames of those that wait.
"""

from __future__ import annotations

import ctypes
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from functools import partial
from typing import Any

from .area import Area
from .call import Function, GuestCall, OverflowedError, Results, ShadowStack, SuspendError, rest
from .capi import CALLBACK, GuestTrap
from .store import Store
from .unwind import NORMAL, UNWINDING, ProtocolError, Unwinder
from .values import Codec, Value

Begin = Callable[["GuestCall", tuple[Value, ...]], Results | Coroutine[Any, Any, Results]]
"""A waiting import: its results at once, or a coroutine that gives them."""
LIVELOCK_S = 1.0
"""How long the guest may take to unwind or rewind: that is microseconds, unless it loops."""
_OUT_OF_BOUNDS = 1
"""wasmtime's trap code."""


def _not_connected() -> None:
    raise ProtocolError("nothing-saved", "the build has no control functions")


class Switch:
    """One instance of an Asyncify build.

    :param make_area: makes the data block when the first call waits
    :param catches: whether the guest can catch a host function's failure
    :param on_suspend: told each time a call is set aside, before it unwinds
    """

    def __init__(
        self,
        store: Store,
        make_area: Callable[[], Area],
        *,
        catches: bool = False,
        on_suspend: Callable[[GuestCall, object], None] | None = None,
    ) -> None:
        self.store = store
        self.machine: Unwinder[GuestCall] = Unwinder()
        self.catches = catches
        self.on_suspend = on_suspend
        self.shadow_stack: ShadowStack | None = None
        self._controls: dict[str, Function] | None = None
        self._setters: Sequence[Callable[[], object]] | None = None
        self._start_unwind: Callable[[], object] = _not_connected
        self._stop_unwind: Callable[[], object] = _not_connected
        self._start_rewind: Callable[[], object] = _not_connected
        self._stop_rewind: Callable[[], object] = _not_connected
        self._make_area = make_area
        self._area: Area | None = None
        self._stuck_at = -1
        self._stuck_since = 0.0
        self.is_stuck = False
        self._invoke = store.api.call

    def connect(self, controls: dict[str, Function], shadow_stack: ShadowStack | None) -> None:
        """Name what only exists once the instance has been made; before, no call can be set aside.

        :param controls: ``start_unwind``, ``stop_unwind``, ``start_rewind``, ``stop_rewind``
        """
        self._controls = controls
        self.shadow_stack = shadow_stack
        self._start_unwind = self._control(controls["start_unwind"])
        self._stop_unwind = self._control(controls["stop_unwind"])
        self._start_rewind = self._control(controls["start_rewind"])
        self._stop_rewind = self._control(controls["stop_rewind"])

    def connect_state(self, setters: Sequence[Callable[[], object]]) -> None:
        """Set the guest's state by its global from now on, not by calls; the data block is set up first.

        :param setters: what makes it NORMAL, UNWINDING and REWINDING
        """
        self._setters = setters

    # --- calls of exports

    async def call(self, function: Function, args: Results) -> tuple[Value, ...]:
        """Call an export; it may wait.

        :raises GuestTrap, GuestException: the guest trapped, or an exception left it
        :raises ProtocolError, OverflowedError: the switch went wrong
        :raises BaseException: whatever a host function raised and the guest did not catch
        """
        return await self.finish(GuestCall(function, args, may_wait=True))

    @types.coroutine
    def finish(self, call: GuestCall) -> Generator[Any, Any, tuple[Value, ...]]:
        """Begin a call and take it to its end (see ``call``); to be awaited."""
        self._begin(call)
        try:
            while self._run(call):
                try:
                    call.results = yield from rest(call.coroutine, call.first)  # type: ignore[arg-type]
                except GeneratorExit:
                    raise
                except BaseException as error:
                    if not self.catches or self.store.closed:
                        raise
                    call.failure = error
                self._rewind(call)
            return call.function.results.read(call.function.slots)
        except BaseException:
            self._abandon(call)
            raise
        finally:
            if call.region is not None and self.shadow_stack is not None:
                self.shadow_stack.give_back(call.region)

    def finish_now(self, call: GuestCall) -> tuple[Value, ...]:
        """Begin a call that must not wait and take it to its end (see ``call``).

        :raises SuspendError: it wanted to wait
        """
        self._begin(call)
        try:
            self._run(call)
            return call.function.results.read(call.function.slots)
        except BaseException:
            self._abandon(call)
            raise

    def _begin(self, call: GuestCall) -> None:
        if self.store.closed:
            raise GuestTrap("the store has been closed")
        self.machine.enter(call)
        stack = self.shadow_stack
        if stack is not None:
            call.outside = stack.get()
            if len(self.machine.running) == 1 and self.machine.suspended:
                self._choose_stack(call, stack)
        call.function.params.write(call.function.slots, call.args)

    def _choose_stack(self, call: GuestCall, stack: ShadowStack) -> None:
        """Put a call's C frames where those of the calls that are set aside are safe from them."""
        parent = call.parent
        if parent is not None and self.machine.is_suspended(parent):
            # It ends before its parent goes on, so it may stand on the parent's frames.
            stack.set(parent.stack_pointer)
            return
        call.region = stack.take_region()
        if call.region is not None:
            stack.set(call.region)

    def _run(self, call: GuestCall) -> bool:
        """Run the guest until it returns; whether the call is now set aside."""
        function, store, stack = call.function, self.store, self.shadow_stack
        error = self._invoke(store.context, function.at, function.slots, function.count, store.trap_at)
        if error or store.trap.value:
            if stack is not None:
                stack.set(call.outside)
            raise self._why(store.taken(error))
        if not self.machine.left():
            if stack is not None and (call.region is not None or call.parent is not None):
                stack.set(call.outside)
            return False
        area = self._area
        if area is None:  # _set_aside has made it
            raise ProtocolError("nothing-saved")
        if stack is not None:
            call.stack_pointer = stack.get()
            stack.set(call.outside)
        saved = area.saved_bytes
        if saved > area.room:
            area.clear()  # the guest would check it too, with a trap
            self._stop_unwind()
            raise OverflowedError(f"{saved} bytes to save, room for {area.room}")
        self._stop_unwind()
        if not saved and not function.is_import:
            raise ProtocolError("nothing-saved")
        return True

    def _rewind(self, call: GuestCall) -> None:
        """Put a call's saved stack back and have the guest rewind when it runs next."""
        area, machine = self._area, self.machine
        if self.store.closed:
            raise GuestTrap("the store has been closed")
        if area is None:  # _set_aside has made it
            raise ProtocolError("nothing-saved")
        if machine.owner is not call:
            self._claim(area, call)
            area.restore(call.saved or b"")
            call.saved = None
        machine.rewind(call)
        if self.shadow_stack is not None:
            call.outside = self.shadow_stack.get()
            self.shadow_stack.set(call.stack_pointer)
        self._start_rewind()
        if call.function.params.has_references:  # what is in the slots has gone stale
            call.function.params.write(call.function.slots, call.args)

    def _claim(self, area: Area, call: GuestCall) -> None:
        before = self.machine.claim(call)
        if before is not None:
            before.saved = area.save()

    def look_for_livelock(self, now: float) -> bool:
        """Whether the guest has run on and on in the middle of one switch; to be asked now and then.

        :param now: any clock's time (seconds)
        """
        machine = self.machine
        if machine.state == NORMAL or machine.switches != self._stuck_at:
            self._stuck_at, self._stuck_since = machine.switches, now
            return False
        self.is_stuck = now - self._stuck_since > LIVELOCK_S
        return self.is_stuck

    def _why(self, error: BaseException) -> BaseException:
        """What a failure means in the middle of a switch."""
        area = self._area
        if self.machine.state == NORMAL or area is None or not isinstance(error, GuestTrap):
            return error
        if self.machine.state == UNWINDING and error.code == _OUT_OF_BOUNDS:
            return OverflowedError(f"the saved stack ran out of its memory: {error.message}")
        if self.is_stuck:
            self.is_stuck = False
            return ProtocolError("no-progress")
        broken = ProtocolError("trap-while-switching", error.message)
        broken.__cause__ = error
        return broken

    def _abandon(self, call: GuestCall) -> None:
        """Drop a call for good and bring the instance back to where others can run."""
        if call.coroutine is not None:
            call.coroutine.close()
            call.coroutine = None
        if self.store.closed:
            return
        area = self._area
        if call in self.machine.running and self.machine.state != NORMAL and area is not None:
            area.clear()
            (self._stop_unwind if self.machine.state == UNWINDING else self._stop_rewind)()
        elif self.machine.owner is call and area is not None:
            area.clear()
        self.machine.forget(call)

    def _control(self, control: Function) -> Callable[[], None]:
        """Return what calls a control function: short calls, which no other thread need wait for."""
        store, name = self.store, control.name
        trap = store.trap
        call = partial(
            store.api.control, store.context, control.at, control.slots, control.count, store.trap_at
        )

        def run() -> None:
            error = call()
            if error or trap.value:
                raise ProtocolError("trap-while-switching", f"{name}: {store.taken(error)}")

        return run

    # --- imports

    def plain_import(
        self, params: Codec, results: Codec, function: Callable[[tuple[Value, ...]], Results]
    ) -> Any:
        """Make the C callback of an import that never waits."""
        machine, fail = self.machine, self._fail

        def callback(_env: int, _caller: int, slots: int, _count: int) -> int:
            try:
                if machine.state:
                    machine.plain_import()
                results.write(slots, function(params.read(slots)))
            except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
                return fail(error)
            return 0

        return CALLBACK(callback)

    def waiting_import(self, params: Codec, results: Codec, begin: Begin, name: str) -> Any:
        """Make the C callback of an import that may wait."""
        machine, fail = self.machine, self._fail
        which = object()

        def callback(_env: int, _caller: int, slots: int, _count: int) -> int:
            try:
                if machine.state:
                    area = self._area
                    if machine.waiting_import(which, area.saved_bytes if area else 0):
                        return self._arrive(results, slots)
                call = self._caller(name)
                outcome = begin(call, params.read(slots))
                if type(outcome) is types.CoroutineType or isinstance(outcome, Coroutine):
                    try:
                        yielded = outcome.send(None)
                    except StopIteration as done:
                        outcome = done.value
                    else:
                        self._set_aside(call, outcome, yielded, which, name)
                        return 0
                results.write(slots, outcome)
            except BaseException as error:  # noqa: BLE001 (none may cross frames of C)
                return fail(error)
            return 0

        return CALLBACK(callback)

    def _caller(self, name: str) -> GuestCall:
        if not self.machine.running:
            raise SuspendError(f"{name} was called from outside: by a start function or another instance")
        return self.machine.running[-1]

    def _arrive(self, results: Codec, slots: int) -> int:
        """The rewind has come to the import that waited: it returns, or fails, now."""
        call = self.machine.running[-1]
        self._stop_rewind()
        call.coroutine = None
        if call.failure is not None:
            failure, call.failure = call.failure, None
            return self._fail(failure)
        results.write(slots, call.results)
        return 0

    def _set_aside(
        self, call: GuestCall, coroutine: Coroutine[Any, Any, Results], yielded: Any, which: object, name: str
    ) -> None:
        if not call.may_wait or self._controls is None:
            coroutine.close()
            raise SuspendError(f"{name} waits, and the call of {call.function.name} cannot be set aside")
        call.coroutine, call.first = coroutine, yielded
        call.suspensions += 1
        area = self._area
        if area is None:
            area = self._area = self._make_area()
            start = area.start.to_bytes(8, "little")
            for control in ("start_unwind", "start_rewind"):
                ctypes.memmove(self._controls[control].slots, start, 8)
            if self._setters is not None:
                # Once by a call, which tells the guest where the block lies: that never changes.
                self._start_unwind()
                normal, self._start_unwind, self._start_rewind = self._setters
                self._stop_unwind = self._stop_rewind = normal
        if self.on_suspend is not None:
            self.on_suspend(call, which)
        self._claim(area, call)
        self.machine.unwind(which)
        self._start_unwind()

    def _fail(self, error: BaseException) -> int:
        try:
            return self.store.fail(error, catchable=self.catches and self.machine.state == NORMAL)
        except BaseException:  # noqa: BLE001 (none may cross frames of C)
            return self.store.fail(error, catchable=False)
