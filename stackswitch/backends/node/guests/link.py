"""The conversation with the thread that a guest lives in, as the event loop has it.

A callback of the loop reads what arrives, and resumes the waiting task in the same callback.
"""

from __future__ import annotations

from typing import Any, Protocol

from stackswitch.errors import EngineError
from stackswitch.transport.connection import Connection
from stackswitch.transport.frames import ANSWER, FrameDecoder

from . import messages
from .messages import BYTES, FAILED, HOST_CALL, RETURNED
from .stream import GuestStream

from_bytes = int.from_bytes


class PendingCall(Protocol):
    """A call under way, as the child's frames reach it."""

    def host_called(self, frame: bytes, at: int, end: int, *, blocking: bool) -> None:
        """A host function is called; ``blocking``: the guest's thread blocks until it has returned."""
        ...

    def ended(self, kind: int, frame: bytes, at: int, end: int) -> None:
        """It returned or failed."""
        ...

    def lost(self, error: EngineError) -> None:
        """The child is gone."""
        ...


class GuestLink(Connection):
    """The conversation with a guest's thread.

    :ivar calls: those under way, by number
    """

    def __init__(self, stream: GuestStream) -> None:
        super().__init__(stream)
        self.calls: dict[int, PendingCall] = {}
        self._guest_stream = stream
        self._decoder = FrameDecoder(view=BYTES)
        self._blocking_decoder = FrameDecoder(view=BYTES)
        self._guest_blocks = False
        self._awaited: int | None = None
        """The request that Python blocks for."""
        self._awaited_answer: tuple[bytes, int, int] | None = None

    # Out.

    def answer(self, frame: bytes, *, blocking: bool) -> None:
        """Send a host function's result on the stream that it was called on."""
        if not blocking:
            self.send(frame)
            return
        self._guest_blocks = False
        if self.broken is not None:
            raise self.broken
        try:
            self._guest_stream.send_blocking(self._writes() + frame)
        except OSError:
            self.gone(self._stream.ended())

    def _writes(self) -> bytes:
        """Take the unsent writes: while the guest blocks it reads the blocking stream only."""
        if not self._unsent:
            return b""
        writes = [each for each in self._unsent if each[4] == messages.WRITE]
        self._unsent = [each for each in self._unsent if each[4] != messages.WRITE]
        return b"".join(writes)

    # In.

    def take(self, kind: int, data: bytes, at: int, end: int) -> None:
        """See ``Connection.take``."""
        if kind == HOST_CALL:
            call = self.calls.get(from_bytes(data[at : at + 4], "little"))
            if call is not None:
                call.host_called(data, at, end, blocking=False)
        elif kind in (RETURNED, FAILED):
            call = self.calls.pop(from_bytes(data[at : at + 4], "little"), None)
            if call is not None:
                call.ended(kind, data, at, end)
        elif kind in (BYTES, ANSWER) and from_bytes(data[at : at + 4], "little") == self._awaited:
            self._awaited_answer = (data, at, end)
        elif kind != BYTES:
            super().take(kind, data, at, end)

    def blocking_came(self, chunk: bytes) -> None:
        """See ``stream.GuestReader``."""
        for _, data, at, end in self._blocking_decoder.push(chunk):
            self._host_called(data, at, end)

    def _host_called(self, data: bytes, at: int, end: int) -> None:
        """The guest calls a function that does not wait, and blocks."""
        call = self.calls.get(from_bytes(data[at : at + 4], "little"))
        self._guest_blocks = True
        if call is not None:
            call.host_called(data, at, end, blocking=True)
        else:
            _, host_call, _, _, _ = messages.HOST_CALL_HEAD.unpack_from(data, at)
            self.answer(messages.reject(0, host_call), blocking=True)

    # Stacks, and the end.

    @property
    def takes_stacks(self) -> bool:
        """Whether ``stack`` can say where the guest computes."""
        return self._guest_stream.takes_stacks

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes: ``frames`` (module's size, offset), or a ``problem``."""
        return await self._guest_stream.stack()

    def fail(self, error: EngineError) -> None:
        """See ``Connection.fail``."""
        super().fail(error)
        calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            if not self._loop.is_closed():
                self._loop.call_soon(call.lost, error)
