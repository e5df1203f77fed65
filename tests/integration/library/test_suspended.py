"""What ``guest.suspended()`` tells, on every backend, while calls wait and others run."""

from __future__ import annotations

import asyncio

import pytest

import stackswitch

GUEST = b"""(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain))
  (func $inner (param i32) (result i32)
    (call $plain) (i32.add (i32.const 1) (call $wait (local.get 0))))
  (func $outer (export "outer") (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
  (func (export "direct") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "one") (result i32) (call $plain) (i32.const 1)))"""


@pytest.fixture(params=("asyncify", "fiber", "jspi"))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_each_wait_with_its_import_its_stack_and_since_when(backend: str) -> None:
    async def main() -> None:
        gates = {number: asyncio.Event() for number in range(3)}

        async def wait(caller: stackswitch.Caller, number: int) -> int:
            caller.invoke_now("one")  # its stack is not the one that is asked for
            await gates[number].wait()
            await asyncio.sleep(0.001)
            return number

        imports = {"env.wait": wait, "env.plain": lambda caller: None}
        async with await stackswitch.open(
            GUEST, backend=backend, imports=imports, stacks=True, concurrent=True
        ) as guest:
            exports = ("outer", "direct", "outer")
            tasks = [asyncio.ensure_future(guest.call(each, at)) for at, each in enumerate(exports)]
            for _ in range(2000):
                await asyncio.sleep(0.001)
                if len(guest.suspended()) == 3:
                    break
            seen = guest.suspended()
            assert [(each.export, each.import_name) for each in seen] == [
                (each, "env.wait") for each in exports
            ]
            stacks = [[frame.index for frame in each.stack] for each in seen]
            assert stacks == [[2, 3], [4], [2, 3]]
            assert [frame.function for frame in seen[0].stack] == ["inner", "outer"]
            assert 0 <= seen[2].waiting_s <= seen[0].waiting_s < 60
            await asyncio.sleep(0.02)
            assert guest.suspended()[0].waiting_s - seen[0].waiting_s > 0.015
            gates[1].set()
            assert await tasks[1] == 1
            assert [each.call for each in guest.suspended()] == [seen[0].call, seen[2].call]
            for gate in gates.values():
                gate.set()
            assert await asyncio.gather(*tasks) == [2, 1, 4]
            assert guest.suspended() == []

    asyncio.run(main())


def test_many_plain_calls_do_not_lose_the_stack(backend: str) -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def wait(caller: stackswitch.Caller, number: int) -> int:
            await gate.wait()
            return number

        imports = {"env.wait": wait, "env.plain": lambda caller: None}
        async with await stackswitch.open(GUEST, backend=backend, imports=imports, stacks=True) as guest:
            for _ in range(999):  # a profiler on a fiber is changed after a thousand samples
                await guest.call("one")
            task = asyncio.ensure_future(guest.call("outer", 1))
            for _ in range(2000):
                await asyncio.sleep(0.001)
                if guest.suspended():
                    break
            assert [frame.index for frame in guest.suspended()[0].stack] == [2, 3]
            gate.set()
            assert await task == 3

    asyncio.run(main())
