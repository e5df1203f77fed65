"""The processes that guests live in: the first guests have one each, the others share processes.

Messages of a guest with a process of its own take one step less. A thousand such guests would be a thousand
processes, so each further guest is a thread (a Worker) of a shared process. A guest that ends, traps,
computes without end or uses up its heap does not disturb the other threads of its process.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from dataclasses import dataclass
from pathlib import Path

from stackswitch.tools.paths import node_shim_dir

from .child import GuestChild
from .own_process import OwnProcess
from .shared_process import SharedProcess, ThreadStream

GUESTS = 32
"""How many guests share a process."""
OWN_PROCESSES = max(2, os.cpu_count() or 2)
"""How many guests may have a process to themselves at a time."""
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

    def thread_limits(self) -> dict[str, int | None]:
        """Return what the thread of a guest in a shared process may use."""
        stack_mb = -(-(self.stack_bytes or 0) // (1 << 20)) + 1
        return {"stackMb": max(_STACK_MB, stack_mb), "heapMb": self.heap_mb}


class GuestProcesses:
    """The processes of one event loop.

    :ivar loop: the event loop
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._own: list[GuestChild] = []
        self._starting = 0
        self._shared: dict[EngineCommand, list[SharedProcess]] = {}
        self._starts = asyncio.Semaphore(_STARTS_AT_ONCE)

    async def start(self, command: EngineCommand, *, needs_stacks: bool, may_share: bool) -> GuestChild:
        """Start a thread for a guest; ``close`` ends it, and its process if it has no other guest.

        :param may_share: whether it may share a process with other guests
        :param needs_stacks: where it computes will be requested (``GuestChild.stack``)
        :raises EngineError: the engine does not start
        """
        self._own = [each for each in self._own if each.broken is None]
        if may_share and len(self._own) + self._starting >= OWN_PROCESSES:
            async with self._starts:
                process, thread = self._thread(command)
                try:
                    await process.greet()
                except BaseException:
                    thread.close()
                    raise
                child = GuestChild(thread)
                await child.greet(needs_jspi=True)
                return child
        self._starting += 1
        try:
            async with self._starts:
                child = GuestChild(OwnProcess(command.own(), takes_stacks=needs_stacks))
                await child.greet(needs_jspi=True)
                self._own.append(child)
        finally:
            self._starting -= 1
        return child

    def _thread(self, command: EngineCommand) -> tuple[SharedProcess, ThreadStream]:
        """Add a thread to a process that has room, or to a new one."""
        there = self._shared.setdefault(command, [])
        for process in there:
            if len(process.threads) < GUESTS and not process.is_stuck:
                return process, process.add_thread()
        process = SharedProcess(command.shared(), command.thread_limits(), there.remove)
        there.append(process)
        return process, process.add_thread()


_PROCESSES: weakref.WeakValueDictionary[int, GuestProcesses] = weakref.WeakValueDictionary()


def processes_of_loop() -> GuestProcesses:
    """Return the processes of the running event loop. They live as long as something refers to them."""
    loop = asyncio.get_running_loop()
    found = _PROCESSES.get(id(loop))
    if found is None or found.loop is not loop:
        found = _PROCESSES[id(loop)] = GuestProcesses()
    return found
