"""Where Python stands still for the thread that a guest lives in: memory is read by an ordinary call.

It blocks on the stream that the thread listens to: the first, or the second while the guest stands still for
a function that does not wait. What else comes meanwhile is kept for the loop's next turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from stackswitch.errors import EngineError

from . import wire as wire
from .link import GuestLink

BLOCKING_TIMEOUT_S = 30.0
"""The longest that Python stands still for a guest's memory: while another call of that child computes."""
_Frame = tuple[int, bytes, int, int]


class GuestChild(GuestLink):
    """The thread that a guest lives in. Made by ``guestpool.GuestPool``."""

    def request_now(self, message: Mapping[str, object]) -> dict[str, Any]:
        """Ask, standing still until the answer is there; as ``request``."""
        if self._standing:
            raise EngineError(
                "the guest stands still for a function that does not wait: it can't be asked this"
            )
        number = next(self.numbers)
        data, at, _ = self._exchange(wire.request(number, message), number)
        return wire.unrefused(wire.decode_json(data, at)[1])

    def read_now(self, instance: int, address: int, size: int) -> tuple[bytes | None, int]:
        """Read memory, standing still; None: out of bounds. With it, the memory's size (bytes)."""
        number = next(self.numbers)
        data, at, end = self._exchange(wire.read(number, instance, address, size), number)
        _, status, memory_size = wire.BYTES_HEAD.unpack_from(data, at)
        body = data[at + wire.BYTES_HEAD.size : end]
        return (None if status == wire.OUT_OF_BOUNDS else body), int(memory_size)

    def _exchange(self, frame: bytes, number: int) -> tuple[bytes, int, int]:
        """Send a request and stand still until its answer is there."""
        if self._broken is not None:
            raise self._broken
        unsent, self._unsent = self._unsent, []
        asked_second = self._standing
        self._blocked_on, self._blocked_answer = number, None
        deadline = time.monotonic() + BLOCKING_TIMEOUT_S
        try:
            if self._standing:
                self._unsent = [each for each in unsent if each[4] != wire.WRITE]
                writes = (each for each in unsent if each[4] == wire.WRITE)
                self._lines.send_second(b"".join([*writes, frame]))
            else:
                self._lines.send(b"".join([*unsent, frame]))
            while self._blocked_answer is None:
                came = self._lines.wait(max(0.0, deadline - time.monotonic()))
                if not came:
                    raise EngineError(f"no answer of the guest within {BLOCKING_TIMEOUT_S:g} s: it computes")
                for each in came:
                    self._blocked_chunk(*each)
                if self._standing and not asked_second:
                    # Meanwhile it has come to stand still, and reads the other stream only.
                    asked_second = True
                    self._lines.send_second(frame)
        except OSError:
            self.gone(self._lines.ended())
        finally:
            self._blocked_on = None
        if self._blocked_answer is None:
            raise self._broken or EngineError("the engine is gone")
        return self._blocked_answer

    def _blocked_chunk(self, is_second: bool, chunk: bytes) -> None:
        decoder = self._second_frames if is_second else self._frames
        others = []
        for each in decoder.push(chunk):
            if each[0] in (wire.ANSWER, wire.BYTES):
                self._take_answer(*each)
            elif is_second:
                self._standing = True
                self._loop.call_soon(self._stood, *each[1:])
            else:
                others.append(each)
        self._defer(others)

    def call_now(
        self, frame: bytes, number: int, serve: Callable[[bytes, int, int], None], ends: float | None
    ) -> _Frame | None:
        """Send CALL_NOW and stand still until the call has ended.

        :param serve: runs a plain host function that it asks for, and answers
        :param ends: when its time is up (``time.monotonic``); None: never
        :returns: RETURNED or FAILED, and where its body is; None: its time was up, and its thread was ended
        """
        within = self._standing
        self._flush()
        found: _Frame | None = None
        try:
            (self._lines.send_second if within else self._lines.send)(frame)
            while found is None:
                came = self._lines.wait(None if ends is None else max(0.0, ends - time.monotonic()))
                if not came:
                    self.give_up("a call that must not wait was not done in time: it was ended")
                    return None
                for is_second, chunk in came:
                    decoder = self._second_frames if is_second else self._frames
                    frames = decoder.push(chunk)
                    found = self._of_call_now(frames, number, serve, is_second=is_second) or found
        except OSError:
            self.gone(self._lines.ended())
            raise self._broken or EngineError("the engine is gone") from None
        finally:
            self._standing = within
        return found

    def _of_call_now(
        self,
        frames: list[_Frame],
        number: int,
        serve: Callable[[bytes, int, int], None],
        *,
        is_second: bool,
    ) -> _Frame | None:
        found = None
        others = []
        for each in frames:
            op, data, at, end = each
            if op in (wire.RETURNED, wire.FAILED) and int.from_bytes(data[at : at + 4], "little") == number:
                found = each
            elif op == wire.ASK and is_second:
                self._standing = True
                serve(data, at, end)
            else:
                others.append(each)
        self._defer(others)
        return found
