"""The library's guests that are measured, and where what is found is put."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from importlib.metadata import version
from typing import Any

from stackswitch.errors import EngineError, StackswitchError
from stackswitch.guest.guest import Guest
from stackswitch.guest.opening import open_guest
from stackswitch.models.bench import Figure, Goal

from .guest import WAT, expected

BACKENDS = ("asyncify", "fiber", "jspi")
Say = Callable[[str], None]


async def sleeps_once(_caller: object, number: int) -> int:
    """Wait for a turn of the event loop."""
    await asyncio.sleep(0)
    return number & 1


async def at_once(_caller: object, number: int) -> int:
    """Do not wait after all."""
    return number & 1


def plain(_caller: object, number: int) -> int:
    """Do nothing."""
    return number


class Holding:
    """A host function that waits until it is let go.

    :ivar held: how often it was called
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.held = 0

    async def __call__(self, _caller: object, number: int) -> int:
        """Wait."""
        self.held += 1
        await self.gate.wait()
        return number & 1


def imports(wait: Any) -> dict[str, Any]:
    """Return what the guest imports."""
    return {"env.wait": wait, "env.plain": plain}


async def run(guest: Guest, depth: int, count: int) -> None:
    """Call ``run``.

    :raises EngineError: what it returned is wrong
    """
    if await guest.call("run", depth, count) != expected(count):
        raise EngineError("a guest of the benchmark returned a wrong sum")


class Found:
    """What a run is to do, and what it has found so far.

    :param quick: a tenth of the work
    """

    def __init__(self, backends: Sequence[str], rounds: int, *, quick: bool, say: Say) -> None:
        self.backends = backends
        self.rounds = rounds
        self.quick = quick
        self.say = say
        self.figures: list[Figure] = []
        self.goals: list[Goal] = []
        self.skipped: list[str] = []
        self.engines: dict[str, str] = {"wasmtime": version("wasmtime")}

    def count(self, count: int) -> int:
        """Return how often to do it."""
        return max(10, count // 10) if self.quick else count

    def skip(self, what: str, error: Exception) -> None:
        """Note that something cannot be measured, once."""
        line = f"{what}: {str(error).splitlines()[0]}"
        if line not in self.skipped:
            self.skipped.append(line)

    @contextlib.asynccontextmanager
    async def guests(self, wait: Any = sleeps_once, **options: Any) -> AsyncIterator[dict[str, Guest]]:
        """Open a guest on each backend."""
        async with contextlib.AsyncExitStack() as stack:
            opened = {}
            for backend in self.backends:
                try:
                    guest = await open_guest(WAT, backend=backend, imports=imports(wait), **options)
                except StackswitchError as error:
                    self.skip(backend, error)
                    continue
                opened[backend] = await stack.enter_async_context(guest)
                self.engines[backend] = guest.engine
            yield opened
