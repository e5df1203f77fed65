"""``max_memory`` is one budget for all memories and tables; each case in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lives = Callable[..., None]


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


BUDGET = """
        PAGE, FUNCREF, EXTERNREF = 65536, 32, 8
        def budgeted(declared, *grows):
            functions = "".join(
                f"(func (export \\"g{at}\\") (param {kind}) (result {kind}) (drop (call $wait (i32.const 0)))"
                f" ({grow} {null} (local.get 0)))"
                for at, (grow, null, kind) in enumerate(grows)
            )
            return f'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
              (import "env" "plain" (func $plain (param i32) (result i32))) {declared}
              {functions})'''.encode()
        FUNC, EXTERN = "(ref.null func)", "(ref.null extern)"
"""


def test_one_budget_covers_all_memories_and_tables(lives: Lives, backend: str) -> None:
    lives(
        backend,
        BUDGET
        + """
        several = budgeted(
            '(memory (export "memory") 1) (memory 2) (table 10 funcref) (table 20 externref) (memory 1 1)',
            ("memory.grow 0", "", "i32"),
            ("memory.grow 1", "", "i32"),
            ("table.grow 0", FUNC, "i32"),
            ("table.grow 1", EXTERN, "i32"),
            ("memory.grow 2", "", "i32"),
        )
        begins = 4 * PAGE + 10 * FUNCREF + 20 * EXTERNREF
        async def main():
            for less in (1, 2 * PAGE):
                error = await raises(GuestMemoryError, guest(several, max_memory=begins - less), str(begins))
                assert f"max_memory, {begins - less}" in str(error), error
            async with await guest(several, max_memory=begins + 3 * PAGE) as one:
                assert await one.call("g0", 4) == -1
                assert await one.call("g0", 1) == 1
                assert await one.call("g2", 2 * PAGE // FUNCREF + 1) == -1
                assert await one.call("g2", PAGE // FUNCREF) == 10
                assert await one.call("g4", 1) == -1 and await one.call("g4", 0) == 1
                assert await one.call("g3", PAGE // EXTERNREF - 1) == 20
                assert await one.call("g1", 1) == -1
                assert await one.call("g3", 2) == -1
                assert await one.call("g3", 1) == 20 + PAGE // EXTERNREF - 1
                for export in ("g0", "g1", "g2", "g3"):
                    assert await one.call(export, 1) == -1 and await one.call(export, -1) == -1
                assert await one.call("g1", 0) == 2
            async with await guest(several, max_memory=begins + 3 * PAGE) as one:
                await raises(GuestMemoryError, grown(one, 4))
                assert await grown(one, 2) == PAGE  # what the host grows counts too
                assert await one.call("g1", 2) == -1 and await one.call("g1", 1) == 2
                await raises(GuestMemoryError, grown(one, 1))
        async def grown(one, pages):
            return one.memory.grow(pages)
        asyncio.run(main())
        print("fine")
        """,
    )


def test_what_no_engine_can_allocate_is_an_error(lives: Lives, backend: str) -> None:
    lives(
        backend,
        BUDGET
        + """
        async def main():
            vast = budgeted("(memory i64 0x100000000)", ("memory.grow", "", "i64"))
            await raises(GuestError if BACKEND == "jspi" else GuestMemoryError, guest(vast))
            error = await raises(GuestMemoryError, guest(vast, max_memory=1 << 20), "281474976710656 bytes")
            table = budgeted("(table 9000000 funcref)", ("table.grow", FUNC, "i32"))
            error = await raises(GuestMemoryError, guest(table, max_memory=1 << 20), "288000000 bytes")
            none = budgeted("", ("i32.add (i32.const 1)", "", "i32"))
            async with await guest(none, max_memory=1) as one:
                assert await one.call("g0", 5) == 6
        asyncio.run(main())
        print("fine")
        """,
    )


def test_growth_ends_at_the_budget_exactly(lives: Lives, backend: str) -> None:
    lives(
        backend,
        BUDGET
        + """
        async def check(declared, grow, unit):
            module = budgeted(declared + "(memory 1 1) (table 5 5 externref)", grow)
            fixed = PAGE + 5 * EXTERNREF
            for more, odd in ((0, 0), (1, unit - 1), (2, 0), (7, 1)):
                async with await guest(module, max_memory=fixed + (1 + more) * unit + odd) as one:
                    assert await one.call("g0", more + 1) == -1
                    assert await one.call("g0", more) == 1
                    assert await one.call("g0", 1) == -1
                    assert await one.call("g0", 0) == 1 + more
            await raises(GuestMemoryError, guest(module, max_memory=fixed + unit - 1))
        async def main():
            await check("(memory 1)", ("memory.grow", "", "i32"), PAGE)
            await check("(memory i64 1)", ("memory.grow", "", "i64"), PAGE)
            await check("(table 1 funcref)", ("table.grow", FUNC, "i32"), FUNCREF)
            await check("(table 1 externref)", ("table.grow", EXTERN, "i32"), EXTERNREF)
            await check("(table i64 1 externref)", ("table.grow", EXTERN, "i64"), EXTERNREF)
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_table_grows_to_no_gigabytes(lives: Lives, backend: str) -> None:
    lives(
        backend,
        BUDGET
        + """
        module = budgeted("(memory 1) (table 1 funcref)", ("table.grow", FUNC, "i32"))
        async def main():
            before = rss()
            async with await guest(module, max_memory=16 << 20) as one:
                assert await one.call("g0", 300_000_000) == -1
            hostile = module.replace(b"(memory 1)", b'''(memory 1) (memory 1)
                (export "stackswitch.saved_stacks" (memory 1)) (func (export "h") (result i32)
                (memory.grow 1 (i32.const 300)))''')
            if BACKEND == "asyncify":
                await raises(GuestError, guest(hostile, max_memory=16 << 20), "stackswitch.saved_stacks")
            else:
                async with await guest(hostile, max_memory=16 << 20) as one:
                    assert await one.call("h") == -1
            hostile = module.replace(b"(memory 1)", b'''(memory 1) (global (mut i64) (i64.const -1))
                (export "stackswitch.memory_left" (global 0)) (func (export "h") (result i32)
                (memory.grow (i32.const 300)))''')
            await raises(GuestError, guest(hostile, max_memory=16 << 20), "stackswitch.memory_left")
            assert rss() - before < 100_000
        asyncio.run(main())
        print("fine")
        """,
    )
