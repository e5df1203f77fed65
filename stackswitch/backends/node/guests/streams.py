"""The two streams of bytes to the thread that a guest lives in, in a process of its own.

On the first, bytes are taken in a callback of the loop. On the second the guest asks for functions that do
not wait, and stands still. ``guestseats`` has the streams to a guest that shares its process.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ..process import ChildDiedError
from .process import CHUNK, EngineProcess, Outbox, stand_still

STACK_TIMEOUT_S = 5.0
"""How long to wait for the stack of a guest that computes."""


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
