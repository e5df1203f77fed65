"""Limits of guests on jspi: in a process of their own, and in a shared one."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

import stackswitch
from stackswitch import Caller, Guest, GuestStateError, GuestTimeoutError
from stackswitch.backends.node.guests import processes

MODULE = """(module
  (import "env" "wait" (func $wait)) (import "env" "plain" (func $plain))
  (memory 1)
  (func $leaf (loop $l (br $l)))
  (func $down (param i32)
    (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $leaf))))
  (func (export "main") (call $wait) (call $down (i32.const 3)))
  (func $fill (export "fill")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)))
  (func $asking (export "asking") (loop $l (call $plain) (br $l)))
  (func (export "once") (call $plain))
  (func $spin (export "spin") (loop $l (br $l)))
  (func (export "one") (result i32) (i32.const 1))
  %s)"""
START = MODULE % "(func $begin (call $down (i32.const 1))) (start $begin)"


@pytest.fixture(params=["own", "shared"], autouse=True)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where guests live."""
    if request.param == "shared":
        monkeypatch.setattr(processes, "OWN_PROCESSES", 0)
    return str(request.param)


async def wait(_caller: Caller) -> None:
    await asyncio.sleep(0)


def plain(caller: Caller) -> None:
    if caller.export == "once":
        caller.invoke_now("spin")


async def opened(source: str = MODULE % "", **options: Any) -> Guest:
    imports = {"env.wait": wait, "env.plain": plain}
    return await stackswitch.open(source.encode(), backend="jspi", imports=imports, **options)


@pytest.mark.parametrize("concurrent", [False, True])
def test_a_deadline_tells_where_the_guest_computed(place: str, concurrent: bool) -> None:
    expected = {
        "main": ["leaf", "down", "down", "down", "down", "func[4]"],
        "fill": ["fill"],
        "asking": ["asking"],
    }

    async def main() -> None:
        async with await opened(stacks=True, concurrent=concurrent) as other:
            for export, names in expected.items():
                async with await opened(stacks=True, concurrent=concurrent, deadline_s=0.5) as guest:
                    began = time.monotonic()
                    with pytest.raises(GuestTimeoutError, match=r"was not done after 0\.5 s") as caught:
                        await guest.call(export)
                    assert time.monotonic() - began < 20
                frames = caught.value.frames
                assert [each.function for each in frames] == names, getattr(caught.value, "__notes__", None)
                if export == "main":
                    # A profile has no offsets. It is taken of an only Worker too if that does not pause.
                    assert len({each.offset > 0 for each in frames}) == 1, frames
                    assert place == "own" or frames[0].offset < 0, frames
            assert await other.call("one") == 1

    asyncio.run(main())


def test_a_deadline_tells_where_a_start_function_computed() -> None:
    async def main() -> None:
        with pytest.raises(GuestTimeoutError, match=r"\(start\) was not done after 1 s") as caught:
            await opened(START, stacks=True, deadline_s=1)
        names = [each.function for each in caught.value.frames]
        assert names == ["leaf", "down", "down", "begin"], getattr(caught.value, "__notes__", None)

    asyncio.run(main())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes in /proc")
def test_a_cancelled_open_ends_the_start_function_and_leaves_no_process() -> None:
    def engines() -> int:
        found = 0
        for each in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
            commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in each.read_text().split()]
            found += sum(b"/guest" in command for command in commands)
        return found

    async def main() -> None:
        before = engines()
        task = asyncio.ensure_future(opened(START))
        await asyncio.sleep(1.5)
        assert not task.done()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1
        assert engines() == before

    asyncio.run(main())


def test_a_deadline_covers_calls_that_must_not_wait() -> None:
    async def main() -> None:
        async with await opened(deadline_s=0.5) as guest:
            began = time.monotonic()
            with pytest.raises((GuestTimeoutError, GuestStateError)):
                await guest.call("once")
            assert 0.4 < time.monotonic() - began < 10
        async with await opened() as another:
            assert await another.call("one") == 1

    asyncio.run(main())
