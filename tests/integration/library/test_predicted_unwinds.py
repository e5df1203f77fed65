"""Imports that the guest unwinds for before they are served, once they have waited several times in a row.

Nothing of it may be seen but the time: each test does the same with an import that never gets there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import stackswitch
from stackswitch.backends.wasmtime.asyncify.predicted_unwinds import ENOUGH

pytestmark = pytest.mark.anyio
MANY = 40 * ENOUGH
WAT = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "pair" (func $pair (param i64 f64) (result f64)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $run (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $plain (call $wait (local.get $n)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $pairs (export "pairs") (param $n i32) (result f64) (local $sum f64)
    (loop $again
      (local.set $sum
        (f64.add (local.get $sum) (call $pair (i64.extend_i32_s (local.get $n)) (f64.const 0.5))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $mixed (export "mixed") (param $n i32) (result f64) (local $sum f64)
    (loop $again
      (local.set $sum (f64.add (local.get $sum) (f64.convert_i32_s (call $wait (local.get $n)))))
      (local.set $sum (f64.add (local.get $sum) (call $pair (i64.extend_i32_s (local.get $n)) (f64.const 2))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $once (export "once") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "still") (param i32) (result i32) (call $plain (local.get 0))))"""
Waits = Callable[[Any, int], Awaitable[int]]


async def always(_caller: stackswitch.Caller, number: int) -> int:
    await asyncio.sleep(0)
    return number


async def opened(wait: Any = always, **options: Any) -> stackswitch.Guest:
    async def pair(_caller: stackswitch.Caller, one: int, other: float) -> float:
        await asyncio.sleep(0)
        return one * other

    imports = {"env.wait": wait, "env.pair": pair, "env.plain": lambda _caller, number: number}
    return await stackswitch.open(WAT, backend="asyncify", imports=imports, **options)


def is_early(guest: stackswitch.Guest) -> bool:
    runtime: Any = guest._instance.switcher.runtime  # type: ignore[union-attr]
    return bool(runtime.predicted.expected & 1)


def total(count: int) -> int:
    return count * (count + 1) // 2


async def test_values_come_and_go() -> None:
    async with await opened() as guest:
        assert await guest.call("run", MANY) == total(MANY)
        assert is_early(guest)
        assert await guest.call("pairs", MANY) == total(MANY) / 2
        assert await guest.call("mixed", MANY) == total(MANY) * 3


async def test_an_import_that_waits_now_and_then() -> None:
    seen: list[int] = []

    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        seen.append(number)
        if number % 7:
            await asyncio.sleep(0)
        return number

    async with await opened(wait) as guest:
        for _ in range(3):
            seen.clear()
            assert await guest.call("run", MANY) == total(MANY)
            assert seen == [*range(MANY, 0, -1)]


async def test_an_import_that_no_longer_waits_is_served_in_place_again() -> None:
    waits = True

    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        if waits:
            await asyncio.sleep(0)
        return number

    async with await opened(wait) as guest:
        await guest.call("run", MANY)
        assert is_early(guest)
        waits = False
        assert await guest.call("run", MANY) == total(MANY)
        assert not is_early(guest)
        assert await guest.call("run", MANY) == total(MANY)


@pytest.mark.parametrize("before", [True, False], ids=["before it waits", "after it has waited"])
async def test_a_failing_import_fails_as_before(*, before: bool) -> None:
    fails = False

    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        if fails and before:
            raise LookupError("gone")
        await asyncio.sleep(0)
        if fails:
            raise LookupError("gone")
        return number

    async with await opened(wait) as guest:
        fails = True
        with pytest.raises(LookupError) as first:
            await guest.call("once", 1)
        notes = first.value.__notes__
        fails = False
        await guest.call("run", MANY)
        assert is_early(guest)
        fails = True
        with pytest.raises(LookupError) as late:
            await guest.call("once", 1)
        assert late.value.__notes__ == notes
        fails = False
        assert await guest.call("run", MANY) == total(MANY)


