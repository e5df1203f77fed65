"""Limits hold from a guest's first instruction, on every backend; each case in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lives = Callable[..., None]

LIMITS = """
        def starting(body, before=""):
            return f'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
              (import "env" "plain" (func $plain (param i32) (result i32))) {before}
              (memory (export "memory") 1) (func $s {body}) (start $s) (func (export "f")))'''.encode()
        SPIN = starting("(loop $l (br $l))")
"""


@pytest.fixture(params=("asyncify", "fiber"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_start_functions_that_do_not_end(lives: Lives, backend: str) -> None:
    lives(
        backend,
        LIMITS
        + """
        async def main():
            other = await guest()
            for body in (
                "(loop $l (br $l))",
                "(loop $l (drop (call $plain (i32.const 1))) (br $l))",
                "(loop $l (drop (memory.grow (i32.const 1))) (br $l))",
            ):
                began = time.monotonic()
                await raises(
                    GuestTimeoutError,
                    guest(starting(body), deadline_s=0.5, max_memory=1 << 20),
                    "(start) was not done after 0.5 s",
                )
                assert 0.4 < time.monotonic() - began < 20, time.monotonic() - began
            recurse = starting("(call $r)", "(func $r (call $r) (call $r))")
            error = await raises(GuestTrapError, guest(recurse, deadline_s=20))
            assert error.kind == "stack-overflow", error
            assert await other.call("run", 1) == 2
            async with await Pool.open(SPIN, 2, backend=BACKEND, deadline_s=0.3,
                    imports={"env.wait": wait, "env.plain": plain}) as pool:
                for _ in range(3):
                    await raises(GuestTimeoutError, pool.call("f"), "(start)")
        asyncio.run(main())
        print("fine")
        """,
        timeout=100,
    )
