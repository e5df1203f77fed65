"""Limits hold from a guest's first instruction, on every backend; each case in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lives = Callable[..., None]


@pytest.fixture(params=("asyncify", "fiber"))
def in_process(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


STACKS = """
        DEEP = 30
        def deep(start=""):
            return f'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
              (import "env" "plain" (func $plain (param i32) (result i32)))
              (memory (export "memory") 1) (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
              (func $leaf (loop $l (br $l)))
              (func $down (param i32)
                (if (local.get 0)
                  (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $leaf))))
              (func $main (export "main") (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
                (drop (call $wait (i32.const 1))) (call $down (i32.const {DEEP}))
                (drop (call $wait (i32.const 1))))
              (func $aside (export "aside") (param i32) (result i32) (local $sp i32)
                (local.set $sp (global.get $sp)) (global.set $sp (i32.sub (local.get $sp) (i32.const 64)))
                (drop (call $wait (local.get 0)))
                (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
                (i32.eq (local.get $sp) (global.get $sp)))
              (func $asking (export "asking") (loop $l (drop (call $plain (i32.const 1))) (br $l)))
              {start})'''.encode()
        def bodies(wasm):
            from stackswitch.wasm.module import parse_module
            import wasmtime
            module = parse_module(bytes(wasmtime.wat2wasm(wasm)))
            return {index: module.body_range(index) for index in range(2, module.function_count)}
        def check(error, names, wasm):
            assert [each.function for each in error.frames] == names, error
            for each in error.frames[:20]:  # of wasmtime; code that Asyncify has changed has no offsets
                start, end = bodies(wasm)[each.index]
                assert BACKEND == "asyncify" or start <= each.offset < end, each
            assert "  in leaf" in str(error)
        COMPUTING = ["leaf"] + ["down"] * (DEEP + 1)
"""


def test_a_deadline_tells_the_stack_of_a_guest_that_computes(lives: Lives, backend: str) -> None:
    lives(
        backend,
        STACKS
        + """
        async def main():
            async with await guest(deep(), deadline_s=0.4, stacks=True) as one:
                for _ in range(3):
                    error = await raises(GuestTimeoutError, one.call("main"), "main was not done after 0.4 s")
                    check(error, [*COMPUTING, "main"], deep())
                    if BACKEND == "jspi":  # its thread has been ended
                        break
                    assert await one.call("aside", 0) == 1
            async with await guest(deep(), deadline_s=0.4, stacks=True) as one:
                error = await raises(GuestTimeoutError, one.call("asking"))
                found = [each.function for each in error.frames]
                assert found == ["asking"], (error, found, error.__notes__)
                never = asyncio.get_running_loop().create_future()
                async def wait(caller, number):
                    await never
            async with await guest(deep(), wait=wait, deadline_s=0.2, stacks=True) as one:
                error = await raises(GuestTimeoutError, one.call("main"), "waiting in env.wait")
                assert [each.function for each in error.frames] == ["main"], error
            start = deep("(func $s (call $down (i32.const 30))) (start $s)")
            error = await raises(GuestTimeoutError, guest(start, deadline_s=0.3, stacks=True), "(start)")
            check(error, [*COMPUTING, "s"], start)
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_stack_is_told_beside_calls_that_wait(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        STACKS
        + """
        async def main():
            gate = asyncio.Event()
            async def wait(caller, number):
                if number == 7:
                    await gate.wait()
                await asyncio.sleep(0)
                return number
            async with await guest(deep(), wait=wait, deadline_s=30, stacks=True, concurrent=True) as one:
                waiting = [asyncio.ensure_future(one.call("aside", 7)) for _ in range(4)]
                await asyncio.sleep(0.01)
                if BACKEND == "fiber":  # on asyncify a guest that computes is alone
                    computing = [asyncio.ensure_future(one.call("main")) for _ in range(3)]
                    await asyncio.sleep(0.3)
                    for each in computing:
                        each.cancel()
                    await asyncio.wait(computing)
                    assert all(each.cancelled() for each in computing)
                for each in waiting[:2]:
                    assert not each.done()
                gate.set()
                assert await asyncio.gather(*waiting) == [1] * 4
                assert one.get_global("__stack_pointer") == 65536
        asyncio.run(main())
        print("fine")
        """,
    )


def test_fuel_counts_from_the_first_instruction_and_tells_the_stack(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        STACKS
        + """
        async def main():
            start = deep("(func $s (call $down (i32.const 30))) (start $s)")
            for wasm, call in ((start, None), (deep(), "main")):
                for stacks in (False, True):
                    async def both():
                        async with await guest(wasm, fuel=200_000, stacks=stacks) as one:
                            await one.call(call)
                    error = await raises(GuestTimeoutError, both(), "it used up its fuel")
                    assert [each.function for each in error.frames] == COMPUTING[:20], error
            little = deep("(func $s (local i32) (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
                " (br_if $l (i32.lt_u (local.get 0) (i32.const 1000))))) (start $s)")
            async with await guest(little, fuel=200_000) as one:
                assert await one.call("aside", 0) == 1
        asyncio.run(main())
        print("fine")
        """,
    )


def test_any_amount_of_fuel_ends_a_guest_that_waits_cleanly(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        """
        DEEP = b'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
          (import "env" "plain" (func $plain (param i32) (result i32))) (memory (export "memory") 1)
          (func $s (drop (i32.const 1))) (start $s)
          (func $d (param i32) (result i32) (if (result i32) (local.get 0)
            (then (call $d (i32.sub (local.get 0) (i32.const 1)))) (else (call $wait (i32.const 3)))))
          (func (export "run") (result i32) (i32.add (call $d (i32.const 5)) (call $d (i32.const 2))))
          (func (export "one") (result i32) (i32.const 1)))'''
        async def main():
            ended = {}
            for fuel in (*range(1, 300, 7), *range(300, 3000, 99), 10_000):
                try:
                    one = await guest(DEEP, fuel=fuel)
                except GuestTimeoutError as error:
                    assert fuel < 20 and "(start) was stopped: it used up its fuel" in str(error), fuel
                    continue
                async with one:
                    for _ in range(2):  # on asyncify it runs out in the middle of a switch too
                        try:
                            assert await one.call("run") == 6
                            ended[fuel] = "done"
                        except GuestTimeoutError as error:
                            assert "used up its fuel" in str(error)
                            ended[fuel] = "fuel"
                        assert one.poisoned is None
                    if fuel > 300:
                        assert await one.call("one") == 1
            order = [ended[fuel] for fuel in sorted(ended)]
            assert order == sorted(order, reverse=True) and {*order} == {"fuel", "done"}, ended
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_deadline_that_passes_just_before_a_guest_goes_on(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        """
        LONG = GUEST.replace(b'(global.set $sp (i32.add', b'(call $spin) (global.set $sp (i32.add', 1)
        LONG = LONG.replace(b'(func (export "spin")', b'(func $spin (export "spin")')
        async def main():
            for stacks in (False, True):
                for concurrent in (False, True):
                    async def wait(caller, number):
                        await asyncio.sleep(0)
                        time.sleep(number / 10)  # the loop's timer comes too late
                        return number
                    quiet = {"wait": wait, "stacks": stacks, "concurrent": concurrent}
                    async with await guest(deadline_s=0.2, **quiet) as one:
                        for _ in range(3):
                            try:
                                assert await one.call("run", 3) == 4
                            except GuestTimeoutError as error:
                                assert "run was not done after 0.2 s" in str(error)
                            assert await one.call("run", 0) == 1
                            assert one.get_global("__stack_pointer") == 65536
                    async with await guest(LONG, deadline_s=0.2, **quiet) as one:
                        for number in (3, 0, 3, 0):
                            error = await raises(GuestTimeoutError, one.call("run", number))
                            assert not stacks or error.frames, error
                            assert await one.call("one") == 1
                            assert one.get_global("__stack_pointer") == 65536 and one.poisoned is None
        asyncio.run(main())
        print("fine")
        """,
    )


def test_guests_that_are_ended_at_any_moment_can_be_called_again(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        """
        import random
        BUSY = b'''(module (import "env" "wait" (func $wait (param i32) (result i32)))
          (import "env" "plain" (func $plain (param i32) (result i32))) (memory (export "memory") 1)
          (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
          (func $spin (param i32)
            (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))))
          (func $deep (param i32) (result i32) (local $got i32)
            (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
            (call $spin (i32.const 20000))
            (local.set $got (if (result i32) (local.get 0)
              (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $wait (i32.const 3)))))
            (call $spin (i32.const 20000))
            (global.set $sp (i32.add (global.get $sp) (i32.const 16)))
            (local.get $got))
          (func (export "run") (param i32) (result i32) (local $sum i32)
            (loop $l
              (local.set $sum (i32.add (local.get $sum) (call $deep (i32.const 5))))
              (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))
            (local.get $sum)))'''
        async def call(one, times, ended):
            try:
                assert await one.call("run", times) == 3 * times
            except GuestTimeoutError as error:
                ended.append(error)
        async def main():
            choice = random.Random(13)
            for concurrent in (False, True):
                ended = []
                async with await guest(BUSY, deadline_s=0.08, concurrent=concurrent, stacks=True) as one:
                    end = time.monotonic() + 4
                    while time.monotonic() < end:
                        times = [choice.choice([1, 2, 1000]) for _ in range(3 if concurrent else 1)]
                        await asyncio.gather(*[call(one, each, ended) for each in times])
                        assert one.poisoned is None and one.get_global("__stack_pointer") == 65536
                assert ended and all(each.frames for each in ended)
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_call_from_a_plain_host_function_has_its_callers_deadline(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        """
        async def main():
            def plain(caller, number):
                return caller.invoke_now("spin") or 0
            async with await guest(plain=plain, deadline_s=0.4) as one:
                for _ in range(2):
                    began = time.monotonic()
                    await raises(GuestTimeoutError, one.call("plain", 1))
                    assert time.monotonic() - began < 20
                assert await one.call("run", 1) == 2
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_guest_that_writes_without_end_is_stopped(lives: Lives, in_process: str) -> None:
    lives(
        in_process,
        """
        WRITES = b'''(module
          (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (func $s (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 60000))
            (loop $l (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)))
          (func (export "_start") (call $s)))'''
        async def main():
            wasi = Wasi(max_output_bytes=10_000)
            for deadline in ({}, {"deadline_s": 60.0}):
                async with await stackswitch.open(WRITES, backend=BACKEND, wasi=wasi, **deadline) as one:
                    await raises(GuestTimeoutError, one.call("_start"), "it wrote more than 80000 bytes")
                    assert len(one.stdout) == 10_000
                start = WRITES.replace(b'(export "_start")', b"$t")
                start = start.replace(b"(call $s)))", b"(call $s)) (start $s))")
                opening = stackswitch.open(start, backend=BACKEND, wasi=wasi, **deadline)
                await raises(GuestTimeoutError, opening, "it wrote more than 80000 bytes")
        asyncio.run(main())
        print("fine")
        """,
    )


def test_host_functions_that_take_cancellations_for_answers(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def stubborn(caller):
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                return

        async def tidy(caller):
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(0.4)
                tidied.append(caller)

        def looping(body):
            return f'''(module (import "env" "wait" (func $wait)) (func (export "f") {body}))'''.encode()

        BODIES = ("(call $wait)", "(call $wait) (loop $l (br $l))", "(loop $l (call $wait) (br $l))")
        tidied = []
        async def main():
            for body, stacks in zip(BODIES, (False, True, False)):
                async with await stackswitch.open(looping(body), backend=BACKEND, stacks=stacks,
                        imports={"env.wait": stubborn}, deadline_s=0.5) as it:
                    await raises(GuestTimeoutError, it.call("f"), "f was not done after 0.5 s")
            for body in BODIES[1:]:
                async with await stackswitch.open(looping(body), backend=BACKEND,
                        imports={"env.wait": stubborn}, deadline_s=60) as it:
                    task = asyncio.create_task(it.call("f"))
                    await asyncio.sleep(0.2)
                    task.cancel()
                    began = time.monotonic()
                    await raises(asyncio.CancelledError, task)
                    assert time.monotonic() - began < 20
            async with await stackswitch.open(looping(BODIES[0]), backend=BACKEND,
                    imports={"env.wait": tidy}, deadline_s=0.2) as it:
                await raises(GuestTimeoutError, it.call("f"), "waiting in env.wait")
            assert len(tidied) == 1
        asyncio.run(main())
        print("fine")
        """,
    )
