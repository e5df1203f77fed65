"""A process that many guests live in, each in a thread (a Worker) of its own: ``docs/wire-protocol.md``.

One socket leads to it. What its guests say has the number of a seat in front; within that it is what a guest
says that has a process to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stackswitch.errors import EngineError

from ..process import HANDSHAKE_TIMEOUT_S, ChildDiedError
from . import wire as wire
from .link import check_hello, no_hello
from .process import CHUNK, EngineProcess, Outbox, stand_still
from .streams import STACK_TIMEOUT_S, Reader

HELLO: Final = 0
BEGIN: Final = 1
FIRST: Final = 2
SECOND: Final = 3
END: Final = 4
STACK: Final = 5
ENDED: Final = 6
_HEAD = struct.Struct("<IBI")
"""Bytes that follow, what it is, the seat's number."""
_SEAT_BYTES = 4
_Frame = tuple[int, bytes, int, int]


ENDING_S = 5.0
"""How long a thread may take to end."""


class SharedProcess:
    """A process with seats for guests.

    :param gone: called when it takes no more guests
    :ivar seats: those that are taken, by number; None: its guest has left, and its thread has not ended yet
    :ivar broken: why it can no longer be asked anything
    :ivar is_stuck: whether a thread of it does not end
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        thread: Mapping[str, int | None],
        gone: Callable[[SharedProcess], None],
    ) -> None:
        """Start it.

        :param thread: what each guest's thread may use
        :raises OSError: it cannot be started
        """
        self.seats: dict[int, SeatLines | None] = {}
        self.broken: ChildDiedError | None = None
        self.is_stuck = False
        self._thread = json.dumps(thread).encode()
        self._gone = gone
        self._process = EngineProcess(argv, 1)
        self._loop = asyncio.get_running_loop()
        self._link = self._process.sockets[0]
        self._outbox = Outbox(self._link, self._lost)
        self._frames = wire.Frames()
        self._later: list[_Frame] = []
        self._stacks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._greeted: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._count = 0
        self._loop.add_reader(self._link, self._readable)

    @property
    def program(self) -> str:
        """What runs there."""
        return self._process.program

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def greeted(self) -> None:
        """Wait until it has said hello.

        :raises EngineError: it has not in time, or ends, or says something else
        """
        try:
            hello = await asyncio.wait_for(asyncio.shield(self._greeted), HANDSHAKE_TIMEOUT_S)
        except asyncio.TimeoutError:
            raise no_hello(self.program, HANDSHAKE_TIMEOUT_S, self.said()) from None
        check_hello(self.program, hello)

    def said(self) -> str:
        """Return the end of what it has written."""
        return self._process.said()

    def take_seat(self) -> SeatLines:
        """Have a thread started for a guest."""
        self._count += 1
        seat = self.seats[self._count] = SeatLines(self, self._count)
        return seat

    # Out.

    def send(self, op: int, seat: int, data: bytes = b"") -> None:
        """Send a frame.

        :raises OSError: the process is gone
        """
        if self.broken is not None:
            raise ConnectionResetError
        try:
            self._outbox.send(_HEAD.pack(1 + _SEAT_BYTES + len(data), op, seat) + data)
        except OSError:
            self._lost()
            raise

    def begin(self, seat: int) -> None:
        """Have a seat's thread started."""
        self.send(BEGIN, seat, self._thread)

    # In.

    def _readable(self) -> None:
        try:
            chunk = self._link.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._lost()
            return
        try:
            frames = self._frames.push(chunk)
        except EngineError as error:
            self._break(ChildDiedError(str(error)))
            return
        if self._later:
            self._later += frames
            self._take_later()
        else:
            self._take_all(frames)

    def _take_later(self) -> None:
        later, self._later = self._later, []
        self._take_all(later)

    def _take_all(self, frames: list[_Frame]) -> None:
        done = 0
        try:
            for each in frames:
                done += 1
                self._take(*each)
        finally:
            if done < len(frames):  # a task raised what ends the loop
                self._defer(frames[done:])

    def _defer(self, frames: Sequence[_Frame]) -> None:
        if frames and not self._later:
            self._loop.call_soon(self._take_later)
        self._later += frames

    def _take(self, op: int, data: bytes, at: int, end: int) -> None:
        number = int.from_bytes(data[at : at + _SEAT_BYTES], "little")
        body = data[at + _SEAT_BYTES : end]
        if op in (FIRST, SECOND):
            seat = self.seats.get(number)
            if seat is not None:
                seat.came(body, is_second=op == SECOND)
        elif op == ENDED:
            self._ended(number, str(json.loads(body)["how"]))
        elif op == STACK:
            future = self._stacks.pop(number, None)
            if future is not None and not future.done():
                future.set_result(json.loads(body))
        elif op == HELLO and not self._greeted.done():
            self._greeted.set_result(json.loads(body))

    def _ended(self, number: int, how: str) -> None:
        seat = self.seats.pop(number, None)
        if seat is not None:
            seat.lost(ChildDiedError(f"the guest's thread is gone: {how}", ending=how))
            if not any(self.seats.values()):
                self.close()

    def wait_for(self, number: int, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """Stand still until something comes for a seat; all else is taken at the loop's next turn.

        :raises OSError: the process is gone, or the seat's thread has ended
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        frames, self._later = self._later, []
        while True:
            found, others = [], []
            for each in frames:
                op, data, at, end = each
                if op in (FIRST, SECOND) and _seat(each) == number:
                    found.append((op == SECOND, data[at + _SEAT_BYTES : end]))
                else:
                    others.append(each)
            self._defer(others)
            if found:
                return found
            if any(each[0] == ENDED and _seat(each) == number for each in others):
                raise ConnectionResetError
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not (frames := self._wait(left)):
                return []

    def _wait(self, timeout_s: float | None) -> list[_Frame]:
        if self.broken is not None:
            raise ConnectionResetError
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            came = stand_still([self._link], self._outbox, left)
            if not came:
                return []
            frames = [each for _, chunk in came for each in self._frames.push(chunk)]
            if frames:
                return frames

    # Stacks, and the end.

    async def stack(self, number: int) -> dict[str, Any]:
        """Return where a guest computes: ``frames`` (module's size, offset), or a ``problem``."""
        future = self._stacks[number] = self._loop.create_future()
        try:
            self.send(STACK, number)
            return await asyncio.wait_for(future, STACK_TIMEOUT_S)
        except asyncio.TimeoutError:
            return {"problem": f"its process did not say within {STACK_TIMEOUT_S:g} s"}
        except OSError:
            return {"problem": "its process is gone"}
        finally:
            self._stacks.pop(number, None)

    def leave(self, number: int) -> None:
        """Have a seat's thread ended; the seat is free when it has. The process ends with its last guest."""
        seat = self.seats.get(number)
        if seat is None:
            return
        self.seats[number] = None
        if not any(self.seats.values()):
            self.close()
        elif not seat.began:
            del self.seats[number]
        else:
            with contextlib.suppress(OSError):
                self.send(END, number)
            self._loop.call_later(ENDING_S, self._look_for, number)

    def _look_for(self, number: int) -> None:
        """Take no more guests if a thread that was to end has not: V8 cannot end a loop of ``memory.fill``.

        It may go on until the other guests have left, and the process is ended.
        """
        self.is_stuck = self.is_stuck or number in self.seats

    def ended(self) -> ChildDiedError:
        """Say how the process ended, now that its socket is closed."""
        if self.broken is None:
            self._break(self._process.ended())
        assert self.broken is not None
        return self.broken

    def _lost(self) -> None:
        self.ended()

    def _break(self, error: ChildDiedError) -> None:
        if self.broken is not None:
            return
        self.broken = error
        self._detach()
        if not self._greeted.done():
            self._greeted.set_exception(error)
            self._greeted.exception()  # retrieved: nobody need be waiting
        seats, self.seats = list(self.seats.values()), {}
        for future in self._stacks.values():
            if not future.done():
                future.set_result({"problem": "its process is gone"})
        for seat in seats:
            if seat is not None:
                seat.lost(error)
        self._gone(self)
        self._process.close()

    def _detach(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._link)
            self._loop.remove_writer(self._link)

    def close(self) -> None:
        """End it at once and clean up; a second call does nothing."""
        self._break(ChildDiedError("the engine was closed"))


def _seat(frame: _Frame) -> int:
    """Return the number of the seat that a frame is of."""
    _, data, at, _ = frame
    return int.from_bytes(data[at : at + _SEAT_BYTES], "little")


class SeatLines:
    """The two streams to a guest in a shared process (``guestlines.Lines``).

    :ivar began: whether its thread has been started
    """

    takes_stacks = True

    def __init__(self, process: SharedProcess, number: int) -> None:
        self._process = process
        self._number = number
        self.began = False
        self._reader: Reader | None = None
        self._end: ChildDiedError | None = None

    @property
    def program(self) -> str:
        """See ``Lines``."""
        return self._process.program

    @property
    def pid(self) -> int:
        """See ``Lines``."""
        return self._process.pid

    def attach(self, reader: Reader) -> None:
        """See ``Lines.attach``."""
        self._reader = reader
        if self._process.broken is not None:
            reader.gone(self._process.broken)
            return
        self.began = True
        self._process.begin(self._number)

    def came(self, chunk: bytes, *, is_second: bool) -> None:
        """Take what the guest says."""
        if self._reader is not None:
            (self._reader.second_came if is_second else self._reader.first_came)(chunk)

    def lost(self, error: ChildDiedError) -> None:
        """Its thread, or its process, has ended."""
        self._end = error
        if self._reader is not None:
            self._reader.gone(error)

    def send(self, data: bytes) -> None:
        """See ``Lines.send``."""
        self._process.send(FIRST, self._number, data)

    def send_second(self, data: bytes) -> None:
        """See ``Lines.send_second``: the process's main thread takes it, whatever the guest does."""
        self._process.send(SECOND, self._number, data)

    def wait(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """See ``Lines.wait``."""
        return self._process.wait_for(self._number, timeout_s)

    async def stack(self) -> dict[str, Any]:
        """See ``Lines.stack``."""
        return await self._process.stack(self._number)

    def said(self) -> str:
        """See ``Lines.said``."""
        return self._process.said()

    def ended(self) -> ChildDiedError:
        """See ``Lines.ended``."""
        return self._end or self._process.broken or ChildDiedError("the guest's thread has ended")

    def kill(self) -> None:
        """See ``Lines.kill``: the others of its process go on."""
        self._process.leave(self._number)

    def detach(self) -> None:
        """See ``Lines.detach``."""
        self._reader = None

    def close(self) -> None:
        """See ``Lines.close``."""
        self.kill()
