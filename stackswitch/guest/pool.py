"""A pool of instances of one module, for servers: compiled once, an instance for each call at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Unpack

from stackswitch.backends.guest_protocol import GuestModule, OpenRequest
from stackswitch.errors import ConfigError, GuestStateError

from .awaitable import AwaitableContextManager
from .guest import Guest
from .opening import make_request, open_module
from .options import GuestKeywords, GuestOptions, with_keywords


class Pool:
    """Instances of one module. Made by ``Pool.open``; close it, or use ``async with``.

    An instance is used for one caller at a time. One whose call failed in any way but a wrong argument is not
    used again: a trap or a dropped call may have left the program's own data half changed.

    :ivar size: how many instances there are at most; :ivar backend: see ``Guest``; :ivar why: likewise
    """

    def __init__(
        self, module: GuestModule, request: OpenRequest, why: str, size: int, *, fresh: bool
    ) -> None:
        self.size = size
        self.backend = module.backend
        self.engine = module.engine
        self.why = why
        self._module = module
        self._request = request
        self._fresh = fresh
        self._idle: list[Guest] = []
        self._used: set[Guest] = set()
        self._making = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @classmethod
    def open(
        cls,
        source: str | Path | bytes,
        size: int,
        options: GuestOptions | None = None,
        *,
        fresh: bool = False,
        **keywords: Unpack[GuestKeywords],
    ) -> AwaitableContextManager[Pool]:
        """Open a module for many instances, with ``async with`` or ``await`` (see ``stackswitch.open``).

        :param size: the most instances; each is made when it is first needed
        :param options: as for ``stackswitch.open``
        :param fresh: use each instance for one caller only
        :param keywords: as for ``stackswitch.open``
        :raises ConfigError: ``size`` is less than 1; else what ``stackswitch.open`` raises
        """
        if size < 1:
            raise ConfigError(f"size must be at least 1, not {size}")
        return AwaitableContextManager(cls._open(source, size, with_keywords(options, **keywords), fresh))

    @classmethod
    async def _open(cls, source: str | Path | bytes, size: int, options: GuestOptions, fresh: bool) -> Pool:
        request = await make_request(source, options)
        module, why = await open_module(request, options.backend)
        return cls(module, request, why, size, fresh=fresh)

    async def call(self, export: str, *args: Any) -> Any:
        """Call an exported function on an instance that is free, or becomes so (see ``Guest.call``)."""
        async with self.guest() as guest:
            return await guest.call(export, *args)

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[Guest]:
        """Have an instance to oneself.

        :raises GuestStateError: the pool is closed
        """
        guest = await self._take()
        self._used.add(guest)
        try:
            yield guest
        finally:
            self._used.discard(guest)
            if self._closed or self._fresh or guest.failed or guest.closed or guest.poisoned is not None:
                try:
                    await guest.aclose()
                finally:
                    self._wake()
            else:
                self._idle.append(guest)
                self._wake()

    async def _take(self) -> Guest:
        while True:
            self._check_open()
            if self._idle:
                return self._idle.pop()
            if len(self._used) + self._making < self.size:
                return await self._make()
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except BaseException:
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise

    async def _make(self) -> Guest:
        self._making += 1
        try:
            return await Guest(self._module, self._request, self.why, owns_module=False)._instantiate()
        except BaseException:
            self._wake()
            raise
        finally:
            self._making -= 1

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _check_open(self) -> None:
        if self._closed:
            raise GuestStateError("the pool has been closed")

    async def aclose(self) -> None:
        """Close all instances; calls under way raise ``GuestStateError``. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
        try:
            for guest in [*self._idle, *self._used]:
                await guest.aclose()
        finally:
            self._idle.clear()
            await self._module.aclose()

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()
