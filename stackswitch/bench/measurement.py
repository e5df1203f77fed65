"""A benchmark in progress: its settings, the guests that it measures, and its results so far."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version

from stackswitch.errors import EngineError, StackswitchError
from stackswitch.guest.guest import Guest
from stackswitch.guest.opening import open_guest
from stackswitch.models.bench import Figure, Goal

from .guest import WAT, expected
from .rounds import Work, alternate, clocks, timed

BACKENDS = ("asyncify", "fiber", "jspi")


async def sleep_once(_caller: object, number: int) -> int:
    """Suspend for one iteration of the event loop."""
    await asyncio.sleep(0)
    return number & 1


async def return_at_once(_caller: object, number: int) -> int:
    """Return without suspending."""
    return number & 1


def plain(_caller: object, number: int) -> int:
    """Do nothing."""
    return number


def imports(wait: object) -> dict[str, object]:
    """Return the guest's host functions."""
    return {"env.wait": wait, "env.plain": plain}


async def run(call: Callable[[str, int, int], Awaitable[object]], depth: int, count: int) -> None:
    """Call ``run`` of a guest.

    :param call: calls an export
    :raises EngineError: its result is wrong
    """
    if await call("run", depth, count) != expected(count):
        raise EngineError("a guest of the benchmark returned a wrong sum")


class Measurement:
    """A benchmark in progress.

    :param rounds: how many; in each, every host does its work once
    :param quick: do a tenth of the work
    """

    def __init__(self, backends: Sequence[str], rounds: int, *, quick: bool) -> None:
        self.backends = backends
        self.rounds = rounds
        self.quick = quick
        self.figures: list[Figure] = []
        self.goals: list[Goal] = []
        self.skipped: list[str] = []
        self.engines: dict[str, str] = {"wasmtime": version("wasmtime")}

    def count(self, count: int) -> int:
        """Return how often to do something: ``count`` times, or a tenth of that."""
        return max(10, count // 10) if self.quick else count

    def skip(self, what: str, error: Exception) -> None:
        """Record, once, that something cannot be measured."""
        line = f"{what}: {str(error).splitlines()[0]}"
        if line not in self.skipped:
            self.skipped.append(line)

    @contextlib.asynccontextmanager
    async def guests(self, wait: object = sleep_once) -> AsyncIterator[dict[str, Guest]]:
        """Open a guest on each backend.

        :param wait: the host function that suspends
        """
        async with contextlib.AsyncExitStack() as stack:
            opened = {}
            for backend in self.backends:
                try:
                    opening = open_guest(WAT, backend=backend, imports=imports(wait))
                    guest = await stack.enter_async_context(opening)
                except StackswitchError as error:
                    self.skip(backend, error)
                    continue
                opened[backend] = guest
                self.engines[backend] = guest.engine
            yield opened

    async def clocks(self, hosts: Mapping[str, Work]) -> dict[str, list[float]]:
        """Let hosts do their work in alternating rounds; return the time of each by the clock (µs)."""
        return clocks(await alternate(hosts, self.rounds))

    async def guest_clocks(
        self, work: Callable[[Guest], Awaitable[object]], count: int = 1
    ) -> dict[str, list[float]]:
        """Do the same work on a guest of each backend; return the times by the clock (µs).

        :param work: does something ``count`` times
        """
        async with self.guests() as guests:
            return await self.clocks(
                {name: timed(partial(work, guest), count) for name, guest in guests.items()}
            )
