"""The process of a guest that has one to itself: a socket for each of its streams (``GuestStream``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stackswitch.transport.connection import Buffer
from stackswitch.transport.frames import ANSWER, REQUEST, FrameDecoder, decode, encode
from stackswitch.transport.process import CHUNK, EngineProcess, received

from .child import GuestChild

_MAIN, _BLOCKING, _OUTGOING, _CONTROL = range(4)
"""The sockets, by their places. The main stream has two: a thread that blocks in reading a socket of both
directions is woken each time that the other end reads."""


class OwnProcess(EngineProcess):
    """A process with one guest.

    :param takes_stacks: have a second thread in it, which can say where the guest computes
    :raises EngineError: it cannot be started
    """

    def __init__(self, argv: Sequence[str | Path], *, takes_stacks: bool) -> None:
        super().__init__(argv, 4 if takes_stacks else 3, outgoing=_OUTGOING)
        self._takes_stacks = takes_stacks
        self._blocking = self.sockets[_BLOCKING]

    def attach(self, connection: GuestChild) -> None:  # type: ignore[override]
        """See ``GuestStream.attach``."""
        super().attach(connection)
        self._blocking_came = connection.blocking_came
        self._loop.add_reader(self._blocking, self._blocking_readable)

    def _blocking_readable(self) -> None:
        chunk = received(self._blocking)
        if chunk:
            self._blocking_came(chunk)
        elif chunk is not None:
            self._lost()

    def _detach_sockets(self) -> None:
        super()._detach_sockets()
        if not self._loop.is_closed() and self._finish.alive:
            self._loop.remove_reader(self._blocking)

    def send_blocking(self, data: Buffer) -> None:
        """See ``GuestStream.send_blocking``."""
        self._blocking.sendall(data)

    def wait_for_guest(self, timeout_s: float | None) -> list[tuple[bool, bytes]]:
        """See ``GuestStream.wait_for_guest``."""
        return [(place == _BLOCKING, chunk) for place, chunk in self.wait(timeout_s, _OUTGOING)]

    async def stack(self) -> dict[str, Any]:
        """See ``GuestStream.stack``."""
        if not self._takes_stacks:
            return {"problem": "its process has no thread that could look"}
        control = self.sockets[_CONTROL]
        control.setblocking(False)
        await self._loop.sock_sendall(control, encode(REQUEST, 1, {"type": "stack"}))
        decoder = FrameDecoder()
        while chunk := await self._loop.sock_recv(control, CHUNK):
            for kind, data, at, end in decoder.push(chunk):
                if kind == ANSWER:  # else its hello
                    found: dict[str, Any] = decode(data, at, end).content["stack"]
                    return found
        raise ConnectionResetError
