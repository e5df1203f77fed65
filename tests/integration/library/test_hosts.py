"""The same host functions on every backend: what a user writes, and what the guest sees of it."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

import stackswitch
from stackswitch.errors import BackendUnavailableError

BACKENDS = ("asyncify", "fiber", "jspi")

GUEST = b"""(module
  (import "env" "fetch" (func $fetch (param i32 i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (import "env" "numbers" (func $numbers (param i32 i64 f32 f64) (result i64)))
  (import "env" "pair" (func $pair (param i32) (result i32 i64)))
  (import "env" "nothing" (func $nothing))
  (import "env" "back" (func $back (param i32) (result i32)))
  (memory (export "memory") 2 5)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (data (i32.const 64) "http://localhost/\\00")
  (func $push (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (global.get $sp))
  (func $pop (global.set $sp (i32.add (global.get $sp) (i32.const 16))))
  (func (export "fetch") (param i32) (result i32) (local $frame i32) (local $got i32)
    (local.set $frame (call $push))
    (i32.store (local.get $frame) (local.get 0))
    (local.set $got (call $fetch (i32.const 64) (i32.const 17)))
    (local.set $got (i32.add (local.get $got) (i32.load (local.get $frame))))
    (call $pop)
    (local.get $got))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $fetch (i32.const 64) (i32.const 17)))
      (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
  (func (export "numbers") (param i32 i64 f32 f64) (result i64)
    (call $numbers (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "pair") (param i32) (result i32 i64) (call $pair (local.get 0)))
  (func (export "nothing") (call $nothing))
  (func (export "back") (param i32) (result i32) (call $back (local.get 0)))
  (func (export "double") (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0)))
  (func $unlucky (export "unlucky") (unreachable))
  (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "echo") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0)))"""


class Hosts:
    """Host functions that note what they were given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.outcome: Any = 5
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, caller: stackswitch.Caller, at: int, size: int) -> int:
        self.seen.append(caller.memory.read_string(at, size))
        await self.gate.wait()
        await asyncio.sleep(0)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        result: int = self.outcome
        return result

    def plain(self, caller: stackswitch.Caller, number: int) -> int:
        self.seen.append((caller.export, number))
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        result: int = self.outcome
        return result

    async def numbers(self, caller: stackswitch.Caller, a: int, b: int, c: float, d: float) -> int:
        self.seen.append((a, b, c, d))
        await asyncio.sleep(0)
        return b

    async def pair(self, caller: stackswitch.Caller, number: int) -> tuple[int, int]:
        await asyncio.sleep(0)
        return number, -number

    async def nothing(self, caller: stackswitch.Caller) -> None:
        self.seen.append("nothing")
        await asyncio.sleep(0)

    async def back(self, caller: stackswitch.Caller, number: int) -> int:
        await asyncio.sleep(0)
        first: int = await caller.invoke("double", number)
        second: int = await caller.invoke("fetch", 1)
        return first + second

    def imports(self) -> dict[str, Any]:
        return {
            f"env.{name}": getattr(self, name)
            for name in ("fetch", "plain", "numbers", "pair", "nothing", "back")
        }


