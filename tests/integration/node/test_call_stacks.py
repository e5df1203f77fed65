"""C stacks of overlapping calls on JSPI: what they take, when they are given back, what without room."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from wasmtime import wat2wasm

import stackswitch
from stackswitch.errors import GuestStateError, GuestTrapError, SuspendRefusedError
from stackswitch.guest.guest import Caller, Guest
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.callgraph import call_sites
from stackswitch.wasm.module import parse_module

CSTACK = (CONFORMANCE_SUITE / "c-stack" / "cstack-exported.wasm").read_bytes()
PAGE = 65536
SMALL = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1 %b)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func (export "stackSave") (result i32) (global.get $sp))
  (func (export "stackRestore") (param i32) (global.set $sp (local.get 0)))
  (func (export "stackAlloc") (param i32) (result i32)
    (global.set $sp (i32.and (i32.sub (global.get $sp) (local.get 0)) (i32.const -16)))
    (global.get $sp))
  %b
  (func $run (export "run") (param i32) (result i32) (local $got i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (i32.store (global.get $sp) (local.get 0))
    (local.set $got (call $wait (local.get 0)))
    (if (i32.ne (i32.load (global.get $sp)) (local.get 0)) (then (unreachable)))
    (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
    (local.get $got))
  (func (export "after") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (drop (call $wait (local.get 0)))
    (unreachable))
  (func (export "leaf") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (unreachable))
  (func $deeper (unreachable))
  (func (export "trap") (param i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (call $deeper)
    (i32.const 0))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
)"""
Body = Callable[[], Coroutine[Any, Any, None]]


def in_loop(test: Body) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 60))

    run.__name__ = test.__name__
    return run


def small(most_pages: str = "", functions: str = "") -> bytes:
    return SMALL % (most_pages.encode(), functions.encode())


class Gates:
    """Waits that end when they are let go."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[int]] = []

    async def wait(self, _caller: Caller, number: int) -> int:
        self.waiting.append(asyncio.get_running_loop().create_future())
        await self.waiting[-1]
        return number

    async def arrived(self, count: int) -> None:
        for _ in range(5000):
            if len(self.waiting) >= count:
                return
            await asyncio.sleep(0.001)
        pytest.fail(f"{len(self.waiting)} of {count} calls wait")

    def release(self) -> None:
        for each in self.waiting:
            if not each.done():
                each.set_result(0)
        self.waiting.clear()


async def opened(source: bytes, gates: Gates, plain: Any = None, **options: Any) -> Guest:
    imports: dict[str, Any] = {"env.wait": gates.wait}
    if source != CSTACK:
        imports["env.plain"] = plain or (lambda _caller, number: number)
    return await stackswitch.open(source, backend="jspi", imports=imports, concurrent=True, **options)


async def gathered(calls: list[Awaitable[Any]]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


@in_loop
async def test_stacks_are_given_back() -> None:
    gates = Gates()
    async with await opened(CSTACK, gates) as guest:
        before = len(guest.memory)
        for _ in range(5):
            calls = [asyncio.ensure_future(guest.call("deep", 10)) for _ in range(3)]
            await gates.arrived(3)
            gates.release()
            assert await asyncio.gather(*calls) == [0, 0, 0]
        assert guest.get_global("__stack_pointer") == PAGE
        assert len(guest.memory) == before + 3 * PAGE


EXPORTS = {
    "cancelled": "run",
    "failed": "run",
    "trapped before a wait": "trap",
    "trapped after a wait": "after",
    "trapped and can never wait": "leaf",
}


@pytest.mark.parametrize("how", EXPORTS)
def test_stacks_of_calls_that_end_early_are_given_back(how: str) -> None:
    gates = Gates()
    export = EXPORTS[how]

    async def main() -> None:
        async with await opened(small(), gates) as guest:
            other = asyncio.ensure_future(guest.call("run", 7))
            await gates.arrived(1)
            sizes = set()
            for _ in range(30):
                calls = [asyncio.ensure_future(guest.call(export, number)) for number in range(3)]
                if export in ("run", "after"):
                    await gates.arrived(4)
                for call, wait in zip(calls, gates.waiting[1:], strict=False):
                    if how == "cancelled":
                        call.cancel()
                    elif how == "failed":
                        wait.set_exception(ValueError("no"))
                    else:
                        wait.set_result(0)
                found = await gathered([*calls])
                assert all(isinstance(each, BaseException) for each in found), found
                del gates.waiting[1:]
                sizes.add(len(guest.memory))
            assert len(sizes) == 1
            gates.release()
            assert await other == 7
            calls = [asyncio.ensure_future(guest.call("run", number)) for number in range(4)]
            await gates.arrived(4)
            gates.release()
            assert await asyncio.gather(*calls) == [0, 1, 2, 3]
            assert guest.get_global("__stack_pointer") == PAGE
            assert len(guest.memory) <= 5 * PAGE

    asyncio.run(asyncio.wait_for(main(), 60))


@in_loop
async def test_a_nested_call_that_fails_gives_its_stack_back() -> None:
    gates = Gates()

    def plain(caller: Caller, number: int) -> int:
        try:
            caller.invoke_now("trap" if number == 1 else "run", 5)
        except GuestTrapError:
            return 100
        except SuspendRefusedError:
            return 200
        return 0

    async with await opened(small(), gates, plain) as guest:
        sizes = set()
        for _ in range(20):
            assert await guest.call("plain", 1) == 100
            assert await guest.call("plain", 2) == 200
            sizes.add(len(guest.memory))
        assert len(sizes) == 1
        assert guest.get_global("__stack_pointer") == PAGE


@in_loop
async def test_a_call_that_needs_more_says_so() -> None:
    gates = Gates()
    async with await opened(CSTACK, gates) as guest:
        first = asyncio.ensure_future(guest.call("rounds", 1))
        await gates.arrived(1)
        with pytest.raises(GuestTrapError, match="a call has 65184 bytes of C stack"):
            await guest.call("sized", 17_000)  # 68 kB
        with pytest.raises(GuestStateError, match="C stack of a call has overflowed"):
            await guest.call("rounds", 1)
        gates.release()
        await gathered([first])


RECURSIVE = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 17)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 1048576))
  (func $down (export "down") (param $depth i32) (result i32) (local $frame i32) (local $got i32)
    (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 64))))
    (i32.store (local.get $frame) (local.get $depth))
    (local.set $got (if (result i32) (local.get $depth)
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)))) (else (call $wait (i32.const 5)))))
    (if (i32.ne (i32.load (local.get $frame)) (local.get $depth)) (then (unreachable)))
    (global.set $sp (i32.add (local.get $frame) (i32.const 64)))
    (local.get $got)))"""
