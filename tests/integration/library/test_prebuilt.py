"""Modules that are Asyncify builds already, as they come: whole, of a short list, without their controls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

import stackswitch
from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen

GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "late" (func $late (param i32) (result i32)))
  (memory (export "memory") 2)
  (func $inner (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func (export "run") (param i32) (result i32) (i32.add (i32.const 10) (call $inner (local.get 0))))
  (func (export "late") (param i32) (result i32) (i32.add (i32.const 10) (call $late (local.get 0))))
  (func (export "plain") (param i32) (result i32) (local.get 0)))"""


def built(imports: Sequence[str], only: Sequence[str] | None = None, text: bytes = GUEST) -> bytes:
    """Instrument the guest by Binaryen's own flags, nothing of ours added."""
    import wasmtime

    async def make() -> bytes:
        binaryen = await open_binaryen()
        try:
            wasm = bytes(wasmtime.wat2wasm(text))
            names = None if only is None else tuple(only)
            request = AsyncifyRequest(wasm=wasm, imports=tuple(imports), only=names)
            return (await binaryen.asyncify(request)).wasm
        finally:
            await binaryen.aclose()

    return asyncio.run(make())


async def wait(caller: stackswitch.Caller, number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def opened(wasm: bytes, **options: Any) -> stackswitch.Guest:
    return await stackswitch.open(wasm, imports={"env.wait": wait, "env.late": wait}, **options)


def test_a_whole_one_is_taken_as_it_is() -> None:
    wasm = built(["env.wait", "env.late"])

    async def main() -> None:
        async with await opened(wasm) as guest:
            assert guest.backend == "asyncify"
            assert "already" in guest.why
            assert [await guest.call(each, 4) for each in ("run", "late", "plain")] == [19, 18, 4]
            assert [*await asyncio.gather(*(guest.call("run", each) for each in range(9)))] == [
                11 + 2 * each for each in range(9)
            ]
        for other in ("fiber", "jspi"):  # they need no control functions, and do not mind them
            async with await opened(wasm, backend=other) as guest:
                assert await guest.call("run", 4) == 19

    asyncio.run(main())


def test_one_whose_list_of_imports_is_short_says_so_and_is_not_used_again() -> None:
    async def main() -> None:
        async with await opened(built_for_wait) as guest:
            assert await guest.call("run", 4) == 19
            with pytest.raises(stackswitch.GuestTrapError) as caught:
                await guest.call("late", 4)
            assert caught.value.kind == "asyncify-state"
            assert guest.poisoned is not None
            with pytest.raises(stackswitch.GuestStateError, match="instrumented"):
                await guest.call("plain", 4)
        async with await opened(built_for_wait) as fresh:
            assert await fresh.call("run", 4) == 19

    built_for_wait = built(["env.wait"])
    asyncio.run(main())


def test_one_whose_list_of_functions_is_short_says_so_where_stacks_are_looked_at() -> None:
    wasm = built(["env.wait", "env.late"], only=["inner"])

    async def main() -> None:
        async with await opened(wasm, stacks=True) as guest:
            with pytest.raises(stackswitch.GuestTrapError, match="run") as caught:
                await guest.call("run", 4)
            assert caught.value.kind == "asyncify-state"

    asyncio.run(main())


CONTROLS = (b"start_unwind", b"stop_unwind", b"start_rewind", b"stop_rewind")


@pytest.mark.parametrize("renamed", [CONTROLS[3:], (*CONTROLS, b"get_state")], ids=["one", "all"])
def test_one_that_lacks_control_functions_runs_as_it_is_or_not_at_all(renamed: Sequence[bytes]) -> None:
    wasm = built(["env.wait", "env.late"])
    for each in renamed:
        wasm = wasm.replace(b"asyncify_" + each, b"hidden___" + each)

    async def main() -> None:
        with pytest.raises(stackswitch.GuestError, match=r"does not export .*asyncify_stop_rewind:"):
            await opened(wasm, backend="asyncify")
        async with await opened(wasm) as guest:
            assert guest.backend == "fiber"
            assert "does not export its control functions" in guest.why
            assert await guest.call("run", 4) == 19

    asyncio.run(main())


def test_where_it_saves_its_stacks_is_in_the_budget() -> None:
    page, elements = 65536, 10 * 32
    grows = b"""(table 10 funcref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "more") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
      (func (export "plain")"""
    alone = b"""(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "plain")"""

    async def main() -> None:
        for text, fixed in ((grows, elements), (alone, 0)):
            wasm = whole[text]
            async with await opened(wasm, max_memory=8 * page + fixed) as guest:
                assert await guest.call("run", 4) == 19  # its first wait takes pages of its memory
                taken = len(guest.memory) // page - 2
                assert 1 <= taken <= 6
                assert await guest.call("grow", 7 - taken) == -1
                assert await guest.call("grow", 6 - taken) == 2 + taken
                if fixed:
                    assert await guest.call("more", 1) == -1
                assert await guest.call("run", 4) == 19
            async with await opened(wasm, max_memory=2 * page + fixed) as guest:
                with pytest.raises(stackswitch.GuestTrapError, match="the memory cannot grow"):
                    await guest.call("run", 4)

    whole = {
        text: built(["env.wait", "env.late"], text=GUEST.replace(b'(func (export "plain")', text))
        for text in (grows, alone)
    }
    asyncio.run(main())
