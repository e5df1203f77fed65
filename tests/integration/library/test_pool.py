"""Pools, and WASI, on every backend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import stackswitch

GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (global $count (mut i32) (i32.const 0))
  (func (export "run") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (call $wait (local.get 0)))
  (func (export "count") (result i32) (global.get $count))
  (func (export "trap") (unreachable)))"""
STARTS = b"""(module (import "env" "start" (func $start)) (start $start) (func (export "run")))"""
WRITER = b"""(module
  (import "env" "wait" (func $wait))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "told.txt")
  (func (export "_start") (local $got i32)
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 8) (i32.const 0)
          (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 32)) (then (call $exit (i32.const 7))))
    (i32.store (i32.const 0) (i32.const 128)) (i32.store (i32.const 4) (i32.const 64))
    (drop (call $read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 40)))
    (call $wait)
    (i32.store (i32.const 4) (i32.load (i32.const 40)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 44)))
    (call $exit (i32.const 0))))"""


async def wait(caller: stackswitch.Caller, number: int) -> int:
    await asyncio.sleep(0.001)
    if number == 13:
        raise ValueError("unlucky")
    return number


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_a_pool_serves_more_callers_than_it_has_instances(backend: str) -> None:
    async def main() -> None:
        async with stackswitch.Pool.open(GUEST, 3, backend=backend, imports={"env.wait": wait}) as pool:
            found = await asyncio.gather(*(pool.call("run", each) for each in range(14, 40)))
            assert found == [*range(14, 40)]
            async with pool.guest() as one, pool.guest() as two, pool.guest() as three:
                guests = (one, two, three)
                assert sum([await each.call("count") for each in guests]) == 26
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(pool.call("count"), 0.05)
            for args in (("trap",), ("run", 13)):
                with pytest.raises((stackswitch.GuestTrapError, ValueError)):
                    await pool.call(*args)
            assert await pool.call("run", 1) == 1
        with pytest.raises(stackswitch.GuestStateError):
            await pool.call("run", 1)

    asyncio.run(main())


def test_closing_a_pool_ends_the_callers_that_wait_for_an_instance() -> None:
    async def main() -> None:
        pool = await stackswitch.Pool.open(GUEST, 1, imports={"env.wait": wait})
        async with pool.guest() as guest:
            waiting = [asyncio.create_task(pool.call("count")) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await pool.aclose()
            _, pending = await asyncio.wait(waiting, timeout=5)
            assert not pending
            assert guest.closed
        assert [each.cancelled() or type(each.exception()) for each in waiting] == [
            True,
            stackswitch.GuestStateError,
            stackswitch.GuestStateError,
        ]
        await pool.aclose()

    asyncio.run(main())


def test_closing_a_pool_ends_the_caller_whose_instance_is_being_made() -> None:
    async def start(caller: stackswitch.Caller) -> None:
        begun.set()
        await asyncio.sleep(0.05)

    begun: asyncio.Event

    async def main() -> None:
        nonlocal begun
        begun = asyncio.Event()
        async with stackswitch.Pool.open(STARTS, 1, backend="fiber", imports={"env.start": start}) as pool:
            call = asyncio.create_task(pool.call("run"))
            await begun.wait()
        with pytest.raises(stackswitch.GuestStateError, match="the pool has been closed"):
            await call

    asyncio.run(main())


def test_an_instance_that_cannot_be_made_takes_no_place() -> None:
    starts = 0

    def start(caller: stackswitch.Caller) -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise ValueError("not yet")

    async def main() -> None:
        async with stackswitch.Pool.open(STARTS, 1, fresh=True, imports={"env.start": start}) as pool:
            found = await asyncio.gather(*(pool.call("run") for _ in range(5)), return_exceptions=True)
            assert [type(each) for each in found[:2]] == [ValueError, ValueError]
            assert found[2:] == [None, None, None]
        assert starts == 5

    asyncio.run(main())


def test_wasi_files_output_and_exit(backend: str, tmp_path: Path) -> None:
    (tmp_path / "told.txt").write_text("from a file", "utf-8")

    async def main() -> None:
        waits: list[Any] = []

        async def note(caller: stackswitch.Caller) -> None:
            await asyncio.sleep(0)
            waits.append(caller.export)

        for dirs in ({"/": tmp_path}, {"/": tmp_path.parent}):
            wasi = stackswitch.Wasi(dirs=dirs)
            async with stackswitch.open(
                WRITER, backend=backend, imports={"env.wait": note}, wasi=wasi
            ) as guest:
                if dirs["/"] == tmp_path:
                    assert await guest.call("_start") is None
                    assert guest.stdout == b"from a file"
                else:
                    with pytest.raises(stackswitch.GuestTrapError) as caught:
                        await guest.call("_start")
                    assert (caught.value.kind, caught.value.exit_status) == ("exit", 7)
        assert waits == ["_start"]
        with pytest.raises(stackswitch.ImportsError, match=r"stackswitch\.Wasi"):
            await stackswitch.open(WRITER, backend=backend, imports={"env.wait": note})

    asyncio.run(main())


def test_auto_says_why() -> None:
    async def main() -> None:
        async with stackswitch.open(GUEST, imports={"env.wait": wait}) as guest:
            assert guest.backend in guest.why
        async with stackswitch.open(GUEST, imports={"env.wait": wait}, only=["0"]) as guest:
            assert guest.backend == "asyncify"
            assert "list" in guest.why
            assert await guest.call("run", 1) == 1

    asyncio.run(main())