"""A C stack of 1 MiB. A call takes 64 bytes of it a level, waits at the end, and compares on the way out."""


@in_loop
async def test_a_call_that_is_alone_has_the_guests_own_stack() -> None:
    gates = Gates()
    imports = {"env.wait": gates.wait}
    async with stackswitch.open(RECURSIVE, backend="jspi", imports=imports, concurrent=True) as guest:
        for _ in range(5):
            deep = asyncio.ensure_future(guest.call("down", 10_000))  # 640 kB
            await gates.arrived(1)
            others = [asyncio.ensure_future(guest.call("down", 500)) for _ in range(20)]
            await gates.arrived(21)
            gates.release()
            assert await asyncio.gather(deep, *others) == [5] * 21
            cancelled = asyncio.ensure_future(guest.call("down", 10_000))
            await gates.arrived(1)
            cancelled.cancel()
            await gathered([cancelled])
            gates.waiting.clear()
            assert guest.get_global("__stack_pointer") == 1 << 20
        assert len(guest.memory) == (17 + 21) * PAGE


@in_loop
async def test_calls_wait_where_there_is_no_room_for_a_stack() -> None:
    gates = Gates()
    async with await opened(small("4"), gates) as guest:  # room for three
        calls = [asyncio.ensure_future(guest.call("run", number)) for number in range(5)]
        await gates.arrived(3)
        await asyncio.sleep(0.02)
        assert len(gates.waiting) == 3
        gates.release()
        await gates.arrived(2)
        gates.release()
        assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
        assert len(guest.memory) == 4 * PAGE


GROWING_TABLE = """(table 1 funcref)
  (func (export "more") (drop (table.grow (ref.null func) (i32.const 1))))"""
"""Memory and table can grow, so growth is counted, by functions that are added after all others."""


@pytest.mark.parametrize("functions", ["", GROWING_TABLE])
def test_a_memory_budget_counts_them(functions: str) -> None:
    gates = Gates()

    async def main() -> None:
        budget = 4 * PAGE + 1000
        async with await opened(small(functions=functions), gates, max_memory=budget, stacks=True) as guest:
            calls = [asyncio.ensure_future(guest.call("run", number)) for number in range(6)]
            await gates.arrived(3)
            await asyncio.sleep(0.02)
            assert len(gates.waiting) == 3
            stacks = [each.stack for each in guest.suspended() if each.stack]
            assert [[frame.function for frame in each] for each in stacks] == [["run"]] * 3
            while not all(each.done() for each in calls):
                gates.release()
                await asyncio.sleep(0.001)
            assert await asyncio.gather(*calls) == list(range(6))
            assert len(guest.memory) == 4 * PAGE

    asyncio.run(asyncio.wait_for(main(), 60))


@in_loop
async def test_where_there_can_be_none_calls_run_one_after_another() -> None:
    gates = Gates()
    source = small(functions='(memory (export "other") 1)')
    async with await opened(source, gates) as guest:
        assert "calls run one after another: the module has 2 memories" in guest.why
        calls = [asyncio.ensure_future(guest.call("run", number)) for number in range(3)]
        for _ in calls:
            await gates.arrived(1)
            await asyncio.sleep(0.01)
            assert len(gates.waiting) == 1
            gates.release()
        assert await asyncio.gather(*calls) == [0, 1, 2]


@in_loop
async def test_what_the_caller_puts_on_the_stack_stays_there() -> None:
    gates = Gates()
    async with await opened(small(), gates) as guest:
        saved = await guest.call("stackSave")
        at = await guest.call("stackAlloc", 12)
        guest.memory.write(at, b"hello")
        calls = [asyncio.ensure_future(guest.call("run", number)) for number in range(3)]
        await gates.arrived(3)
        gates.release()
        await asyncio.gather(*calls)
        assert guest.memory.read(at, 5) == b"hello"
        await guest.call("stackRestore", saved)
        assert await guest.call("stackSave") == saved == PAGE


@in_loop
async def test_frames_are_at_the_offsets_of_the_module_as_it_was_given() -> None:
    """With so many functions the wrapper's index is longer than the import's, and all code moves."""
    gates = Gates()
    source = bytes(wat2wasm(small(functions="(func)" * 200)))
    async with await opened(source, gates, stacks=True) as guest:
        calls = [asyncio.ensure_future(guest.call(each, 1)) for each in ("run", "after")]
        await gates.arrived(2)
        module = parse_module(source)
        for each in guest.suspended():
            (frame,) = each.stack
            assert frame.offset in {site.offset for site in call_sites(module, frame.index)}
        gates.release()
        _, error = await gathered([*calls])
        assert source[error.frames[0].offset] == 0x00  # unreachable
        assert len(error.frames) == 1
