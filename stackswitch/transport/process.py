"""A JavaScript engine in a child process: its start, its sockets, what it prints, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError
from stackswitch.tools import watchdog
from stackswitch.tools.failures import describe_status, without_dump

from .connection import Buffer, ChildDiedError, Connection

CHUNK = 1 << 16
"""The most bytes that are read at once. From 128 KiB on malloc maps fresh memory: 48 µs a read, not 1.3."""
READS_AT_ONCE = 8
"""How often to read before the event loop goes on."""
TAIL_BYTES = 4000
"""How much of what a process prints is recorded: the end."""
_SEND_BUFFER = 4 << 20
"""The room for bytes on their way, as far as the system gives it: 1 MiB is sent without a wait."""
_PAUSES_S = (0.001, 0.005, 0.02, 0.05)
"""Pauses between checks whether a process has ended, once its socket is closed."""
_LONGER_PAUSES_S = (*_PAUSES_S, 0.2, 0.5)
"""The same where the event loop runs meanwhile."""
# Not a session: Linux's scheduler shares processors between sessions first (sched_autogroup), so on a busy
# machine each message would wait for the processor, and a round trip take four times as long.
OWN_GROUP: dict[str, Any] = (
    {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
)


class EngineProcess:
    """An engine in a child process; a ``Stream`` over one or two of its sockets.

    :param argv: the command; the numbers of its descriptors are added as its last arguments
    :param sockets: how many socket pairs lead to it
    :param outgoing: the place of the one that is sent on; what comes is read from the first
    :param env: its environment; None: ours without ``NODE_OPTIONS``
    :ivar sockets: our ends; only these two are non-blocking
    :raises EngineError: it cannot be started
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        sockets: int = 1,
        *,
        outgoing: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.program = str(argv[0])
        self._loop = asyncio.get_running_loop()
        pairs = [socket.socketpair() for _ in range(sockets)]
        for each in itertools.chain(*pairs):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.sockets = [ours for ours, _ in pairs]
        try:
            self._process = _spawn([*map(str, argv)], [theirs for _, theirs in pairs], env)
        except OSError as error:
            for each in self.sockets:
                each.close()
            raise EngineError(f"{self.program} cannot be started: {error.strerror}") from None
        finally:
            for _, theirs in pairs:
                theirs.close()
        self.pid = self._process.pid
        self._first, self._outgoing = self.sockets[0], self.sockets[outgoing]
        self._first.setblocking(False)
        self._outgoing.setblocking(False)
        self._has_sent = False  # since bytes came last
        self._unsent, self._sent = bytearray(), 0  # what is not sent yet; how much of it is
        self._tail = bytearray()
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._note_output)
        self._connection: Connection | None = None
        self._looking: asyncio.TimerHandle | None = None
        # For a child that nobody closed, whose loop may be gone.
        self._finish = weakref.finalize(self, _finish, self._process, self.sockets)

    # Bytes.

    def attach(self, connection: Connection) -> None:
        """See ``Stream.attach``."""
        self._connection = connection
        self._came = connection.came
        self._loop.add_reader(self._first, self._readable)

    def _readable(self) -> None:
        """Read, and again if something was sent: the answer is often there, before the loop could look."""
        for _ in range(READS_AT_ONCE):
            self._has_sent = False
            try:
                chunk = self._first.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                chunk = b""
            if not chunk:
                self._lost()
                return
            self._came(chunk)
            if not self._has_sent or self._connection is None:
                return

    def send(self, data: Buffer) -> None:
        """See ``Stream.send``."""
        self._has_sent = True
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._outgoing.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            self._unsent += memoryview(data)[sent:]
            self._loop.add_writer(self._outgoing, self._writable)

    def _writable(self) -> None:
        try:
            self._send_rest()
        except OSError:
            self._lost()

    def _send_rest(self) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError), memoryview(self._unsent) as rest:
            self._sent += self._outgoing.send(rest[self._sent :])
        if self._sent == len(self._unsent):
            self._unsent, self._sent = bytearray(), 0
            self._loop.remove_writer(self._outgoing)

    def wait(self, timeout_s: float | None, sockets: int = 1) -> list[tuple[int, bytes]]:
        """Block until bytes come, and send meanwhile what is left to be sent.

        :param sockets: on how many of the sockets to wait
        :returns: the socket's place among ``sockets`` and its bytes; nothing if the time was up
        :raises OSError: one of them is closed
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            poll = select.poll()  # unlike select, it takes descriptors above 1,024
            for each in self.sockets[:sockets]:
                poll.register(each, select.POLLIN)
            if self._unsent:
                reads = self._outgoing in self.sockets[:sockets]
                poll.register(self._outgoing, select.POLLOUT | (select.POLLIN if reads else 0))
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            ready = dict(poll.poll(left))
            if not ready:
                return []
            if self._unsent:
                self._send_rest()
            found = []
            for place, each in enumerate(self.sockets[:sockets]):
                if ready.get(each.fileno(), 0) & ~select.POLLOUT:
                    chunk = received(each)
                    if chunk == b"":
                        raise ConnectionResetError
                    if chunk is not None:
                        found.append((place, chunk))
            if found:
                return found

    # What it prints.

    def _note_output(self) -> None:
        try:
            data = os.read(self._output, CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        if not data and not self._loop.is_closed():
            self._loop.remove_reader(self._output)
        self._tail += data
        del self._tail[:-TAIL_BYTES]

    def printed(self) -> str:
        """See ``Stream.printed``."""
        if self._finish.alive:
            self._note_output()
        return without_dump(self._tail.decode("utf-8", "replace"))

    # Its end.

    def has_ended(self) -> bool:
        """See ``Stream.has_ended``."""
        return self._process.poll() is not None

    def _lost(self) -> None:
        self._detach_sockets()
        self._look(0)

    def _look(self, count: int) -> None:
        """Report the end when the process has ended, or has not for a while."""
        self._looking = None
        if not self.has_ended() and count < len(_LONGER_PAUSES_S):
            self._looking = self._loop.call_later(_LONGER_PAUSES_S[count], self._look, count + 1)
        elif self._connection is not None:
            self._connection.gone(self.ended())

    def ended(self) -> ChildDiedError:
        """See ``Stream.ended``."""
        for pause in _PAUSES_S:
            if self.has_ended():
                break
            time.sleep(pause)
        status = self._process.poll()
        self.kill()
        how = "it closed its socket" if status is None else f"it ended with {describe_status(status)}"
        return ChildDiedError(
            f"the engine {Path(self.program).name} is gone: {how}",
            ending=how.removeprefix("it ended with "),
            status=status,
            output=self.printed(),
        )

    def kill(self) -> None:
        """See ``Stream.kill``."""
        _kill(self._process)

    def _detach_sockets(self) -> None:
        if not self._loop.is_closed() and self._finish.alive:
            self._loop.remove_reader(self._first)
            self._loop.remove_writer(self._outgoing)

    def detach(self) -> None:
        """See ``Stream.detach``."""
        if self._looking is not None:
            self._looking.cancel()
        self._connection = None
        self._detach_sockets()
        if not self._loop.is_closed() and self._finish.alive:
            self._loop.remove_reader(self._output)

    def close(self) -> None:
        """See ``Stream.close``."""
        self.detach()
        if self._finish.alive:
            self._finish()
            watchdog.unwatch(self._process.pid)


def received(link: socket.socket) -> bytes | None:
    """Return the bytes that have come on a socket; empty: it is closed; None: there are none yet."""
    try:
        return link.recv(CHUNK, socket.MSG_DONTWAIT)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def _spawn(
    command: Sequence[str], theirs: Sequence[socket.socket], env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    descriptors = [each.fileno() for each in theirs]
    watchdog.ready()
    process = subprocess.Popen(
        [*command, *map(str, descriptors)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
        env={key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"}
        if env is None
        else env,
        **OWN_GROUP,
    )
    watchdog.watch(process.pid)
    return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, unless its end is known: its number may be another's then."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _finish(process: subprocess.Popen[bytes], links: Sequence[socket.socket]) -> None:
    for each in links:
        each.close()
    _kill(process)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
