"""Cases run a few at a time, with progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from stackswitch.suite.runner import gather_all

from .evidence import RunOptions

Item = TypeVar("Item")
Result = TypeVar("Result")


class CaseRuns:
    """Runs cases, and says how many there are in all."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._total = 0

    async def run(self, cases: Sequence[Item], run: Callable[[Item], Awaitable[Result]]) -> list[Result]:
        """Run cases; the first that raises ends the others."""
        self._total += len(cases)
        self._options.on_more(self._total)
        slots = asyncio.Semaphore(self._options.jobs)

        async def one(case: Item) -> Result:
            async with slots:
                return await run(case)

        return await gather_all([one(each) for each in cases])
