"""What the backend ``jspi`` of the library has of its own: sockets, memory over them, a child that dies."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

import stackswitch
from stackswitch.guest.guest import Caller

WAT = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32 i64 f64) (result f64)))
  (import "env" "take" (func $take (param i32 i32)))
  (memory (export "memory") 1 3)
  (global (export "counter") (mut i64) (i64.const 7))
  (data (i32.const 16) "hello world")
  (func $twice (result i32) (i32.add (call $wait (i32.const 1)) (call $wait (i32.const 2))))
  (func (export "run") (result i32) (call $twice))
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "plain") (param f64) (result f64)
    (call $plain (i32.const -5) (i64.const 9000000000000) (local.get 0)))
  (func (export "take") (param i32 i32) (call $take (local.get 0) (local.get 1)))
  (func (export "two") (result i32 i64) (i32.const 1) (i64.const -2))
  (func $bad (export "trap") unreachable)
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "spin") (loop (br 0))))"""


async def wait(_caller: Caller, number: int) -> int:
    await asyncio.sleep(0)
    return number * 10


def plain(_caller: Caller, *_args: Any) -> float:
    return 0.5


async def take(_caller: Caller, *_args: Any) -> None:
    await asyncio.sleep(0)


async def opened(**functions: Any) -> stackswitch.Guest:
    given = {"wait": wait, "plain": plain, "take": take} | functions
    imports = {f"env.{name}": function for name, function in given.items()}
    return await stackswitch.open(WAT, backend="jspi", imports=imports)


def in_loop(test: Any) -> Any:
    def run() -> None:
        asyncio.run(test())

    run.__name__ = test.__name__
    return run


@in_loop
async def test_values_cross_as_they_are() -> None:
    seen: list[tuple[Any, ...]] = []

    def note(caller: Caller, *args: Any) -> float:
        seen.append((*args, caller.memory.read(16, 5)))
        caller.memory.write(16, b"J")
        return args[2] * 2

    async with await opened(plain=note) as guest:
        assert await guest.call("run") == 30
        assert await guest.call("two") == (1, -2)
        assert await guest.call("plain", 1.25) == 2.5
        assert seen == [(-5, 9000000000000, 1.25, b"hello")]
        assert guest.memory.read(16, 11) == b"Jello world"
        assert guest.get_global("counter") == 7
        guest.set_global("counter", -1 << 62)
        assert guest.get_global("counter") == -1 << 62


@in_loop
async def test_slices_of_memory_come_with_the_call() -> None:
    asked: list[bytes] = []

    @stackswitch.reads((0, 1))
    async def read(caller: Caller, at: int, size: int) -> None:
        child = caller.guest._instance.child  # type: ignore[union-attr]
        round_trips, child.read_now = child.read_now, None  # a round trip would fail
        asked.append(caller.memory.read(at, size))
        child.read_now = round_trips
        caller.memory.write(at, b"J")
        asked.append(caller.memory.read(at, size))

    async with await opened(take=read) as guest:
        await guest.call("take", 16, 11)
        assert asked == [b"hello world", b"Jello world"]
        await guest.call("take", 65530, 2)
        asked.clear()
        with pytest.raises(stackswitch.GuestMemoryError, match=r"not within the 65536 bytes"):
            await guest.call("take", 65530, 11)


@in_loop
async def test_the_host_function_runs_in_the_callers_task() -> None:
    name = contextvars.ContextVar("name", default="none")
    seen: list[object] = []

    async def look(_caller: Caller, number: int) -> int:
        seen.append((asyncio.current_task(), name.get()))
        await asyncio.sleep(0)
        return number

    async with await opened(wait=look) as guest:
        name.set("ours")
        await guest.call("wait", 1)
        assert seen == [(asyncio.current_task(), "ours")]


@in_loop
async def test_an_exception_is_the_very_one_with_the_stack_as_a_note() -> None:
    error = ValueError("thirteen")

    async def fail(_caller: Caller, number: int) -> int:
        await asyncio.sleep(0)
        if number == 2:
            raise error
        return number

    def fail_now(_caller: Caller, *_args: Any) -> float:
        raise error

    async with await opened(wait=fail, plain=fail_now) as guest:
        with pytest.raises(ValueError, match="thirteen") as caught:
            await guest.call("run")
        assert caught.value is error
        (note,) = error.__notes__
        assert "raised by env.wait, called from the guest's export run\n  in twice at 0x" in note
        with pytest.raises(ValueError, match="thirteen"):
            await guest.call("plain", 1.0)
        assert await guest.call("wait", 3) == 3


