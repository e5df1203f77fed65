"""Where Python stands still for the process that guests live in: memory is read by an ordinary call.

It blocks on the socket that the child listens to: the first, or the second while the guest stands still for a
function that does not wait. What else comes meanwhile is kept for the loop's next turn.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from stackswitch.errors import EngineError

from . import guestwire as wire
from .guestlink import CHUNK, GuestLink

BLOCKING_TIMEOUT_S = 30.0
"""The longest that Python stands still for a guest's memory: while another call of that child computes."""
_Frame = tuple[int, bytes, int, int]


class GuestChild(GuestLink):
    """A process that guests live in. Made by ``start``."""

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
        if self._standing:
            self._unsent = [each for each in unsent if each[4] != wire.WRITE]
            out = memoryview(b"".join([*(each for each in unsent if each[4] == wire.WRITE), frame]))
            link = self._second
        else:
            out = memoryview(b"".join([bytes(self._backlog), *unsent, frame]))
            link = self._main
            if self._backlog:
                self._backlog.clear()
                self._loop.remove_writer(self._main)
        deadline = time.monotonic() + BLOCKING_TIMEOUT_S
        self._blocked_on, self._blocked_answer = number, None
        try:
            while self._blocked_answer is None:
                writing = [link] if out else []
                left = max(0.0, deadline - time.monotonic())
                readable, writable, _ = select.select([self._main, self._second], writing, [], left)
                if not readable and not writable:
                    raise EngineError(f"no answer of the guest within {BLOCKING_TIMEOUT_S:g} s: it computes")
                with contextlib.suppress(BlockingIOError, InterruptedError):
                    if writable:
                        out = out[link.send(out) :]
                    for each in readable:
                        self._blocked_chunk(each)
                if self._standing and link is self._main and not out:
                    # Meanwhile it has come to stand still, and reads the other socket only.
                    link, out = self._second, memoryview(frame)
        except OSError:
            self._gone()
        finally:
            self._blocked_on = None
            if out and link is self._main:
                self._backlog += out
                self._loop.add_writer(self._main, self._writable)
        if self._blocked_answer is None:
            raise self._broken or EngineError("the engine is gone")
        return self._blocked_answer

    def _blocked_chunk(self, link: socket.socket) -> None:
        chunk = link.recv(CHUNK)
        if not chunk:
            raise ConnectionResetError
        decoder = self._second_frames if link is self._second else self._frames
        others = []
        for each in decoder.push(chunk):
            if each[0] in (wire.ANSWER, wire.BYTES):
                self._take_answer(*each)
            elif link is self._second:
                self._standing = True
                self._loop.call_soon(self._stood, *each[1:])
            else:
                others.append(each)
        self._defer(others)

    def call_now(self, frame: bytes, number: int, serve: Callable[[bytes, int, int], None]) -> _Frame:
        """Send CALL_NOW and stand still until the call has ended.

        :param serve: runs a plain host function that it asks for, and answers
        :returns: RETURNED or FAILED, and where its body is
        """
        within = self._standing
        self._flush()
        link = self._second if within else self._main
        found: _Frame | None = None
        try:
            link.setblocking(True)
            link.sendall(bytes(self._backlog) + frame)
            if self._backlog:
                self._backlog.clear()
                self._loop.remove_writer(self._main)
            while found is None:
                ready, _, _ = select.select([self._second] if within else [self._main, self._second], [], [])
                for each in ready:
                    decoder = self._second_frames if each is self._second else self._frames
                    chunk = each.recv(CHUNK)
                    if not chunk:
                        raise ConnectionResetError
                    found = self._of_call_now(decoder.push(chunk), number, serve, each) or found
        except OSError:
            self._gone()
            raise self._broken or EngineError("the engine is gone") from None
        finally:
            self._standing = within
            self._main.setblocking(False)
        return found

    def _of_call_now(
        self,
        frames: list[_Frame],
        number: int,
        serve: Callable[[bytes, int, int], None],
        link: socket.socket,
    ) -> _Frame | None:
        found = None
        others = []
        for each in frames:
            op, data, at, end = each
            if op in (wire.RETURNED, wire.FAILED) and int.from_bytes(data[at : at + 4], "little") == number:
                found = each
            elif op == wire.ASK and link is self._second:
                self._standing = True
                serve(data, at, end)
            else:
                others.append(each)
        self._defer(others)
        return found