@contextlib.asynccontextmanager
async def opened(backend: str, hosts: Hosts, source: bytes = GUEST, **options: Any) -> AsyncIterator[Any]:
    options.setdefault("imports", hosts.imports())
    try:
        guest = await stackswitch.open(source, backend=backend, **options)
    except BackendUnavailableError as error:
        pytest.skip(f"{backend}: {error}")
    async with guest:
        yield guest


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_a_coroutine_suspends_and_its_result_comes_back(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            assert guest.backend == backend
            assert await guest.call("fetch", 100) == 105
            assert await guest.call("deep", 50) == 55
            assert hosts.seen == ["http://localhost/"] * 2

    asyncio.run(main())


def test_values_are_pythons_by_the_modules_types(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            assert await guest.call("numbers", -1, -(2**63), 0.5, math.pi) == -(2**63)
            assert await guest.call("numbers", 2**32 - 1, 2**63, 1, 2) == -(2**63)
            assert hosts.seen == [(-1, -(2**63), 0.5, math.pi), (-1, -(2**63), 1.0, 2.0)]
            assert await guest.call("pair", 7) == (7, -7)
            assert await guest.call("nothing") is None
            assert await guest.call("echo", 1, 2, 0.25, math.inf) == (math.inf, 0.25, 2, 1)

    asyncio.run(main())


def test_plain_functions_answer_at_once(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            assert await guest.call("plain", 3) == 5
            assert hosts.seen == [("plain", 3)]

    asyncio.run(main())


def test_the_event_loop_goes_on_while_a_call_waits(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.gate.clear()
        async with opened(backend, hosts) as guest:
            task = asyncio.ensure_future(guest.call("fetch", 1))
            for _ in range(200):
                await asyncio.sleep(0.001)
                if hosts.seen:
                    break
            (waiting,) = guest.suspended()
            assert (waiting.export, waiting.import_name) == ("fetch", "env.fetch")
            assert waiting.waiting_s >= 0
            hosts.gate.set()
            assert await task == 6
            assert guest.suspended() == []

    asyncio.run(main())


def test_calls_take_turns(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            found = await asyncio.gather(*(guest.call("fetch", each) for each in range(20)))
            assert found == [5 + each for each in range(20)]
            assert guest.get_global("__stack_pointer") == 65536

    asyncio.run(main())


def test_calls_at_once_have_stacks_of_their_own(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.gate.clear()
        async with opened(backend, hosts, concurrent=True) as guest:
            tasks = [asyncio.ensure_future(guest.call("fetch", each)) for each in (10, 20, 30)]
            for _ in range(500):
                await asyncio.sleep(0.001)
                if len(hosts.seen) == 3:
                    break
            assert len(guest.suspended()) == 3
            hosts.gate.set()
            assert await asyncio.gather(*tasks) == [15, 25, 35]
            assert guest.get_global("__stack_pointer") == 65536

    asyncio.run(main())


@pytest.mark.parametrize("export", ["fetch", "plain"])
def test_an_exception_reaches_the_caller_with_the_guests_stack(backend: str, export: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.outcome = error = LookupError("no such page")
        async with opened(backend, hosts) as guest:
            with pytest.raises(LookupError) as caught:
                await guest.call(export, 1)
            assert caught.value is error
            (note,) = error.__notes__  # type: ignore[attr-defined]
            assert f"env.{export}" in note
            assert "func[" in note or export in note
            hosts.outcome = 5
            assert await guest.call("fetch", 1) == 6
            assert guest.get_global("__stack_pointer") == 65536

    asyncio.run(main())


def test_a_result_of_the_wrong_type(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            for wrong in ("text", None, 1.5, 2**40, (1, 2)):
                hosts.outcome = wrong
                for export in ("fetch", "plain"):
                    with pytest.raises(stackswitch.GuestTypeError, match=f"env.{export}"):
                        await guest.call(export, 1)
            hosts.outcome = 5
            assert await guest.call("fetch", 1) == 6

    asyncio.run(main())


def test_arguments_of_the_wrong_type(backend: str) -> None:
    async def main() -> None:
        async with opened(backend, Hosts()) as guest:
            for args in ((), (1, 2), ("1",), (1.5,), (2**32,), (-(2**31) - 1,), (None,)):
                with pytest.raises(stackswitch.GuestTypeError):
                    await guest.call("fetch", *args)
            with pytest.raises(stackswitch.ConfigError, match="fetch"):
                await guest.call("fetsh", 1)
            assert await guest.call("fetch", 1) == 6

    asyncio.run(main())


def test_a_trap_is_an_error_with_frames(backend: str) -> None:
    async def main() -> None:
        async with opened(backend, Hosts()) as guest:
            with pytest.raises(stackswitch.GuestTrapError) as caught:
                await guest.call("unlucky")
            assert caught.value.kind == "unreachable"
            assert caught.value.frames
            with pytest.raises(stackswitch.GuestTrapError) as caught:
                await guest.call("store", -4, 1)
            assert caught.value.kind == "memory-out-of-bounds"
            assert await guest.call("double", 4) == 8

    asyncio.run(main())


def test_cancelling_leaves_the_instance_whole(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.gate.clear()
        async with opened(backend, hosts) as guest:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(guest.call("fetch", 1), 0.05)
            assert guest.get_global("__stack_pointer") == 65536
            hosts.gate.set()
            assert guest.poisoned is None
            assert await guest.call("fetch", 1) == 6

    asyncio.run(main())


def test_memory(backend: str) -> None:
    async def main() -> None:
        async with opened(backend, Hosts()) as guest:
            memory = guest.memory
            assert len(memory) == 2 * 65536
            assert memory.read_string(64) == "http://localhost/"
            memory.write(1000, b"bytes")
            assert memory.read(1000, 5) == b"bytes"
            assert memory.write_string(2000, "żółw") == 8
            assert memory.read_string(2000) == "żółw"
            assert memory.pack("iqd", 3000, -1, 2, 0.5) == 20
            assert memory.unpack("iqd", 3000) == (-1, 2, 0.5)
            await guest.call("store", 3000, 77)
            assert memory.unpack("i", 3000) == (77,)
            assert memory.grow(1) == 2 * 65536
            assert len(memory) == 3 * 65536
            for at, size in ((3 * 65536, 1), (-1, 1), (0, 4 * 65536), (3 * 65536 - 2, 3)):
                with pytest.raises(stackswitch.GuestMemoryError):
                    memory.read(at, size)
                with pytest.raises(stackswitch.GuestMemoryError):
                    memory.write(at, bytes(size))
            with pytest.raises(stackswitch.GuestMemoryError):
                memory.grow(1000)
            with pytest.raises(stackswitch.GuestMemoryError):
                memory.read(0, -1)

    asyncio.run(main())


def test_host_functions_call_back_into_the_guest(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        async with opened(backend, hosts) as guest:
            assert await guest.call("back", 20) == 40 + 6
            assert guest.get_global("__stack_pointer") == 65536

    asyncio.run(main())


def test_globals(backend: str) -> None:
    async def main() -> None:
        async with opened(backend, Hosts()) as guest:
            guest.set_global("__stack_pointer", 60000)
            assert guest.get_global("__stack_pointer") == 60000
            with pytest.raises(stackswitch.GuestTypeError):
                guest.set_global("__stack_pointer", "x")
            with pytest.raises(stackswitch.ConfigError):
                guest.get_global("other")

    asyncio.run(main())


def test_a_closed_guest_says_so(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.gate.clear()
        async with opened(backend, hosts) as guest:
            task = asyncio.ensure_future(guest.call("fetch", 1))
            waiting = asyncio.ensure_future(guest.call("fetch", 2))
            for _ in range(500):
                await asyncio.sleep(0.001)
                if hosts.seen:
                    break
            memory = guest.memory
            await guest.aclose()
            for each in (task, waiting):
                with pytest.raises(stackswitch.GuestStateError):
                    await each
            with pytest.raises(stackswitch.GuestStateError):
                await guest.call("double", 1)
            with pytest.raises(stackswitch.GuestStateError):
                memory.read(0, 1)
            await guest.aclose()

    asyncio.run(main())


def test_missing_imports_are_named_all_at_once(backend: str) -> None:
    async def main() -> None:
        hosts = Hosts()
        imports = hosts.imports()
        del imports["env.fetch"], imports["env.pair"]
        with pytest.raises(stackswitch.ImportsError) as caught:
            async with opened(backend, hosts, imports=imports):
                pass
        assert caught.value.missing == ("env.fetch", "env.pair")
        imports = {**hosts.imports(), "env.fetch": lambda caller: 1, "env.plain": 7}
        with pytest.raises(stackswitch.ImportsError, match=r"(?s)env\.fetch.*2 arguments.*env\.plain"):
            async with opened(backend, hosts, imports=imports):
                pass

    asyncio.run(main())
