"""Host functions of a guest on ``jspi``, and what goes on while it waits for them."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import stackswitch
from stackswitch.transport.connection import Connection
from stackswitch.transport.frames import EVENT, HELLO, PROTOCOL_VERSION, Message, encode
from stackswitch.transport.process import CHUNK, READS_AT_ONCE, EngineProcess

TWO = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "tick" (func $tick (param i32) (result i32)))
  (memory (export "memory") 32)
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "tick") (param i32) (result i32) (call $tick (local.get 0))))"""


class Answering(Connection):
    """Answers each event by one.

    :ivar events: how many have come
    """

    events = 0

    def event(self, message: Message) -> None:
        self.events += 1
        self.send(encode(EVENT, 0, {}))


def test_what_comes_without_end_lets_the_loop_go_on(run: Any, program: Any) -> None:
    count = 8 * READS_AT_ONCE
    frames = encode(HELLO, 0, {"protocol": PROTOCOL_VERSION}), encode(EVENT, 0, {}, [bytes(CHUNK - 100)])
    text = """#!{python}
import os, sys, time
fd = int(sys.argv[-1])
os.write(fd, {hello!r})
for _ in range({count}):
    os.write(fd, {head!r} + bytes({size}))
time.sleep(60)
"""
    head = frames[1].rstrip(b"\0")
    values = {"hello": frames[0], "head": head, "size": len(frames[1]) - len(head), "count": count}

    async def body() -> list[int]:
        child = Answering(EngineProcess([program(text.format(python=sys.executable, **values))]))
        await child.greet()
        seen = [child.events]
        while seen[-1] < count:
            time.sleep(0.01)  # noqa: ASYNC251 (more comes meanwhile)
            await asyncio.sleep(0)
            seen.append(child.events)
        child.close()
        return seen

    seen = run(asyncio.wait_for(body(), 60))
    steps = [after - before for before, after in itertools.pairwise(seen)]
    assert 1 < max(steps) <= READS_AT_ONCE + 1, steps


@pytest.mark.parametrize("size", [1, (1 << 16) - 17, 1 << 16, 1 << 20])
def test_memory_is_read_and_written_while_the_only_call_waits(size: int) -> None:
    async def body() -> None:
        waiting, go_on = asyncio.Event(), asyncio.Event()

        async def wait(_caller: object, number: int) -> int:
            waiting.set()
            await go_on.wait()
            return number

        async with await stackswitch.open(TWO, backend="jspi", imports=env(wait, wait)) as guest:
            for data in (b"a" * size, b"b" * size):
                call = asyncio.ensure_future(guest.call("wait", 7))
                await waiting.wait()
                guest.memory.write(8, data)
                await asyncio.sleep(0.05)  # the guest's thread has taken it, and waits again
                assert guest.memory.read(7, size + 2) == b"\0" + data + b"\0"
                go_on.set()
                assert await call == 7
                waiting.clear()
                go_on.clear()

    asyncio.run(asyncio.wait_for(body(), 60))


def test_timers_of_a_host_function_in_javascript_run_while_a_call_waits_for_python(tmp_path: Path) -> None:
    script = tmp_path / "ticks.mjs"
    script.write_text(
        "let ticks = 0; setInterval(() => ticks++, 5); export const tick = () => ticks;", "utf-8"
    )

    async def wait(_caller: object, number: int) -> int:
        await asyncio.sleep(number / 1000)
        return number

    async def body() -> None:
        tick = stackswitch.JavaScript(str(script), "tick")
        async with await stackswitch.open(TWO, backend="jspi", imports=env(wait, tick)) as guest:
            before = await guest.call("tick", 0)
            await guest.call("wait", 500)
            assert await guest.call("tick", 0) > before + 10

    asyncio.run(asyncio.wait_for(body(), 60))


def test_a_call_that_waits_again_and_again_can_be_cancelled_and_called_into() -> None:
    async def body() -> None:
        depth = 0

        async def wait(caller: Any, number: int) -> int:
            nonlocal depth
            depth += 1
            if number > 1:
                return await caller.invoke("wait", number - 1) + 1
            await asyncio.sleep(3600 if number == 0 else 0)
            return number

        async with await stackswitch.open(TWO, backend="jspi", imports=env(wait, wait)) as guest:
            assert await guest.call("wait", 20) == 20
            assert depth == 20
            for _ in range(3):
                call = asyncio.ensure_future(guest.call("wait", 0))
                await asyncio.sleep(0.05)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert await guest.call("wait", 3) == 3

    asyncio.run(asyncio.wait_for(body(), 60))


def test_a_call_ends_while_another_one_waits() -> None:
    async def wait(_caller: object, number: int) -> int:
        await asyncio.sleep(number / 1000)
        return number

    async def body() -> None:
        given = env(wait, wait)
        async with await stackswitch.open(TWO, backend="jspi", imports=given, concurrent=True) as guest:
            long = asyncio.ensure_future(guest.call("wait", 3_600_000))
            await asyncio.sleep(0.05)
            for number in range(20):
                assert await asyncio.wait_for(guest.call("wait", number), 10) == number
            long.cancel()
            with pytest.raises(asyncio.CancelledError):
                await long

    asyncio.run(asyncio.wait_for(body(), 60))


def env(wait: object, tick: object) -> dict[str, object]:
    return {"env.wait": wait, "env.tick": tick}
