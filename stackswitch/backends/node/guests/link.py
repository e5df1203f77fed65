"""What is said to and by the thread that a guest lives in, as the event loop has it.

What comes on its first stream is taken in a callback of the loop, and whoever waits goes on in that same
callback. On the second the guest asks for functions that do not wait, and stands still.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any, Protocol

from stackswitch.errors import EngineError

from ..process import HANDSHAKE_TIMEOUT_S, ChildDiedError
from . import wire as wire
from .streams import Lines

from_bytes = int.from_bytes


class Waiting(Protocol):
    """A call under way, as the child's frames reach it."""

    def asked(self, frame: bytes, at: int, end: int, *, standing: bool) -> None:
        """A host function is called; ``standing``: over the second socket."""
        ...

    def ended(self, op: int, frame: bytes, at: int, end: int) -> None:
        """It returned or failed."""
        ...

    def lost(self, error: EngineError) -> None:
        """The child is gone."""
        ...


class GuestLink:
    """What is said to and by the thread that a guest lives in. Ends by ``close`` or ``kill``.

    :ivar calls: those under way, by number
    :ivar numbers: of calls and requests
    """

    def __init__(self, lines: Lines) -> None:
        self.calls: dict[int, Waiting] = {}
        self.numbers = itertools.count(1)
        self._lines = lines
        self._loop = asyncio.get_running_loop()
        self._frames, self._second_frames = wire.Frames(), wire.Frames()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._unsent: list[bytes] = []
        self._dispatching = self._flush_is_due = False
        self._standing = False
        self._later: list[tuple[int, bytes, int, int]] = []
        self._broken: EngineError | None = None
        self._hello: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._blocked_on: int | None = None
        self._blocked_answer: tuple[bytes, int, int] | None = None

    async def greet(self, timeout_s: float = HANDSHAKE_TIMEOUT_S) -> None:
        """Wait for its first message.

        :raises EngineError: it ends, says something else, or nothing in time
        """
        self._lines.attach(self)
        try:
            hello = await asyncio.wait_for(asyncio.shield(self._hello), timeout_s)
            check_hello(self._lines.program, hello)
        except asyncio.TimeoutError:
            self.close()
            raise no_hello(self._lines.program, timeout_s, self._lines.said()) from None
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._lines.pid

    @property
    def broken(self) -> EngineError | None:
        """Why it can no longer be asked anything."""
        return self._broken

    # Out.

    def send(self, frame: bytes) -> None:
        """Send a frame with all else of this turn.

        :raises EngineError: the child is gone
        """
        if self._broken is not None:
            raise self._broken
        self._unsent.append(frame)
        if not self._dispatching and not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def answer(self, frame: bytes, *, standing: bool) -> None:
        """Send a host function's result to the socket that it was asked for on."""
        if not standing:
            self.send(frame)
            return
        self._standing = False
        if self._broken is not None:
            raise self._broken
        try:
            # The guest stands still and does not read the other socket: what was written goes before.
            self._lines.send_second(b"".join(each for each in self._unsent if each[4] == wire.WRITE) + frame)
        except OSError:
            self.gone(self._lines.ended())
            return
        self._unsent = [each for each in self._unsent if each[4] != wire.WRITE]

    def _flush(self) -> None:
        self._flush_is_due = False
        if not self._unsent:
            return
        data = self._unsent[0] if len(self._unsent) == 1 else b"".join(self._unsent)
        self._unsent = []
        try:
            self._lines.send(data)
        except OSError:
            self.gone(self._lines.ended())

    # In.

    def first_came(self, chunk: bytes) -> None:
        """See ``guestlines.Reader``."""
        try:
            frames = self._frames.push(chunk)
            self._take([*self._later, *frames] if self._later else frames)
        except EngineError as error:
            self._break(error)
            self.kill()

    def _take(self, frames: list[tuple[int, bytes, int, int]]) -> None:
        """Hand out frames; what a task does of itself is sent when all have theirs."""
        self._later = []
        self._dispatching = True
        done = 0
        try:
            for op, data, at, end in frames:
                done += 1
                if op == wire.ASK:
                    call = self.calls.get(from_bytes(data[at : at + 4], "little"))
                    if call is not None:
                        call.asked(data, at, end, standing=False)
                elif op in (wire.RETURNED, wire.FAILED):
                    call = self.calls.pop(int.from_bytes(data[at : at + 4], "little"), None)
                    if call is not None:
                        call.ended(op, data, at, end)
                else:
                    self._take_answer(op, data, at, end)
        finally:
            self._dispatching = False
            self._flush()
            if done < len(frames):  # a task raised what ends the loop
                self._defer(frames[done:])

    def _take_answer(self, op: int, data: bytes, at: int, end: int) -> None:
        number = int.from_bytes(data[at : at + 4], "little")
        if number == self._blocked_on:
            self._blocked_answer = (data, at, end)
            return
        if op == wire.BYTES:
            return
        _, found = wire.decode_json(data, at)
        future = self._hello if op == wire.HELLO else self._answers.pop(number, None)
        if future is not None and not future.done():
            future.set_result(found)

    def _defer(self, frames: list[tuple[int, bytes, int, int]]) -> None:
        if not self._later and frames:
            self._loop.call_soon(self._take_later)
        self._later += frames

    def _take_later(self) -> None:
        if self._later:
            self._take(self._later)

    def second_came(self, chunk: bytes) -> None:
        """See ``guestlines.Reader``."""
        for _, data, at, end in self._second_frames.push(chunk):
            self._stood(data, at, end)

    def _stood(self, data: bytes, at: int, end: int) -> None:
        """The guest asks for a function that does not wait, and stands still."""
        call = self.calls.get(from_bytes(data[at : at + 4], "little"))
        self._standing = True
        if call is not None:
            call.asked(data, at, end, standing=True)
        else:
            _, ask, _, _, _ = wire.ASK_HEAD.unpack_from(data, at)
            self.answer(wire.reject(0, ask), standing=True)

    # Requests.

    async def request(self, message: Mapping[str, object], data: bytes = b"") -> dict[str, Any]:
        """Ask something of the child that is not on the fast way.

        :raises ChildDiedError: the process ended before it answered
        :raises EngineError: it refused
        """
        number = next(self.numbers)
        future: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._answers[number] = future
        self.send(wire.request(number, message, data))
        try:
            answer = await future
        finally:
            self._answers.pop(number, None)
        return wire.unrefused(answer)

    @property
    def takes_stacks(self) -> bool:
        """Whether ``stack`` can say where the guest computes."""
        return self._lines.takes_stacks

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes: ``frames`` (module's size, offset), or a ``problem``."""
        return await self._lines.stack()

    # The end.

    def give_up(self, why: str) -> None:
        """End the process, and tell all that wait for it why."""
        self._break(ChildDiedError(why))
        self.kill()

    def gone(self, error: ChildDiedError) -> None:
        """See ``guestlines.Reader``: whoever waits is told."""
        self._break(error)

    def _break(self, error: EngineError) -> None:
        if self._broken is not None:
            return
        self._broken = error
        self._lines.detach()
        if not self._hello.done():
            self._hello.set_exception(error)
            self._hello.exception()  # retrieved: nobody need be waiting
        for future in self._answers.values():
            if not future.done():
                future.set_exception(error)
        calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            if not self._loop.is_closed():
                self._loop.call_soon(call.lost, error)

    def kill(self) -> None:
        """End the guest's thread at once, and what it lives in if there is nobody else."""
        self._lines.kill()

    def close(self) -> None:
        """End it at once and clean up, without a loop; a second call does nothing."""
        self._break(ChildDiedError("the engine was closed"))
        self._lines.close()


def check_hello(program: str, hello: Mapping[str, object]) -> None:
    """See that an engine's first message is of our protocol.

    :raises EngineError: it is not, or the engine cannot switch stacks
    """
    if hello.get("protocol") != wire.PROTOCOL_VERSION:
        raise EngineError(f"{program} speaks another version of the protocol: {hello.get('protocol')}")
    if not hello.get("jspi"):
        raise EngineError(f"{program} has no WebAssembly.Suspending; it had when it was probed")


def no_hello(program: str, timeout_s: float, said: str) -> EngineError:
    """Return the error of an engine that has sent nothing in time."""
    return EngineError(f"{program} did not answer within {timeout_s:g} s" + (f"\n  {said}" if said else ""))
