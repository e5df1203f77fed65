"""A process that many guests live in, each in a thread (a Worker) of its own: ``docs/wire-protocol.md``.

One socket leads to it. Frames of its threads bear the thread's number and hold bytes of the guest's streams.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError
from stackswitch.transport.connection import Buffer, ChildDiedError, Connection
from stackswitch.transport.frames import EVENT, Message, decode, encode
from stackswitch.transport.process import EngineProcess

from .child import GuestChild
from .messages import BLOCKING, MAIN, THREAD_HEAD

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
        self.limits = limits
        self._gone = gone
        self._count = 0

    def add_thread(self) -> ThreadStream:
        """Make room for a guest; its thread starts when its stream is read."""
        self._count += 1
        thread = self.threads[self._count] = ThreadStream(self, self._count)
        return thread

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
        """Block for frames of a thread (``GuestStream.wait_for_guest``); defer all others.

        :raises OSError: the process is gone, or the thread has ended
        """
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        frames, self._deferred = self._deferred, []
        while self.broken is None:
            found, others = [], []
            has_ended = False
            for each in frames:
                kind, data, at, end = each
                body = at + _NUMBER_BYTES
                if kind in (MAIN, BLOCKING) and int.from_bytes(data[at:body], "little") == number:
                    found.append((kind == BLOCKING, data[body:end]))
                    continue
                others.append(each)
                has_ended = has_ended or (kind == EVENT and decode(data, at, end).content["thread"] == number)
            self.defer(others)
            if found:
                return found
            if has_ended:
                break
            came = self._process.wait(None if ends is None else max(0.0, ends - time.monotonic()))
            if not came:
                return []
            frames = [each for _, chunk in came for each in self._decoder.push(chunk)]
        raise ConnectionResetError

    def end_thread(self, number: int) -> None:
        """End a thread, so that another may take its place. The process ends with its last guest."""
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
            self._loop.call_later(ENDING_S, self._check_ended, number)

    def _check_ended(self, number: int) -> None:
        """Accept no more guests if a thread has not ended: V8 cannot end a loop of ``memory.fill``.

        The loop may run until the other guests have left, and the process is ended.
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


class ThreadStream:
    """The two streams to a guest in a shared process (``GuestStream``).

    :ivar began: whether its thread has been started
    """

    def __init__(self, process: SharedProcess, number: int) -> None:
        self._process = process
        self._number = number
        self.began = False
        self._connection: GuestChild | None = None
        self._end: EngineError | None = None
        self.program = process.stream.program
        self.pid = process.stream.pid

    def attach(self, connection: GuestChild) -> None:
        """See ``GuestStream.attach``."""
        self._connection = connection
        if self._process.broken is not None:
            connection.gone(self._process.broken)
            return
        self.began = True
        begin = {"type": "begin", "thread": self._number, **self._process.limits}
        self._process.post(encode(EVENT, 0, begin))

    def came(self, chunk: bytes, *, is_blocking: bool) -> None:
        """Take the guest's next bytes."""
        if self._connection is not None:
            (self._connection.blocking_came if is_blocking else self._connection.came)(chunk)

    def lost(self, error: EngineError) -> None:
        """Report that its thread, or its process, has ended."""
        self._end = error
        if self._connection is not None:
            self._connection.gone(error)

    def _post(self, kind: int, data: Buffer) -> None:
        self._process.post(THREAD_HEAD.pack(1 + _NUMBER_BYTES + len(data), kind, self._number) + bytes(data))

    def send(self, data: Buffer) -> None:
        """See ``Stream.send``."""
        self._post(MAIN, data)

    def send_blocking(self, data: Buffer) -> None:
        """See ``GuestStream.send_blocking``: the process's main thread reads it, whatever the guest does."""
        self._post(BLOCKING, data)

    def wait_for_guest(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """See ``GuestStream.wait_for_guest``."""
        return self._process.wait_for_thread(self._number, timeout_s)

    async def stack(self) -> dict[str, Any]:
        """See ``GuestStream.stack``."""
        answer = await self._process.request({"type": "stack", "thread": self._number})
        found: dict[str, Any] = answer.content["stack"]
        return found

    def has_ended(self) -> bool:
        """See ``Stream.has_ended``."""
        return self._end is not None or not self._process.is_usable

    def printed(self) -> str:
        """See ``Stream.printed``."""
        return self._process.stream.printed()

    def ended(self) -> EngineError:
        """See ``Stream.ended``."""
        return self._end or self._process.broken or ChildDiedError("the guest's thread has ended")

    def detach(self) -> None:
        """See ``Stream.detach``."""
        self._connection = None

    def close(self) -> None:
        """See ``Stream.close``: the process's other threads continue."""
        self._process.end_thread(self._number)

    kill = close
