"""What ends the process on fibers, each in a process of its own: with the guard it lives, without it dies.

Five are known from trial: Python recursing deep on the fiber, a store closed while calls are suspended, a
signal handler (or a trace function) that raises in a callback, a native stack larger than the fiber's, and
Python 3.14.0 and 3.14.1, which are refused by their version (tests/unit/backends: no such Python is to be had
from PyPI, npm or Debian). Two more are the library's (tests/integration/library/test_references.py): an
externref's root given away twice, and a collection that does not see the calls that are suspended.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PRELUDE = """
import asyncio, ctypes, gc, signal, sys, threading, time
sys.path.insert(0, {here!r})
from bare_fiber import GUEST, Guest, wait
from stackswitch.backends.wasmtime.fiber import capi as fiberapi
from stackswitch.backends.wasmtime.fiber import runtime as fibercall
from stackswitch.backends.wasmtime.capi import GuestTrap
from stackswitch.backends.wasmtime.fiber.engine import FiberEngine

def guest(wait=wait, plain=lambda number: (number,), text=GUEST, **engine):
    return Guest(FiberEngine(**engine), text, {{"wait": wait, "plain": plain}})

def unguarded():
    \"\"\"The callback as one would write it: a Python function on the fiber.\"\"\"
    first = fiberapi.HostCallback.__init__
    def init(self, sampling=None):
        first(self, None)
        def called(*args):
            self.arguments.__init__(*args)
        self.function = fiberapi._CALLBACK(called)
    fiberapi.HostCallback.__init__ = init
    without_machine_code()

def without_machine_code():
    # What other machines than x86-64 Linux have: a callback of ctypes's C functions.
    fibercall.native_callback = lambda: None
"""


def run(script: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-X",
            "faulthandler",
            "-c",
            PRELUDE.format(here=str(HERE)) + textwrap.dedent(script),
        ],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def lives(script: str, said: str = "fine") -> None:
    done = run(script)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith(said)


def dies(script: str) -> None:
    done = run(script)
    assert done.returncode < 0, (done.returncode, done.stdout, done.stderr[-2000:])


SIGNALS = """
class Rang(Exception): pass
rung = 0
def ring(*_):
    global rung
    rung += 1
    raise Rang
signal.signal(signal.SIGALRM, ring)
one = guest()
caught, end = 0, time.monotonic() + 2
while time.monotonic() < end and caught < 100:
    before = rung
    try:
        # Once, and waited for: a ring between two rounds would end the script.
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        while rung == before:
            one.call_now("plain", 1000)
    except Rang:
        caught += 1
assert caught == rung > 10, (caught, rung)
assert one.call_now("plain", 3) == 0
one.runtime.close()
print("fine")
"""


def test_a_signal_handler_that_raises() -> None:
    lives(SIGNALS)


def test_a_signal_handler_that_raises_in_a_callback_of_python_ends_the_process_or_is_lost() -> None:
    """It is aborted by wasmtime, or ctypes prints the exception and goes on as if nothing had been raised."""
    done = run("unguarded()\n" + SIGNALS)
    assert done.returncode != 0
    assert done.returncode < 0 or "ignored" in done.stderr, done.stderr[-2000:]


TRACING = """
def trace(frame, event, arg):
    if frame.f_code.co_name == "called":
        raise ValueError("a debugger with a bug")
    return None
one = guest()
sys.settrace(trace)
assert one.call_now("plain", 3) == 0
sys.settrace(None)
print("fine")
"""


def test_a_trace_function_does_not_run_on_the_fiber() -> None:
    lives(TRACING)


def test_a_trace_function_in_a_callback_of_python_ends_the_process() -> None:
    dies("unguarded()\n" + TRACING)


ALMOST_TOO_DEEP = """
one = guest()
def down(levels, coroutine):
    return down(levels - 1, coroutine) if levels else coroutine.send(None)
refused = went = 0
for levels in range(900, 1000):
    coroutine = one.call("run", 1, 1000)
    coroutine.send(None)  # it waits; and is taken up again by somebody far down
    try:
        down(levels, coroutine)
        went += 1
    except RecursionError:
        refused += 1
    coroutine.close()
assert refused and went, (refused, went)
assert one.call_now("plain", 3) == 0
# Python drops a generator that it has no room to enter without its finally: such a call waits for close.
assert len(one.runtime._futures) < 5, len(one.runtime._futures)
one.runtime.close()
assert not one.runtime._futures
print("fine")
"""


def test_a_call_from_almost_too_deep_is_refused() -> None:
    lives(ALMOST_TOO_DEEP)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="since 3.12 calls of C have a limit of their own")
def test_a_call_from_almost_too_deep_ends_the_process_without_the_check() -> None:
    dies("without_machine_code()\nfibercall.check_depth = lambda: True\n" + ALMOST_TOO_DEEP)


DEEP = """
nested = []
for _ in range(30_000):
    nested = [nested]
sys.setrecursionlimit(40_000)
def deep(number):
    try:
        repr(nested)
    except RecursionError:
        pass  # from 3.12 C's recursion has a limit of its own
    return (number,)
