"""The connection to the thread that a guest lives in.

There are two streams. A callback of the event loop reads the main one, and resumes the waiting task in the
same callback. On the blocking one the guest calls host functions that do not wait: its thread blocks until
they have returned. Python can block too: memory is read by an ordinary call. Other frames that arrive
meanwhile are handled at the loop's next turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from stackswitch.errors import EngineError
from stackswitch.transport.connection import Buffer, ChildDiedError, Connection, Stream, accepted
from stackswitch.transport.frames import ANSWER, LARGE, REQUEST, Frame, FrameDecoder, Message, decode, encode

from . import messages
from .messages import BYTES, FAILED, HOST_CALL, RETURNED

BLOCKING_TIMEOUT_S = 30.0
"""The longest that Python blocks for a guest's memory: while another call of that child computes."""
_STACK_TIMEOUT_S = 12.0
"""How long to wait for the stack of a guest that computes."""
from_bytes = int.from_bytes


class GuestStream(Stream, Protocol):
    """Both streams; what ``Stream`` has is of the main one."""

    def attach(self, connection: GuestChild) -> None:  # type: ignore[override]
        """Begin to read; bytes of the blocking stream go to ``connection.blocking_came``."""
        ...

    def send_blocking(self, data: Buffer) -> None:
        """Send on the blocking stream; block until all is sent: the guest reads nothing else.

        :raises OSError: the other end is gone
        """
        ...

    def wait_for_guest(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """Block until bytes come; return them, and for each whether it is of the blocking stream.

        :returns: nothing if the time was up
        :raises OSError: the other end is gone
        """
        ...

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes: ``frames`` or ``functions`` (``docs/wire-protocol.md``).

        :raises OSError, EngineError: its process is gone
        """
        ...


class PendingCall(Protocol):
    """A call in progress, which gets the child's frames."""

    def host_called(self, frame: bytes, at: int, end: int, *, blocking: bool) -> None:
        """Run a host function; ``blocking``: the guest's thread blocks until it has returned."""
        ...

    def ended(self, kind: int, frame: bytes, at: int, end: int) -> None:
        """End the call: it returned or failed."""
        ...

    def lost(self, error: EngineError) -> None:
        """End the call: the child is gone."""
        ...


class GuestChild(Connection):
    """The connection to a guest's thread. Made by ``processes.GuestProcesses``.

    :ivar calls: those in progress, by number
    """

    stream: GuestStream

    def __init__(self, stream: GuestStream) -> None:
        super().__init__(stream)
        self.calls: dict[int, PendingCall] = {}
        self._decoder = FrameDecoder(view=BYTES)
        self._blocking_decoder = FrameDecoder(view=BYTES)
        self._guest_blocks = False
        self._awaited: int | None = None
        """The request that Python blocks for."""
        self._awaited_answer: tuple[bytes, int, int] | None = None

    # Out.

    def send_of_call(self, frame: bytes) -> None:
        """Send a frame of a call: at once, unless frames of other calls may go with it.

        :raises EngineError: the child is gone
        """
        if len(self.calls) > 1 or self._unsent or self.broken is not None:
            self.send(frame)
        else:
            self._transmit(frame)

    def answer(self, frame: bytes, *, blocking: bool) -> None:
        """Send a host function's result on the stream that it was called on.

        :raises EngineError: the child is gone
        """
        if not blocking:
            self.send_of_call(frame)
            return
        self._guest_blocks = False
        if self.broken is not None:
            raise self.broken
        try:
            self.stream.send_blocking(self._writes() + frame)
        except OSError:
            self.gone(self.stream.ended())

    def _writes(self) -> bytes:
        """Take the unsent writes: while the guest blocks it reads the blocking stream only."""
        if not self._unsent:
            return b""
        writes = [each for each in self._unsent if each[4] == messages.WRITE]
        self._unsent = [each for each in self._unsent if each[4] != messages.WRITE]
        return b"".join(writes)

    def write(self, memory: int, address: int, data: Buffer) -> None:
        """Write memory. A small write goes with the next frame, a large one at once."""
        head = messages.write_head(memory, address, len(data))
        if len(data) < LARGE:
            self.send(head + data)
            return
        if self.broken is not None:
            raise self.broken
        try:
            if self._guest_blocks:
                self.stream.send_blocking(self._writes() + head)
                self.stream.send_blocking(data)
            else:
                self._flush()
                self.stream.send(head)
                self.stream.send(data)
        except OSError:
            self.gone(self.stream.ended())

    # In.

    def take(self, kind: int, data: bytes, at: int, end: int) -> None:
        """See ``Connection.take``."""
        if kind == HOST_CALL:
            (number,) = messages.NUMBER.unpack_from(data, at)
            call = self.calls.get(number)
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
        """Take the next bytes of the blocking stream."""
        for _, data, at, end in self._blocking_decoder.push(chunk):
            self._host_called(data, at, end)

    def _host_called(self, data: bytes, at: int, end: int) -> None:
        """Run a host function for which the guest blocks."""
        call = self.calls.get(from_bytes(data[at : at + 4], "little"))
        self._guest_blocks = True
        if call is not None:
            call.host_called(data, at, end, blocking=True)
        else:
            _, host_call, _, _, _ = messages.HOST_CALL_HEAD.unpack_from(data, at)
            self.answer(messages.reject(0, host_call), blocking=True)

    # Where Python blocks.

    def request_now(self, content: Mapping[str, object]) -> Message:
        """Send a request and block until its answer arrives; as ``request``."""
        if self._guest_blocks:
            raise EngineError("the guest blocks for a function that does not wait: it can't answer this")
        number = next(self.numbers)
        return accepted(decode(*self._exchange(encode(REQUEST, number, content), number)))

    def read_now(self, instance: int, address: int, size: int) -> tuple[bytes | None, int]:
        """Read memory, blocking; None: out of bounds. With it, the memory's size (bytes)."""
        number = next(self.numbers)
        data, at, end = self._exchange(messages.read(number, instance, address, size), number)
        _, status, memory_size = messages.BYTES_HEAD.unpack_from(data, at)
        body = bytes(data[at + messages.BYTES_HEAD.size : end])
        return (None if status == messages.OUT_OF_BOUNDS else body), int(memory_size)

    def _wait(self, ends: float | None) -> list[tuple[bool, Frame]] | None:
        """Block until bytes come; return the frames, each with whether it came on the blocking stream.

        :param ends: when the time is up (``time.monotonic``)
        :returns: None: the time was up
        """
        came = self.stream.wait_for_guest(None if ends is None else max(0.0, ends - time.monotonic()))
        if not came:
            return None
        return [
            (is_blocking, frame)
            for is_blocking, chunk in came
            for frame in (self._blocking_decoder if is_blocking else self._decoder).push(chunk)
        ]

    def _exchange(self, frame: bytes, number: int) -> tuple[bytes, int, int]:
        """Send a request and block until its answer arrives, on the stream that the thread reads."""
        if self.broken is not None:
            raise self.broken
        sent_blocking = self._guest_blocks
        self._awaited, self._awaited_answer = number, None
        ends = time.monotonic() + BLOCKING_TIMEOUT_S
        try:
            if sent_blocking:
                self.stream.send_blocking(self._writes() + frame)
            else:
                unsent, self._unsent = self._unsent, []
                self.stream.send(b"".join([*unsent, frame]))
            while self._awaited_answer is None:
                came = self._wait(ends)
                if came is None:
                    raise EngineError(f"no answer of the guest within {BLOCKING_TIMEOUT_S:g} s: it computes")
                for is_blocking, each in came:
                    if each[0] in (ANSWER, BYTES):
                        self.take(*each)
                    elif is_blocking:
                        self._guest_blocks = True
                        self._loop.call_soon(self._host_called, *each[1:])
                    else:
                        self.defer([each])
                if self._guest_blocks and not sent_blocking:
                    # Meanwhile it has come to block, and reads the other stream only.
                    sent_blocking = True
                    self.stream.send_blocking(frame)
        except OSError:
            self.gone(self.stream.ended())
        finally:
            self._awaited = None
        if self._awaited_answer is None:
            raise self.broken or EngineError("the engine is gone")
        return self._awaited_answer

    def call_now(
        self, frame: bytes, number: int, serve: Callable[[bytes, int, int], None], ends: float | None
    ) -> Frame | None:
        """Send CALL_NOW and block until the call has ended.

        :param serve: runs a plain host function that it calls, and answers
        :param ends: when its time is up (``time.monotonic``); None: never
        :returns: RETURNED or FAILED, and where its body is; None: its time was up, and its thread was ended
        """
        within = self._guest_blocks
        self._flush()
        found: Frame | None = None
        try:
            (self.stream.send_blocking if within else self.stream.send)(frame)
            while found is None:
                came = self._wait(ends)
                if came is None:
                    self.give_up("a call that must not wait was not done in time: it was ended")
                    return None
                for is_blocking, each in came:
                    kind, data, at, end = each
                    if kind in (RETURNED, FAILED) and from_bytes(data[at : at + 4], "little") == number:
                        found = each
                    elif kind == HOST_CALL and is_blocking:
                        self._guest_blocks = True
                        serve(data, at, end)
                    else:
                        self.defer([each])
        except OSError:
            self.gone(self.stream.ended())
            raise self.broken or EngineError("the engine is gone") from None
        finally:
            self._guest_blocks = within
        return found

    # Stacks, and the end.

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes (see ``GuestStream.stack``), or a ``problem``."""
        try:
            return await asyncio.wait_for(self.stream.stack(), _STACK_TIMEOUT_S)
        except asyncio.TimeoutError:
            return {"problem": f"its process did not answer within {_STACK_TIMEOUT_S:g} s"}
        except (OSError, EngineError):
            return {"problem": "its process is gone"}

    def fail(self, error: EngineError) -> None:
        """See ``Connection.fail``."""
        super().fail(error)
        calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            if not self._loop.is_closed():
                self._loop.call_soon(call.lost, error)

    def give_up(self, why: str) -> None:
        """End the thread, and fail all that wait for it."""
        self.fail(ChildDiedError(why))
        self.stream.kill()
