"""References, vectors, memories: what a module may have beside numbers, on every backend."""

from __future__ import annotations

import asyncio
import subprocess
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import stackswitch

EXTERNS = b"""(module
  (import "env" "wait" (func $wait (param externref i32) (result externref)))
  (import "env" "plain" (func $plain (param externref) (result externref)))
  (import "env" "same" (func $same (param externref externref) (result i32)))
  (table $kept 4 externref)
  (func (export "wait") (param externref i32) (result externref)
    (call $wait (local.get 0) (local.get 1)))
  (func (export "plain") (param externref) (result externref) (call $plain (local.get 0)))
  (func (export "keep") (param i32 externref) (table.set $kept (local.get 0) (local.get 1)))
  (func (export "kept") (param i32) (result externref) (table.get $kept (local.get 0)))"""
HELD = b"""
  (func (export "held") (param $n i32) (result i32) (local $first externref)
    (local.set $first (call $plain (ref.null extern)))
    (loop $more
      (drop (call $plain (ref.null extern)))
      (drop (call $wait (ref.null extern) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $more (local.get $n)))
    (call $same (local.get $first) (local.get $first)))"""
FUNCTIONS = b"""(module
  (import "env" "wait" (func $wait (param funcref) (result funcref)))
  (type $n (func (result i32)))
  (table $t 2 funcref)
  (elem declare func $seven)
  (func $seven (result i32) (i32.const 7))
  (func (export "seven") (result funcref) (ref.func $seven))
  (func (export "call") (param funcref) (result i32)
    (table.set $t (i32.const 0) (local.get 0)) (call_indirect $t (type $n) (i32.const 0)))
  (func (export "wait") (param funcref) (result funcref) (call $wait (local.get 0))))"""
VECTORS = b"""(module
  (import "env" "wait" (func $wait (param v128 i32) (result v128)))
  (func (export "add") (param v128 i32) (result v128)
    (i8x16.add (call $wait (local.get 0) (local.get 1)) (i8x16.splat (i32.const 1)))))"""
STRUCTS = b"""(module
  (type $box (struct (field i32)))
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (func (export "one") (result i32) (struct.get $box 0 (struct.new $box (i32.const 1))))
  (func (export "run") (param i32) (result i32) (local $box (ref null $box))
    (local.set $box (struct.new $box (i32.const 40)))
    (i32.add (call $wait (local.get 0)) (struct.get $box 0 (local.get $box)))))"""


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class Thing:
    """Any object."""


async def wait(caller: stackswitch.Caller, value: Any, *_: object) -> Any:
    await asyncio.sleep(0)
    return value


def at_once(caller: stackswitch.Caller, value: Any, *_: object) -> Any:
    return value


def waiting(backend: str) -> Callable[..., Any]:
    """Return what waits, where references may lie in a frame meanwhile: Asyncify does not save them."""
    return at_once if backend == "asyncify" else wait


