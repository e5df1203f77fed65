"""A thousand guests on jspi at once: few processes and descriptors, and none disturbs another."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import stackswitch
from stackswitch import Caller, Guest, GuestStateError, GuestTimeoutError, GuestTrapError
from stackswitch.backends.node.guests import processes

pytestmark = pytest.mark.slow

MODULE = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func (export "run") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.const 0) (local.get 0))
    (i32.add (call $wait (call $plain (local.get 0))) (i32.mul (global.get $count) (i32.const 1000))))
  (func (export "trap") (unreachable))
  (func (export "spin") (loop $l (br $l)))
  (func $down (export "recurse") (param i32) (result i32)
    (i32.add (i32.const 1) (call $down (local.get 0))))
  (func (export "fill") (loop $l
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))
    (br $l))))"""
HOARD = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $array (array (mut i64)))
  (type $list (struct (field (ref null $list)) (field (ref $array))))
  (global $kept (mut (ref null $list)) (ref.null $list))
  (func (export "run") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "hoard") (loop $l
    (global.set $kept
      (struct.new $list (global.get $kept) (array.new $array (i64.const 1) (i32.const 100000))))
    (br $l))))"""


async def wait(_caller: Caller, number: int) -> int:
    await asyncio.sleep(0.01)
    return number + 1


def plain(caller: Caller, number: int) -> int:
    assert caller.memory.unpack("<i", 0) == (number,)  # Python stands still until the guest's thread answers
    return number


async def opened(**options: Any) -> Guest:
    imports = {"env.wait": wait, "env.plain": plain}
    return await stackswitch.open(MODULE, backend="jspi", imports=imports, **options)


def children() -> set[int]:
    found = set()
    for each in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        found |= set(map(int, each.read_text().split()))
    return found


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def pid_of(guest: Guest) -> int:
    return guest._instance.child.stream.pid  # type: ignore[union-attr]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes in /proc")
@pytest.mark.parametrize("count", [pytest.param(int(os.environ.get("STACKSWITCH_TESTS_GUESTS", "100")))])
def test_many_guests_in_few_processes(count: int) -> None:
    async def main() -> None:
        await (await opened()).aclose()  # starts what ends the children of a process that is killed
        before, descriptors_before = children(), descriptors()
        began = time.monotonic()
        guests = await asyncio.gather(*[opened(deadline_s=60) for _ in range(count)])
        opening_s = time.monotonic() - began
        mine = children() - before
        assert len(mine) <= processes.OWN_PROCESSES + -(-count // processes.GUESTS)
        assert descriptors() - descriptors_before <= 4 * len(mine) + 8
        sys.stdout.write(
            f"{count} guests: {len(mine)} processes, {descriptors() - descriptors_before} descriptors,"
            f" {sum(map(resident_mib, mine)):.0f} MiB resident, opened in {opening_s:.1f} s\n"
        )
        right = [1000 + each + 1 for each in range(count)]
        assert await asyncio.gather(*[guest.call("run", at) for at, guest in enumerate(guests)]) == right

        # One process is killed while all its guests wait, and others trap and recurse without end.
        lost = Counter(map(pid_of, guests)).most_common(1)[0][0]
        calls = [asyncio.ensure_future(guest.call("run", at)) for at, guest in enumerate(guests)]
        for at, name in ((1, "trap"), (count // 2, "recurse"), (count - 2, "trap")):
            calls[at].cancel()
            calls[at] = asyncio.ensure_future(guests[at].call(name, *[0] * (name == "recurse")))
        gone = {at for at, guest in enumerate(guests) if pid_of(guest) == lost}
        assert 1 <= len(gone) <= processes.GUESTS
        os.kill(lost, signal.SIGKILL)
        done = await asyncio.gather(*calls, return_exceptions=True)
        for at, result in enumerate(done):
            if at in gone:
                assert isinstance(result, (GuestStateError, GuestTrapError, int)), (at, result)
                assert guests[at].poisoned is not None
            elif at in (1, count // 2, count - 2):
                assert isinstance(result, GuestTrapError), (at, result)
            else:
                assert result == 2000 + at + 1, (at, result)

        # New guests open in its place, and all the others go on.
        new = await asyncio.gather(*[opened() for _ in range(5)])
        assert await asyncio.gather(*[guest.call("run", 1) for guest in new]) == [1002] * 5
        for at, guest in enumerate(guests):
            if at not in gone and at not in (1, count // 2, count - 2):
                assert guest.poisoned is None
        assert lost not in children()
        await asyncio.gather(*[guest.aclose() for guest in [*guests, *new]])
        assert children() <= before
        assert descriptors() <= descriptors_before + 4

    asyncio.run(main())


@pytest.mark.parametrize("bad", ["spin", "fill", "trap", "recurse"])
def test_what_a_guest_does_changes_no_other_result(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "OWN_PROCESSES", 0)

    async def main() -> None:
        others = await asyncio.gather(*[opened() for _ in range(3)])
        async with await opened(deadline_s=1) as guest:
            assert {pid_of(each) for each in others} == {pid_of(guest)}
            call = asyncio.ensure_future(guest.call(bad, *[0] * (bad == "recurse")))
            turns = 0
            while not call.done() or turns < 3:
                turns += 1
                right = [turns * 1000 + at + 2 for at in range(3)]
                calls = [each.call("run", at + 1) for at, each in enumerate(others)]
                assert await asyncio.gather(*calls) == right
            kind = GuestTimeoutError if bad in ("spin", "fill") else GuestTrapError
            with pytest.raises(kind):
                await call
            await asyncio.sleep(1.2 if bad in ("spin", "fill") else 0)  # the time that a call may take to end
            if bad in ("spin", "fill"):
                assert guest.poisoned is not None
                with pytest.raises(GuestStateError):
                    await guest.call("run", 1)
        assert all(each.poisoned is None for each in others)
        async with await opened() as another:  # the seat is free again
            assert await another.call("run", 1) == 1002
        for each in others:
            await each.aclose()

    asyncio.run(main())


def test_a_guest_with_objects_of_its_own_never_shares_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """V8 ends no thread that fills its heap with large arrays: its process runs out of memory, and dies."""
    monkeypatch.setattr(processes, "OWN_PROCESSES", 0)

    async def main() -> None:
        other = await opened()
        limits: dict[str, Any] = {"max_memory": 64 << 20, "deadline_s": 60}
        guest = await stackswitch.open(HOARD, backend="jspi", imports={"env.wait": wait}, **limits)
        assert pid_of(guest) != pid_of(other)
        assert await guest.call("run", 1) == 2
        with pytest.raises(GuestStateError, match="gone"):
            await guest.call("hoard")
        assert await other.call("run", 1) == 1002
        for each in (guest, other):
            await each.aclose()

    asyncio.run(main())
