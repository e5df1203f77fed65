"""An instance in the child, as the library sees it (``backends.guest_protocol.GuestInstance``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from stackswitch.backends.guest_protocol import CallState
from stackswitch.errors import EngineError, GuestStateError, GuestTimeoutError, GuestTypeError
from stackswitch.transport.frames import decode_object

from . import messages
from .call import RemoteCall
from .child import GuestChild
from .memory import RemoteMemory
from .messages import CALL, CALL_NOW
from .prepared import PreparedModule
from .state import InstanceState
from .stop import note_stopped
from .values import Values

GRACE_S = 1.0
"""How long a call that was cancelled may go on computing, before the child is ended."""


class JspiInstance(InstanceState):
    """See ``backends.guest_protocol.GuestInstance``. Made by ``JspiModule.instantiate``.

    :param on_close: called once, with the instance
    """

    def __init__(
        self,
        prepared: PreparedModule,
        child: GuestChild,
        number: int,
        on_close: Callable[[JspiInstance], None],
    ) -> None:
        super().__init__(prepared, child, number)
        self._on_close = on_close
        self.calls: dict[CallState, RemoteCall] = {}
        self._output = (bytearray(), bytearray())
        self._closed = False

    # Calls.

    async def call(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """See ``GuestInstance.call``."""
        call, frame = self._begin(CALL, export, args, state)
        state.backend_call = self.child.calls[call.number] = call
        try:
            self.child.send_of_call(frame)
            return call.outcome(*await call.serve())
        except asyncio.CancelledError:
            if self.child.calls.get(call.number) is call:
                abandoned = self._abandon(call)
                if abandoned is not None:
                    abandoned.is_examined = True
                    try:
                        await note_stopped(self.child, state, self.prepared, abandoned.frames)
                    finally:
                        abandoned.is_examined = False
            raise
        finally:
            del self.calls[state]
            if self.child.calls.get(call.number) is call:
                self._abandon(call)

    def _begin(
        self, kind: int, export: str, args: Sequence[Any], state: CallState
    ) -> tuple[RemoteCall, bytes]:
        """Return a new call, and the frame that begins it."""
        self._usable()
        number = next(self.child.numbers)
        caller = state.parent.backend_call if state.parent is not None else None
        parent = caller.number if caller else 0
        frame = self.exports[export].call_frame(kind, self.number, number, parent, args)
        call = self.calls[state] = RemoteCall(self, number, state)
        self.slices = []
        return call, frame

    def _abandon(self, call: RemoteCall) -> _Abandoned | None:
        """Have the child end a call that no task awaits any more; None: there is no child to ask."""
        self.lose_c_stack(f"{call.state.export} was ended while it waited")
        if self.child.broken is not None or self.loop.is_closed():
            self.child.calls.pop(call.number, None)
            return None
        abandoned = self.child.calls[call.number] = _Abandoned(self, call.number)
        self.child.send(messages.abandon(call.number))
        if call.event is not None:  # a host call that nobody will answer
            abandoned.host_called(*call.event[1:], blocking=call.blocking)
        return abandoned

    def call_now(self, export: str, args: Sequence[Any], state: CallState) -> tuple[Any, ...]:
        """See ``GuestInstance.call_now``: Python blocks until the guest has returned."""
        call, frame = self._begin(CALL_NOW, export, args, state)
        try:
            found = self.child.call_now(frame, call.number, call.serve_now, state.ends)
            if found is None:
                raise GuestTimeoutError(f"{export} was not done in the time that its caller has")
            return call.outcome(*found)
        finally:
            del self.calls[state]

    def _usable(self) -> None:
        if self._closed:
            raise GuestStateError("the guest has been closed")
        if (why := self.poisoned) is not None:
            raise GuestStateError(f"the guest can take no more calls: {why}")

    # What else there is.

    def memory(self, name: str) -> RemoteMemory:
        """See ``GuestInstance.memory``."""
        return RemoteMemory(self, self.prepared.memories.index(name))

    def get_global(self, name: str) -> Any:
        """See ``GuestInstance.get_global``."""
        kind = self._global_kind(name)
        answer = self.child.request_now({"type": "global", "instance": self.number, "name": name}).content
        return float(answer["value"]) if kind[0] == "f" else int(answer["value"])

    def set_global(self, name: str, value: Any) -> None:
        """See ``GuestInstance.set_global``."""
        kind = self._global_kind(name)
        (checked,) = Values((kind,), self.references, f"the global {name}").to_wire((value,))
        self.child.request_now(
            {"type": "global", "instance": self.number, "name": name, "value": repr(checked)}
        )

    def _global_kind(self, name: str) -> str:
        export = self.prepared.module.export_named(name)
        assert export is not None
        kind = self.prepared.module.global_type(export.index).type
        if kind not in ("i32", "i64", "f32", "f64"):
            raise GuestTypeError(f"the global {name} is a {kind}, which cannot cross between Python and Node")
        return kind

    def output(self) -> tuple[bytes, bytes]:
        """See ``GuestInstance.output``."""
        if self.prepared.request.wasi is not None and self.child.broken is None:
            answer = self.child.request_now({"type": "output", "instance": self.number})
            for output, more in zip(self._output, answer.parts, strict=False):
                output += more
        stdout, stderr = self._output
        return bytes(stdout), bytes(stderr)

    async def aclose(self) -> None:
        """See ``GuestInstance.aclose``."""
        if self._closed:
            return
        self._closed = True
        self.unfit = "it was closed"
        error = GuestStateError("the guest has been closed")
        for call in [*self.calls.values()]:
            self._abandon(call)
            call.closed(error)
        self._on_close(self)


class _Abandoned:
    """Replaces a call whose task is gone, until the child reports that it has ended.

    :ivar frames: gets the frames that it ended at
    :ivar is_examined: whether the child is asked where it computes; then its process is not ended
    """

    def __init__(self, instance: JspiInstance, number: int) -> None:
        self._instance = instance
        self._number = number
        self._timer = instance.loop.call_later(GRACE_S, self._too_long)
        self.is_examined = False
        self.frames: asyncio.Future[Sequence[Sequence[int]]] = instance.loop.create_future()

    def host_called(self, frame: bytes, at: int, end: int, *, blocking: bool) -> None:
        """It asks for a function: it is to go. (One that waits, the child rejects by itself.)"""
        if blocking:
            _, host_call, _, _, _ = messages.HOST_CALL_HEAD.unpack_from(frame, at)
            self._instance.child.answer(messages.reject(self._number, host_call), blocking=True)

    def ended(self, kind: int, frame: bytes, at: int, end: int) -> None:
        """It has ended."""
        self._timer.cancel()
        failure = decode_object(frame[at + messages.END_HEAD.size : end]) if kind == messages.FAILED else {}
        if not self.frames.done():
            self.frames.set_result(failure.get("frames", ()))

    def lost(self, error: EngineError) -> None:
        """The child is gone."""
        self._timer.cancel()

    def _too_long(self) -> None:
        if self.is_examined:
            self._timer = self._instance.loop.call_later(GRACE_S, self._too_long)
            return
        self._instance.child.give_up(
            f"a call that was cancelled, or whose time was up, still computed after {GRACE_S:g} s:"
            " it was ended"
        )
