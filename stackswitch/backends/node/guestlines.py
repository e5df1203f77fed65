"""The two streams of bytes to the thread that a guest lives in, in a process of its own.

On the first, bytes are taken in a callback of the loop. On the second the guest asks for functions that do
not wait, and stands still. ``guestseats`` has the streams to a guest that shares its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
import subprocess
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from stackswitch.engines.probe import ending
from stackswitch.engines.words import without_dump

from .child import TAIL_BYTES, ChildDiedError, spawn

CHUNK = 1 << 18
STACK_TIMEOUT_S = 3.0
"""How long to wait for the stack of a guest that computes."""
_ENDINGS_S = (0.0, 0.001, 0.005, 0.02, 0.05)
"""Pauses between looks whether a process has ended, once its socket is closed."""


class Reader(Protocol):
    """Who takes what comes: a ``GuestLink``."""

    def first_came(self, chunk: bytes) -> None:
        """Bytes of the first stream."""
        ...

    def second_came(self, chunk: bytes) -> None:
        """Bytes of the second stream: the guest stands still."""
        ...

    def gone(self, error: ChildDiedError) -> None:
        """There is nobody at the other end any more."""
        ...


class Lines(Protocol):
    """The streams.

    :ivar takes_stacks: whether ``stack`` can say where the guest computes
    """

    takes_stacks: bool

    @property
    def program(self) -> str:
        """What runs at the other end."""
        ...

    @property
    def pid(self) -> int:
        """The process's id."""
        ...

    def attach(self, reader: Reader) -> None:
        """Begin to read."""
        ...

    def send(self, data: bytes) -> None:
        """Send on the first stream, now or as soon as there is room.

        :raises OSError: there is nobody
        """
        ...

    def send_second(self, data: bytes) -> None:
        """Send on the second stream, standing still until all is sent: the guest reads nothing else.

        :raises OSError: there is nobody
        """
        ...

    def wait(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """Stand still until bytes come; return them, and for each whether it is of the second stream.

        :returns: nothing if the time was up
        :raises OSError: there is nobody
        """
        ...

    async def stack(self) -> dict[str, Any]:
        """Return where the guest computes: ``frames``, or a ``problem``."""
        ...

    def said(self) -> str:
        """Return the end of what the process has written."""
        ...

    def ended(self) -> ChildDiedError:
        """Say how it ended, now that it does not answer."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def detach(self) -> None:
        """Read no more."""
        ...

    def close(self) -> None:
        """End it, and clean up, without a loop; a second call does nothing."""
        ...


class EngineProcess:
    """An engine in a child process: its sockets, the end of what it writes, and its end.

    :ivar sockets: ours of the pairs, the first of them non-blocking
    """

    def __init__(self, argv: Sequence[str | Path], sockets: int) -> None:
        """Start it; the numbers of its descriptors are added as its last arguments.

        :raises OSError: it cannot be started
        """
        pairs = [socket.socketpair() for _ in range(sockets)]
        self.sockets = [ours for ours, _ in pairs]
        try:
            self._process = spawn([*map(str, argv)], [theirs for _, theirs in pairs])
        except OSError:
            for each in self.sockets:
                each.close()
            raise
        finally:
            for _, theirs in pairs:
                theirs.close()
        self.sockets[0].setblocking(False)
        self.program = str(argv[0])
        self._tail = bytearray()
        self._loop = asyncio.get_running_loop()
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._note_output)
        # For a guest that nobody closed, whose loop may be gone.
        self._finish = weakref.finalize(self, _finish, self._process, self.sockets)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

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

    def said(self) -> str:
        """Return the end of what it has written."""
        if self._finish.alive:
            self._note_output()
        return without_dump(self._tail.decode("utf-8", "replace"))

    def ended(self) -> ChildDiedError:
        """Say how it ended, now that a socket is closed; end it if it has not."""
        status = None
        for pause in _ENDINGS_S:
            time.sleep(pause)
            if (status := self._process.poll()) is not None:
                break
        if status is None:
            self.kill()
        how = "it closed the pipe" if status is None else f"it ended with {ending(status)}"
        return ChildDiedError(
            f"the engine {Path(self.program).name} is gone: {how}",
            ending=how.removeprefix("it ended with "),
            output=self.said(),
        )

    def kill(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            self._process.kill()

    def detach(self) -> None:
        """Read its output no more."""
        if not self._loop.is_closed() and self._finish.alive:
            self._loop.remove_reader(self._output)

    def close(self) -> None:
        """End it at once and clean up; a second call does nothing."""
        self.detach()
        self._finish()


def _finish(process: subprocess.Popen[bytes], links: Sequence[socket.socket]) -> None:
    for each in links:
        each.close()
    if process.poll() is None:
        process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


class Outbox:
    """What is sent on a non-blocking socket, and what there is no room for yet."""

    def __init__(self, link: socket.socket, lost: Any) -> None:
        self._link = link
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._backlog = bytearray()

    @property
    def pending(self) -> bool:
        """Whether some of it waits for room."""
        return bool(self._backlog)

    def send(self, data: bytes) -> None:
        """Send, now or when there is room.

        :raises OSError: there is nobody
        """
        if self._backlog:
            self._backlog += data
            return
        try:
            sent = self._link.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            self._backlog += data[sent:]
            self._loop.add_writer(self._link, self._writable)

    def _writable(self) -> None:
        try:
            self.push()
        except OSError:
            self._lost()

    def push(self) -> None:
        """Send what there is room for.

        :raises OSError: there is nobody
        """
        with contextlib.suppress(BlockingIOError, InterruptedError):
            del self._backlog[: self._link.send(self._backlog)]
        if not self._backlog:
            self._loop.remove_writer(self._link)


def stand_still(
    links: Sequence[socket.socket], outbox: Outbox, timeout_s: float | None
) -> list[tuple[socket.socket, bytes]]:
    """Wait until bytes come on a socket, and send meanwhile what the outbox has for the first.

    :returns: nothing if the time was up
    :raises OSError: one of them is closed
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        poll = select.poll()  # unlike select, it takes descriptors above 1,024
        for each in links:
            poll.register(each, select.POLLIN)
        if outbox.pending:
            poll.register(links[0], select.POLLIN | select.POLLOUT)
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        ready = dict(poll.poll(left))
        if not ready:
            return []
        if outbox.pending:
            outbox.push()
        found = []
        for each in links:
            if not ready.get(each.fileno(), 0) & ~select.POLLOUT:
                continue
            with contextlib.suppress(BlockingIOError, InterruptedError):
                chunk = each.recv(CHUNK, socket.MSG_DONTWAIT)
                if not chunk:
                    raise ConnectionResetError
                found.append((each, chunk))
        if found:
            return found


class ProcessLines:
    """The streams to a guest that has a process to itself: two sockets (``Lines``)."""

    def __init__(self, argv: Sequence[str | Path], *, takes_stacks: bool) -> None:
        """Start the process.

        :param takes_stacks: have a second thread in it, which can say where the guest computes
        :raises OSError: it cannot be started
        """
        self.takes_stacks = takes_stacks
        self._process = EngineProcess(argv, 3 if takes_stacks else 2)
        self._first, self._second = self._process.sockets[:2]
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._first, self._lost)
        self._reader: Reader | None = None

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
        self._came, self._second_came = reader.first_came, reader.second_came
        self._loop.add_reader(self._first, self._readable)
        self._loop.add_reader(self._second, self._second_readable)

    def _readable(self) -> None:
        try:
            chunk = self._first.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if chunk:
            self._came(chunk)
        else:
            self._lost()

    def _second_readable(self) -> None:
        try:
            chunk = self._second.recv(CHUNK, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if chunk:
            self._second_came(chunk)
        else:
            self._lost()

    def _lost(self) -> None:
        if self._reader is not None:
            self._reader.gone(self._process.ended())

    def send(self, data: bytes) -> None:
        """See ``Lines.send``."""
        self._outbox.send(data)

    def send_second(self, data: bytes) -> None:
        """See ``Lines.send_second``."""
        self._second.sendall(data)

    def wait(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """See ``Lines.wait``."""
        ready = stand_still([self._first, self._second], self._outbox, timeout_s)
        return [(link is self._second, chunk) for link, chunk in ready]

    async def stack(self) -> dict[str, Any]:
        """See ``Lines.stack``."""
        if not self.takes_stacks:
            return {"problem": "its process has no thread that could look"}
        watch = self._process.sockets[2]
        watch.setblocking(False)
        try:
            await self._loop.sock_sendall(watch, b"?")
            return await asyncio.wait_for(self._line(watch), STACK_TIMEOUT_S)
        except asyncio.TimeoutError:
            return {"problem": f"its process did not say within {STACK_TIMEOUT_S:g} s"}
        except (OSError, ValueError):
            return {"problem": "its process is gone"}

    async def _line(self, link: socket.socket) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            line += (chunk := await self._loop.sock_recv(link, CHUNK))
            if not chunk:
                raise ConnectionResetError
        found: dict[str, Any] = json.loads(line)
        return found

    def said(self) -> str:
        """See ``Lines.said``."""
        return self._process.said()

    def ended(self) -> ChildDiedError:
        """See ``Lines.ended``."""
        return self._process.ended()

    def kill(self) -> None:
        """See ``Lines.kill``."""
        self._process.kill()

    def detach(self) -> None:
        """See ``Lines.detach``."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._first)
            self._loop.remove_writer(self._first)
            self._loop.remove_reader(self._second)
        self._process.detach()

    def close(self) -> None:
        """See ``Lines.close``."""
        self.detach()
        self._process.close()
