"""Signal handlers that raise while guests run: each exception reaches whoever awaits the call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

Lives = Callable[..., None]
Ran = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=("asyncify", "fiber"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


FIRST_STEP = """
SPINNING = b'''(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (func $spin (local $n i32) (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $l (i32.lt_u (local.get $n) (i32.const 2000000)))))
  (func (export "plain") (param i32) (result i32) (call $spin) (call $plain (local.get 0)))
  (func (export "wait") (param i32) (result i32) (call $spin) (call $wait (local.get 0))))'''
class Rang(KeyboardInterrupt):
    pass
def ring(*_):
    raise Rang
async def main():
    signal.signal(signal.SIGALRM, ring)
    one = await guest(SPINNING)
    await one.call("plain", 1), await one.call("wait", 1)
    for _ in range(5):
        for export in ("plain", "wait"):
            call = one.call(export, 1)
            try:
                # It rings while the guest computes, and Python hears it when it is called next: by the guest.
                signal.setitimer(signal.ITIMER_REAL, 0.0001)
                call.send(None)
                time.sleep(0.02)  # a fiber may be back before it rings
            except Rang:
                call.close()
            else:
                raise SystemExit("it was lost")
    assert one.poisoned is None
    assert await one.call("plain", 3) == 3 and await one.call("wait", 4) == 4
    await one.aclose()
asyncio.run(main())
print("fine")
"""


UNGUARDED = """
from stackswitch.backends.wasmtime import engine
from stackswitch.backends.wasmtime.asyncify import fast_path, imports
engine.guarded = imports.guarded = fast_path.guarded = lambda function: function
"""


def test_a_signal_heard_in_a_callbacks_first_step(lives: Lives, backend: str) -> None:
    lives(backend, FIRST_STEP)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 does not ask for signals before a try")
def test_without_the_guard_it_is_lost_or_ends_the_process(ran: Ran) -> None:
    """ctypes prints the exception and returns what lay in memory as the trap: seen to end in free()."""
    done = ran("asyncify", UNGUARDED + FIRST_STEP)
    assert done.returncode
    assert "callback" in done.stderr, done.stderr[-2000:]


def test_signals_that_raise_in_the_midst_of_calls(lives: Lives, backend: str) -> None:
    lives(
        backend,
        """
        class Rang(Exception):
            pass
        def ring(_, frame):
            # In the loop's own code nobody could catch it: it is to ring while main runs, within its try.
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
            end = time.monotonic() + 2
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
