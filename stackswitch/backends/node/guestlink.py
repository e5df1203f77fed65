"""The process that guests live in, and the two sockets to it, as the event loop has them.

What comes on the first is taken in a callback of the loop, and whoever waits goes on in that same callback.
On the second the guest asks for functions that do not wait, and stands still.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from stackswitch.engines.probe import ending
from stackswitch.engines.words import without_dump
from stackswitch.errors import EngineError

from . import guestwire as wire
from .child import HANDSHAKE_TIMEOUT_S, TAIL_BYTES, ChildDiedError, spawn

CHUNK = 1 << 18
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


_LinkT = TypeVar("_LinkT", bound="GuestLink")


class GuestLink:
    """One engine process that guests live in. Made by ``start``; ends by ``close`` or ``kill``.

    :ivar calls: those under way, by number
    :ivar numbers: of calls and requests
    """

    def __init__(self, process: subprocess.Popen[bytes], main: socket.socket, second: socket.socket) -> None:
        self.calls: dict[int, Waiting] = {}
        self.numbers = itertools.count(1)
        self._process = process
        self._main, self._second = main, second
        self._loop = asyncio.get_running_loop()
        self._frames, self._second_frames = wire.Frames(), wire.Frames()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._unsent: list[bytes] = []
        self._backlog = bytearray()
        self._dispatching = self._flush_is_due = False
        self._standing = False
        self._later: list[tuple[int, bytes, int, int]] = []
        self._broken: EngineError | None = None
        self._tail = bytearray()
        # For a guest that nobody closed, whose loop may be gone.
        self._finish = weakref.finalize(self, _finish, process, (main, second))
        self._hello: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._blocked_on: int | None = None
        self._blocked_answer: tuple[bytes, int, int] | None = None

    @classmethod
    async def start(
        cls: type[_LinkT], argv: Sequence[str | Path], *, timeout_s: float = HANDSHAKE_TIMEOUT_S
    ) -> _LinkT:
        """Start an engine and wait for its first message.

        :param argv: the command; the numbers of the two sockets' descriptors are added as its last arguments
        :raises EngineError: it cannot be started, ends, says something else, or nothing in time
        """
        pairs = [socket.socketpair() for _ in range(2)]
        try:
            process = spawn([*map(str, argv)], [theirs for _, theirs in pairs])
        except OSError as error:
            for ours, _ in pairs:
                ours.close()
            raise EngineError(f"{argv[0]} cannot be started: {error.strerror}") from None
        finally:
            for _, theirs in pairs:
                theirs.close()
        pairs[0][0].setblocking(False)
        child = cls(process, pairs[0][0], pairs[1][0])
        try:
            await child._greet(str(argv[0]), timeout_s)
        except BaseException:
            await child.aclose()
            raise
        return child

    async def _greet(self, program: str, timeout_s: float) -> None:
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._note_output)
        self._loop.add_reader(self._main, self._readable)
        self._loop.add_reader(self._second, self._second_readable)
        try:
            hello = await asyncio.wait_for(asyncio.shield(self._hello), timeout_s)
        except asyncio.TimeoutError:
            said = self._said()
            raise EngineError(
                f"{program} did not answer within {timeout_s:g} s" + (f"\n  {said}" if said else "")
            ) from None
        if hello.get("protocol") != wire.PROTOCOL_VERSION:
            raise EngineError(f"{program} speaks another version of the protocol: {hello.get('protocol')}")
        if not hello.get("jspi"):
            raise EngineError(f"{program} has no WebAssembly.Suspending; it had when it was probed")

    @property
    def _output(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _note_output(self) -> None:
        """Keep the end of what the process writes."""
        try:
            data = os.read(self._output, CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        if not data and not self._loop.is_closed():
            self._loop.remove_reader(self._output)
        self._tail += data
        del self._tail[:-TAIL_BYTES]

    def _said(self) -> str:
        self._note_output()
        return without_dump(self._tail.decode("utf-8", "replace"))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

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
            self._second.sendall(b"".join(each for each in self._unsent if each[4] == wire.WRITE) + frame)
        except OSError:
            self._gone()
            return
        self._unsent = [each for each in self._unsent if each[4] != wire.WRITE]

    def _flush(self) -> None:
        self._flush_is_due = False
        if not self._unsent:
            return
        data = self._unsent[0] if len(self._unsent) == 1 else b"".join(self._unsent)
        self._unsent = []
        if self._backlog:
            self._backlog += data
            return
        try:
            sent = self._main.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._gone()
            return
        if sent < len(data):
            self._backlog += data[sent:]
            self._loop.add_writer(self._main, self._writable)

    def _writable(self) -> None:
        try:
            sent = self._main.send(self._backlog)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._gone()
            return
        del self._backlog[:sent]
        if not self._backlog:
            self._loop.remove_writer(self._main)

    # In.

    def _readable(self) -> None:
        try:
            chunk = self._main.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._gone()
            return
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

    def _second_readable(self) -> None:
        try:
            chunk = self._second.recv(CHUNK, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._gone()
            return
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

    # The end.

    def give_up(self, why: str) -> None:
        """End the process, and tell all that wait for it why."""
        self._break(ChildDiedError(why))
        self.kill()

    def _gone(self) -> None:
        """A socket is closed: whoever waits is told, with how the process ended."""
        if self._broken is not None:
            return
        status = None
        for pause in (0.0, 0.001, 0.005, 0.02, 0.05):
            time.sleep(pause)
            if (status := self._process.poll()) is not None:
                break
        if status is None:
            self.kill()
        how = "it closed the pipe" if status is None else f"it ended with {ending(status)}"
        name = Path(str(self._process.args[0])).name  # type: ignore[index]
        self._break(
            ChildDiedError(
                f"the engine {name} is gone: {how}",
                ending=how.removeprefix("it ended with "),
                output=self._said(),
            )
        )

    def _break(self, error: EngineError) -> None:
        if self._broken is not None:
            return
        self._broken = error
        self._forget()
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

    def _forget(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(self._main)
            self._loop.remove_writer(self._main)
            self._loop.remove_reader(self._second)
            self._loop.remove_reader(self._output)

    def kill(self) -> None:
        """End the process at once."""
        if self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """End the process at once and clean up, without a loop; a second call does nothing."""
        self._break(ChildDiedError("the engine was closed"))
        self._finish()

    async def aclose(self) -> None:
        """The same, for those that await it."""
        self.close()


def _finish(process: subprocess.Popen[bytes], links: Sequence[socket.socket]) -> None:
    for each in links:
        each.close()
    if process.poll() is None:
        process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
