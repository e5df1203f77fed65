"""Start functions have the limits of any other code: deadlines, memory, cancelling."""

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


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("backend", ["asyncify", "fiber", "jspi"])
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


def test_cancelling_what_awaits_open_ends_the_start_function(lives: Lives, backend: str) -> None:
    lives(
        backend,
        LIMITS
        + """
        async def main():
            for options in ({}, {"deadline_s": 60.0}):
                loop, began = asyncio.get_running_loop(), time.monotonic()
                task = asyncio.ensure_future(guest(SPIN, **options))
                def cancel(task=task):  # on asyncify the loop stands still meanwhile
                    task.cancel()
                    loop.call_soon_threadsafe(int)
                threading.Timer(0.5, cancel).start()
                await raises(asyncio.CancelledError, task)
                assert time.monotonic() - began < 20
            async with await guest() as one:
                assert await one.call("run", 1) == 2
        asyncio.run(main())
        for options in ({}, {"deadline_s": 60.0}):
            async def interrupted():
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
                await guest(SPIN, **options)
            began = time.monotonic()
            try:
                asyncio.run(interrupted())
            except KeyboardInterrupt:
                assert time.monotonic() - began < 20
            else:
                raise SystemExit("not interrupted")
        print("fine")
        """,
    )


def test_a_start_function_that_waits_has_its_deadline_on_fibers(lives: Lives) -> None:
    lives(
        "fiber",
        LIMITS
        + """
        async def main():
            ended = []
            async def wait(caller, number):
                try:
                    await asyncio.sleep(number)
                finally:
                    ended.append(number)
                return number
            waits = starting("(drop (call $wait (i32.const 50))) (loop $l (br $l))")
            error = await raises(GuestTimeoutError, guest(waits, wait=wait, deadline_s=0.3, stacks=True))
            assert "waiting in env.wait" in str(error) and [each.function for each in error.frames] == ["s"]
            await raises(asyncio.TimeoutError, asyncio.wait_for(guest(waits, wait=wait), 0.3))
            assert ended == [50, 50]
            turns = 0
            async def turning():
                nonlocal turns
                while True:
                    await asyncio.sleep(0.005)
                    turns += 1
            task = asyncio.ensure_future(turning())
            again = starting("(drop (call $wait (i32.const 0))) (loop $l (br $l))")
            await raises(GuestTimeoutError, guest(again, wait=wait, deadline_s=0.5))
            assert turns > 5, turns
            task.cancel()
            once = starting("(drop (call $wait (i32.const 0)))")
            async with await guest(once, wait=wait, deadline_s=0.5) as one:
                await asyncio.sleep(0.6)  # the start function's time is not the calls'
                await one.call("f")
        asyncio.run(main())
        print("fine")
        """,
    )
