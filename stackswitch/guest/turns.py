"""Calls of one instance, one after another, in the order they came."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from stackswitch.errors import GuestStateError


class Turns:
    """Whose turn it is. Each method is called on the loop's thread."""

    __slots__ = ("_busy", "_owner", "_waiting")

    def __init__(self) -> None:
        self._busy = False
        self._owner: asyncio.Task[Any] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, export: str) -> None:
        """Wait until no other call runs.

        :raises GuestStateError: the call that runs waits for this one, or the guest is closed meanwhile
        """
        task = asyncio.current_task()
        if self._busy:
            if task is not None and task is self._owner:
                raise GuestStateError(
                    f"{export} would wait for the call that this host function is part of: use caller.invoke"
                )
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except BaseException:
                # Cancelled just when its turn had come.
                if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                    self.pass_on()
                raise
        self._busy, self._owner = True, task

    def pass_on(self) -> None:
        """Let the call that has waited longest run."""
        self._owner = None
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._busy = False

    def close(self) -> None:
        """Send away all that wait."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(GuestStateError("the guest has been closed"))