"""


def test_deep_recursion_in_c_by_a_host_function_runs_on_the_threads_own_stack() -> None:
    lives(
        DEEP
        + """
one = guest(plain=deep, stack_bytes=256 << 10)
assert one.call_now("plain", 3) == 0
print("fine")
"""
    )


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="since 3.12 C's recursion has a limit of its own")
def test_deep_recursion_in_c_on_the_fiber_ends_the_process() -> None:
    dies(
        DEEP
        + """
first = fiberapi.HostCallback.__init__
def init(self, sampling=None):
    first(self, None)
    def called(*args):
        self.arguments.__init__(*args)
        deep(1)  # a host function called on the fiber
    self.function = fiberapi._CALLBACK(called)
fiberapi.HostCallback.__init__ = init
without_machine_code()
guest(stack_bytes=256 << 10).call_now("plain", 3)
"""
    )


def test_host_functions_run_off_the_fiber() -> None:
    lives("""
    def names(frame):
        while frame:
            yield frame.f_code.co_name
            frame = frame.f_back
    seen = []
    def plain(number):
        seen.append([*names(sys._getframe())])
        return (number,)
    one = guest(plain=plain)
    one.call_now("plain", 3)
    assert len(seen) == 3
    assert all("finish_now" in each and "_poll" not in each for each in seen), seen
    print("fine")
    """)


CLOSED = """
async def main():
    gate = asyncio.Event()
    async def hold(number):
        await gate.wait()
        return (number,)
    one = guest(wait=hold)
    tasks = [asyncio.ensure_future(one.call("run", 50, 1)) for _ in range(20)]
    await asyncio.sleep(0)
    assert len(one.runtime._futures) == 20
    close(one)
    gate.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, GuestTrap) for each in ended), ended
    print("fine")
asyncio.run(main())
"""


def test_a_store_closed_while_calls_are_set_aside() -> None:
    lives("def close(one): one.runtime.close()\n" + CLOSED)


def test_a_store_closed_before_its_futures_ends_the_process() -> None:
    dies(
        """
def close(one):
    one.store.close()
    for future in [*one.runtime._futures]:
        one.runtime._delete_future(future)
"""
        + CLOSED
    )


def test_calls_never_finished_and_loops_closed_meanwhile() -> None:
    lives("""
    async def never(number):
        await asyncio.get_running_loop().create_future()
    async def main():
        one = guest(wait=never)
        tasks = [asyncio.ensure_future(one.call("run", 3, 1)) for _ in range(5)]
        await asyncio.sleep(0)
        return one
    one = asyncio.run(main())
    assert not one.runtime._futures
    started = one.call("run", 3, 1)
    started_too = one.call("run", 3, 1)
    del started
    gc.collect()
    started_too.close()
    one.runtime.close()
    one.runtime.close()
    print("fine")
    """)


ENDLESS = """
text = '''(module (func $f (export "f") (param i32) (result i32)
  (i32.add (i32.const 1) (call $f (local.get 0)))) (func (export "g") (result i32) (i32.const 7)))'''
"""


def test_a_guest_that_recurses_for_ever_traps() -> None:
    lives(
        ENDLESS
        + """
one = guest(text=text)
for _ in range(3):
    try:
        one.call_now("f", 1)
    except GuestTrap as trap:
        assert trap.code == 0, trap
    else:
        raise SystemExit("it returned")
assert one.call_now("g") == 7
print("fine")
"""
    )


def test_a_native_stack_smaller_than_the_guests_is_never_asked_for() -> None:
    dies("""
    import wasmtime
    config = wasmtime.Config()
    config.max_wasm_stack = 64 << 20
    wasmtime.Engine(config)
    """)
    lives("FiberEngine(stack_bytes=64 << 20).close()\nprint('fine')")


def test_start_functions_whose_imports_touch_exports() -> None:
    lives("""
    import bare_fiber
    from stackswitch.backends.wasmtime.instance import ScriptError
    text = '''(module (import "env" "plain" (func $plain (param i32) (result i32)))
      (memory (export "memory") 1) (func $start (drop (call $plain (i32.const 1)))) (start $start))'''
    told, made = [], []
    first = bare_fiber.ModuleInstance.__init__
    def init(self, *args):
        first(self, *args)
        made.append(self)
    bare_fiber.ModuleInstance.__init__ = init
    def plain(number):
        try:
            made[0].extern("memory", "memory")
        except ScriptError as error:
            told.append(str(error))
        return (number,)
    one = guest(plain=plain, text=text)
    assert "start function" in told[0]
    one.instance.extern("memory", "memory")
    print("fine")
    """)


def test_no_memory_is_lost_over_many_calls() -> None:
    lives("""
    from bare_fiber import resident_kib
    async def main():
        async def wait(number):
            await asyncio.sleep(0)
            return (number,)
        one = guest(wait=wait)
        async def some(count):
            for _ in range(count):
                await one.call("run", 5, 2)
                task = asyncio.ensure_future(one.call("run", 5, 1))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()
        await some(1000)
        before = resident_kib()
        await some(5000)
        assert resident_kib() - before < 2000, resident_kib() - before
        assert not one.runtime._futures
        print("fine")
    asyncio.run(main())
    """)