def test_objects_go_through_the_guest_and_come_back(backend: str) -> None:
    async def main() -> None:
        imports: dict[str, Any] = {"env.plain": lambda _, each: [each], "env.same": lambda _, a, b: a is b}
        imports["env.wait"] = waiting(backend)
        async with await stackswitch.open(EXTERNS + b")", backend=backend, imports=imports) as guest:
            thing = Thing()
            assert await guest.call("wait", thing, 1) is thing
            assert await guest.call("wait", None, 1) is None
            (got,) = await guest.call("plain", thing)
            assert got is thing
            await guest.call("keep", 2, thing)
            for each in range(1000):
                await guest.call("plain", each)
            assert await guest.call("kept", 2) is thing
            assert await guest.call("kept", 1) is None

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["fiber", "jspi"])
def test_objects_in_frames_that_are_set_aside_stay_what_they_are(backend: str) -> None:
    """On fibers each one's root was dropped twice, which ended the process after some ten thousand."""

    async def main() -> None:
        made: list[Thing] = []

        def plain(caller: stackswitch.Caller, _: object) -> Thing:
            made.append(Thing())
            return made[-1]

        def same(caller: stackswitch.Caller, one: object, two: object) -> bool:
            return one is two is made[0]

        imports = {"env.wait": wait, "env.plain": plain, "env.same": same}
        async with await stackswitch.open(EXTERNS + HELD + b")", backend=backend, imports=imports) as guest:
            assert await guest.call("held", 15_000 if backend == "fiber" else 500) == 1

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncify", "fiber"])
def test_functions_are_handed_back_to_the_same_guest_only(backend: str) -> None:
    async def main() -> None:
        imports = {"env.wait": waiting(backend)}
        async with (
            await stackswitch.open(FUNCTIONS, backend=backend, imports=imports) as guest,
            await stackswitch.open(FUNCTIONS, backend=backend, imports=imports) as other,
        ):
            seven = await guest.call("seven")
            assert await guest.call("call", seven) == 7
            assert await guest.call("wait", seven) == seven
            assert await guest.call("wait", None) is None
            with pytest.raises(stackswitch.GuestTrapError):
                await guest.call("call", None)
            for wrong, whose in ((seven, other), (7, guest), (len, guest)):
                with pytest.raises(stackswitch.GuestTypeError, match="funcref"):
                    await whose.call("call", wrong)
                with pytest.raises(stackswitch.GuestTypeError, match="funcref"):
                    await whose.call("wait", wrong)

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncify", "fiber"])
def test_vectors_are_bytes(backend: str) -> None:
    async def main() -> None:
        imports = {"env.wait": wait}
        async with await stackswitch.open(VECTORS, backend=backend, imports=imports) as guest:
            assert await guest.call("add", bytes(range(16)), 1) == bytes(range(1, 17))
            assert await guest.call("add", bytearray(16), 1) == b"\1" * 16
            for wrong in (bytes(15), "x" * 16, 3):
                with pytest.raises(stackswitch.GuestTypeError, match="16 bytes"):
                    await guest.call("add", wrong, 1)

    asyncio.run(main())


@pytest.mark.parametrize("source", [VECTORS, FUNCTIONS], ids=["v128", "funcref"])
def test_what_cannot_cross_to_node_is_refused(source: bytes) -> None:
    async def main() -> None:
        with pytest.raises(stackswitch.GuestError, match="cannot cross between Python and Node"):
            await stackswitch.open(source, backend="jspi", imports={"env.wait": wait})
        async with await stackswitch.open(source, imports={"env.wait": wait}) as guest:
            assert guest.backend == "fiber"

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["fiber", "jspi"])
def test_structs_in_frames(backend: str) -> None:
    async def main() -> None:
        inside: Callable[[stackswitch.Caller], Any] = lambda caller: None  # noqa: E731

        async def host(caller: stackswitch.Caller, number: int) -> int:
            await asyncio.sleep(0)
            found = inside(caller)
            return number + (await found if asyncio.iscoroutine(found) else found or 0)

        async with await stackswitch.open(STRUCTS, backend=backend, imports={"env.wait": host}) as guest:
            assert await guest.call("run", 2) == 42
            for calls in (lambda caller: caller.invoke("one"), lambda caller: caller.invoke_now("one")):
                inside = calls
                if backend == "jspi":
                    assert await guest.call("run", 1) == 42
                else:
                    with pytest.raises(stackswitch.GuestError, match="collector"):
                        await guest.call("run", 1)
            inside = lambda caller: None  # noqa: E731
            assert await guest.call("run", 2) == 42

    asyncio.run(main())


