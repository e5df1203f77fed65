"""The two ways to open a guest or a pool: ``await`` and ``async with``, at run time and for type checkers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mypy import api

import stackswitch

RUNS = b'(module (func (export "run")))'
WAITS = b"""(module (import "env" "wait" (func $wait)) (start $wait))"""
PROJECT = Path(__file__).parents[3]
RIGHT = """
import asyncio

import stackswitch


async def wait(caller: stackswitch.Caller, milliseconds: int) -> int:
    await asyncio.sleep(milliseconds / 1000)
    return len(caller.memory)


def log(caller: stackswitch.Caller, address: int, size: int) -> None:
    print(caller.memory.read_string(address, size))


imports = {"env.wait": wait, "env.log": log, "env.now": stackswitch.JavaScript("now.mjs", "now")}
exact: stackswitch.Imports = {"env.wait": wait}
options = stackswitch.GuestOptions(imports=imports, deadline_s=5)


async def main() -> None:
    async with stackswitch.open("app.wasm", imports=imports, concurrent=True) as guest:
        reveal_type(guest)
    async with await stackswitch.open("app.wasm", options) as guest:
        reveal_type(guest)
    awaited = await asyncio.wait_for(stackswitch.open(b"", options, fuel=7), 5)
    reveal_type(awaited)
    task = asyncio.create_task(stackswitch.open(b"", imports=exact))
    reveal_type(await task)
    async with stackswitch.Pool.open("app.wasm", 8, options, fresh=True, stacks=True) as pool:
        reveal_type(pool)
        async with pool.guest() as lent:
            reveal_type(lent)
    reveal_type(await stackswitch.Pool.open("app.wasm", size=8, imports={"env.wait": wait}))


asyncio.run(main())
"""
REVEALED = [["Guest"], ["Guest"], ["Guest"], ["Guest"], ["Pool"], ["Guest"], ["Pool"]]
WRONG = """
import stackswitch

stackswitch.open("app.wasm", deadline="soon")
stackswitch.open("app.wasm", fuel="much")
stackswitch.Pool.open("app.wasm")
"""


def test_type_checkers_accept_both_ways_and_refuse_wrong_options(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    config = ["--strict", "--config-file", str(PROJECT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    out, err, _ = api.run([*config, str(tmp_path / "right.py"), str(tmp_path / "wrong.py")])
    assert not err
    right = [line for line in out.splitlines() if "right.py:" in line]
    assert [re.findall(r'note: Revealed type is ".*\.(\w+)"', line) for line in right] == REVEALED, out
    wrong = [line for line in out.splitlines() if "wrong.py:" in line and "error:" in line]
    assert [line.rpartition("[")[2] for line in wrong] == ["call-arg]", "arg-type]", "call-arg]"], out


@pytest.mark.parametrize("open_", [stackswitch.open, lambda source: stackswitch.Pool.open(source, 2)])
def test_it_is_closed_at_the_end_of_async_with(open_: Callable[[bytes], Any]) -> None:
    async def main() -> None:
        async with open_(RUNS) as opened:
            assert isinstance(opened, (stackswitch.Guest, stackswitch.Pool))
        with pytest.raises(stackswitch.StackswitchError, match="has been closed"):
            await opened.call("run")
        with pytest.raises(ValueError, match="mine"):
            async with open_(RUNS) as opened:
                raise ValueError("mine")
        with pytest.raises(stackswitch.StackswitchError, match="has been closed"):
            await opened.call("run")
        await (opened := await open_(RUNS)).aclose()

    asyncio.run(main())


def test_whatever_takes_a_coroutine_takes_it() -> None:
    async def main() -> None:
        task = asyncio.create_task(stackswitch.open(RUNS))
        for guest in await asyncio.gather(task, stackswitch.open(RUNS), _of(stackswitch.open(RUNS))):
            await guest.aclose()
        async with contextlib.AsyncExitStack() as stack:
            guest = await stack.enter_async_context(stackswitch.open(RUNS))
        assert guest.closed

    asyncio.run(main())
    assert isinstance(asyncio.run(stackswitch.open(RUNS)), stackswitch.Guest)


async def _of(opening: Awaitable[stackswitch.Guest]) -> stackswitch.Guest:
    return await opening


def test_it_opens_once() -> None:
    async def main() -> None:
        opening = stackswitch.open(RUNS)
        async with opening:
            pass
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await opening
        stackswitch.open(RUNS).close()

    asyncio.run(main())


def test_a_cancelled_async_with_leaves_nothing_open() -> None:
    async def main() -> None:
        begun = asyncio.Event()

        async def wait(caller: stackswitch.Caller) -> None:
            begun.set()
            await asyncio.sleep(60)

        async def use() -> None:
            async with stackswitch.open(WAITS, backend="fiber", imports={"env.wait": wait}):
                raise AssertionError("it has opened")

        task = asyncio.create_task(use())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
