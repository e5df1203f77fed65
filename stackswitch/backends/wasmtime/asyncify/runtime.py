"""The switch itself: an ``async`` call of an export whose imports may be coroutines.

A waiting import's coroutine is started within the callback. If it ends there is nothing to unwind. If not,
the guest unwinds and the event loop runs. When the coroutine has ended, the guest is rewound to where it was.
Names, stacks and cases are not known here. The steps of a usual wait are written out in ``fast_path``.

With an adapter (``adapter.py``) a wait takes two crossings: the import's call, and the one that resumes. The
adapter ends the rewind by itself, so the state machine learns of it when we next look (``look``). Without, as
for values that are references, each step is a call.

Every call that is suspended has its own saved stack. It stays in the instance's one data block until another
call needs that, and is copied out then. The C shadow stack pointer (``__stack_pointer``, where exported) is,
while a call is suspended, what it was before that call ran. A call that begins while others are suspended
gets a region of its own, if the guest's memory can grow by it: C code moves the pointer freely and would
write over the frames of those that wait.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable
from functools import partial

from ..c_stack import CStack
from ..call import ExportedFunction, Results
from ..capi import GuestTrap
from ..errors import CLOSED_MESSAGE, OverflowedError, ProtocolError, SuspendError
from ..stacks import Place
from ..store import Store
from ..switcher import SwitcherOptions
from ..values import Value
from .adapter import CONTROLS, Adapter, controller
from .asyncify_data import AsyncifyData
from .call import AsyncifyCall, Entry, check_depth
from .failure import SwitchTimer, failure_of
from .predicted_unwinds import AdaptedImport, PredictedUnwinds
from .state_machine import NORMAL, UNWINDING, StateMachine


class AsyncifyRuntime:
    """One instance of an Asyncify build.

    :param make_block: makes the data block when the first call waits
    :param read_stack: returns the functions on the thread's stack
    :param catches: whether the guest can catch a host function's failure
    """

    def __init__(
        self,
        store: Store,
        options: SwitcherOptions,
        make_block: Callable[[], AsyncifyData],
        read_stack: Callable[[], tuple[Place, ...]],
        *,
        catches: bool,
    ) -> None:
        self.store = store
        self._on_failure = options.on_failure
        self._read_stack = read_stack
        self.machine: StateMachine[AsyncifyCall] = StateMachine()
        self.catches = catches
        self.on_suspend = options.on_suspend
        self.c_stack: CStack | None = None
        self._controls: dict[str, ExportedFunction] | None = None
        self._adapter: Adapter | None = None
        self.resuming: AsyncifyCall | None = None  # the adapter is to end its rewind, if it has not yet
        self.served: dict[int, AdaptedImport] = {}
        self.predicted = PredictedUnwinds()
        self.pending = ctypes.c_uint32()
        self._unwinding = ctypes.c_uint32()
        self.nothing = ctypes.c_uint32()
        self.waiting = ctypes.c_uint32()
        self.unwound = ctypes.c_uint32()
        self.is_ready = False  # a call can be suspended, and that need not be reported
        self.is_quick = False  # once it has unwound, there is nothing else to do
        self.start_unwind: Callable[[], object]  # set by ``connect``, as the others
        self._stop_unwind: Callable[[], object]
        self._start_rewind: Callable[[], object]
        self._stop_rewind: Callable[[], object]
        self._make_block = make_block
        self._block: AsyncifyData | None = None
        self._trap = store.trap
        self._timer = SwitchTimer()
        self.is_stuck = False

    def connect(
        self,
        controls: dict[str, ExportedFunction],
        c_stack: CStack | None,
        adapter: Adapter | None = None,
        load: ExportedFunction | None = None,
    ) -> None:
        """Name what only exists once the instance has been made; before, no call can be suspended.

        :param controls: ``start_unwind``, ``stop_unwind``, ``start_rewind``, ``stop_rewind``
        :param adapter: the one that the guest has its imports from
        :param load: what the adapter reads the data block with
        """
        if adapter is not None:
            adapter.connect([*map(controls.__getitem__, CONTROLS), *([load] if load is not None else [])])
            self._adapter = adapter
            self.pending, self._unwinding, self.nothing = adapter.pending, adapter.unwinding, adapter.nothing
            self.waiting, self.unwound, self.predicted.word = adapter.waiting, adapter.unwound, adapter.early
            stays = c_stack is None or c_stack.lazy
            self.is_quick = adapter.shape.arrives and stays
        self._controls = controls
        self.c_stack = c_stack
        self.start_unwind = controller(self.store, controls["start_unwind"])
        self._stop_unwind = controller(self.store, controls["stop_unwind"])
        self._start_rewind = controller(self.store, controls["start_rewind"])
        self._stop_rewind = controller(self.store, controls["stop_rewind"])

    # --- calls of exports

    def finish_now(self, call: AsyncifyCall) -> tuple[Value, ...]:
        """Begin a call that must not wait and take it to its end (see ``fast_path.finish``).

        :raises SuspendError: it wanted to wait
        """
        entry = self.begin(call)
        try:
            self.left(call, entry.call(), adapted=entry.adapted)
            return entry.read()
        except BaseException:
            self.abandon(call)
            raise

    def begin(self, call: AsyncifyCall) -> Entry:
        """Make ready for a call; return the way into its export."""
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        if self.resuming is not None:
            self.look()
        check_depth()
        self.machine.enter(call)
        stack = self.c_stack
        try:
            entry = call.function.entry or self._entry(call.function)
            entry.write(call.args)
            if self.predicted.expected:
                # Only where the data block is free: it has the stack of its owner in it.
                self.predicted.allow(entry.adapted and call.may_wait and self.machine.owner is None)
            if stack is not None:
                call.outside = stack.get()
                if len(self.machine.running) == 1 and self.machine.suspended:
                    stack.separate(call, self.machine.waits)
        except BaseException:
            self.machine.forget(call)
            raise
        call.entered = True
        return entry

    def _entry(self, function: ExportedFunction) -> Entry:
        """Find the way into an export, once."""
        entry = self._adapter.entry(function) if self._adapter is not None else None
        if entry is None:
            slots = function.slots
            call = self.store.invoker(function.at, slots, function.count)
            read, write = partial(function.results.read, slots), partial(function.params.write, slots)
            entry = Entry(call, lambda _pending: call, read, write, adapted=False)
        function.entry = entry
        return entry

    def left(self, call: AsyncifyCall, error: int | None, *, adapted: bool) -> bool:
        """The guest has returned, with an error or without: whether the call is now suspended."""
        stack, machine = self.c_stack, self.machine
        if self.resuming is not None or self.predicted.now:
            self.look()
        if error or self._trap:
            if stack is not None:
                stack.set(call.outside)
            raise self._why(self.store.taken(error))
        if not machine.left():
            if stack is not None and (call.region is not None or call.parent is not None):
                stack.set(call.outside)
            return False
        block = self._block
        if block is None:  # suspend has made it
            raise ProtocolError("nothing-saved")
        if stack is not None and not stack.lazy:
            stack.suspended(call)
            stack.set(call.outside)
        position = block.position
        saved = block.saved_bytes if position is None else position.value - block.first
        if not adapted:
            if saved > block.room:
                block.clear()  # the guest would check it too, with a trap
                self._stop_unwind()
                raise OverflowedError(f"{saved} bytes to save, room for {block.room}")
            self._stop_unwind()
            if self._adapter is not None:
                self._adapter.reset()
        self.nothing.value = 0
        if not saved and not call.function.is_import:
            raise ProtocolError("nothing-saved")
        return True

    def rewind(self, call: AsyncifyCall, entry: Entry, results: Results) -> Callable[[], int | None]:
        """Put a call's saved stack back and have the guest rewind when it runs next; return what runs it."""
        block, machine = self._block, self.machine
        if self.store.closed:
            raise GuestTrap(CLOSED_MESSAGE)
        if block is None:  # suspend has made it
            raise ProtocolError("nothing-saved")
        if machine.owner is not call:
            before = machine.claim(call)
            if before is not None:
                before.saved = block.save()
            block.restore(call.saved or b"")
            call.saved = None
        stack = self.c_stack
        if stack is not None and not stack.lazy:
            call.outside = stack.get()
            stack.set(call.stack_pointer)
        if call.answer is not None and call.failure is None:
            number, write = call.answer
            try:
                write(results)
            except Exception as error:  # noqa: BLE001 (it is the import's: it fails when the rewind comes to it)
                call.failure = error
            else:
                if machine.state == NORMAL and entry.adapted:
                    self.resuming = call
                    return entry.resumes.get(number) or entry.resuming(number)
        call.results = results
        self.predicted.allow(False)  # the host says how the import ends
        machine.rewind(call)
        if not entry.adapted:
            self._start_rewind()
            if call.function.params.has_references:  # what is in the slots has gone stale
                entry.write(call.args)
        return entry.resuming(0)

    def look(self) -> None:
        """Learn whether the adapter has ended the rewind of ``resuming``, and whether it unwinds early."""
        call, machine = self.resuming, self.machine
        if call is not None:
            if not self.pending:
                self.resuming = None
                machine.resume(call)
            elif machine.state == NORMAL:
                machine.rewind(call)
        number = self.waiting.value
        if number and machine.state == NORMAL:
            machine.unwind(self.served[number].which)

    def check_progress(self, now: float) -> bool:
        """Whether the guest loops in the middle of one switch; to be called regularly.

        :param now: any clock's time (seconds)
        """
        self.look()
        self.is_stuck = self._timer.is_late(self.machine, now)
        return self.is_stuck

    def _why(self, error: BaseException) -> BaseException:
        stuck, self.is_stuck = self.is_stuck, False
        return failure_of(error, self.machine.state, self._block, is_stuck=stuck)

    def abandon(self, call: AsyncifyCall) -> None:
        """Drop a call for good and bring the instance back to where others can run."""
        if call.coroutine is not None:
            call.coroutine.close()
            call.coroutine = None
        if self.store.closed:
            return
        if self.resuming is call or self.predicted.now:
            self.look()
        self.store.forget()
        stack = self.c_stack
        if stack is not None and stack.lazy and self.machine.is_suspended(call):
            stack.set(call.outside)
        block = self._block
        if block is not None:
            # If it has no owner, it may hold the stack of a call that was stopped before it rewound.
            is_switching = call in self.machine.running and self.machine.state != NORMAL
            if self.machine.owner in (call, None) or is_switching:
                block.clear()
            if call in self.machine.running:
                self._stop_switch()
        self.machine.forget(call)

    def _stop_switch(self) -> None:
        """Have the guest run as usual when it is called next.

        Out of fuel or time, it may have ended where the adapter had begun or ended a switch, unnoticed.
        A trap here changes nothing: the guest sets its state first, and looks at the data block then.
        """
        if self._adapter is not None:
            self._adapter.reset()
            self.resuming = None
        with self.store.unlimited(), contextlib.suppress(ProtocolError):
            (self._stop_unwind if self.machine.state == UNWINDING else self._stop_rewind)()

    # --- for imports

    def suspend(self, call: AsyncifyCall, which: object, name: str) -> None:
        """The call's coroutine waits, so the guest has to unwind. The caller starts the unwind.

        :param which: the import; the same object each time
        :raises SuspendError: the call cannot be suspended
        """
        if not call.may_wait or self._controls is None:
            if call.coroutine is not None:
                call.coroutine.close()
                call.coroutine = None
            raise SuspendError(f"{name} waits, and the call of {call.function.name} cannot be suspended")
        call.suspensions += 1
        call.note.since, call.note.waiting = time.monotonic(), name
        block = self._block
        if block is None:
            block = self._block = self._make_block()
            start = block.start.to_bytes(8, "little")
            for control in ("start_unwind", "start_rewind"):
                ctypes.memmove(self._controls[control].slots, start, 8)
            if self._adapter is not None:
                self._adapter.place(block.start, block.first)
            self.is_ready = self.on_suspend is None
        if self.on_suspend is not None:
            self.on_suspend(call, name)
        before = self.machine.unwind(which)
        if before is not None:
            before.saved = block.save()
        self._unwinding.value = 1

    def arrive(self, which: object, write: Callable[[Results], None], name: str) -> int:
        """The rewind has come to an import that may wait: if that is the one, it returns, or fails, now.

        :param write: takes its results
        :param name: the import's
        :raises ProtocolError: it is another, or it is too early
        """
        block, machine = self._block, self.machine
        machine.waiting_import(which, block.saved_bytes if block is not None else 0)
        call = machine.running[-1]
        self._stop_rewind()
        if call.failure is not None:
            failure, call.failure = call.failure, None
            return self.fail(failure, name)
        write(call.results)
        return 0

    def reports(self, error: BaseException) -> bool:
        """Whether a failure passes through the guest only so that its stack can be reported."""
        return self._on_failure is not None and isinstance(error, Exception)

    def fail(self, error: BaseException, name: str) -> int:
        """Return what the callback of an import that failed returns.

        :param name: the import's
        """
        try:
            running = self.machine.running
            if self._on_failure is not None and running and isinstance(error, Exception):
                frames = tuple([index for _, index in self._read_stack()])
                self._on_failure(running[-1].note, name, error, frames, ())
            return self.store.fail(error, catchable=self.catches and self.machine.state == NORMAL)
        except BaseException:  # noqa: BLE001 (none may cross frames of C)
            return self.store.fail(error, catchable=False)
