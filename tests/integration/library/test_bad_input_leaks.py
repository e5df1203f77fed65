"""All that hosts and guests do wrong, on every backend, over and over: typed errors, and no memory lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow

ROWS = """
import contextlib
STARTING = b'''(module (import "env" "wait" (func $w (param i32) (result i32)))
  (func $s (drop (call $w (i32.const 5)))) (start $s))'''
what = None

async def wait(caller, number):
    if what == "close":
        await caller.guest.aclose()
    if what == "call":
        return await caller.guest.call("one")
    if what == "bounds":
        return caller.memory.read(number, 1 << 20)[0]
    if what == "interrupt at once":
        raise KeyboardInterrupt
    await asyncio.sleep(0)
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "never":
        await asyncio.get_running_loop().create_future()
    return "wrong" if what == "type" else number

def plain(caller, number):
    if what == "interrupt":
        raise KeyboardInterrupt
    return "wrong" if what == "type" else wait(caller, number) if what == "coroutine" else number

@contextlib.asynccontextmanager
async def fresh(**options):
    one = await guest(wait=wait, plain=plain, **options)
    try:
        yield one
    finally:
        await one.aclose()

async def missing(one):
    error = await raises(ImportsError, stackswitch.open(GUEST, backend=BACKEND))
    assert error.missing == ("env.wait", "env.plain")

async def signatures(one):
    error = await raises(ImportsError, guest(wait=lambda caller: 1, plain=7), "env.wait")
    assert "env.plain" in str(error)

async def outside_a_call(one):
    if BACKEND == "fiber":
        await (await guest(STARTING)).aclose()
    else:
        await raises(GuestError, guest(STARTING))

async def wrong_type(one):
    for export in ("run", "plain"):
        await raises(GuestTypeError, one.call(export, 1), "env.")

async def coroutine_of_a_plain_function(one):
    await raises(GuestTypeError, one.call("plain", 1))

async def closes(one):
    async with fresh() as other:
        await raises(GuestStateError, other.call("run", 1))

async def interrupts(one):
    # Within a task it would end the loop, which is right, and not what is asked here.
    for export in ("run", "plain"):
        try:
            await one.call(export, 1)
        except KeyboardInterrupt:
            continue
        raise SystemExit(f"{export} went on")

async def calls_back(one):
    await raises(GuestStateError, one.call("run", 1), "caller.invoke")

async def never_returns(one):
    await raises(asyncio.TimeoutError, asyncio.wait_for(one.call("run", 1), 0.005))

async def recurses(one):
    error = await raises(GuestTrapError, one.call("recurse", 1))
    assert error.kind == "stack-overflow"

async def allocates(one):
    async with fresh(max_memory=4 << 20) as other:
        assert await other.call("hoard") <= 64

async def loops(one):
    async with fresh(deadline_s=0.03) as other:
        await raises(GuestTimeoutError, other.call("spin"))

async def out_of_bounds(one):
    await raises(GuestMemoryError, one.call("run", 1))
    await raises(GuestTrapError, one.call("trap"))

async def loop_closed(one):
    def elsewhere():
        async def left():
            other = await guest(wait=wait)
            task = asyncio.ensure_future(other.call("run", 1))
            await asyncio.sleep(0.02)
        asyncio.run(left())
    await asyncio.to_thread(elsewhere)

async def forks(one):
    child = os.fork()
    if not child:
        try:
            await raises(GuestStateError, one.call("one"), "forked")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

async def threads(one):
    def elsewhere():
        asyncio.run(raises(GuestStateError, one.call("one"), "another event loop"))
    await asyncio.to_thread(elsewhere)

CHEAP, DEAR = (24, 2) if BACKEND == "jspi" else (40, 4)  # there each of the dear ones starts Node
TABLE = [
    (missing, None, CHEAP), (signatures, None, CHEAP), (outside_a_call, None, DEAR),
    (wrong_type, "type", CHEAP),
    (coroutine_of_a_plain_function, "coroutine", CHEAP), (closes, "close", DEAR),
    (interrupts, "interrupt", CHEAP), (interrupts, "interrupt at once", CHEAP), (calls_back, "call", CHEAP),
    (never_returns, "never", CHEAP // 2), (recurses, None, DEAR * 2), (allocates, None, DEAR),
    (loops, None, DEAR if BACKEND != "jspi" else 1), (out_of_bounds, "bounds", CHEAP),
    (loop_closed, "never", DEAR), (forks, None, DEAR), (threads, None, DEAR),
]

async def again(row, one, count):
    for _ in range(count):
        await row(one)

async def main():
    global what
    one, other = await guest(wait=wait, plain=plain), await guest()
    gc.freeze()  # what is there stays there: to look through it 40 times is half of all this takes
    for row, of, count in TABLE:
        if of == "interrupt at once" and row is interrupts:
            async def row(one):
                try:
                    await one.call("run", 1)
                except KeyboardInterrupt:
                    return
                raise SystemExit("it went on")
            row.__name__ = "interrupts at once"
        grown = []
        for round in range(6):
            before, what = rss(), of
            await again(row, one, count)
            what = None
            grown.append(rss() - before)
            if round and grown[-1] < 120:
                break
        else:  # it grew in each round
            raise SystemExit(f"{row.__name__} leaves something behind: {grown} KiB in rounds of {count}")
        assert await other.call("run", 1) == 2, row.__name__
        assert await one.call("run", 2) == 3, row.__name__
        assert one.get_global("__stack_pointer") == 65536, row.__name__
    await one.aclose()
    await other.aclose()

asyncio.run(main())
print("fine")
"""


@pytest.mark.parametrize("backend", ["asyncify", "fiber", "jspi"])
def test_each_ends_in_its_error_and_leaves_no_memory_behind(lives: Callable[..., None], backend: str) -> None:
    lives(backend, ROWS, timeout=300)
