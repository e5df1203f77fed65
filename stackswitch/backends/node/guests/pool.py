"""The processes that guests live in: the first guests have one each, the others share processes.

Messages of a guest with a process of its own take one step less. A thousand such guests would be a thousand
processes, so each further guest is a thread (a Worker) of a shared process. A guest that ends, traps,
computes without end or uses up its heap does not disturb the other threads of its process.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stackswitch.errors import EngineError
from stackswitch.tools.paths import node_shim_dir

from .child import GuestChild
from .shared_process import SeatLines, SharedProcess
from .streams import ProcessLines

SEATS = 32
"""How many guests share a process."""
OWN_PROCESSES = max(2, os.cpu_count() or 2)
"""How many guests may have a process to themselves at a time."""
_StartedT = TypeVar("_StartedT")
_POOLS: weakref.WeakValueDictionary[int, GuestPool] = weakref.WeakValueDictionary()
_STACK_MB = 4
"""Of a Worker's native stack, if nothing else is wanted: Node's own default."""
_STARTS_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(frozen=True)
class EngineCommand:
    """How an engine for guests is started.

    :ivar program: the engine's file, and its flags
    :ivar stack_bytes: of a guest's native stack, None: the engine's usual
    :ivar heap_bytes: of the heap for one guest, where objects of the GC proposal are; None: the engine's
        usual
    """

    program: tuple[str | Path, ...]
    stack_bytes: int | None = None
    heap_bytes: int | None = None

    @property
    def heap_mb(self) -> int | None:
        """The heap in MiB."""
        return None if self.heap_bytes is None else -(-self.heap_bytes // (1 << 20))

    def own(self) -> list[str | Path]:
        """Return the command of a process for one guest."""
        heap = [] if self.heap_mb is None else [f"--max-old-space-size={self.heap_mb}"]
        return [*self.program, *heap, node_shim_dir() / "bin" / "guest.mjs"]

    def shared(self) -> list[str | Path]:
        """Return the command of a process that guests share."""
        return [*self.program, node_shim_dir() / "bin" / "guests.mjs"]

    def thread(self) -> dict[str, int | None]:
        """Return what the thread of a guest in a shared process may use."""
        stack_mb = -(-(self.stack_bytes or 0) // (1 << 20)) + 1
        return {"stackMb": max(_STACK_MB, stack_mb), "heapMb": self.heap_mb}


class GuestPool:
    """The processes of one event loop. ``take`` starts a guest's thread, ``give_back`` ends it.

    :ivar loop: the event loop
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._own: set[GuestChild] = set()
        self._starting = 0
        self._shared: dict[EngineCommand, list[SharedProcess]] = {}
        self._starts = asyncio.Semaphore(_STARTS_AT_ONCE)

    async def take(self, command: EngineCommand, *, needs_stacks: bool, may_share: bool) -> GuestChild:
        """Start a thread for a guest.

        :param may_share: whether it may share a process with other guests
        :param needs_stacks: where it computes will be asked for (``GuestChild.stack``)
        :raises EngineError: the engine does not start
        """
        if may_share and len(self._own) + self._starting >= OWN_PROCESSES:
            return await self._take_seat(command)
        self._starting += 1
        try:
            async with self._starts:
                argv = command.own()
                child = GuestChild(_started(lambda: ProcessLines(argv, takes_stacks=needs_stacks), argv[0]))
                await child.greet()
                self._own.add(child)
        finally:
            self._starting -= 1
        return child

    async def _take_seat(self, command: EngineCommand) -> GuestChild:
        async with self._starts:
            process, seat = self._seat(command)
            try:
                await process.greeted()
            except BaseException:
                seat.close()
                raise
            child = GuestChild(seat)
            await child.greet()
        return child

    def _seat(self, command: EngineCommand) -> tuple[SharedProcess, SeatLines]:
        """Take a seat in a process that has one, or in a new one."""
        there = self._shared.setdefault(command, [])
        for process in there:
            if len(process.seats) < SEATS and not process.is_stuck:
                return process, process.take_seat()

        argv = command.shared()
        process = _started(lambda: SharedProcess(argv, command.thread(), there.remove), argv[0])
        there.append(process)
        return process, process.take_seat()

    def give_back(self, child: GuestChild) -> None:
        """End a guest's thread, and the process it lives in if there is nobody else."""
        self._own.discard(child)
        child.close()


def pool_of_loop() -> GuestPool:
    """Return the processes of the running event loop; whoever uses it keeps it."""
    loop = asyncio.get_running_loop()
    pool = _POOLS.get(id(loop))
    if pool is None or pool.loop is not loop:
        pool = _POOLS[id(loop)] = GuestPool()
    return pool


def _started(start: Callable[[], _StartedT], program: str | Path) -> _StartedT:
    """Start an engine.

    :raises EngineError: it cannot be started
    """
    try:
        return start()
    except OSError as error:
        raise EngineError(f"{program} cannot be started: {error.strerror}") from None