def test_what_would_have_the_collector_run_meanwhile_goes_to_another_backend() -> None:
    """Without the refusal fibers gave wrong fields after some ten thousand objects."""
    giving = STRUCTS.replace(b"(func (export", b'(func (export "x") (drop (call $give))) (func (export', 1)
    giving = giving.replace(
        b'(import "env" "wait"', b'(import "env" "give" (func $give (result externref))) (import "env" "wait"'
    )

    async def main() -> None:
        imports = {"env.wait": wait, "env.give": lambda caller: Thing()}
        with pytest.raises(stackswitch.GuestError, match=r"env\.give"):
            await stackswitch.open(giving, backend="fiber", imports=imports)
        with pytest.raises(stackswitch.GuestError, match="concurrent"):
            await stackswitch.open(STRUCTS, backend="fiber", imports={"env.wait": wait}, concurrent=True)
        async with await stackswitch.open(giving, imports=imports) as guest:
            assert guest.backend == "jspi"
            assert "not fiber: " in guest.why
            assert "not asyncify: " in guest.why
            assert await guest.call("run", 2) == 42

    asyncio.run(main())


def test_no_memory_and_many(backend: str) -> None:
    two = b"""(module (import "env" "wait" (func $wait (param i32) (result i32)))
      (memory $a (export "first") 1) (memory $b (export "second") 2)
      (func (export "run") (param i32) (result i32)
        (i32.store $b (i32.const 8) (i32.const 5))
        (i32.add (call $wait (local.get 0)) (i32.load $b (i32.const 8)))))"""
    none = b"""(module (import "env" "wait" (func $wait (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1))))"""

    async def main() -> None:
        async with await stackswitch.open(none, backend=backend, imports={"env.wait": wait}) as guest:
            assert await guest.call("run", 1) == 2
            with pytest.raises(stackswitch.ConfigError, match="no memory"):
                guest.memory.read(0, 1)

        async def reads(caller: stackswitch.Caller, number: int) -> int:
            await asyncio.sleep(0)
            second = caller.guest.memory_named("second")
            assert second.unpack("i", 8) == (5,)
            second.pack("i", 8, 50)
            caller.memory.write(8, b"first")
            return number

        async with await stackswitch.open(two, backend=backend, imports={"env.wait": reads}) as guest:
            assert await guest.call("run", 1) == 51
            assert guest.memory.name == "first"
            assert guest.memory.read(8, 5) == b"first"
            assert len(guest.memory_named("second")) == 2 * 65536
            with pytest.raises(stackswitch.ConfigError, match="third"):
                guest.memory_named("third")

    asyncio.run(main())


UNGUARDED = {
    "an externref's root given away": """
        from stackswitch.backends.wasmtime import values
        values.References.given = lambda self, number: bytes(self.root(number))
        TYPE, KEPT, FIELD = b"", b"", b"(i32.const 42)"
    """,
    "a collection that does not see fibers": """
        import stackswitch.backends.wasmtime.guests.module as library
        library._refuse_collecting = lambda plan, kept: None
        TYPE = b"(type $box (struct (field i32)))"
        KEPT = b"(local $box (ref null $box)) (local.set $box (struct.new $box (i32.const 42)))"
        FIELD = b"(struct.get $box 0 (local.get $box))"
    """,
}
LOOP = """
SOURCE = b'''(module %s (import "env" "make" (func $make (result externref)))
  (func (export "run") (param $n i32) (result i32) %s
    (loop $more (drop (call $make)) (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $more (local.get $n)))
    %s))''' % (TYPE, KEPT, FIELD)
async def main():
    one = await stackswitch.open(SOURCE, backend="fiber", imports={"env.make": lambda caller: object()})
    assert await one.call("run", 50_000) == 42, "another value"
    await one.aclose()
asyncio.run(main())
gc.collect()
print("fine")
"""


@pytest.mark.parametrize("guard", UNGUARDED)
def test_without_its_guard_a_fiber_is_wrong_or_ends_the_process(
    ran: Callable[..., subprocess.CompletedProcess[str]], guard: str
) -> None:
    done = ran("fiber", textwrap.dedent(UNGUARDED[guard]) + LOOP)
    assert done.returncode, done.stdout
    assert done.returncode < 0 or "another value" in done.stderr, done.stderr[-2000:]
