"""The process that guests live in: its sockets, what it writes, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import subprocess
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from stackswitch.tools.failures import describe_status, without_dump

from ..process import TAIL_BYTES, ChildDiedError, spawn

CHUNK = 1 << 18
_ENDINGS_S = (0.0, 0.001, 0.005, 0.02, 0.05)
"""Pauses between looks whether a process has ended, once its socket is closed."""


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
        how = "it closed the pipe" if status is None else f"it ended with {describe_status(status)}"
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

    def __init__(self, link: socket.socket, lost: Callable[[], None]) -> None:
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
