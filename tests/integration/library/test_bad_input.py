"""What hosts and guests do wrong, each in a process of its own: a typed error, and all else lives."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

BACKENDS = ("asyncify", "fiber")
PRELUDE = '''
import asyncio, gc, os, pathlib, resource, signal, sys, threading, time
import stackswitch
from stackswitch import *
BACKEND = {backend!r}
GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $run (export "run") (param i32) (result i32) (local $got i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 64)))
    (local.set $got (i32.add (i32.const 1) (call $wait (local.get 0))))
    (global.set $sp (i32.add (global.get $sp) (i32.const 64)))
    (local.get $got))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
  (func $down (export "recurse") (param i32) (result i32)
    (i32.add (i32.const 1) (call $down (local.get 0))))
  (func (export "spin") (loop $l (br $l)))
  (func (export "hoard") (result i32) (local $n i32)
    (loop $l (if (i32.ne (memory.grow (i32.const 16)) (i32.const -1))
      (then (local.set $n (i32.add (local.get $n) (i32.const 16))) (br $l))))
    (local.get $n))
  (func (export "one") (result i32) (i32.const 1))
  (func (export "trap") (unreachable)))"""
async def wait(caller, number):
    await asyncio.sleep(0)
    return number
def plain(caller, number):
    return number
async def guest(source=GUEST, wait=wait, plain=plain, **options):
    imports = {{"env.wait": wait, "env.plain": plain}}
    return await stackswitch.open(source, backend=BACKEND, imports=imports, **options)
async def raises(kind, awaitable, said=""):
    try:
        found = await awaitable
    except kind as error:
        assert said in str(error), error
        return error
    raise SystemExit(f"{{found!r}}, no {{kind}}")
def rss():
    gc.collect()
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
'''


def lives(backend: str, script: str, *, timeout: float = 100) -> None:
    code = PRELUDE.format(backend=backend) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stdout[-500:], done.stderr[-3000:])
    assert done.stdout.strip().endswith("fine")
    assert not done.stderr, done.stderr[-2000:]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_guests_that_recurse_loop_trap_and_hoard(backend: str) -> None:
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


def test_a_guest_that_computes_does_not_keep_the_loop_on_fibers() -> None:
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


def test_a_keyboard_interrupt_stops_a_guest_that_loops(backend: str) -> None:
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


def test_host_functions_that_misbehave(backend: str) -> None:
    lives(
        backend,
        """
        async def main():
            what = None
            async def wait(caller, number):
                if what == "close":
                    await caller.guest.aclose()
                if what == "call":
                    return await caller.guest.call("one")
                if what == "invoke":
                    return await caller.invoke("one") + caller.invoke_now("one")
                if what == "now" and number == 1:
                    return caller.invoke_now("run", 2)
                if what == "deeper":
                    return caller.invoke_now("run", number + 1)
                await asyncio.sleep(0)
                if what == "close later":
                    await caller.guest.aclose()
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
            other = await guest()
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
            for what in ("close", "close later"):
                async with await guest(wait=wait) as third:
                    await raises(GuestStateError, third.call("run", 1))
                    await raises(GuestStateError, third.call("run", 1), "closed")
            assert await other.call("run", 1) == 2
            await one.aclose()
            await other.aclose()
        asyncio.run(main())
        print("fine")
        """,
    )


def test_a_start_function_that_waits(backend: str) -> None:
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


def test_loops_that_end_while_calls_wait(backend: str) -> None:
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


def test_threads_and_forks(backend: str) -> None:
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


def test_nothing_leaks(backend: str) -> None:
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
                await round(300)
                for _ in range(10):
                    await opened()
                before = rss()
                await round(1500)
                for _ in range(40):
                    await opened()
                grown = rss() - before
            assert grown < 3000, grown
        asyncio.run(main())
        print("fine")
        """,
    )


def test_signals_that_raise_in_the_midst_of_calls(backend: str) -> None:
    lives(
        backend,
        """
        class Rang(Exception):
            pass
        def ring(_, frame):
            # In the loop's own code nobody could catch it: it is to ring while main runs, within its try.
            # Nor in the first step of a callback, before its own try: ctypes prints it there, and goes on.
            if frame.f_code.co_name == "callback":
                frame = None
            while frame is not None and frame.f_code.co_name != "main":
                frame = frame.f_back
            if loud and frame is not None:
                raise Rang
            if loud:
                signal.setitimer(signal.ITIMER_REAL, 0.001)
        loud = False
        async def main():
            global loud
            one = await guest()
            signal.signal(signal.SIGALRM, ring)
            caught = 0
            end = time.monotonic() + 3
            while time.monotonic() < end and caught < 50:
                try:
                    try:
                        loud = True
                        signal.setitimer(signal.ITIMER_REAL, 0.003)
                        for _ in range(2000):
                            await one.call("plain", 1)
                    finally:
                        loud = False
                except (Rang, GuestError):
                    caught += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert caught > 3
            assert one.poisoned is None or "switch" in one.poisoned
            async with await guest() as other:
                assert await other.call("run", 1) == 2
            await one.aclose()
        asyncio.run(main())
        print("fine")
        """,
    )
