"""Calls trap again and again: their stacks are given back where nothing runs, and those of others stay."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import wasmtime

from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant

from .guests import ENGINE, GO, assembled, validate

REGION = 4096
MOST_OPEN = 6


class Instance:
    """A module whose engine the test is."""

    def __init__(self) -> None:
        request = ReentrantRequest(
            wasm=assembled(GO),
            suspend=("env.wait",),
            promise=("go",),
            region_bytes=REGION,
            new_exceptions=True,
        )
        module = validate(make_reentrant(request).wasm)
        self.store = wasmtime.Store(ENGINE)
        type_ = wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.i32()])
        wait = wasmtime.Func(self.store, type_, lambda value: value)
        self.exports: Any = wasmtime.Instance(self.store, module, [wait]).exports(self.store)
        self.regions: set[int] = set()

    def call(self, name: str, *values: int) -> Any:
        return self.exports[name](self.store, *values)

    def enter(self) -> int:
        token: int = self.call("__jspi_enter")
        self.regions.add(token)
        return token

    def push(self, value: int) -> int:
        at: int = self.call("stackAlloc", 32) & 0xFFFFFFFF
        self.exports["memory"].write(self.store, bytes([value]) * 32, at)
        return at

    def holds(self, at: int, value: int) -> bool:
        return bytes(self.exports["memory"].read(self.store, at, at + 32)) == bytes([value]) * 32


@pytest.mark.parametrize("seed", range(40))
def test_stacks_of_calls_that_have_trapped_are_used_again(seed: int) -> None:
    random = Random(seed)
    one = Instance()
    idle = one.call("stackSave")
    waiting: list[tuple[int, int, int]] = []
    for turn in range(250):
        choice = random.random()
        if choice < 0.5 and len(waiting) < MOST_OPEN:
            token, value = one.enter(), turn % 251
            at = one.push(value)
            within = random.choice((0, 0, 1, 3))
            for _ in range(within):  # calls within it, which its import begins; all trap with it
                one.enter()
                one.push(255)
            if not within and random.random() < 0.7:
                one.call("__jspi_suspend")
                waiting.append((token, at, value))
        elif waiting and choice < 0.9:
            token, at, value = waiting.pop(random.randrange(len(waiting)))
            one.call("__jspi_resume", token, 0)
            assert one.holds(at, value)
            if random.random() < 0.5:  # else it traps here
                one.call("pop", at + 32)
                one.call("__jspi_exit", token, 0)
        one.call("stackswitch.reclaim")
        assert all(one.holds(at, value) for _, at, value in waiting)
    for token, at, value in waiting:
        one.call("__jspi_resume", token, 0)
        assert one.holds(at, value)
        one.call("pop", at + 32)
        one.call("__jspi_exit", token, 0)
    assert one.call("stackSave") == idle
    assert len(one.regions) <= 2 * MOST_OPEN + 6
