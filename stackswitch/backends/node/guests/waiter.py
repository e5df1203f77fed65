"""What a task waits on for its guest: woken at once, in the callback that received the bytes.

A future would wake its task in the loop's next iteration, which costs a tenth of a round trip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any


class InlineWaiter:
    """Awaited by one task, again and again; what a task takes for a future (asyncio's own duck type)."""

    __slots__ = ("_asyncio_future_blocking", "_callback", "_cancelled", "_context", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._callback: Callable[[InlineWaiter], object] | None = None
        self._context: Context | None = None
        self._cancelled = False
        self._asyncio_future_blocking = False

    def __await__(self) -> Generator[InlineWaiter, None, None]:
        self._asyncio_future_blocking = True
        yield self  # the task calls ``result`` and throws what that raises

    def wake(self) -> None:
        """Let the task go on, now: to be called from a callback of the loop, never from a task."""
        callback = self._callback
        if callback is not None:
            self._callback = None
            self._context.run(callback, self)  # type: ignore[union-attr]

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop, which the task looks at."""
        return self._loop

    def add_done_callback(self, callback: Callable[[InlineWaiter], object], *, context: Context) -> None:
        """Take what wakes the task (called by the task)."""
        self._callback, self._context = callback, context

    def cancel(self, msg: Any = None) -> bool:
        """Wake the task by a ``CancelledError`` (called by the task when it is cancelled)."""
        if self._callback is None or self._cancelled:
            return False
        self._cancelled = True
        self._loop.call_soon(self.wake)
        return True

    def done(self) -> bool:
        """Whether the task is on its way."""
        return self._callback is None

    def result(self) -> None:
        """Say how it ended (called by the task).

        :raises asyncio.CancelledError: the task was cancelled
        """
        if self._cancelled:
            self._cancelled = False
            raise asyncio.CancelledError
