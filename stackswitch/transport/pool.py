"""Children that are used by one at a time, and then again: of cases, commands, guests and ``wasm-opt``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from stackswitch.errors import BackendUnavailableError

from .connection import Connection

ChildT = TypeVar("ChildT", bound=Connection)


class ChildPool(Generic[ChildT]):
    """Children of one kind. A child that has died, or whose use failed, is closed and not used again.

    :param start: starts a child
    :param most: how many may be in use at a time; None: any number
    :param requests: after so many requests a child is closed; None: never
    :ivar idle: children that nobody uses
    :ivar busy: children in use
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[ChildT]],
        *,
        most: int | None = None,
        requests: int | None = None,
    ) -> None:
        self._start = start
        self._slots: contextlib.AbstractAsyncContextManager[object] = (
            contextlib.nullcontext() if most is None else asyncio.Semaphore(most)
        )
        self._requests = requests
        self.idle: list[ChildT] = []
        self.busy: list[ChildT] = []
        self._closed = False

    async def prepare(self) -> None:
        """Start a child for the first use; raises what ``start`` does."""
        self.idle.append(await self._start())

    async def take(self) -> ChildT:
        """Return an idle child, or a new one, for the caller alone until ``give_back``.

        :raises BackendUnavailableError: the pool is closed
        """
        if self._closed:
            raise BackendUnavailableError("the backend is closed")
        while self.idle:
            child = self.idle.pop()
            if child.is_usable:
                break
            child.close()
        else:
            child = await self._start()
            if self._closed:
                child.close()
                raise BackendUnavailableError("the backend is closed")
        self.busy.append(child)
        return child

    def give_back(self, child: ChildT, *, reuse: bool = True) -> None:
        """End the use of a child; it does nothing if the pool was closed meanwhile.

        :param reuse: whether the child may be used again
        """
        if child not in self.busy:
            return
        self.busy.remove(child)
        is_spent = self._requests is not None and child.uses >= self._requests
        if reuse and child.is_usable and not is_spent:
            self.idle.append(child)
        else:
            child.close()

    @contextlib.asynccontextmanager
    async def child(self) -> AsyncIterator[ChildT]:
        """Lend a child; after an exception, that of a cancelled task too, it is closed."""
        async with self._slots:
            child = await self.take()
            reuse = False
            try:
                yield child
                reuse = True
            finally:
                self.give_back(child, reuse=reuse)

    def close(self) -> None:
        """End all children; a second call does nothing."""
        self._closed = True
        children, self.idle, self.busy = [*self.idle, *self.busy], [], []
        for child in children:
            child.close()
