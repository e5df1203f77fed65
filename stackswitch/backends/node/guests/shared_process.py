"""A process that many guests live in, each in a thread (a Worker) of its own: ``docs/wire-protocol.md``.

One socket leads to it. Frames of its threads bear the thread's number and hold bytes of the guest's streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError
from stackswitch.transport.connection import Connection
from stackswitch.transport.frames import EVENT, Frame, Message, decode, encode
from stackswitch.transport.process import EngineProcess
from stackswitch.transport.stream import Buffer, ChildDiedError

from .messages import BLOCKING, MAIN, THREAD_HEAD
from .stream import STACK_TIMEOUT_S, GuestReader

ENDING_S = 5.0
"""How long a thread may take to end."""
_NUMBER_BYTES = 4


class SharedProcess(Connection):
    """A process with threads for guests.

    :param limits: what each guest's thread may use
    :param gone: called when it takes no more guests
    :raises EngineError: it cannot be started
    :ivar threads: by number; None: its guest has left, and the thread has not ended yet
    :ivar is_stuck: whether a thread of it does not end
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        limits: Mapping[str, int | None],
        gone: Callable[[SharedProcess], None],
    ) -> None:
        self._process = EngineProcess(argv)
        super().__init__(self._process)
        self.threads: dict[int, ThreadStream | None] = {}
        self.is_stuck = False
        self._limits = limits
        self._gone = gone
        self._count = 0

    def add_thread(self) -> ThreadStream:
        """Make room for a guest; its thread starts when its stream is read."""
        self._count += 1
        thread = self.threads[self._count] = ThreadStream(self, self._count)
        return thread

    # Out.

    def post(self, frame: bytes) -> None:
        """Send a frame at once.

        :raises OSError: the process is gone
        """
        if self.broken is not None:
            raise ConnectionResetError
        try:
            self._process.send(frame)
        except OSError:
            self.gone(self._process.ended())
            raise

    def begin(self, number: int) -> None:
        """Have a thread started."""
        self.post(encode(EVENT, 0, {"type": "begin", "thread": number, **self._limits}))

    # In.

    def take(self, kind: int, data: bytes, at: int, end: int) -> None:
        """See ``Connection.take``."""
        if kind in (MAIN, BLOCKING):
            thread = self.threads.get(int.from_bytes(data[at : at + _NUMBER_BYTES], "little"))
            if thread is not None:
                thread.came(data[at + _NUMBER_BYTES : end], is_blocking=kind == BLOCKING)
        else:
            super().take(kind, data, at, end)

    def event(self, message: Message) -> None:
        """See ``Connection.event``: a thread has ended."""
        how = str(message.content["how"])
        thread = self.threads.pop(message.content["thread"], None)
        if thread is not None:
            thread.lost(ChildDiedError(f"the guest's thread is gone: {how}", ending=how))
            if not any(self.threads.values()):
                self.close()

    def wait_for_thread(self, number: int, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """Block until something comes of a thread; all else is taken at the loop's next turn.

        :raises OSError: the process is gone, or the thread has ended
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        frames, self._deferred = self._deferred, []
        while self.broken is None:
            found, others = [], []
            for each in frames:
                kind, data, at, end = each
                if kind in (MAIN, BLOCKING) and _thread_of(each) == number:
                    found.append((kind == BLOCKING, data[at + _NUMBER_BYTES : end]))
                else:
                    others.append(each)
            self.defer(others)
            if found:
                return found
            if self._has_ended(number, others):
                break
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            came = self._process.wait(left)
            if not came:
                return []
            frames = [each for _, chunk in came for each in self._decoder.push(chunk)]
        raise ConnectionResetError

    def _has_ended(self, number: int, frames: Sequence[Frame]) -> bool:
        events = (decode(*each[1:]).content for each in frames if each[0] == EVENT)
        return any(each["thread"] == number for each in events)

    # Stacks, and the end.

    async def stack(self, number: int) -> dict[str, Any]:
        """Return where a guest computes: ``functions`` (where each starts), or a ``problem``."""
        request = self.request({"type": "stack", "thread": number})
        try:
            answer = await asyncio.wait_for(request, STACK_TIMEOUT_S)
        except asyncio.TimeoutError:
            return {"problem": f"its process did not say within {STACK_TIMEOUT_S:g} s"}
        except EngineError:
            return {"problem": "its process is gone"}
        found: dict[str, Any] = answer.content["stack"]
        return found

    def leave(self, number: int) -> None:
        """Have a thread ended; another may take its place then. The process ends with its last guest."""
        thread = self.threads.get(number)
        if thread is None:
            return
        self.threads[number] = None
        if not any(self.threads.values()):
            self.close()
        elif not thread.began:
            del self.threads[number]
        else:
            with contextlib.suppress(OSError):
                self.post(encode(EVENT, 0, {"type": "end", "thread": number}))
            self._loop.call_later(ENDING_S, self._look_for, number)

    def _look_for(self, number: int) -> None:
        """Take no more guests if a thread that was to end has not: V8 cannot end a loop of ``memory.fill``.

        It may go on until the other guests have left, and the process is ended.
        """
        self.is_stuck = self.is_stuck or number in self.threads

    def fail(self, error: EngineError) -> None:
        """See ``Connection.fail``."""
        if self.broken is not None:
            return
        super().fail(error)
        threads, self.threads = list(self.threads.values()), {}
        for thread in threads:
            if thread is not None:
                thread.lost(error)
        self._gone(self)
        self._process.close()


def _thread_of(frame: Frame) -> int:
    """Return the number of the thread that a frame is of."""
    _, data, at, _ = frame
    return int.from_bytes(data[at : at + _NUMBER_BYTES], "little")


class ThreadStream:
    """The two streams to a guest in a shared process (``GuestStream``).

    :ivar began: whether its thread has been started
    """

    takes_stacks = True

    def __init__(self, process: SharedProcess, number: int) -> None:
        self._process = process
        self._number = number
        self.began = False
        self._reader: GuestReader | None = None
        self._end: EngineError | None = None
        self.program = process.program
        self.pid = process.pid

    def attach(self, reader: GuestReader) -> None:
        """See ``GuestStream.attach``."""
        self._reader = reader
        if self._process.broken is not None:
            reader.gone(self._process.broken)
            return
        self.began = True
        self._process.begin(self._number)

    def came(self, chunk: bytes, *, is_blocking: bool) -> None:
        """Take what the guest says."""
        if self._reader is not None:
            (self._reader.blocking_came if is_blocking else self._reader.came)(chunk)

    def lost(self, error: EngineError) -> None:
        """Its thread, or its process, has ended."""
        self._end = error
        if self._reader is not None:
            self._reader.gone(error)

    def _post(self, kind: int, data: Buffer) -> None:
        self._process.post(THREAD_HEAD.pack(1 + _NUMBER_BYTES + len(data), kind, self._number) + bytes(data))

    def send(self, data: Buffer) -> None:
        """See ``Stream.send``."""
        self._post(MAIN, data)

    def send_blocking(self, data: Buffer) -> None:
        """See ``GuestStream.send_blocking``: the process's main thread takes it, whatever the guest does."""
        self._post(BLOCKING, data)

    def wait_for_guest(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """See ``GuestStream.wait_for_guest``."""
        return self._process.wait_for_thread(self._number, timeout_s)

    async def stack(self) -> dict[str, Any]:
        """See ``GuestStream.stack``."""
        return await self._process.stack(self._number)

    def has_ended(self) -> bool:
        """See ``Stream.has_ended``."""
        return self._end is not None or not self._process.is_usable

    def printed(self) -> str:
        """See ``Stream.printed``."""
        return self._process.printed()

    def ended(self) -> EngineError:
        """See ``Stream.ended``."""
        return self._end or self._process.broken or ChildDiedError("the guest's thread has ended")

    def kill(self) -> None:
        """See ``Stream.kill``: the others of its process go on."""
        self._process.leave(self._number)

    def detach(self) -> None:
        """See ``Stream.detach``."""
        self._reader = None

    def close(self) -> None:
        """See ``Stream.close``."""
        self.kill()
