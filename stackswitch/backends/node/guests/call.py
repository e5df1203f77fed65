"""A call of a guest in the child, from Python's side: its host functions run in the task that awaits it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from stackswitch.backends.guest_protocol import COMMAND, OVERFLOW, CallState
from stackswitch.backends.notes import note_stack
from stackswitch.errors import EngineError, GuestError, GuestStateError, GuestTrapError, SuspendRefusedError
from stackswitch.transport.frames import Frame, decode_object

from . import messages
from .messages import HOST_CALL, RETURNED
from .state import InstanceState
from .waiter import InlineWaiter

_LOST: Frame = (-1, b"", 0, 0)


class RemoteCall:
    """A call in progress (``child.PendingCall``).

    :ivar number: its number in frames
    :ivar event: the child's last frame, if it has not been handled
    :ivar blocking: whether the guest's thread blocks for the host function that it called last
    :ivar failed: what a host function has raised
    """

    def __init__(self, instance: InstanceState, number: int, state: CallState) -> None:
        self.number = number
        self.state = state
        self._instance = instance
        self._waiter = InlineWaiter(instance.loop)
        self.event: Frame | None = None
        self._error: EngineError | None = None
        self._closed: GuestError | None = None
        self.failed: BaseException | None = None
        self._failed_in = ""
        self.blocking = False
        self._serving: asyncio.Task[Any] | None = None

    # Frames of the child.

    def host_called(self, frame: bytes, at: int, end: int, *, blocking: bool) -> None:
        """A host function is called."""
        self.blocking = blocking
        self.event = (HOST_CALL, frame, at, end)
        self._waiter.wake()

    def ended(self, op: int, frame: bytes, at: int, end: int) -> None:
        """It returned or failed."""
        self._wake((op, frame, at, end))

    def lost(self, error: EngineError) -> None:
        """The child is gone, or the instance was closed."""
        self._error = error
        self._wake(_LOST)

    def _wake(self, event: Frame) -> None:
        self.event = event
        self._waiter.wake()

    def closed(self, error: GuestError) -> None:
        """The instance was closed: the awaiting task gets the error at the next turn of the loop."""
        self._closed = error
        if self._instance.loop.is_closed():
            return
        self._instance.loop.call_soon(self._wake, _LOST)
        if self._serving is not None and self._serving is not asyncio.current_task():
            self._serving.cancel()

    # In the task.

    async def serve(self, made: asyncio.Future[Any] | None = None) -> Frame:
        """Run the guest's host functions in this task until the call ends, and return its last frame.

        :param made: wait until this is done instead (an instantiation); the frame then says nothing
        """
        instance, state, waiter, task = self._instance, self.state, self._waiter, asyncio.current_task()
        if made is not None:
            made.add_done_callback(lambda _: waiter.wake())
        while True:
            while self.event is None:
                if made is not None and made.done():
                    return _LOST
                await waiter
            (op, frame, at, end), self.event = self.event, None
            if op != HOST_CALL:
                if made is None:
                    return op, frame, at, end
                continue
            blocking = self.blocking
            host, host_call, args = instance.host_call(frame, at, end, state)
            try:
                if host.waits:
                    state.suspend(host.name)
                    self._serving = task
                    try:
                        result = await host.function(state, *args)
                    finally:
                        state.waiting = self._serving = None
                    # It may have taken a cancellation for an answer.
                    if state.ends is not None and time.monotonic() > state.ends:
                        raise asyncio.CancelledError  # noqa: TRY301 (as if the function had)
                else:
                    result = host.function(state, *args)
                answer = host.result_frame(self.number, host_call, result)
            except BaseException as error:
                self.failed, self._failed_in = error, host.name
                self._answer(messages.reject(self.number, host_call), blocking=blocking)
                if not isinstance(error, Exception):  # else the guest's end brings the stack
                    self._check_closed(error)
                    raise
            else:
                self._answer(answer, blocking=blocking)

    def _answer(self, frame: bytes, *, blocking: bool) -> None:
        self._instance.slices = []
        try:
            self._instance.child.answer(frame, blocking=blocking)
        except EngineError as error:
            self._error, self.event = error, _LOST

    def _check_closed(self, error: BaseException) -> None:
        """Raise why the instance was closed, if that is what ended a host function."""
        self._instance.lose_c_stack(f"{self.state.export} was ended while it waited")
        if self._closed is not None and isinstance(error, asyncio.CancelledError):
            # The task continues: from Python 3.11 it counts cancellations.
            getattr(asyncio.current_task(), "uncancel", int)()
            raise self._closed from None

    def serve_now(self, frame: bytes, at: int, end: int) -> None:
        """Run a plain host function where nothing can be awaited (a call by ``call_now``)."""
        instance = self._instance
        host, host_call, args = instance.host_call(frame, at, end, self.state)
        try:
            answer = host.result_frame(self.number, host_call, host.function(self.state, *args))
        except BaseException as error:  # noqa: BLE001 (raised when the guest has ended)
            self.failed, self._failed_in = error, host.name
            answer = messages.reject(self.number, host_call)
        instance.slices = []
        instance.child.answer(answer, blocking=True)

    def outcome(self, op: int, frame: bytes, at: int, end: int) -> tuple[Any, ...]:
        """Read how it ended.

        :raises GuestError: it trapped, or could not be suspended; or whatever a host function raised
        """
        instance = self._instance
        if op == _LOST[0]:
            raise self._closed or GuestStateError(
                instance.unfit or f"the guest's process is gone: {self._error}"
            )
        _, memory_size = messages.END_HEAD.unpack_from(frame, at)
        instance.memory_size = max(instance.memory_size, int(memory_size))
        at += messages.END_HEAD.size
        if op == RETURNED:
            return instance.exports[self.state.export].results.from_wire(frame, at)
        failure = decode_object(frame[at:end])
        if self.state.export == COMMAND and failure.get("status") == 0 and self.failed is None:
            return ()
        if failure.get("damaged"):
            instance.note_overflow()
        raise self.failure(failure)

    def failure(self, failure: Mapping[str, Any]) -> BaseException:
        """Return the error for a failure that the child reports."""
        instance = self._instance
        if self.failed is None:
            return guest_error(failure, instance)
        instance.lose_c_stack(f"{self.state.export} was ended while it waited")
        frames = instance.prepared.frames(failure.get("frames", ()))
        note_stack(self.failed, self._failed_in, self.state.export, frames)
        return self.failed


def guest_error(failure: Mapping[str, Any], instance: InstanceState) -> GuestError:
    """Return the typed error of a trap, an exit, or a wait that the engine refused."""
    kind, message = str(failure.get("kind", "other")), str(failure.get("message", ""))
    if kind == "suspend-error":
        return SuspendRefusedError(
            f"the guest cannot be suspended here: {message} (a coroutine function waits in a start function,"
            " below invoke_now, or with a frame of JavaScript between)"
        )
    if kind == "other":
        return GuestError(f"the guest failed: {message}")
    status = failure.get("status")
    if status is None:
        instance.lose_c_stack(f"it trapped ({kind})")
    pairs = failure.get("frames", ())
    frames = instance.prepared.frames(pairs)
    added = instance.prepared.trap_message(pairs)
    if added is not None and added.startswith(OVERFLOW):
        instance.note_overflow()
        kind = "stack-overflow"
    return GuestTrapError(
        added or message,
        kind=kind,
        frames=frames,
        exit_status=status if isinstance(status, int) else None,
    )
