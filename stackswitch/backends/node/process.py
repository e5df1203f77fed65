"""A JavaScript engine in a child process, spoken to over a socketpair (``docs/wire-protocol.md``).

Requests have ids and wait in futures. When the pipe closes, for whatever reason, each of them gets a
``ChildDiedError`` with how the process ended and the end of what it wrote to its standard streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError
from stackswitch.models.base import Frozen
from stackswitch.tools import watchdog
from stackswitch.tools.failures import describe_status, without_dump

from .wire import (
    PROTOCOL_VERSION,
    Answer,
    Begun,
    FrameDecoder,
    FromEngine,
    Hello,
    Ping,
    Pong,
    decode_message,
    encode_frame,
)

HANDSHAKE_TIMEOUT_S = 15.0
_EXIT_TIMEOUT_S = 2.0
TAIL_BYTES = 4000
# Not a session: Linux's scheduler shares processors between sessions first (sched_autogroup), so on a busy
# machine each message would wait for its turn, and a round trip take four times as long.
OWN_GROUP: dict[str, Any] = (
    {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
)


class ChildDiedError(EngineError):
    """The engine's process ended, or its pipe closed, while something was asked of it.

    :param ending: how it ended: ``SIGSEGV``, ``exit status 1``
    :param output: the end of its standard output and error
    """

    def __init__(self, message: str, *, ending: str = "", output: str = "") -> None:
        super().__init__(f"{message}\n  {output}" if output else message)
        self.ending = ending
        self.output = output


class Child:
    """One engine process. Made by ``start``; ends by ``aclose`` or ``kill``.

    :ivar begun: how many runs it has begun
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.begun = 0
        self._process = process
        self._tail = _Tail()
        self._tail_transport: asyncio.BaseTransport | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._decoder = FrameDecoder()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
        self._ids = itertools.count(1)
        self._unsent: list[bytes] = []
        self._broken: EngineError | None = None
        self._burial: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, argv: Sequence[str | Path], *, timeout_s: float = HANDSHAKE_TIMEOUT_S
    ) -> tuple[Child, Hello]:
        """Start an engine and wait for its first message.

        :param argv: the command; the number of the socket's descriptor is added as its last argument
        :param timeout_s: the longest that this may take (seconds)
        :raises EngineError: it cannot be started, ends, says something else, or nothing in time
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = spawn(list(map(str, argv)), [theirs])
        except OSError as error:
            ours.close()
            raise EngineError(f"{argv[0]} cannot be started: {error.strerror}") from None
        finally:
            theirs.close()
        child = cls(process)
        try:
            await child._connect(ours)
            hello = await child._greeted(str(argv[0]), timeout_s)
        except BaseException:
            await child.aclose(at_once=True)
            raise
        return child, hello

    async def _connect(self, ours: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        assert self._process.stdout is not None
        self._tail_transport, _ = await loop.connect_read_pipe(lambda: self._tail, self._process.stdout)
        self._transport, _ = await loop.create_unix_connection(lambda: _Link(self), sock=ours)

    async def _greeted(self, program: str, timeout_s: float) -> Hello:
        try:
            hello = await asyncio.wait_for(asyncio.shield(self._hello), timeout_s)
        except asyncio.TimeoutError:
            said = f"\n  {self._tail.text}" if self._tail.text else ""
            raise EngineError(f"{program} did not answer within {timeout_s:g} s{said}") from None
        if hello.protocol != PROTOCOL_VERSION:
            raise EngineError(
                f"{program} speaks version {hello.protocol} of the protocol, we {PROTOCOL_VERSION}"
            )
        return hello

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked something, as far as is known."""
        return self._broken is None and self._burial is None and self._process.poll() is None

    async def request(self, make: Callable[[int], Frozen], attachments: Sequence[bytes] = ()) -> Answer:
        """Send a request and wait for its answer.

        :param make: makes the message from the id it is to bear
        :raises ChildDiedError: the process ended before it answered
        :raises EngineError: it broke the protocol
        """
        if self._broken is not None:
            raise self._broken
        number = next(self._ids)
        frame = encode_frame(make(number), attachments)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(frame)
            return await future
        finally:
            self._waiting.pop(number, None)

    def _send(self, frame: bytes) -> None:
        """Write at the end of this turn of the loop, with all else that is sent in it."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(frame)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(unsent))

    def received(self, data: bytes) -> None:
        """Take what came through the pipe (called by the link)."""
        if self._broken is not None:
            return
        try:
            for text, _ in self._decoder.push(data):
                self._take(decode_message(text))
        except EngineError as error:
            self._break(error)
            self.kill()

    def _take(self, message: FromEngine) -> None:
        if isinstance(message, Begun):
            self.begun += 1
            return
        if isinstance(message, Hello):
            if self._hello.done():
                raise EngineError("the engine said hello twice")
            self._hello.set_result(message)
            return
        future = self._waiting.get(message.id)
        if future is not None and not future.done():  # else: who asked has given up
            future.set_result(message)

    def closed(self) -> None:
        """The pipe is closed (called by the link): find out how the process ended, then tell who waits."""
        if self._burial is None:
            self._burial = asyncio.ensure_future(self._bury())

    async def _bury(self) -> None:
        status = await self._exit_status()
        how = "it closed the pipe" if status is None else f"it ended with {describe_status(status)}"
        if status is None:
            self.kill()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._tail.ended), _EXIT_TIMEOUT_S)
        name = Path(str(self._process.args[0])).name  # type: ignore[index]
        self._break(
            ChildDiedError(
                f"the engine {name} is gone: {how}",
                ending=how.removeprefix("it ended with "),
                output=self._tail.text,
            )
        )

    async def _exit_status(self) -> int | None:
        for pause in (0.0, 0.001, 0.005, 0.02, 0.05, 0.2, 0.5, _EXIT_TIMEOUT_S):
            await asyncio.sleep(pause)
            if (status := self._process.poll()) is not None:
                return status
        return None

    def _break(self, error: EngineError) -> None:
        self._broken = self._broken or error
        if not self._hello.done():
            self._hello.set_exception(self._broken)
            self._hello.exception()  # retrieved: nobody need be waiting
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._broken)

    async def is_responsive(self, timeout_s: float) -> bool:
        """Whether its event loop turns; a guest that computes without end keeps it from doing so."""
        try:
            return isinstance(
                await asyncio.wait_for(self.request(lambda number: Ping(id=number)), timeout_s), Pong
            )
        except (asyncio.TimeoutError, EngineError):
            return False

    def kill(self) -> None:
        """End the process at once."""
        if self._process.poll() is None:
            self._process.kill()

    async def aclose(self, *, at_once: bool = False) -> None:
        """End the process and clean up; a second call does nothing.

        :param at_once: don't wait for it to see that the pipe is closed
        """
        if at_once:
            self.kill()
        if self._transport is not None:
            self._transport.close()
        elif not self._hello.done():
            self._break(EngineError("closed before it was connected"))
        status = await self._exit_status()
        if status is None:
            self.kill()
            await asyncio.to_thread(self._process.wait)
        if self._burial is not None:
            await self._burial
        self._break(ChildDiedError("the engine was closed"))
        if self._tail_transport is not None:
            self._tail_transport.close()
        elif self._process.stdout is not None:
            self._process.stdout.close()


def spawn(command: Sequence[str], theirs: Sequence[socket.socket]) -> subprocess.Popen[bytes]:
    """Start a process that inherits sockets; their descriptors' numbers become its last arguments.

    :raises OSError: it cannot be started
    """
    descriptors = [each.fileno() for each in theirs]
    watchdog.ready()
    process = subprocess.Popen(
        [*command, *map(str, descriptors)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        env={key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"},
        **OWN_GROUP,
    )
    watchdog.watch(process.pid)
    return process


class _Link(asyncio.Protocol):
    """Hands a child what comes through the pipe."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def data_received(self, data: bytes) -> None:
        self._child.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._child.closed()


class _Tail(asyncio.Protocol):
    """Keeps the end of what a process writes."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def text(self) -> str:
        return without_dump(self._data.decode("utf-8", "replace"))

    def data_received(self, data: bytes) -> None:
        self._data += data
        del self._data[:-TAIL_BYTES]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
