"""C stacks of calls that overlap, on every backend: how large they are, and what happens below them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import stackswitch
from stackswitch.errors import ConfigError, GuestError, GuestStateError, GuestTrapError
from stackswitch.guest.guest import Caller, Guest

GUEST = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 17)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 1048576))
  (func $down (export "down") (param $depth i32) (result i32) (local $frame i32) (local $got i32)
    (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 640))))
    (memory.fill (local.get $frame) (local.get $depth) (i32.const 640))
    (local.set $got (if (result i32) (local.get $depth)
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)))) (else (call $wait (i32.const 5)))))
    (if (i32.ne (i32.load8_u (local.get $frame)) (i32.and (local.get $depth) (i32.const 255)))
      (then (unreachable)))
    (if (i32.ne (i32.load8_u offset=639 (local.get $frame)) (i32.and (local.get $depth) (i32.const 255)))
      (then (unreachable)))
    (global.set $sp (i32.add (local.get $frame) (i32.const 640)))
    (local.get $got))
  (func (export "skips") (param $size i32) (result i32) (local $frame i32) ;; and writes nothing
    (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (local.get $size))))
    (drop (call $wait (i32.const 5)))
    (global.set $sp (i32.add (local.get $frame) (local.get $size)))
    (i32.const 5))
  (func (export "writes_and_traps") (param $size i32) (result i32)
    (global.set $sp (i32.sub (global.get $sp) (local.get $size)))
    (memory.fill (global.get $sp) (i32.const 1) (local.get $size))
    (unreachable))
  (func (export "careful") (param $size i32) (result i32) ;; as with -sSTACK_OVERFLOW_CHECK=2
    (if (i32.gt_u (local.get $size) (i32.const 65000)) (then (unreachable)))
    (i32.const 5)))"""
"""A C stack of 1 MiB. ``down`` takes 640 bytes a level, waits at the end, and compares on the way out."""

pytestmark = pytest.mark.parametrize("backend", ["asyncify", "fiber", "jspi"])


