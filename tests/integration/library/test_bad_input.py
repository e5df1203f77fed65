"""What hosts and guests do wrong, each in a process of its own: a typed error, and all else lives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Lives = Callable[..., None]


@pytest.fixture(params=("asyncify", "fiber"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_guests_that_recurse_loop_trap_and_hoard(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            other = await guest()
            for _ in range(3):
                async with await guest(deadline_s=0.3, max_memory=8 << 20) as one:
                    error = await raises(GuestTrapError, one.call("recurse", 1))
                    assert error.kind == "stack-overflow" and error.frames
                    await raises(GuestTimeoutError, one.call("spin"))
                    assert 1 <= await one.call("hoard") <= 128
                    error = await raises(GuestTrapError, one.call("trap"), "unreachable")
                    assert await one.call("run", 4) == 5
                    assert one.get_global("__stack_pointer") == 65536
                assert await other.call("run", 7) == 8
            async with await guest(fuel=100_000) as one:
                await raises(GuestTimeoutError, one.call("spin"), "fuel")
                assert await one.call("run", 4) == 5
            await raises(GuestError, guest(max_memory=1000))
            await other.aclose()
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_guest_that_computes_does_not_keep_the_loop_on_fibers(lives: Lives) -> None:
    lives(
        "fiber",
        """
        async def main():
            turns = 0
            async def turn():
                nonlocal turns
                while True:
                    await asyncio.sleep(0.005)
                    turns += 1
            ticking = asyncio.ensure_future(turn())
            async with await guest() as one, await guest() as other:
                task = asyncio.ensure_future(one.call("spin"))
                await asyncio.sleep(0.5)
                assert turns > 5, turns
                assert await other.call("run", 1) == 2
                task.cancel()
                await raises(asyncio.CancelledError, task)
                assert await one.call("run", 1) == 2
            ticking.cancel()
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_keyboard_interrupt_stops_a_guest_that_loops(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            one = await guest()
            threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
            await one.call("spin")
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("fine")
        """,
    )


def test_host_functions_that_misbehave(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            what = None
            async def wait(caller, number):
                if what == "call":
                    return await caller.guest.call("one")
                if what == "invoke":
                    return await caller.invoke("one") + caller.invoke_now("one")
                if what == "now" and number == 1:
                    return caller.invoke_now("run", 2)
                if what == "deeper":
                    return caller.invoke_now("run", number + 1)
                await asyncio.sleep(0)
                if what == "interrupt":
                    raise KeyboardInterrupt
                if what == "exit":
                    raise SystemExit(3)
                if what == "never":
                    await asyncio.get_running_loop().create_future()
                return number
            def plain(caller, number):
                if what == "coroutine":
                    return wait(caller, number)
                if what == "interrupt":
                    raise KeyboardInterrupt
                return number
            one = await guest(wait=wait, plain=plain)
            what = "call"
            await raises(GuestStateError, one.call("run", 1), "caller.invoke")
            what = "invoke"
            assert await one.call("run", 1) == 3
            what = "now"
            await raises(SuspendRefusedError, one.call("run", 1))
            what = "deeper"
            await raises(RecursionError, one.call("run", 1))
            what = "coroutine"
            await raises(GuestTypeError, one.call("plain", 1), "async def")
            for what in ("interrupt", "exit"):
                for export in ("run", "plain")[:2 if what == "interrupt" else 1]:
                    call = one.call(export, 1)
                    try:
                        step = None
                        while True:
                            call.send(None)
                    except (KeyboardInterrupt, SystemExit):
                        pass
            what = "never"
            await raises(asyncio.TimeoutError, asyncio.wait_for(one.call("run", 1), 0.05))
            what = None
            assert await one.call("run", 1) == 2
            assert one.get_global("__stack_pointer") == 65536
            await one.aclose()
        asyncio.run(main())
        print("fine")
        """,
    )


def test_host_functions_that_close_their_guest(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            at_once = None
            async def wait(caller, number):
                if not at_once:
                    await asyncio.sleep(0)
                await caller.guest.aclose()
                return number
            other = await guest()
            for at_once in (True, False):
                async with await guest(wait=wait) as one:
                    await raises(GuestStateError, one.call("run", 1))
                    await raises(GuestStateError, one.call("run", 1), "closed")
            assert await other.call("run", 1) == 2
            await other.aclose()
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_start_function_that_waits(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        START = b'''(module (import "env" "wait" (func $w (param i32) (result i32)))
          (global $g (export "g") (mut i32) (i32.const 0))
          (func $s (global.set $g (call $w (i32.const 5)))) (start $s))'''
        async def main():
            if BACKEND == "fiber":
                async with await guest(START) as one:
                    assert one.get_global("g") == 5
            else:
                await raises(GuestError, guest(START), "start")
        asyncio.run(main())
        print("fine")
        """,
    )


def test_loops_that_end_while_calls_wait(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def never(caller, number):
            await asyncio.get_running_loop().create_future()
        async def main():
            one = await guest(wait=never, concurrent=True)
            tasks = [asyncio.ensure_future(one.call("run", 1)) for _ in range(5)]
            await asyncio.sleep(0.01)
            assert len(one.suspended()) == 5
            return one
        one = asyncio.run(main())
        assert one.suspended() == []
        async def again():
            await raises(GuestStateError, one.call("run", 1), "another event loop")
        asyncio.run(again())
        loop = asyncio.new_event_loop()
        two = loop.run_until_complete(guest(wait=never))
        task = loop.create_task(two.call("run", 1))
        for _ in range(5):
            loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        task._log_destroy_pending = False
        del task, two, one
        gc.collect()
        print("fine")
        """,
    )


def test_threads_and_forks(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            one = await guest()
            told = []
            def elsewhere():
                async def try_it():
                    await raises(GuestStateError, one.call("one"), "another event loop")
                    async with await guest() as own:
                        assert await own.call("run", 1) == 2
                    told.append("told")
                asyncio.run(try_it())
            thread = threading.Thread(target=elsewhere)
            thread.start()
            await asyncio.to_thread(thread.join)
            assert told == ["told"]
            child = os.fork()
            if not child:
                try:
                    error = await raises(GuestStateError, one.call("one"), "forked")
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert await one.call("run", 1) == 2
            await one.aclose()
        asyncio.run(main())
        child = os.fork()
        if not child:
            async def fresh():
                async with await guest() as one:
                    return await one.call("run", 41)
            os._exit(asyncio.run(fresh()))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        print("fine")
        """,
    )


def test_nothing_leaks(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            async def wait(caller, number):
                await asyncio.sleep(0)
                if number == 13:
                    raise ValueError("unlucky")
                return number
            async def hang(caller, number):
                await asyncio.get_running_loop().create_future()
            async def opened():
                async with await guest(wait=hang) as one:
                    task = asyncio.ensure_future(one.call("run", 1))
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                await raises(GuestStateError, task)
            async with await guest(wait=wait) as one:
                async def round(count):
                    for _ in range(count):
                        assert await one.call("run", 3) == 4
                        await raises(ValueError, one.call("run", 13))
                        await raises(GuestTrapError, one.call("trap"))
                        await raises(GuestTypeError, one.call("run", "x"))
                        call = one.call("run", 1)
                        call.send(None)
                        call.close()
                await round(200)
                for _ in range(10):
                    await opened()
                before = rss()
                await round(700)
                for _ in range(40):
                    await opened()
                grown = rss() - before
            assert grown < 3000, grown
        asyncio.run(main())
        print("fine")
        """,
    )
