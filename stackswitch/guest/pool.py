"""A pool of instances of one module, for servers: the module is compiled once, each call has an instance."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from stackswitch.backends.guest_protocol import GuestModule, OpenRequest
from stackswitch.errors import ConfigError, GuestStateError

from .awaitable import AwaitableContextManager, Closable
from .guest import Guest
from .opening import make_request, open_module
from .options import GuestKeywords, GuestOptions, with_keywords


class Pool(Closable):
    """Instances of one module. Made by ``Pool.open``; close it, or use ``async with``.

    An instance serves one caller at a time. If a call of it failed, in any way but a wrong argument, it is
    closed: a trap or a dropped call may have left the program's own data half changed.

    :ivar size: the most instances there are at a time
    :ivar backend: ``asyncify``, ``fiber`` or ``jspi``; :ivar engine: name and version
    :ivar why: why it runs on that backend
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
        self._free = asyncio.Semaphore(size)
        self._idle: list[Guest] = []
        self._used: set[Guest] = set()
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
        """Call an exported function on a free instance, or wait for one.

        Raises what ``Guest.call`` does, and:

        :raises GuestStateError: the pool is closed
        """
        async with self.guest() as guest:
            return await guest.call(export, *args)

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[Guest]:
        """Have an instance to oneself, with ``async with``; a new one raises what ``stackswitch.open`` does.

        :raises GuestStateError: the pool is closed
        """
        self._check_open()
        async with self._free:
            self._check_open()
            guest = self._idle.pop() if self._idle else await self._new_guest()
            self._used.add(guest)
            try:
                self._check_open()  # it may have been closed while the instance was made
                yield guest
            finally:
                self._used.discard(guest)
                if self._closed or self._fresh or guest.failed or guest.closed or guest.poisoned is not None:
                    await guest.aclose()
                else:
                    self._idle.append(guest)

    async def _new_guest(self) -> Guest:
        return await Guest(self._module, self._request, self.why, owns_module=False)._instantiate()

    def _check_open(self) -> None:
        if self._closed:
            raise GuestStateError("the pool has been closed")

    async def aclose(self) -> None:
        """Close all instances; calls in progress raise ``GuestStateError``. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._free.release()  # one caller that waits finds it closed, and lets the next one find out
        try:
            for guest in [*self._idle, *self._used]:
                await guest.aclose()
        finally:
            self._idle.clear()
            await self._module.aclose()
