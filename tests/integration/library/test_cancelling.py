"""Cancelling on every backend: with asyncio's own means and anyio's, and guests that would catch anything."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest

import stackswitch

GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1 8)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $run (export "run") (param i32) (result i32) (local $got i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (local.set $got (i32.add (i32.const 1) (call $wait (local.get 0))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
    (local.get $got))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0))))"""
CATCHING = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $wait_or (param i32) (result i32)
    try (result i32) (call $wait (local.get 0)) catch_all (i32.const -1) end)
  (func (export "run") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (drop (call $wait_or (local.get 0)))
    (loop $again (br_if $again (i32.lt_s (call $wait_or (local.get 0)) (i32.const 0))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
    (local.get 0))
  (func (export "plain") (param i32) (result i32)
    try (result i32) (call $plain (local.get 0)) catch_all (i32.const -1) end))"""


class Hosts:
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.ended: list[object] = []
        self.fails: BaseException | None = None

    async def wait(self, caller: stackswitch.Caller, number: int) -> int:
        self.begun.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        if self.fails is not None:
            raise self.fails
        await asyncio.sleep(0)
        return number

    def plain(self, caller: stackswitch.Caller, number: int) -> int:
        if self.fails is not None:
            raise self.fails
        return number

    async def open(self, backend: str, source: bytes = GUEST, **options: Any) -> stackswitch.Guest:
        imports = {"env.wait": self.wait, "env.plain": self.plain}
        return await stackswitch.open(source, backend=backend, imports=imports, **options)


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def is_whole(guest: stackswitch.Guest, hosts: Hosts) -> None:
    """See that a guest whose call was cancelled can be used again, its C stack as it was."""
    hosts.gate.set()
    assert guest.poisoned is None
    assert guest.suspended() == []
    assert guest.get_global("__stack_pointer") == 65536
    assert await guest.call("run", 4) == 5
    hosts.gate.clear()
    hosts.begun.clear()


async def are_suspended(guest: stackswitch.Guest, count: int) -> None:
    for _ in range(2000):
        await asyncio.sleep(0.001)
        if len(guest.suspended()) == count:
            return
    raise AssertionError(guest.suspended())


@pytest.mark.parametrize("source", [GUEST, CATCHING], ids=["plain", "catching"])
def test_a_cancelled_call_ends_cancelled_whatever_the_guest_catches(backend: str, source: bytes) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with await hosts.open(backend, source) as guest:
            for _ in range(3):
                task = asyncio.ensure_future(guest.call("run", 1))
                await hosts.begun.wait()
                await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert task.cancelled()
                assert guest.get_global("__stack_pointer") == 65536
                assert guest.poisoned is None
                hosts.begun.clear()
            assert hosts.ended == ["cancelled"] * 3
            hosts.gate.set()
            assert await guest.call("run", 4) in (4, 5)

    asyncio.run(main())


@pytest.mark.parametrize("export", ["run", "plain"])
def test_a_guest_cannot_catch_what_a_host_function_raises(backend: str, export: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.gate.set()
        async with await hosts.open(backend, CATCHING) as guest:
            hosts.fails = error = ValueError("not the guest's")
            with pytest.raises(ValueError, match="not the guest's") as caught:
                await guest.call(export, 1)
            assert caught.value is error
            assert "called from the guest's export" in error.__notes__[0]  # type: ignore[attr-defined]
            hosts.fails = None
            assert await guest.call(export, 1) == 1

    asyncio.run(main())


async def _by_wait_for(work: Coroutine[Any, Any, Any]) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(work, 0.05)


async def _by_timeout(work: Coroutine[Any, Any, Any]) -> None:
    if sys.version_info < (3, 11):
        return await _by_wait_for(work)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await work
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    return None


async def _by_task_group(work: Coroutine[Any, Any, Any]) -> None:
    if sys.version_info < (3, 11):
        return await _by_wait_for(work)

    async def fails() -> None:
        await asyncio.sleep(0.05)
        raise LookupError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            tasks.append(group.create_task(work))
            group.create_task(fails())

    tasks: list[asyncio.Task[Any]] = []
    with pytest.raises(Exception, match="unhandled") as caught:  # an ExceptionGroup, which 3.10 lacks
        await both()
    assert [type(each) for each in caught.value.exceptions] == [LookupError]  # type: ignore[attr-defined]
    assert tasks[0].cancelled()
    return None


async def _by_anyio_timeout(work: Coroutine[Any, Any, Any]) -> None:
    with anyio.move_on_after(0.05) as scope:
        await work
    assert scope.cancelled_caught


async def _by_anyio_group(work: Coroutine[Any, Any, Any]) -> None:
    async def runs() -> None:
        await work

    async with anyio.create_task_group() as group:
        group.start_soon(runs)
        await anyio.sleep(0.05)
        group.cancel_scope.cancel()


@pytest.mark.parametrize(
    "by", [_by_wait_for, _by_timeout, _by_task_group, _by_anyio_timeout, _by_anyio_group]
)
def test_every_way_to_cancel(
    backend: str, by: Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, None]]
) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with await hosts.open(backend) as guest:
            await by(guest.call("run", 1))
            assert hosts.ended == ["cancelled"]
            await is_whole(guest, hosts)

    asyncio.run(main())


def test_a_host_function_may_take_a_time_out_of_its_own(backend: str) -> None:
    async def main() -> None:
        async def wait(caller: stackswitch.Caller, number: int) -> int:
            try:
                await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0.02)
            except asyncio.TimeoutError:
                return number * 2
            return 0

        hosts = Hosts()
        hosts.wait = wait  # type: ignore[method-assign]
        async with await hosts.open(backend) as guest:
            assert await guest.call("run", 4) == 9

    asyncio.run(main())


def test_one_of_many_is_cancelled(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with await hosts.open(backend, concurrent=True) as guest:
            tasks = [asyncio.ensure_future(guest.call("run", each)) for each in range(4)]
            await are_suspended(guest, 4)
            tasks[1].cancel()
            await asyncio.wait((tasks[1],))
            assert [each.call for each in guest.suspended()] == [1, 3, 4]
            hosts.gate.set()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert found[:1] + found[2:] == [1, 3, 4]
            assert isinstance(found[1], asyncio.CancelledError)
            await is_whole(guest, hosts)

    asyncio.run(main())


NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


def test_host_functions_see_the_context_of_the_task_that_calls(backend: str) -> None:
    async def main() -> None:
        seen: list[str] = []

        async def wait(caller: stackswitch.Caller, number: int) -> int:
            before = NAME.get()
            await asyncio.sleep(0.002)
            seen.append(f"{before} {NAME.get()}")
            NAME.set(f"{NAME.get()}'s")
            return number

        def plain(caller: stackswitch.Caller, number: int) -> int:
            seen.append(NAME.get())
            return number

        hosts = Hosts()
        hosts.wait, hosts.plain = wait, plain  # type: ignore[method-assign]

        async def one(guest: stackswitch.Guest, name: str) -> str:
            NAME.set(name)
            await guest.call("run", 1)
            await guest.call("plain", 1)
            return NAME.get()

        async with await hosts.open(backend, concurrent=True) as guest:
            names = ["ann", "bob", "eve"]
            found = await asyncio.gather(*(one(guest, each) for each in names))
            assert found == [f"{each}'s" for each in names]
            assert sorted(seen) == sorted([*(f"{each} {each}" for each in names), *found])

    asyncio.run(main())


def test_on_uvloop(backend: str) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        hosts = Hosts()
        async with await hosts.open(backend, concurrent=True) as guest:
            tasks = [asyncio.ensure_future(guest.call("run", each)) for each in range(3)]
            await are_suspended(guest, 3)
            tasks[0].cancel()
            hosts.gate.set()
            assert await asyncio.gather(*tasks[1:]) == [2, 3]
            await is_whole(guest, hosts)

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
