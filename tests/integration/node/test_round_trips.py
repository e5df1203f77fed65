"""Host functions of a guest on ``jspi`` that return at once: what goes on meanwhile."""

from __future__ import annotations

import asyncio

import stackswitch
from stackswitch.bench.guest import WAT, expected
from stackswitch.bench.measurement import imports, return_at_once
from stackswitch.transport.process import READS_AT_ONCE


def test_other_tasks_run_while_a_guest_calls_functions_that_return_at_once() -> None:
    count = 400

    async def turns_of_the_loop() -> int:
        turns = 0
        async with await stackswitch.open(WAT, backend="jspi", imports=imports(return_at_once)) as guest:
            call = asyncio.ensure_future(guest.call("run", 1, count))
            while not call.done():
                await asyncio.sleep(0)
                turns += 1
            assert call.result() == expected(count)
        return turns

    assert asyncio.run(turns_of_the_loop()) >= count // READS_AT_ONCE
