"""``Guest``, an instance whose exports are called with ``await``; ``Caller``, one call of it in progress."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from stackswitch.backends.call_queue import CallQueue
from stackswitch.backends.guest_protocol import CallState, GuestInstance, GuestModule, OpenRequest
from stackswitch.errors import GuestFrame, GuestStateError

from .awaitable import Closable
from .deadline import run_with_deadline
from .exports import Exports
from .memory import Memory
from .ownership import Ownership

START = "(start)"
"""Stands for the export of the start function's call."""


@dataclass(frozen=True)
class Suspended:
    """A suspended call.

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


class Caller(CallState):
    """A call of an export in progress. All host functions that it calls get the same one, as first argument.

    :ivar guest: the guest called; :ivar export: the export called
    :ivar parent: the call whose host function made this one, if one did
    :ivar id: counted up from 1, per guest; 0 is the start function's call
    """

    __slots__ = ("guest",)

    parent: Caller | None

    def __init__(self, guest: Guest, export: str, number: int, parent: Caller | None = None) -> None:
        super().__init__(export, parent, number)
        self.guest = guest

    def __repr__(self) -> str:
        waits = f", waiting in {self.waiting}" if self.waiting else ""
        return f"<call {self.id} of {self.export}{waits}>"

    @property
    def memory(self) -> Memory:
        """The guest's memory: its first exported one (see ``Guest.memory``).

        :raises ConfigError: it exports none
        """
        return self.guest.memory

    async def invoke(self, export: str, *args: Any) -> Any:
        """Call another export on behalf of this call, from a coroutine of a host function; it may suspend.

        Such a call does not wait for other calls of the guest: it is part of its caller's. Raises what
        ``Guest.call`` does.
        """
        return await self.guest._call(export, args, self)

    def invoke_now(self, export: str, *args: Any) -> Any:
        """Call another export from a plain host function; it must not suspend.

        Raises what ``Guest.call`` does, and:

        :raises SuspendRefusedError: it would have suspended
        """
        return self.guest._call_now(export, args, self)


class Guest(Closable):
    """An instance of a module. Made by ``stackswitch.open`` or a ``Pool``; close it, or use ``async with``.

    It belongs to the event loop that it was opened in.

    :ivar exports: what it exports, by name
    :ivar backend: ``asyncify``, ``fiber`` or ``jspi``; :ivar engine: name and version
    :ivar why: why it runs on that backend
    :ivar failed: whether a call of it has trapped, raised or been cancelled: its own data may be half changed
    """

    def __init__(self, module: GuestModule, request: OpenRequest, why: str, *, owns_module: bool) -> None:
        self.backend = module.backend
        self.engine = module.engine
        self.why = why
        self.exports = Exports(request.module)
        self.failed = False
        self._check_call = self.exports.check_call
        self._module = module
        self._owns_module = owns_module
        self._ownership = Ownership()
        self._deadline_s = request.limits.deadline_s
        self._count = 0
        self._queue = None if request.concurrent else CallQueue()
        self._memories: dict[str | None, Memory] = {}
        self._closed = False
        self._start: Caller | None = None
        self._instance: GuestInstance | None = None

    async def _instantiate(self) -> Guest:
        """Make the instance; its start function runs, within the limits of a call."""
        self._start = state = Caller(self, START, 0)
        try:
            made = self._module.instantiate(state)
            if self._deadline_s is not None:
                made = run_with_deadline(made, state, self._deadline_s, discard=lambda late: late.aclose())
            self._instance = await made
        finally:
            self._start = None
        return self

    def __repr__(self) -> str:
        state = "closed" if self._closed else self.poisoned or f"{len(self._calls())} calls in progress"
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
        :raises SuspendRefusedError: a host function would suspend where the guest cannot be suspended
        :raises GuestStateError: the guest is closed, poisoned, or belongs to another loop or process
        :raises ConfigError: there is no such export
        :raises BaseException: what a host function raised and the guest did not catch
        """
        return self._call(export, args, None)

    async def _call(self, export: str, args: tuple[Any, ...], parent: Caller | None) -> Any:
        self._check_call(export, len(args))
        instance = self._usable()
        queue = self._queue if parent is None else None
        if queue is not None:
            await queue.acquire(export)
        try:
            if queue is not None:
                instance = self._usable()  # it may have been closed or poisoned meanwhile
            self._count = number = self._count + 1
            state = Caller(self, export, number, parent)
            try:
                if self._deadline_s is None or parent is not None:
                    results = await instance.call(export, args, state)
                else:
                    call = _awaited(instance, args, state)
                    results = await run_with_deadline(call, state, self._deadline_s)
            except BaseException:
                self.failed = True
                raise
        finally:
            if queue is not None:
                queue.release()
        return results[0] if len(results) == 1 else results or None

    def _call_now(self, export: str, args: tuple[Any, ...], parent: Caller) -> Any:
        self._check_call(export, len(args))
        instance = self._usable()
        self._count = number = self._count + 1
        results = instance.call_now(export, args, Caller(self, export, number, parent))
        return results[0] if len(results) == 1 else results or None

    def _usable(self) -> GuestInstance:
        """Return the instance.

        :raises GuestStateError: it is not to be used, for good or from here
        """
        instance = self._instance
        if instance is None or self._closed or not self._ownership.is_here():
            instance = self._opened()
            self._ownership.check_loop()
        if (why := instance.poisoned) is not None:
            raise GuestStateError(f"the guest can take no more calls: {why}")
        return instance

    def _opened(self) -> GuestInstance:
        if self._closed:
            raise GuestStateError("the guest has been closed")
        self._ownership.check_process()
        if self._instance is None:
            raise GuestStateError("the guest is not ready: its start function is running")
        return self._instance

    # --- memory, globals, output

    @property
    def memory(self) -> Memory:
        """Its memory: the first exported one.

        :raises ConfigError: it exports none
        """
        return self.memory_named(None)

    def memory_named(self, name: str | None) -> Memory:
        """Return an exported memory; None: the first.

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
        :raises GuestTypeError: it is a reference
        """
        self.exports.check_global(name, mutable=False)
        return self._opened().get_global(name)

    def set_global(self, name: str, value: Any) -> None:
        """Set an exported mutable global.

        :raises ConfigError: there is none of that name, or it is not mutable
        :raises GuestTypeError: the value is not of its type, or it is a reference
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
        """Return the suspended calls and what each waits for; oldest first."""
        now = time.monotonic()
        return [
            Suspended(each.id, each.export, each.waiting, now - each.since, each.stack)
            for each in self._calls()
            if each.waiting is not None
        ]

    def _calls(self) -> list[CallState]:
        """Return the calls in progress, which the instance tracks; the start function's comes before it."""
        if self._instance is not None:
            return [*self._instance.calls]
        return [] if self._start is None else [self._start]

    async def aclose(self) -> None:
        """End the calls in progress (they raise ``GuestStateError``) and free it; may be called again."""
        if self._closed:
            return
        self._closed = True
        instance, self._instance = self._instance, None
        if self._queue is not None:
            self._queue.close()
        try:
            if instance is not None and self._ownership.is_of_this_process:
                await instance.aclose()
        finally:
            if self._owns_module:
                await self._module.aclose()


async def _awaited(instance: GuestInstance, args: tuple[Any, ...], state: Caller) -> tuple[Any, ...]:
    return await instance.call(state.export, args, state)
