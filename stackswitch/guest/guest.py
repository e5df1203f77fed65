"""A guest: an instance whose exports are called with ``await``."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from stackswitch.backends.guest_protocol import GuestInstance, GuestModule, OpenRequest
from stackswitch.errors import GuestFrame, GuestStateError

from .call_queue import CallQueue
from .caller import Caller
from .deadline import in_time
from .exports import Exports
from .memory import Memory

START = "(start)"
"""Stands for the export of the start function's call."""


@dataclass(frozen=True)
class Suspended:
    """A call that is set aside.

    :ivar call: its number (``Caller.id``); :ivar export: the export called
    :ivar import_name: the host function it waits in, ``module.name``
    :ivar waiting_s: how long it has waited (seconds)
    :ivar stack: the guest's, innermost first; empty unless the guest was opened with ``stacks=True``
    """

    call: int
    export: str
    import_name: str
    waiting_s: float
    stack: tuple[GuestFrame, ...]


class _Forks:
    """How often this process was forked from another: what was opened before belongs to the parent."""

    count = 0

    @classmethod
    def note(cls) -> None:
        cls.count += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Forks.note)


class Guest:
    """An instance of a module. Made by ``stackswitch.open`` or a ``Pool``; close it, or use ``async with``.

    It belongs to the event loop that it was opened in.

    :ivar exports: what it exports
    :ivar backend: ``asyncify``, ``fiber`` or ``jspi``; :ivar engine: name and version
    :ivar why: why it runs on that backend
    :ivar failed: whether a call of it has trapped, raised or been cancelled: its own data may be half changed
    """

    def __init__(self, module: GuestModule, request: OpenRequest, why: str, *, owns_module: bool) -> None:
        self.backend = module.backend
        self.engine = module.engine
        self.why = why
        self.exports = Exports(request.module)
        self._check_call = self.exports.check_call
        self._module = module
        self._owns_module = owns_module
        self._loop = asyncio.get_running_loop()
        self._forks = _Forks.count
        self._deadline_s = request.limits.deadline_s
        self._calls: dict[int, Caller] = {}
        self._count = 0
        self.failed = False
        self._queue = None if request.concurrent else CallQueue()
        self._memories: dict[str | None, Memory] = {}
        self._closed = False
        self._instance: GuestInstance | None = None

    async def _instantiate(self) -> Guest:
        """Make the instance; its start function runs, within the limits of a call."""
        state = Caller(self, START, 0)
        self._calls[0] = state
        try:
            made = self._module.instantiate(state)
            if self._deadline_s is not None:
                made = in_time(made, state, self._deadline_s, unwanted=_close)
            self._instance = await made
        finally:
            self._calls.clear()
        return self

    def __repr__(self) -> str:
        state = "closed" if self._closed else self.poisoned or f"{len(self._calls)} calls under way"
        return f"<guest on {self.backend} ({self.engine}): {state}>"

    # --- calls

    def call(self, export: str, *args: Any) -> Coroutine[Any, Any, Any]:
        """Call an exported function; to be awaited.

        :param args: by the function's type: ``int`` for i32 and i64, ``float`` for f32 and f64, 16 ``bytes``
            for v128, any object for externref
        :returns: its result; None if it has none, a tuple if it has several
        :raises GuestTrapError: the guest trapped
        :raises GuestTypeError: the arguments, or what a host function returned, do not fit the types
        :raises GuestTimeoutError: it took longer than ``deadline_s``, or used up its fuel
        :raises GuestStateError: the guest is closed, poisoned, or belongs to another loop or process
        :raises ConfigError: there is no such export
        :raises BaseException: what a host function raised and the guest did not catch
        """
        return self._called(export, args, None)

    async def _called(self, export: str, args: tuple[Any, ...], parent: Caller | None) -> Any:
        self._check_call(export, len(args))
        instance = self._usable()
        queue = self._queue if parent is None else None
        if queue is not None:
            await queue.acquire(export)
            try:
                instance = self._usable()  # it may have been closed or poisoned meanwhile
            except BaseException:
                queue.release()
                raise
        self._count = number = self._count + 1
        state = self._calls[number] = Caller(self, export, number, parent)
        try:
            if self._deadline_s is None or parent is not None:
                results = await instance.call(export, args, state)
            else:
                results = await in_time(_awaited(instance, args, state), state, self._deadline_s)
        except BaseException:
            self.failed = True
            raise
        finally:
            del self._calls[number]
            if queue is not None:
                queue.release()
        return results[0] if len(results) == 1 else results or None

    async def _invoke(self, parent: Caller, export: str, args: tuple[Any, ...]) -> Any:
        return await self._called(export, args, parent)

    def _invoke_now(self, parent: Caller, export: str, args: tuple[Any, ...]) -> Any:
        self._check_call(export, len(args))
        instance = self._usable()
        self._count = number = self._count + 1
        state = self._calls[number] = Caller(self, export, number, parent)
        try:
            results = instance.call_now(export, args, state)
        finally:
            del self._calls[number]
        return results[0] if len(results) == 1 else results or None

    def _usable(self) -> GuestInstance:
        """Return the instance.

        :raises GuestStateError: it is not to be used, for good or from here
        """
        instance = self._opened()
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if not here:
            raise GuestStateError(
                "the guest belongs to another event loop: use it in the loop, and the thread, that opened it"
            )
        if (why := instance.poisoned) is not None:
            raise GuestStateError(f"the guest can take no more calls: {why}")
        return instance

    def _opened(self) -> GuestInstance:
        if self._closed:
            raise GuestStateError("the guest has been closed")
        if self._forks != _Forks.count:
            raise GuestStateError("the guest belongs to the process that this one was forked from")
        if self._instance is None:
            raise GuestStateError("the guest is not ready: its start function is running")
        return self._instance

    # --- memory, globals, output

    @property
    def memory(self) -> Memory:
        """The first memory that it exports.

        :raises ConfigError: it exports none
        """
        return self.memory_named(None)

    def memory_named(self, name: str | None) -> Memory:
        """Return an exported memory.

        :raises ConfigError: there is none of that name
        """
        found = self._memories.get(name)
        if found is None:
            real, wide = self.exports.memory(name)
            raw = self._opened().memory(real)
            found = self._memories[name] = Memory(raw, real, self._opened, wide=wide)
        return found

    def get_global(self, name: str) -> Any:
        """Read an exported global.

        :raises ConfigError: there is none of that name
        """
        self.exports.check_global(name, mutable=False)
        return self._opened().get_global(name)

    def set_global(self, name: str, value: Any) -> None:
        """Set an exported mutable global.

        :raises ConfigError: there is none of that name, or it is not mutable
        :raises GuestTypeError: the value is not of its type
        """
        self.exports.check_global(name, mutable=True)
        self._opened().set_global(name, value)

    @property
    def stdout(self) -> bytes:
        """What the guest has written to standard output so far; empty without WASI."""
        return self._opened().output()[0]

    @property
    def stderr(self) -> bytes:
        """What the guest has written to standard error so far; empty without WASI."""
        return self._opened().output()[1]

    # --- state

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def poisoned(self) -> str | None:
        """Why it can take no more calls; None: it can."""
        return self._instance.poisoned if self._instance is not None else None

    def suspended(self) -> list[Suspended]:
        """Return the calls that are set aside, and what each waits for; oldest first."""
        now = time.monotonic()
        return [
            Suspended(each.id, each.export, each.waiting, now - each.since, each.stack)
            for each in self._calls.values()
            if each.waiting is not None
        ]

    async def aclose(self) -> None:
        """End the calls under way (they raise ``GuestStateError``) and free it; may be called again."""
        if self._closed:
            return
        self._closed = True
        instance, self._instance = self._instance, None
        if self._queue is not None:
            self._queue.close()
        try:
            if instance is not None and self._forks == _Forks.count:
                await instance.aclose()
        finally:
            if self._owns_module:
                await self._module.aclose()

    async def __aenter__(self) -> Guest:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()


async def _awaited(instance: GuestInstance, args: tuple[Any, ...], state: Caller) -> tuple[Any, ...]:
    return await instance.call(state.export, args, state)


async def _close(instance: GuestInstance) -> None:
    await instance.aclose()