@pytest.mark.parametrize("wrong", ["text", 1 << 40, None])
async def test_a_result_of_the_wrong_type_is_refused_as_before(wrong: Any) -> None:
    found: Any = 0

    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        await asyncio.sleep(0)
        return number if found == 0 else found

    async with await opened(wait) as guest:
        found = wrong
        with pytest.raises(stackswitch.GuestTypeError) as first:
            await guest.call("once", 1)
        found = 0
        await guest.call("run", MANY)
        assert is_early(guest)
        found = wrong
        with pytest.raises(stackswitch.GuestTypeError) as late:
            await guest.call("once", 1)
        assert str(late.value) == str(first.value)


async def test_calls_from_within_an_import() -> None:
    depth = 0

    async def wait(caller: stackswitch.Caller, number: int) -> int:
        nonlocal depth
        if depth < 3:
            depth += 1
            try:
                found = await caller.invoke("run", number)
                assert caller.invoke_now("still", 5) == 5
            finally:
                depth -= 1
        else:
            await asyncio.sleep(0)
            found = number
        return int(found)

    async with await opened(wait) as guest:
        plain = await guest.call("run", 4)
        for _ in range(MANY):
            depth = 3
            await guest.call("once", 1)
        assert is_early(guest)
        depth = 0
        assert await guest.call("run", 4) == plain
        depth = 3
        assert await guest.call("run", MANY) == total(MANY)


async def test_a_call_that_may_not_wait_is_refused() -> None:
    async def wait(caller: stackswitch.Caller, number: int) -> int:
        await asyncio.sleep(0)
        if number == 9999:
            caller.invoke_now("once", 1)
        return number

    async with await opened(wait) as guest:
        await guest.call("run", MANY)
        assert is_early(guest)
        with pytest.raises(stackswitch.SuspendRefusedError):
            await guest.call("once", 9999)
        assert await guest.call("run", MANY) == total(MANY)


async def test_a_cancelled_call_leaves_the_guest_usable() -> None:
    gate = asyncio.Event()

    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        await (gate.wait() if number == 9999 else asyncio.sleep(0))
        return number

    async with await opened(wait) as guest:
        await guest.call("run", MANY)
        assert is_early(guest)
        task = asyncio.create_task(guest.call("once", 9999))
        await asyncio.sleep(0.01)
        assert [each.import_name for each in guest.suspended()] == ["env.wait"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await guest.call("run", MANY) == total(MANY)


async def test_a_deadline_passes_while_it_waits() -> None:
    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        await asyncio.sleep(60 if number == 9999 else 0)
        return number

    async with await opened(wait, deadline_s=2.0) as guest:
        await guest.call("run", MANY)
        assert is_early(guest)
        with pytest.raises(stackswitch.GuestTimeoutError):
            await guest.call("once", 9999)
        assert await guest.call("run", MANY) == total(MANY)


async def test_the_guest_is_closed_while_it_waits() -> None:
    async def wait(_caller: stackswitch.Caller, number: int) -> int:
        if number == 9999:
            await guest.aclose()
        await asyncio.sleep(0)
        return number

    guest = await opened(wait)
    await guest.call("run", MANY)
    assert is_early(guest)
    with pytest.raises(stackswitch.GuestStateError):
        await guest.call("once", 9999)


@pytest.mark.parametrize("only", [["once"], ["run", "once", "pairs"]], ids=["a name missing", "enough"])
async def test_a_missing_name_is_noticed(only: list[str]) -> None:
    """``mixed`` is instrumented in neither list."""
    async with await opened(only=only) as guest:
        for number in range(MANY):
            assert await guest.call("once", number) == number
        assert is_early(guest)
        with pytest.raises(stackswitch.GuestTrapError, match="not instrumented"):
            await guest.call("mixed", 3)


async def test_a_long_run_is_looked_at_between_its_switches() -> None:
    """wasmtime's ticks come every few milliseconds, at any moment of a switch."""
    async with await opened(deadline_s=60.0) as guest:
        for _ in range(20):
            assert await guest.call("run", 5000) == total(5000)
