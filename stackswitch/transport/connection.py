"""Requests to an engine's process and their answers, over a stream of frames.

When the stream ends, for whatever reason, all pending requests fail with a ``ChildDiedError``. It has the
process's exit status and the end of its output.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Protocol

from stackswitch.errors import EngineError

from .frames import (
    ANSWER,
    EVENT,
    HELLO,
    HELLO_LIMIT,
    PROTOCOL_VERSION,
    REQUEST,
    Frame,
    FrameDecoder,
    Message,
    decode,
    encode,
)

HANDSHAKE_TIMEOUT_S = 15.0

Buffer = bytes | bytearray | memoryview


class ChildDiedError(EngineError):
    """The engine's process ended, or its socket closed, before it answered a request.

    :param ending: how it ended: ``SIGSEGV``, ``exit status 1``
    :param status: its exit status; negative: the signal that ended it; None: it is not known
    :param output: the end of its standard output and error
    """

    def __init__(
        self, message: str, *, ending: str = "", status: int | None = None, output: str = ""
    ) -> None:
        super().__init__(f"{message}\n  {output}" if output else message)
        self.ending = ending
        self.status = status
        self.output = output


class Stream(Protocol):
    """A stream of bytes to an engine's process, or to a thread of it.

    :ivar program: the engine's program
    :ivar pid: the process's id
    """

    program: str
    pid: int

    def attach(self, connection: Connection) -> None:
        """Begin to read; bytes go to ``connection.came``, and the end to ``connection.gone``."""
        ...

    def detach(self) -> None:
        """Read no more."""
        ...

    def send(self, data: Buffer) -> None:
        """Send, now or as soon as there is room.

        :raises OSError: the other end is gone
        """
        ...

    def has_ended(self) -> bool:
        """Return whether the other end is known to have ended."""
        ...

    def printed(self) -> str:
        """Return the end of the process's output."""
        ...

    def ended(self) -> EngineError:
        """Return how it ended, now that it does not answer; end it if it has not."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> None:
        """End it at once and clean up, without a loop; a second call does nothing."""
        ...


class Connection:
    """A conversation with an engine's process, or with a thread of it. It reads from ``greet`` on.

    :ivar stream: the bytes
    :ivar broken: why it takes no more requests
    :ivar numbers: of requests
    :ivar uses: how many requests were sent
    """

    def __init__(self, stream: Stream) -> None:
        self.broken: EngineError | None = None
        self.numbers = itertools.count(1)
        self.uses = 0
        self.stream = stream
        self._loop = asyncio.get_running_loop()
        self._decoder = FrameDecoder()
        self._hello: asyncio.Future[Message] | None = None
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._unsent: list[bytes] = []
        self._deferred: list[Frame] = []
        self._dispatching = self._flush_is_due = False

    @property
    def is_usable(self) -> bool:
        """Whether it takes requests, as far as is known."""
        return self.broken is None and not self.stream.has_ended()

    async def greet(self, timeout_s: float = HANDSHAKE_TIMEOUT_S, *, needs_jspi: bool = False) -> None:
        """Wait for the other end's first message; several may wait.

        :param needs_jspi: the engine must have JSPI, as it had when it was probed
        :raises EngineError: it has not, it ends, says something else, or nothing in time; then it is closed
        """
        if self._hello is None:
            self._hello = self._loop.create_future()
            self.stream.attach(self)
        try:
            # Before Python 3.12 wait_for loses a cancellation that comes together with the result.
            await asyncio.wait([self._hello], timeout=timeout_s)
            self._check_hello(self._hello, timeout_s, needs_jspi=needs_jspi)
        except BaseException:
            self.close()
            raise

    def _check_hello(self, hello: asyncio.Future[Message], timeout_s: float, *, needs_jspi: bool) -> None:
        if not hello.done():
            printed = self.stream.printed()
            raise EngineError(
                f"{self.stream.program} did not answer within {timeout_s:g} s"
                + (f"\n  {printed}" if printed else "")
            )
        content = hello.result().content
        if (version := content.get("protocol")) != PROTOCOL_VERSION:
            raise EngineError(
                f"{self.stream.program} speaks version {version} of the protocol, not {PROTOCOL_VERSION}"
            )
        if needs_jspi and not content.get("jspi"):
            raise EngineError(
                f"{self.stream.program} has no WebAssembly.Suspending; it had when it was probed"
            )

    # Out.

    async def request(self, content: Mapping[str, object], parts: Sequence[bytes] = ()) -> Message:
        """Send a request and wait for its answer.

        :param content: ``type`` says what it is
        :raises ChildDiedError: the process ended before it answered
        :raises EngineError: it refused, or broke the protocol
        """
        number = next(self.numbers)
        frame = encode(REQUEST, number, content, parts)
        future: asyncio.Future[Message] = self._loop.create_future()
        self._answers[number] = future
        self.uses += 1
        try:
            self.send(frame)
            return accepted(await future)
        finally:
            self._answers.pop(number, None)

    def send(self, frame: bytes) -> None:
        """Send a frame at the end of this turn of the loop, with all else that is sent in it.

        :raises EngineError: the other end is gone
        """
        if self.broken is not None:
            raise self.broken
        self._unsent.append(frame)
        if not self._dispatching and not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            self._transmit(b"".join(unsent))

    def _transmit(self, data: bytes) -> None:
        try:
            self.stream.send(data)
        except OSError:
            self.gone(self.stream.ended())

    # In.

    def came(self, chunk: bytes) -> None:
        """Take the next bytes of the stream; what is sent meanwhile goes when all frames are handed out."""
        try:
            frames = self._decoder.push(chunk)
            if self._deferred:
                frames = [*self._deferred, *frames]
                self._deferred = []
            self._dispatching = True
            left = iter(frames)
            try:
                for kind, data, at, end in left:
                    self.take(kind, data, at, end)
            finally:
                self._dispatching = False
                if self._unsent:
                    self._flush()
                if len(frames) > 1:
                    self.defer([*left])  # a task raised what ends the loop
        except EngineError as error:
            self.fail(error)
            self.stream.kill()

    def defer(self, frames: Sequence[Frame]) -> None:
        """Hand out frames at the loop's next turn."""
        if frames and not self._deferred:
            self._loop.call_soon(self.came, b"")
        self._deferred += frames

    def take(self, kind: int, data: bytes, at: int, end: int) -> None:
        """Take a frame; other kinds are a subclass's.

        :raises EngineError: it is malformed, or none of the protocol
        """
        if self._hello is not None and not self._hello.done():
            if kind != HELLO or end - at > HELLO_LIMIT:
                raise EngineError(f"{self.stream.program} does not speak our protocol: it sent {data[:40]!r}")
            hello = decode(data, at, end)
            if "problem" in hello.content:
                raise EngineError(str(hello.content["problem"]))
            self._hello.set_result(hello)
        elif kind == ANSWER:
            answer = decode(data, at, end)
            future = self._answers.pop(answer.number, None)
            if future is not None and not future.done():  # else the caller has given up
                future.set_result(answer)
        elif kind == EVENT:
            self.event(decode(data, at, end))
        else:
            raise EngineError(f"{self.stream.program} sent a frame of the unknown kind {kind}")

    def event(self, message: Message) -> None:
        """Take what the other end sends without a request: a subclass's."""

    # The end.

    def gone(self, error: EngineError) -> None:
        """Take the end of the stream."""
        self.fail(error)

    def fail(self, error: EngineError) -> None:
        """Fail everybody who waits, now and from here on; a second call does nothing."""
        if self.broken is not None:
            return
        self.broken = error
        self.stream.detach()
        for future in (self._hello, *self._answers.values()):
            if future is not None and not future.done() and not self._loop.is_closed():
                future.set_exception(error)
                future.exception()  # retrieved: nobody need be waiting

    def close(self) -> None:
        """End the other end at once and clean up, without a loop; a second call does nothing."""
        self.fail(ChildDiedError("the engine was closed"))
        self.stream.close()


def accepted(answer: Message) -> Message:
    """Return an answer.

    :raises EngineError: it says that the request was refused
    """
    if "problem" in answer.content:
        raise EngineError(f"the engine refused: {answer.content['problem']}")
    return answer
