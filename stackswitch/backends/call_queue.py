"""The queue for calls of one instance: they run one after another, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from stackswitch.errors import GuestStateError


class CallQueue:
    """Lets one call run at a time. Every method is called on the event loop's thread.

    :ivar is_busy: whether a call runs
    """

    __slots__ = ("_task", "_waiting", "is_busy")

    def __init__(self) -> None:
        self.is_busy = False
        self._task: asyncio.Task[Any] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self, export: str) -> None:
        """Wait until no other call runs.

        :raises GuestStateError: the running call waits for this one, or the guest is closed meanwhile
        """
        task = asyncio.current_task()
        if self.is_busy:
            if task is not None and task is self._task:
                raise GuestStateError(
                    f"{export} would wait for the call that this host function is part of: use caller.invoke"
                )
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except BaseException:
                # The task was cancelled after ``release`` had chosen it.
                if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                    self.release()
                raise
        self.is_busy, self._task = True, task

    def release(self) -> None:
        """End the running call, and let the one that has waited longest run."""
        self._task = None
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.is_busy = False

    def close(self) -> None:
        """Fail all calls that wait, with ``GuestStateError``."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(GuestStateError("the guest has been closed"))
