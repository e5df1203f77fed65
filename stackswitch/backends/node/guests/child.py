"""Where Python blocks until a guest's thread has answered: memory is read by an ordinary call.

The request goes on the stream that the thread reads: the main one, or the blocking one while it blocks.
What else comes meanwhile is taken at the loop's next turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from stackswitch.errors import EngineError
from stackswitch.transport.connection import accepted
from stackswitch.transport.frames import ANSWER, LARGE, REQUEST, Frame, Message, decode, encode
from stackswitch.transport.stream import Buffer, ChildDiedError

from . import messages
from .link import GuestLink

BLOCKING_TIMEOUT_S = 30.0
"""The longest that Python blocks for a guest's memory: while another call of that child computes."""


class GuestChild(GuestLink):
    """The thread that a guest lives in. Made by ``processes.GuestProcesses``."""

    def request_now(self, content: Mapping[str, object]) -> Message:
        """Send a request and block until the answer is there; as ``request``."""
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

    def write(self, memory: int, address: int, data: Buffer) -> None:
        """Write memory. It goes with whatever is sent next; if it is large, at once."""
        head = messages.write_head(memory, address, len(data))
        if len(data) < LARGE:
            self.send(head + data)
            return
        if self.broken is not None:
            raise self.broken
        try:
            if self._guest_blocks:
                self._guest_stream.send_blocking(self._writes() + head)
                self._guest_stream.send_blocking(data)
            else:
                self._flush()
                self._stream.send(head)
                self._stream.send(data)
        except OSError:
            self.gone(self._stream.ended())

    def _exchange(self, frame: bytes, number: int) -> tuple[bytes, int, int]:
        """Send a request and block until its answer is there."""
        if self.broken is not None:
            raise self.broken
        sent_blocking = self._guest_blocks
        self._awaited, self._awaited_answer = number, None
        deadline = time.monotonic() + BLOCKING_TIMEOUT_S
        try:
            if sent_blocking:
                self._guest_stream.send_blocking(self._writes() + frame)
            else:
                unsent, self._unsent = self._unsent, []
                self._stream.send(b"".join([*unsent, frame]))
            while self._awaited_answer is None:
                came = self._guest_stream.wait_for_guest(max(0.0, deadline - time.monotonic()))
                if not came:
                    raise EngineError(f"no answer of the guest within {BLOCKING_TIMEOUT_S:g} s: it computes")
                for each in came:
                    self._came_meanwhile(*each)
                if self._guest_blocks and not sent_blocking:
                    # Meanwhile it has come to block, and reads the other stream only.
                    sent_blocking = True
                    self._guest_stream.send_blocking(frame)
        except OSError:
            self.gone(self._stream.ended())
        finally:
            self._awaited = None
        if self._awaited_answer is None:
            raise self.broken or EngineError("the engine is gone")
        return self._awaited_answer

    def _came_meanwhile(self, is_blocking: bool, chunk: bytes) -> None:
        decoder = self._blocking_decoder if is_blocking else self._decoder
        others = []
        for each in decoder.push(chunk):
            if each[0] in (ANSWER, messages.BYTES):
                self.take(*each)
            elif is_blocking:
                self._guest_blocks = True
                self._loop.call_soon(self._host_called, *each[1:])
            else:
                others.append(each)
        self.defer(others)

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
            (self._guest_stream.send_blocking if within else self._stream.send)(frame)
            while found is None:
                left = None if ends is None else max(0.0, ends - time.monotonic())
                came = self._guest_stream.wait_for_guest(left)
                if not came:
                    self.give_up("a call that must not wait was not done in time: it was ended")
                    return None
                for is_blocking, chunk in came:
                    decoder = self._blocking_decoder if is_blocking else self._decoder
                    frames = decoder.push(chunk)
                    found = self._of_call_now(frames, number, serve, is_blocking=is_blocking) or found
        except OSError:
            self.gone(self._stream.ended())
            raise self.broken or EngineError("the engine is gone") from None
        finally:
            self._guest_blocks = within
        return found

    def _of_call_now(
        self,
        frames: list[Frame],
        number: int,
        serve: Callable[[bytes, int, int], None],
        *,
        is_blocking: bool,
    ) -> Frame | None:
        found = None
        others = []
        for each in frames:
            kind, data, at, end = each
            if (
                kind in (messages.RETURNED, messages.FAILED)
                and int.from_bytes(data[at : at + 4], "little") == number
            ):
                found = each
            elif kind == messages.HOST_CALL and is_blocking:
                self._guest_blocks = True
                serve(data, at, end)
            else:
                others.append(each)
        self.defer(others)
        return found

    def give_up(self, why: str) -> None:
        """End the thread, and fail all that wait for it."""
        self.fail(ChildDiedError(why))
        self.kill()