@in_loop
async def test_a_trap_has_names_and_offsets() -> None:
    async with await opened() as guest:
        with pytest.raises(stackswitch.GuestTrapError) as caught:
            await guest.call("trap")
        assert caught.value.kind == "unreachable"
        assert caught.value.frames[0].function == "bad"
        assert caught.value.frames[0].offset > 0
        assert await guest.call("run") == 30


@in_loop
async def test_a_call_that_is_cancelled_leaves_the_guest_fit() -> None:
    begun = asyncio.Event()

    async def long(_caller: Caller, number: int) -> int:
        if number == 9:
            begun.set()
            await asyncio.sleep(60)
        return number

    async with await opened(wait=long) as guest:
        task = asyncio.ensure_future(guest.call("wait", 9))
        await begun.wait()
        (suspended,) = guest.suspended()
        assert (suspended.import_name, suspended.export) == ("env.wait", "wait")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert guest.poisoned is None
        assert await guest.call("wait", 3) == 3


@in_loop
async def test_a_guest_that_computes_for_ever_is_ended_and_others_are_not() -> None:
    async with await opened() as other, await opened() as guest:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(guest.call("spin"), 0.1)
        assert await other.call("run") == 30  # the loop turned meanwhile
        with pytest.raises(stackswitch.GuestStateError, match="still computed after 1 s"):
            await guest.call("run")
        assert guest.poisoned is not None
        assert await other.call("run") == 30


@in_loop
async def test_a_child_that_is_killed_fails_the_call_with_its_signal() -> None:
    async def kill(caller: Caller, _number: int) -> int:
        os.kill(caller.guest._instance.child.stream.pid, signal.SIGKILL)  # type: ignore[union-attr]
        await asyncio.sleep(0.05)
        return 1

    async with await opened(wait=kill) as guest:
        with pytest.raises(stackswitch.StackswitchError, match="SIGKILL"):
            await guest.call("run")


@in_loop
async def test_an_export_is_called_from_a_host_function_of_either_kind() -> None:
    async def again(caller: Caller, number: int) -> int:
        return int(await caller.invoke("wait", number - 1)) + 1 if number else 100

    def again_now(caller: Caller, *_args: Any) -> float:
        return float(caller.invoke_now("two")[1])

    async with await opened(wait=again, plain=again_now) as guest:
        assert await guest.call("wait", 5) == 105
        assert await guest.call("plain", 0.0) == -2.0

    def waits(caller: Caller, *_args: Any) -> float:
        return float(caller.invoke_now("wait", 1))

    async with await opened(plain=waits) as guest:
        with pytest.raises(stackswitch.SuspendRefusedError):
            await guest.call("plain", 0.0)
        assert await guest.call("run") == 30


