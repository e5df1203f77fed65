"""Calls of an instance one after another, where they cannot have a C stack each."""

from __future__ import annotations

import asyncio
from types import TracebackType

from stackswitch.wasm.module import Module
from stackswitch.wasm.stackpointer import calls_in_turn


class CallQueue:
    """To be held (``async with``) by a call from its beginning to its end; nothing where there is no need.

    Calls that a host function makes, and waits for, do not take part: they end before the one that they
    are made in.

    :ivar why: why calls take turns, or None
    :ivar waited: whether one has had to wait for another
    """

    def __init__(self, module: Module) -> None:
        self.why = calls_in_turn(module, functions=False)
        self.waited = False
        self._lock = asyncio.Lock() if self.why is not None else None

    async def __aenter__(self) -> None:
        if self._lock is not None:
            self.waited |= self._lock.locked()
            await self._lock.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.release()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a result has to say of it."""
        return (f"calls ran one after another: {self.why}",) if self.waited else ()
