"""Runs Lua scripts that wait for Python: one guest, as many scripts at once as there are requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

import stackswitch

MODULE = Path(__file__).parent / "lua-server.wasm"
Fetch = Callable[[str], Awaitable["str | None"]]
Sleep = Callable[[float], Awaitable[None]]
BUFFER_BYTES = 1024
"""Size of the guest's buffer for a request. A larger request gets one of its own."""
_answer: ContextVar[list[str]] = ContextVar("answer")


class ScriptError(Exception):
    """A script failed; the message is Lua's own."""


class Lua:
    """Runs Lua scripts, in which ``fetch`` and ``sleep`` are functions of Python.

    :param fetch: returns the value of a key, or None
    :param backend: see ``stackswitch.GuestOptions``
    :param sleep: waits for so many seconds
    """

    def __init__(self, fetch: Fetch, *, backend: str = "auto", sleep: Sleep | None = None) -> None:
        self._fetch_value = fetch
        self._sleep_s = sleep or asyncio.sleep
        self._backend = backend
        self._scripts: dict[str, tuple[int, int]] = {}
        self._buffers: list[int] = []
        self.guest: stackswitch.Guest
        self._resources: AsyncExitStack

    async def __aenter__(self) -> Lua:
        async with AsyncExitStack() as resources:
            opening = stackswitch.open(
                MODULE,
                backend=self._backend,
                concurrent=True,
                wasi=stackswitch.Wasi(),
                imports={
                    "host.fetch": self._fetch,
                    "host.sleep": self._sleep,
                    "host.log": self._log,
                    "host.respond": self._respond,
                },
            )
            self.guest = await resources.enter_async_context(opening)
            await self.guest.call("_initialize")
            self._resources = resources.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._resources.aclose()

    async def run(self, script: str, request: str) -> str:
        """Run a script with a request (``...`` in it) and return what it returns.

        :raises ScriptError: it failed
        """
        if script not in self._scripts:
            self._scripts[script] = await self._copied(script.encode())
        data = request.encode()
        buffer = await self._buffer(len(data))
        self.guest.memory.write(buffer, data)
        answer: list[str] = []
        token = _answer.set(answer)
        try:
            failed = await self.guest.call("run", *self._scripts[script], buffer, len(data))
        finally:
            _answer.reset(token)
        if len(data) <= BUFFER_BYTES:
            self._buffers.append(buffer)
        else:
            await self.guest.call("done", buffer)
        if failed:
            raise ScriptError(answer[0] if answer else "there was no memory for it")
        return answer[0]

    async def _copied(self, data: bytes) -> tuple[int, int]:
        address: int = await self.guest.call("room", len(data))
        self.guest.memory.write(address, data)
        return address, len(data)

    async def _buffer(self, size: int) -> int:
        if size <= BUFFER_BYTES and self._buffers:
            return self._buffers.pop()
        address: int = await self.guest.call("room", max(size, BUFFER_BYTES))
        return address

    # What the C code calls.

    @stackswitch.reads((0, 1))
    async def _fetch(self, caller: stackswitch.Caller, key: int, size: int, into: int, room: int) -> int:
        value = await self._fetch_value(caller.memory.read_string(key, size))
        if value is None:
            return -1
        data = value.encode()
        if len(data) <= room:
            caller.memory.write(into, data)
        return len(data)

    async def _sleep(self, _caller: stackswitch.Caller, milliseconds: float) -> None:
        await self._sleep_s(milliseconds / 1000)

    @stackswitch.reads((0, 1))
    def _log(self, caller: stackswitch.Caller, text: int, size: int) -> None:
        print(caller.memory.read_string(text, size, errors="replace"), file=sys.stderr)

    @stackswitch.reads((0, 1))
    def _respond(self, caller: stackswitch.Caller, text: int, size: int) -> None:
        _answer.get().append(caller.memory.read_string(text, size, errors="replace"))