class Gate:
    """Waits that all end when it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self._arrived = asyncio.Semaphore(0)

    async def wait(self, _caller: Caller, number: int) -> int:
        self._arrived.release()
        await self.opened.wait()
        return number

    async def arrived(self) -> None:
        """Wait until one more call waits."""
        await self._arrived.acquire()


async def opened(backend: str, gate: Gate, **options: Any) -> Guest:
    imports = {"env.wait": gate.wait}
    return await stackswitch.open(
        GUEST.encode(), backend=backend, imports=imports, concurrent=True, **options
    )


async def beside(guest: Guest, gate: Gate, export: str, number: int) -> Any:
    """Make a call while another one waits; return its result or error."""
    first = asyncio.ensure_future(guest.call("down", 1))
    await gate.arrived()
    second = asyncio.ensure_future(guest.call(export, number))
    await asyncio.wait([second], timeout=0.2)
    gate.opened.set()
    found = await asyncio.gather(second, first, return_exceptions=True)
    return found[0]


def test_a_call_alone_has_the_guests_own_stack(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(backend, gate) as guest:
            deep = asyncio.ensure_future(guest.call("down", 1_000))  # 640 kB
            await gate.arrived()
            shallow = asyncio.ensure_future(guest.call("down", 50))
            await gate.arrived()
            gate.opened.set()
            assert await asyncio.gather(deep, shallow) == [5, 5]
            assert await guest.call("down", 1_000) == 5
            assert guest.get_global("__stack_pointer") == 1 << 20

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize(("export", "number"), [("down", 120), ("skips", 80_000)])
def test_a_call_that_leaves_its_stack_traps_and_the_guest_is_not_used_again(
    backend: str, export: str, number: int
) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(backend, gate) as guest:
            error = await beside(guest, gate, export, number)
            assert isinstance(error, GuestTrapError), error
            assert error.kind == "stack-overflow"
            assert "C stack overflow: a call has 65" in str(error)
            assert "memory may be damaged" in str(guest.poisoned)
            with pytest.raises(GuestStateError, match="C stack of a call has overflowed"):
                await guest.call("careful", 1)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_call_that_traps_after_it_has_left_its_stack(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(backend, gate) as guest:
            assert isinstance(await beside(guest, gate, "writes_and_traps", 80_000), GuestTrapError)
            assert "memory may be damaged" in str(guest.poisoned)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_guest_that_checks_its_stack_before_it_writes_goes_on(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(backend, gate) as guest:
            assert isinstance(await beside(guest, gate, "careful", 80_000), GuestTrapError)
            assert guest.poisoned is None
            assert await guest.call("down", 1_000) == 5
            assert isinstance(await beside(guest, gate, "writes_and_traps", 60_000), GuestTrapError)
            assert guest.poisoned is None
            assert guest.get_global("__stack_pointer") == 1 << 20

    asyncio.run(asyncio.wait_for(main(), 60))


def test_the_size_is_an_option(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        async with await opened(backend, gate, c_stack_bytes=1 << 17) as guest:
            before = len(guest.memory)
            assert await beside(guest, gate, "down", 190) == 5
            assert guest.poisoned is None
            assert len(guest.memory) - before <= 5 << 16
        for wrong in (0, 1 << 31):
            with pytest.raises(ConfigError, match="c_stack_bytes must be from 2048 to 1073741824"):
                await opened(backend, gate, c_stack_bytes=wrong)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_guest_with_two_memories_says_why_its_calls_do_not_overlap(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        text = GUEST.replace('(memory (export "memory") 17)', '(memory 17) (memory (export "memory") 1)')
        options: Any = {"imports": {"env.wait": gate.wait}, "concurrent": True, "backend": backend}
        if backend != "jspi":
            with pytest.raises(GuestError, match="the first exported memory is not"):
                await stackswitch.open(text.encode(), **options)
            return
        async with stackswitch.open(text.encode(), **options) as guest:
            assert "calls run one after another: the module has 2 memories" in guest.why

    asyncio.run(asyncio.wait_for(main(), 60))


SBRK = """(memory (export "memory") 17) (global $brk (mut i32) (i32.const 1114112))
  (func $malloc (export "malloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $brk))
    (global.set $brk (i32.add (local.get $at)
      (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
    (if (i32.gt_u (global.get $brk) (i32.mul (memory.size) (i32.const 65536))) (then
      (if (i32.eq (memory.grow (i32.const 8)) (i32.const -1)) (then (unreachable)))))
    (local.get $at))
  (func (export "hoard") (param $size i32) (result i32)
    (memory.fill (call $malloc (local.get $size)) (i32.const 255) (local.get $size))
    (i32.const 5))"""
"""As in Emscripten: whatever lies below the memory's end and above the last address given out is taken."""


def test_pages_that_an_allocator_would_take_are_no_c_stacks(backend: str) -> None:
    async def main() -> None:
        gate = Gate()
        text = GUEST.replace('(memory (export "memory") 17)', "").rstrip().removesuffix(")")
        imports = '(import "env" "wait" (func $wait (param i32) (result i32)))'
        source = (text.replace(imports, f"{imports} {SBRK}") + ")").encode()
        options: Any = {"imports": {"env.wait": gate.wait}, "concurrent": True}
        if backend != "jspi":
            with pytest.raises(GuestError, match=r"as Emscripten's sbrk does: use jspi"):
                await stackswitch.open(source, backend=backend, **options)
            return
        async with stackswitch.open(source, **options) as guest:
            assert guest.backend == "jspi"
            calls = [asyncio.ensure_future(guest.call("down", 50)) for _ in range(3)]
            await gate.arrived()
            await guest.call("hoard", 400_000)
            gate.opened.set()
            assert await asyncio.gather(*calls) == [5, 5, 5]

    asyncio.run(asyncio.wait_for(main(), 60))
