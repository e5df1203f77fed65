"""Lua scripts that wait on Python: one guest, as many scripts at once as there are requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

import stackswitch

MODULE = Path(__file__).parent / "lua-server.wasm"
Fetch = Callable[[str], Awaitable["str | None"]]
Sleep = Callable[[float], Awaitable[None]]
ROOM_BYTES = 1024
"""Of a request: its memory is used again by the next."""
_answer: ContextVar[list[str]] = ContextVar("answer")


class ScriptError(Exception):
    """A script failed; the message is Lua's own."""


class Lua:
    """Runs Lua scripts; ``fetch`` and ``sleep`` in a script are functions of Python.

    :param fetch: gives the value of a key
    :param backend: as ``stackswitch.open`` takes it
    """

    def __init__(self, fetch: Fetch, *, backend: str = "auto", sleep: Sleep | None = None) -> None:
        self._fetch_value = fetch
        self._sleep_s = sleep or asyncio.sleep
        self._backend = backend
        self._scripts: dict[str, tuple[int, int]] = {}
        self._rooms: list[int] = []
        self.guest: stackswitch.Guest

    async def __aenter__(self) -> Lua:
        self.guest = await stackswitch.open(
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
        await self.guest.call("_initialize")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.guest.aclose()

    async def run(self, script: str, request: str) -> str:
        """Run a script with a request (``...`` in it) and return what it returns.

        :raises ScriptError: it failed
        """
        if script not in self._scripts:
            self._scripts[script] = await self._placed(script.encode())
        data = request.encode()
        room = await self._room(len(data))
        self.guest.memory.write(room, data)
        answer: list[str] = []
        token = _answer.set(answer)
        try:
            failed = await self.guest.call("run", *self._scripts[script], room, len(data))
        finally:
            _answer.reset(token)
        if len(data) <= ROOM_BYTES:
            self._rooms.append(room)
        else:
            await self.guest.call("done", room)
        if failed:
            raise ScriptError(answer[0] if answer else "there was no memory for it")
        return answer[0]

    async def _placed(self, data: bytes) -> tuple[int, int]:
        at: int = await self.guest.call("room", len(data))
        self.guest.memory.write(at, data)
        return at, len(data)

    async def _room(self, size: int) -> int:
        if size <= ROOM_BYTES and self._rooms:
            return self._rooms.pop()
        at: int = await self.guest.call("room", max(size, ROOM_BYTES))
        return at

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