C_STACK = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 4)
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (func $run (export "run") (param $number i32) (result i32) (local $frame i32)
    (local.set $frame (i32.sub (global.get $__stack_pointer) (i32.const 64)))
    (global.set $__stack_pointer (local.get $frame))
    (i32.store (local.get $frame) (local.get $number))
    (drop (call $wait (local.get $number)))
    (drop (call $wait (local.get $number)))
    (global.set $__stack_pointer (i32.add (local.get $frame) (i32.const 64)))
    (i32.load (local.get $frame))))"""


@in_loop
async def test_calls_at_once_have_a_c_stack_each() -> None:
    async def out_of_order(_caller: Caller, number: int) -> int:
        await asyncio.sleep(number * 37 % 11 / 1000)
        if number == 17:
            raise ValueError("seventeen")
        return number

    imports = {"env.wait": out_of_order}
    async with await stackswitch.open(C_STACK, backend="jspi", imports=imports, concurrent=True) as guest:
        for _ in range(3):
            calls = [guest.call("run", number) for number in range(40)]
            found = await asyncio.gather(*calls, return_exceptions=True)
            failed = found.pop(17)
            assert isinstance(failed, ValueError)
            assert "in run at 0x" in failed.__notes__[-1]
            assert found == [number for number in range(40) if number != 17]
        offset = int(failed.__notes__[-1].rpartition("0x")[2], 16)
        assert wat2wasm(C_STACK)[offset] == 0x10  # a call


@in_loop
async def test_memory_that_grows_is_seen() -> None:
    async with await opened() as guest:
        assert len(guest.memory) == 65536
        assert await guest.call("grow") == 1
        assert len(guest.memory) == 131072
        assert guest.memory.grow(1) == 131072
        guest.memory.write(196600, b"end")
        assert guest.memory.read(196600, 3) == b"end"
        with pytest.raises(stackswitch.GuestMemoryError):
            guest.memory.grow(1)


@in_loop
async def test_large_memory_crosses_both_ways() -> None:
    big = b'(module (memory (export "memory") 200))'
    data = bytes(range(256)) * 40_000
    async with await stackswitch.open(big, backend="jspi") as guest:
        guest.memory.write(100, data)
        assert guest.memory.read(100, len(data)) == data


@pytest.mark.parametrize("value", ["seven", 1 << 32, 1.5, None, (1, 2)])
def test_a_wrong_result_is_a_type_error(value: object) -> None:
    async def wrong(_caller: Caller, _number: int) -> object:
        await asyncio.sleep(0)
        return value

    async def body() -> None:
        async with await opened(wait=wrong) as guest:
            with pytest.raises(stackswitch.GuestTypeError, match=r"env\.wait"):
                await guest.call("run")
            assert await guest.call("two") == (1, -2)

    asyncio.run(body())


def test_what_calls_leave_behind_makes_the_child_no_larger(tmp_path: Path) -> None:
    script = tmp_path / "host.mjs"
    script.write_text(
        """import v8 from "node:v8";
        export async function wait() {
          const kept = [];
          for (let i = 0; i < 1e6; i++) kept[i % 50000] = { of: [i] };
          return v8.getHeapSpaceStatistics().find((each) => each.space_name === "new_space").space_size;
        }""",
        "utf-8",
    )

    async def body() -> None:
        async with await opened(wait=stackswitch.JavaScript(str(script), "wait")) as guest:
            assert 0 < await guest.call("wait", 0) <= 8 << 20

    asyncio.run(body())


def test_a_host_function_may_be_javascript(tmp_path: Path) -> None:
    script = tmp_path / "host.mjs"
    script.write_text(
        """export async function wait(caller, number) {
          if (number === 13) throw new Error("thirteen");
          await new Promise((done) => setTimeout(done, 1));
          return new Uint8Array(caller.memory.buffer)[16] + number;
        }
        export const missing = 7;""",
        "utf-8",
    )

    async def body() -> None:
        async with await opened(wait=stackswitch.JavaScript(str(script), "wait")) as guest:
            assert await guest.call("run") == 2 * ord("h") + 3
            with pytest.raises(stackswitch.GuestError, match="thirteen"):
                await guest.call("wait", 13)
            assert await guest.call("wait", 1) == ord("h") + 1
        with pytest.raises(stackswitch.GuestError, match="exports no function missing"):
            await opened(wait=stackswitch.JavaScript(str(script), "missing"))

    asyncio.run(body())


def test_the_loop_closed_while_a_call_waits_leaves_no_process() -> None:
    async def begin() -> int:
        guest = await opened(wait=lambda_wait)
        task = asyncio.ensure_future(guest.call("run"))
        await asyncio.sleep(0.05)
        assert not task.done()
        return guest._instance.child.stream.pid  # type: ignore[union-attr]

    async def lambda_wait(_caller: Caller, number: int) -> int:
        await asyncio.sleep(60)
        return number

    loop = asyncio.new_event_loop()
    pid = loop.run_until_complete(begin())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
    del task
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


HOARD = b"""(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\00\\10\\00\\00")
  (func (export "hoard") (result i32)
    (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (memory.size))
  (func (export "write") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""


def test_memory_and_output_stay_within_their_limits(run: Any, tmp_path: Path) -> None:
    async def main() -> None:
        wasi = stackswitch.Wasi(max_output_bytes=10_000)
        reads = stackswitch.Wasi(dirs={"/data": tmp_path}, readonly=True)
        limits: dict[str, Any] = {"backend": "jspi", "wasi": wasi, "max_memory": 5 << 16}
        async with await stackswitch.open(HOARD, **limits) as guest:
            assert await guest.call("hoard") == 5
            kept = []
            for _ in range(5):
                await guest.call("write")
                kept.append(len(guest.stdout))
            assert kept == [4096, 8192, 12288, 12288, 12288]
        with pytest.raises(stackswitch.errors.GuestError, match="begin with 65536 bytes"):
            await stackswitch.open(HOARD, **limits | {"max_memory": 1000})
        with pytest.raises(stackswitch.errors.GuestError, match="writing into its folders"):
            await stackswitch.open(HOARD, **limits | {"wasi": reads})

    run(main())
